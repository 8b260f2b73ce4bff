/**
 * Tunnels through a proxy: HTTP CONNECT (RFC 9110 §9.3.6) and SOCKS5 (RFC 1928, RFC 1929), over any
 * {@linkcode ByteStream}.
 *
 * @module
 */

import { concatBytes } from "../internal/bytes.ts";
import { formatAddress } from "../internal/socket_address.ts";
import { BodyReader } from "./body.ts";
import { HandshakeError } from "./errors.ts";
import { HeaderList } from "./headers.ts";
import { formatRequestHead, HttpHeadError, type ResponseHead, ResponseHeadParser } from "./http1.ts";
import { type ByteStream, writeAll } from "../internal/stream.ts";

/** A proxy, taken apart. @internal */
export interface Proxy {
  /** How to speak to it. */
  readonly kind: "http" | "socks5";
  /** Whether TLS protects the way to it. */
  readonly isTls: boolean;
  /** Its host, an IPv6 address without brackets. */
  readonly hostname: string;
  /** Its port. */
  readonly port: number;
  /** User and password, decoded. */
  readonly credentials: ProxyCredentials | undefined;
}

/** What a proxy may ask for. @internal */
export interface ProxyCredentials {
  /** The user's name. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/** Where a tunnel leads. @internal */
export interface TunnelTarget {
  /** The host, an IPv6 address without brackets. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
}

const SCHEMES: ReadonlyMap<string, Pick<Proxy, "kind" | "isTls" | "port">> = new Map([
  ["http:", { kind: "http", isTls: false, port: 80 }],
  ["https:", { kind: "http", isTls: true, port: 443 }],
  ["socks5:", { kind: "socks5", isTls: false, port: 1080 }],
  ["socks5h:", { kind: "socks5", isTls: false, port: 1080 }],
]);

const encoder = new TextEncoder();

/** Takes the brackets off an IPv6 address, as it stands in a URL. @internal */
export function withoutBrackets(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

/**
 * Takes the URL of a proxy apart.
 *
 * @throws {SyntaxError} If it is no URL or has another scheme.
 * @throws {TypeError} If it has control characters, a path, or no host.
 * @throws {RangeError} If user or password do not fit into SOCKS5.
 * @internal
 */
export function parseProxy(text: string | URL): Proxy {
  const source = String(text);
  for (let index = 0; index < source.length; index++) {
    const code = source.charCodeAt(index);
    if (code <= 0x1f || code === 0x7f) throw new TypeError("Cannot use proxy: URL must not contain control characters");
  }
  if (!URL.canParse(source)) throw new SyntaxError("Cannot use proxy: URL must be absolute and valid");
  const url = new URL(source);
  const scheme = SCHEMES.get(url.protocol);
  if (scheme === undefined) {
    const received = url.protocol.slice(0, -1);
    throw new SyntaxError(`Cannot use proxy: scheme must be http, https, socks5 or socks5h, received ${received}`);
  }
  const hostname = withoutBrackets(url.hostname);
  if (hostname === "") throw new TypeError("Cannot use proxy: URL must have a host, received none");
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") {
    throw new TypeError("Cannot use proxy: URL must have neither path nor query nor fragment");
  }
  const port = url.port === "" ? scheme.port : Number(url.port);
  return { ...scheme, hostname, port, credentials: proxyCredentials(url, scheme.kind) };
}

function proxyCredentials(url: URL, kind: Proxy["kind"]): ProxyCredentials | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const username = decodePart(url.username);
  const password = decodePart(url.password);
  if (kind === "socks5") {
    // RFC 1929 §2: one byte each for the lengths, 1 to 255.
    for (const part of [username, password]) {
      const { length } = encoder.encode(part);
      if (length >= 1 && length <= 255) continue;
      throw new RangeError(`Cannot use proxy: SOCKS5 user and password must be 1 to 255 bytes, received ${length}`);
    }
  } else if (username.includes(":")) {
    throw new TypeError("Cannot use proxy: user must not contain a colon (RFC 7617 §2)");
  }
  return { username, password };
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new TypeError("Cannot use proxy: user and password must be percent-encoded UTF-8", { cause: error });
  }
}

/**
 * Asks a proxy for a tunnel. What the proxy sends is read to its last byte and no further.
 *
 * @param stream The connection to the proxy. It is left open, whatever happens.
 * @throws {HandshakeError} If the proxy refuses or does not keep its protocol.
 * @internal
 */
