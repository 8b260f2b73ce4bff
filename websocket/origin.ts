/**
 * Which web pages may connect: the origin check of a server (RFC 6455 §10.2). Sans-I/O.
 *
 * @module
 */

import { parseHost } from "./http1.ts";

/**
 * Which origins a server admits. A browser always sends one; a program usually sends none and is admitted.
 *
 * - `"same-origin"`: pages from the host and port that the request is for. The scheme is not compared, since TLS may
 *   end in front of the server, and ports 80 and 443 count as absent.
 * - `"any"`: every origin.
 * - A list: these origins, such as `"https://example.com"`, and the same origin. `"null"` admits sandboxed pages and
 *   pages from files.
 * - A function: says so itself for each origin that was sent; `"null"` is one.
 *
 * @public
 */
export type OriginPolicy = "same-origin" | "any" | readonly string[] | ((origin: string, host: string) => boolean);

/** The scheme, host and port of an origin (RFC 6454 §6.2), without path or user. */
const ORIGIN_PATTERN = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#@\\\s]+)$/;

/** Returns host and port in one form for comparison, `undefined` if the text is no host. */
function normalHost(host: string | undefined): string | undefined {
  const url = host === undefined ? undefined : parseHost(host);
  if (url === undefined) return undefined;
  return url.port === "443" ? url.hostname : url.host; // the parser leaves out port 80 itself
}

function isSameOrigin(origin: string, host: string): boolean {
  const [, scheme = "", authority] = ORIGIN_PATTERN.exec(origin) ?? [];
  if (!/^https?$/i.test(scheme)) return false;
  const expected = normalHost(host);
  return expected !== undefined && normalHost(authority) === expected;
}

/** Returns an origin as a browser serializes it: lower case, no default port. What is no origin equals none. */
function normalOrigin(origin: string): string {
  const [, scheme = ""] = ORIGIN_PATTERN.exec(origin) ?? [];
  const url = /^https?$/i.test(scheme) ? URL.parse(origin) : null;
  return url === null ? origin.toLowerCase() : url.origin;
}

/**
 * Checks a policy when it is configured.
 *
 * @throws {TypeError} If it is none, or an element of its list is no origin.
 * @internal
 */
export function assertOriginPolicy(policy: OriginPolicy): void {
  if (policy === "same-origin" || policy === "any" || typeof policy === "function") return;
  if (!Array.isArray(policy)) {
    throw new TypeError(
      `Cannot set origins: must be same-origin, any, a list or a function, received ${String(policy)}`,
    );
  }
  for (const origin of policy) {
    if (origin === "null" || (typeof origin === "string" && ORIGIN_PATTERN.test(origin))) continue;
    throw new TypeError(`Cannot set origins: must be like https://example.com, received ${JSON.stringify(origin)}`);
  }
}

/**
 * Says whether a request with this origin may connect.
 *
 * @param origin The value of the Origin field, `undefined` where there is none: not a browser, admitted.
 * @param host What the request is for, by its Host field.
 * @param policy What the server admits.
 * @internal
 */
export function isAllowedOrigin(origin: string | undefined, host: string, policy: OriginPolicy): boolean {
  if (origin === undefined || policy === "any") return true;
  if (typeof policy === "function") return policy(origin, host);
  if (isSameOrigin(origin, host)) return true;
  if (policy === "same-origin") return false;
  const normal = normalOrigin(origin);
  return policy.some((allowed) => normalOrigin(allowed) === normal);
}
