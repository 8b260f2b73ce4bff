/**
 * How the ends of sockets are written.
 *
 * @module
 */

/** One end of a socket as the runtime tells it: `Deno.Addr` fits. @internal */
export interface AddressLike {
  readonly hostname?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | null | undefined;
}

/**
 * One end of a socket: `host:port` with brackets around an IPv6 address, the path of a Unix socket, `""` where neither is
 * known.
 *
 * @internal
 */
export function formatAddress(address: AddressLike | undefined): string {
  const { hostname, port, path } = address ?? {};
  if (hostname === undefined || port === undefined) return path ?? "";
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