export async function openTunnel(stream: ByteStream, proxy: Proxy, target: TunnelTarget): Promise<void> {
  if (proxy.kind === "http") await connectHttp(stream, proxy, target);
  else await connectSocks5(stream, proxy, target);
}

// ------------------------------------------------------------------------------------------------------------ HTTP

const READ_SIZE = 4096;

async function connectHttp(stream: ByteStream, proxy: Proxy, target: TunnelTarget): Promise<void> {
  const authority = formatAddress(target);
  const headers = new HeaderList([["Host", authority]]);
  if (proxy.credentials !== undefined) {
    const { username, password } = proxy.credentials;
    const bytes = encoder.encode(`${username}:${password}`);
    headers.append("Proxy-Authorization", `Basic ${btoa(String.fromCharCode(...bytes))}`);
  }
  await writeAll(stream, formatRequestHead("CONNECT", authority, headers));
  const { head, rest } = await readResponseHead(stream, "Proxy");
  if (head.status < 200 || head.status > 299) {
    const body = await readBodyExcerpt(stream, head, rest);
    const answer = { status: head.status, headers: head.headers.toHeaders(), body };
    throw new HandshakeError("proxy", `Proxy must answer CONNECT with status 2xx, received ${head.status}`, answer);
  }
  // RFC 9110 §9.3.6: no body follows, and the server waits for us to speak: such bytes would be the proxy's own.
  if (rest.length > 0) {
    const message = `Proxy must send nothing behind its answer, received ${rest.length} bytes`;
    throw new HandshakeError("proxy", message, { status: head.status, headers: head.headers.toHeaders() });
  }
}

/** A head, and the bytes that arrived with it. @internal */
export interface ReadHead {
  /** The head. */
  readonly head: ResponseHead;
  /** The bytes behind it. */
  readonly rest: Uint8Array;
}

/**
 * Reads the head of a response.
 *
 * @param stream Where from.
 * @param who Who answers, for the messages of errors.
 * @throws {HandshakeError} If the stream ends before the head does.
 * @throws {HttpHeadError} If the head breaks a rule or a limit, and `who` is not a proxy.
 * @internal
 */
export async function readResponseHead(stream: ByteStream, who: "Proxy" | "Server"): Promise<ReadHead> {
  const parser = new ResponseHeadParser();
  for (;;) {
    const buffer = new Uint8Array(READ_SIZE);
    const length = await stream.read(buffer);
    if (length === null) {
      const code = who === "Proxy" ? "proxy" : "connection_lost";
      throw new HandshakeError(code, `${who} must answer with a head, received the end of the stream`);
    }
    try {
      const head = parser.push(buffer.subarray(0, length));
      if (head !== undefined) return { head, rest: parser.rest };
    } catch (error) {
      if (who === "Server" || !(error instanceof HttpHeadError)) throw error;
      throw new HandshakeError("proxy", `Proxy answered with an unusable head: ${error.message}`, { cause: error });
    }
  }
}

/**
 * Reads the beginning of a response's body for an error to show. A stream that fails or is closed ends it.
 *
 * @internal
 */
export async function readBodyExcerpt(stream: ByteStream, head: ResponseHead, rest: Uint8Array): Promise<string> {
  const reader = new BodyReader(head);
  if (rest.length > 0) reader.push(rest);
  const buffer = new Uint8Array(READ_SIZE);
  try {
    while (!reader.isDone) {
      const length = await stream.read(buffer);
      if (length === null) break;
      reader.push(buffer.subarray(0, length));
    }
  } catch {
    // The status is what matters, and it is known.
  }
  return reader.text();
}

// ---------------------------------------------------------------------------------------------------------- SOCKS5

const SOCKS_VERSION = 5;
const NO_AUTHENTICATION = 0;
const USERNAME_PASSWORD = 2;
const NO_ACCEPTABLE_METHOD = 0xff;
const CONNECT_COMMAND = 1;
const ADDRESS_IPV4 = 1;
const ADDRESS_NAME = 3;
const ADDRESS_IPV6 = 4;

/** RFC 1928 §6. */
const SOCKS_REPLIES: readonly string[] = [
  "succeeded",
  "general failure",
  "connection not allowed by ruleset",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "TTL expired",
  "command not supported",
  "address type not supported",
];

