/**
 * Following a redirect without giving anything away (RFC 9110 §15.4).
 *
 * @module
 */

import type { Hop } from "./client_options.ts";
import { HandshakeError } from "./errors.ts";
import { parseWebSocketUrl } from "./handshake.ts";

/** Header fields that are for one origin alone. */
const CREDENTIALS: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/**
 * Says where a redirect leads and what may be taken along.
 *
 * @param from What was asked.
 * @param error The answer.
 * @throws {HandshakeError} If the redirect must not be followed: its Location is unusable, or would leave TLS.
 * @internal
 */
export function followRedirect(from: Hop, error: HandshakeError): Hop {
  const url = parseLocation(from.url, error);
  if (from.url.protocol === "wss:" && url.protocol === "ws:") {
    throw refused(error, "it leads from wss to ws");
  }
  if (url.origin === from.url.origin) {
    // The Location of a redirect within an origin does not repeat the user and password.
    url.username = from.url.username;
    url.password = from.url.password;
    return { ...from, url };
  }
  url.username = "";
  url.password = "";
  const headers = from.headers.filter(([name]) => !CREDENTIALS.has(name.toLowerCase()));
  const { caCerts } = from.tls;
  return { url, headers, tls: caCerts === undefined ? {} : { caCerts } };
}

function parseLocation(base: URL, error: HandshakeError): URL {
  const location = error.headers.get("location") ?? "";
  // RFC 3986 §2: a URI is visible ASCII. The URL parser would drop or encode what else stands here.
  if (!/^[\x21-\x7e]+$/.test(location)) throw refused(error, "its Location is not visible ASCII");
  if (!URL.canParse(location, base.href)) throw refused(error, "its Location is no URL");
  const url = new URL(location, base.href);
  url.hash = "";
  try {
    // Without a fragment, whose `#` stays behind where it is empty.
    return parseWebSocketUrl(url.href.replace(/#$/, ""));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw refused(error, "its scheme is neither ws nor wss", cause);
  }
}

function refused(error: HandshakeError, why: string, cause: unknown = error): HandshakeError {
  const { status, headers, body } = error;
  return new HandshakeError("redirect", `Cannot follow redirect: ${why}`, { status, headers, body, cause });
}
