/**
 * Which of the configured transports a session came by: methods of authentication can be bound to them.
 *
 * @module
 */

import type { AuthMethod, JoinRequest, TransportInfo } from "../wamp/router/mod.ts";

/** Addresses that stand for all of a machine's. */
const ALL_ADDRESSES: readonly string[] = ["0.0.0.0", "::"];

/** The transports that are listened on, by where sessions arrive. @internal */
export class Listeners {
  readonly #names = new Map<string, string>();

  /** Enters what a transport listens on; `""` for one without a name. */
  set(name: string, addresses: readonly Deno.Addr[]): void {
    for (const address of addresses) this.#names.set(keyOf(address), name);
  }

  /** Forgets what is no longer listened on. */
  delete(addresses: readonly Deno.Addr[]): void {
    for (const address of addresses) this.#names.delete(keyOf(address));
  }

  /** The name of the transport by which somebody came; `undefined` where it is not known. */
  nameOf(info: TransportInfo): string | undefined {
    const { localAddress } = info;
    const [, hostname = "", port] = /^\[?(.*?)\]?:(\d+)$/.exec(localAddress) ?? [];
    if (port === undefined) return this.#names.get(localAddress);
    return this.#names.get(`${hostname}:${port}`) ?? this.#names.get(`:${port}`);
  }
}

function keyOf(address: Deno.Addr): string {
  if (address.transport === "tcp") {
    return `${ALL_ADDRESSES.includes(address.hostname) ? "" : address.hostname}:${address.port}`;
  }
  return "path" in address ? address.path : "";
}

/** A method, and the names of the transports on which it may be used: all where there are none. @internal */
export interface BoundMethod {
  readonly method: AuthMethod;
  readonly transports: readonly string[] | undefined;
}

/** Makes one method of those with the same name: each holds for its transports, and on others nobody is let in. @internal */
export function bindMethods(bound: readonly BoundMethod[], listeners: Listeners): AuthMethod[] {
  const groups = Map.groupBy(bound, ({ method }) => method.method);
  return [...groups].map(([method, group]) => {
    const [first, ...others] = group;
    if (first !== undefined && others.length === 0 && first.transports === undefined) return first.method;
    // A transport that is not known has no method that is bound.
    const find = (info: TransportInfo): AuthMethod | undefined =>
      group.find(({ transports }) => transports?.includes(listeners.nameOf(info) ?? "") ?? true)?.method;
    return {
      method,
      isFor: (info: TransportInfo) => find(info) !== undefined,
      begin: (request: JoinRequest) => find(request.transport)?.begin(request),
    };
  });
}