async function connectSocks5(stream: ByteStream, proxy: Proxy, target: TunnelTarget): Promise<void> {
  const { credentials } = proxy;
  const address = socksAddress(target.hostname);
  const methods = credentials === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USERNAME_PASSWORD];
  await writeAll(stream, Uint8Array.of(SOCKS_VERSION, methods.length, ...methods));
  const [version, method] = await readExactly(stream, 2);
  if (version !== SOCKS_VERSION) throw socksError(`version must be 5, received ${version}`);
  if (method === USERNAME_PASSWORD && credentials !== undefined) {
    await authenticate(stream, credentials);
  } else if (method === NO_ACCEPTABLE_METHOD) {
    throw socksError(`proxy accepts none of the methods ${methods.join(", ")}`);
  } else if (method !== NO_AUTHENTICATION) {
    throw socksError(`method must be one of ${methods.join(", ")}, received ${method}`);
  }
  const { port } = target;
  const request = [Uint8Array.of(SOCKS_VERSION, CONNECT_COMMAND, 0), address, Uint8Array.of(port >> 8, port & 0xff)];
  await writeAll(stream, concatBytes(request));
  await readSocksReply(stream);
}

/** RFC 1929. */
async function authenticate(stream: ByteStream, { username, password }: ProxyCredentials): Promise<void> {
  const user = encoder.encode(username);
  const secret = encoder.encode(password);
  await writeAll(stream, concatBytes([Uint8Array.of(1, user.length), user, Uint8Array.of(secret.length), secret]));
  const [version, status] = await readExactly(stream, 2);
  if (version !== 1) throw socksError(`version of the authentication must be 1, received ${version}`);
  if (status !== 0) throw socksError(`proxy refused user and password with status ${status}`);
}

async function readSocksReply(stream: ByteStream): Promise<void> {
  const [version, reply = 0, reserved, kind = 0] = await readExactly(stream, 4);
  if (version !== SOCKS_VERSION) throw socksError(`version must be 5, received ${version}`);
  if (reply !== 0) {
    throw socksError(`proxy cannot connect: ${SOCKS_REPLIES[reply] ?? "unassigned reply"} (${reply})`);
  }
  if (reserved !== 0) throw socksError(`reserved byte must be 0, received ${reserved}`);
  // The address that the proxy has bound: of no use here, but it must be read.
  if (kind === ADDRESS_IPV4) await readExactly(stream, 4 + 2);
  else if (kind === ADDRESS_IPV6) await readExactly(stream, 16 + 2);
  else if (kind === ADDRESS_NAME) await readExactly(stream, (await readExactly(stream, 1))[0]! + 2);
  else throw socksError(`address type must be 1, 3 or 4, received ${kind}`);
}

function socksError(message: string): HandshakeError {
  return new HandshakeError("proxy", `SOCKS5 failed: ${message}`);
}

async function readExactly(stream: ByteStream, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = await stream.read(bytes.subarray(at));
    if (read === null) throw socksError(`proxy must send ${length} bytes, received ${at} and the end of the stream`);
    at += read;
  }
  return bytes;
}

/** The address of a request (RFC 1928 §5). A name is left to the proxy to resolve. */
function socksAddress(hostname: string): Uint8Array {
  const ipv4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(hostname);
  if (ipv4 !== null) return Uint8Array.of(ADDRESS_IPV4, ...ipv4.slice(1).map(Number));
  if (hostname.includes(":")) return concatBytes([Uint8Array.of(ADDRESS_IPV6), parseIpv6(hostname)]);
  const name = encoder.encode(hostname);
  if (name.length > 255) {
    throw new RangeError(`Cannot use SOCKS5: host must be at most 255 bytes, received ${name.length}`);
  }
  return concatBytes([Uint8Array.of(ADDRESS_NAME, name.length), name]);
}

/** The 16 bytes of an IPv6 address as the URL parser serializes it: lower-case groups, at most one `::`, no dots. */
function parseIpv6(address: string): Uint8Array {
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const bytes = new Uint8Array(16);
  const put = (groups: string[], first: number): void => {
    groups.forEach((group, index) => {
      const value = Number.parseInt(group, 16);
      bytes[(first + index) * 2] = value >> 8;
      bytes[(first + index) * 2 + 1] = value & 0xff;
    });
  };
  put(left, 0);
  put(right, 8 - right.length);
  return bytes;
}
