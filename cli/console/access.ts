/**
 * Who may use the console: whoever is on this machine, or who proves to have a role.
 *
 * @module
 */

import type { AuthMethod, JoinRequest, Principal } from "../../wamp/auth/mod.ts";

/** The names by which a browser on this machine reaches it. */
const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Whether only this machine reaches what is bound to an address. @internal */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/**
 * Whether a request names this machine by a name of its own. Any other name may belong to somebody who has it resolve to
 * this machine, so that a page of theirs seems to come from here (DNS rebinding).
 *
 * @internal
 */
export function namesLoopback(host: string | null): boolean {
  const url = URL.parse(`http://${host ?? ""}/`);
  return url !== null && url.host === host?.toLowerCase() && LOOPBACK_NAMES.includes(url.hostname);
}

/** Whether a page that connects came from this console, under a name of this machine. @internal */
export function isOwnPage(origin: string, host: string): boolean {
  return namesLoopback(host) && URL.parse(origin)?.host === host.toLowerCase();
}

/** What a method of a realm is asked for the console. @internal */
export interface RoleOptions {
  /** The URI of the realm that the method belongs to. */
  readonly realm: string;
  /** The role that lets in. */
  readonly role: string;
  /** Calls a procedure in a realm of the router that the console shows. */
  readonly call: (realm: string, procedure: string, args: readonly unknown[]) => Promise<unknown>;
}

/**
 * A method that lets in only who has a role.
 *
 * @param method A method of a realm.
 * @param options That realm, and the role.
 * @returns The method for the console's realm.
 *
 * @internal
 */
export function restrictToRole(method: AuthMethod, { realm, role, call }: RoleOptions): AuthMethod {
  const admit = (principal: Principal | undefined): Principal | undefined => {
    if (principal?.authrole !== role) return undefined;
    // Whatever realm somebody belongs to, this is the console's.
    const { authid, authrole, authprovider = "static" } = principal;
    return { authid, authrole, authprovider };
  };
  return {
    method: method.method,
    isFor: (transport) => method.isFor?.(transport) ?? true,
    begin: async (request) => {
      const callThere: JoinRequest["call"] = (procedure, args, options) =>
        call(options?.realm ?? realm, procedure, args);
      const decision = await method.begin({ ...request, realm, call: callThere });
      if (decision === undefined || "refusal" in decision) return decision;
      if ("principal" in decision) {
        const principal = admit(decision.principal);
        return principal && { principal };
      }
      const { challenge } = decision;
      return { challenge, verify: async (signature, extra) => admit(await decision.verify(signature, extra)) };
    },
  };
}
