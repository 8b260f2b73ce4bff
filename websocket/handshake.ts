/**
 * The opening handshake of both roles (RFC 6455 §4). Sans-I/O.
 *
 * @module
 */

import { builtin, type Builtins } from "../internal/builtins.ts";
import { sha1 } from "../internal/sha1.ts";
import { HandshakeError } from "./errors.ts";
import {
  acceptDeflateOffer,
  checkDeflateResponse,
  type CompressionOptions,
  type DeflateParameters,
  type HandshakeAnswer,
  offerDeflate,
  parseExtensions,
} from "./extension.ts";
import { HeaderList, isToken, listIncludes, splitList } from "./headers.ts";
import {
  formatPlainResponseHead,
  formatRequestHead,
  formatResponseHead,
  type HttpHeadError,
  type RequestHead,
  requestHost,
  requestUrl,
  type ResponseHead,
} from "./http1.ts";
import { isAllowedOrigin, type OriginPolicy } from "./origin.ts";

export { isAllowedOrigin, type OriginPolicy };

/** RFC 6455 §1.3. */
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION = "13";

function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Returns the value of Sec-WebSocket-Key for 16 random bytes (RFC 6455 §4.1). @internal */
export function encodeKey(random: Uint8Array): string {
  return encodeBase64(random);
}

/** What {@linkcode acceptKey} needs of `node:crypto`. @internal */
export type HashSource = Pick<Builtins["node:crypto"], "createHash">;

/** Returns the value of Sec-WebSocket-Accept for a key (RFC 6455 §4.2.2), by the runtime's SHA-1 or by ours. @internal */
export function acceptKey(key: string, hashes: HashSource | null = builtin("node:crypto") ?? null): string {
  const text = key + KEY_SUFFIX;
  if (hashes !== null) return hashes.createHash("sha1").update(text).digest("base64");
  return encodeBase64(sha1(new TextEncoder().encode(text)));
}

/** Fields that the handshake and the framing of HTTP decide. */
const OWN_NAMES: ReadonlySet<string> = new Set(["connection", "upgrade", "content-length", "transfer-encoding"]);

/** Turns a caller's headers into fields; the names that are ours are refused. */
function callerHeaders(init: HeadersInit | undefined, refused: ReadonlySet<string>): HeaderList {
  const headers = HeaderList.from(init ?? []);
  for (const [name] of headers) {
    const key = name.toLowerCase();
    if (refused.has(key) || key.startsWith("sec-websocket-")) {
      throw new TypeError(`Cannot set header field ${name}: the handshake sets it`);
    }
  }
  return headers;
}

// ---------------------------------------------------------------------------------------------------------- Client

const CLIENT_OWN_NAMES: ReadonlySet<string> = new Set([...OWN_NAMES, "host"]);

/**
 * Parses the URL of a WebSocket server (RFC 6455 §3); `http` and `https` stand for `ws` and `wss`.
 *
 * @throws {TypeError} If the text has a control character: the URL parser would drop it or encode it.
 * @throws {SyntaxError} If the URL is invalid, has another scheme or a fragment.
 * @internal
 */
export function parseWebSocketUrl(text: string | URL): URL {
  const source = String(text);
  for (let index = 0; index < source.length; index++) {
    const code = source.charCodeAt(index);
    if (code > 0x1f && code !== 0x7f) continue;
    throw new TypeError(`Cannot connect: URL must not contain control characters, received U+00${hexByte(code)}`);
  }
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url === undefined) throw new SyntaxError("Cannot connect: URL must be absolute and valid, received another text");
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new SyntaxError(`Cannot connect: scheme must be ws or wss, received ${url.protocol.slice(0, -1)}`);
  }
  if (source.includes("#")) throw new SyntaxError("Cannot connect: URL must not have a fragment, received one");
  return url;
}

function hexByte(code: number): string {
  return code.toString(16).toUpperCase().padStart(2, "0");
}

/** What a client asks for. @internal */
export interface UpgradeRequestOptions {
  /** Where to, from {@linkcode parseWebSocketUrl}. Its user and password become an Authorization field. */
  readonly url: URL;
  /** The value of Sec-WebSocket-Key, from {@linkcode encodeKey}. */
  readonly key: string;
  /** The subprotocols, the best first. */
  readonly subprotocols?: readonly string[] | undefined;
  /** Further fields. */
  readonly headers?: HeadersInit | undefined;
  /** What to offer of permessage-deflate, `undefined` to offer none. */
  readonly compression?: CompressionOptions | undefined;
}

/**
 * Checks a list of subprotocols (RFC 6455 §4.1).
 *
 * @throws {TypeError} If one is no token or stands there twice.
 * @internal
 */
export function assertSubprotocols(subprotocols: readonly string[]): void {
  const seen = new Set<string>();
  for (const subprotocol of subprotocols) {
    if (typeof subprotocol !== "string" || !isToken(subprotocol)) {
      throw new TypeError(`Cannot offer subprotocol: must be a token, received ${JSON.stringify(subprotocol)}`);
    }
    if (seen.has(subprotocol)) throw new TypeError(`Cannot offer subprotocol ${subprotocol} twice`);
    seen.add(subprotocol);
  }
}

/** RFC 7617: user and password of the URL, which RFC 6455 §3 leaves to HTTP. */
function basicCredentials({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  // The URL parser has made both ASCII, so that unescaping gives one character for each byte.
  const unescaped = `${username}:${password}`.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => {
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return `Basic ${btoa(unescaped)}`;
}

/**
 * Formats the request of a client (RFC 6455 §4.1).
 *
 * @throws {TypeError} If a field or subprotocol is not allowed in a head or overrides a field of ours.
 * @throws {RangeError} If a compression option is out of its range.
 * @internal
 */
export function formatUpgradeRequest(options: UpgradeRequestOptions): Uint8Array<ArrayBuffer> {
  const { url, key, subprotocols = [], compression } = options;
  assertSubprotocols(subprotocols);
  const custom = callerHeaders(options.headers, CLIENT_OWN_NAMES);
  const headers = new HeaderList([
    ["Host", url.host],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", key],
    ["Sec-WebSocket-Version", VERSION],
  ]);
  if (subprotocols.length > 0) headers.append("Sec-WebSocket-Protocol", subprotocols.join(", "));
  if (compression !== undefined) headers.append("Sec-WebSocket-Extensions", offerDeflate(compression));
  const credentials = basicCredentials(url);
  if (credentials !== undefined && !custom.has("authorization")) headers.append("Authorization", credentials);
  for (const [name, value] of custom) headers.append(name, value);
  return formatRequestHead("GET", url.pathname + url.search, headers);
}

/** What a client knows once it is connected. @internal */
export interface UpgradeResult {
  /** The subprotocol in use, `""` for none. */
  readonly subprotocol: string;
  /** The extensions in use as the server wrote them, `""` for none. */
  readonly extensions: string;
  /** The parameters of permessage-deflate, absent where it is not in use. */
  readonly deflate?: DeflateParameters;
  /** The fields of the response. */
  readonly headers: Headers;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function assertSwitching(head: ResponseHead, answer: HandshakeAnswer): void {
  const { status, minorVersion, headers } = head;
  if (status !== 101) {
    const code = REDIRECTS.has(status) && headers.has("location") ? "redirect" : "unexpected_status";
    throw new HandshakeError(code, `Server must answer with status 101, received ${status}`, answer);
  }
  if (minorVersion === 0) {
    throw new HandshakeError("invalid_response", "HTTP version must be 1.1, received 1.0", answer);
  }
  const upgrade = splitList(headers.getAll("upgrade")).join(", ");
  if (upgrade.toLowerCase() !== "websocket") {
    const received = upgrade === "" ? "none" : upgrade;
    throw new HandshakeError("invalid_upgrade", `Upgrade must be websocket, received ${received}`, answer);
  }
  if (!listIncludes(headers.getAll("connection"), "upgrade")) {
    const received = headers.get("connection") ?? "none";
    throw new HandshakeError("invalid_upgrade", `Connection must contain Upgrade, received ${received}`, answer);
  }
}

function assertAccept(head: ResponseHead, key: string, answer: HandshakeAnswer): void {
  const received = head.headers.getAll("sec-websocket-accept").join(", ");
  const expected = acceptKey(key);
  if (received === expected) return;
  const shown = received === "" ? "none" : received;
  throw new HandshakeError("invalid_accept", `Sec-WebSocket-Accept must be ${expected}, received ${shown}`, answer);
}

function chosenSubprotocol(head: ResponseHead, requested: readonly string[], answer: HandshakeAnswer): string {
  if (!head.headers.has("sec-websocket-protocol")) return "";
  const subprotocol = head.headers.getAll("sec-websocket-protocol").join(", ");
  if (requested.includes(subprotocol)) return subprotocol;
  const expected = requested.length === 0 ? "no subprotocol" : `one of ${requested.join(", ")}`;
  const message = `Server must choose ${expected}, received ${JSON.stringify(subprotocol)}`;
  throw new HandshakeError("unexpected_subprotocol", message, answer);
}

/**
 * Checks the response to a client's request (RFC 6455 §4.1).
 *
 * @param head The head of the response.
 * @param sent What the request was made from.
 * @param body The beginning of the body where the status is not 101, for the error.
 * @throws {HandshakeError} If the server refused or broke a rule.
 * @internal
 */
export function checkUpgradeResponse(head: ResponseHead, sent: UpgradeRequestOptions, body = ""): UpgradeResult {
  const headers = head.headers.toHeaders();
  const answer = { status: head.status, headers, body };
  assertSwitching(head, answer);
  assertAccept(head, sent.key, answer);
  const subprotocol = chosenSubprotocol(head, sent.subprotocols ?? [], answer);
  const values = head.headers.getAll("sec-websocket-extensions");
  const deflate = checkDeflateResponse(values, sent.compression, answer);
  const result = { subprotocol, extensions: values.join(", "), headers };
  return deflate === undefined ? result : { ...result, deflate };
}

/** Turns what is wrong with a response's head into the error of the handshake. @internal */
export function headHandshakeError(error: HttpHeadError): HandshakeError {
  const code = error.status === 431 ? "head_too_large" : "invalid_response";
  return new HandshakeError(code, `Server answered with an unusable head: ${error.message}`, { cause: error });
}

// ---------------------------------------------------------------------------------------------------------- Server

/** A response that refuses a request, after which the connection closes. @internal */
export interface Refusal {
  /** The status code. */
  readonly status: number;
  /** The fields, without those that frame the body. */
  readonly headers: Headers;
  /** The body as text. */
  readonly body: string;
}

/** Creates a refusal with a body of plain text. @internal */
export function createRefusal(status: number, body: string, fields: Readonly<Record<string, string>> = {}): Refusal {
  const headers = new Headers({ "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" });
  for (const [name, value] of Object.entries(fields)) headers.set(name, value);
  return { status, headers, body: `${body}\n` };
}

/** Turns what is wrong with a request's head into the answer to it. @internal */
export function headRefusal(error: HttpHeadError): Refusal {
  return createRefusal(error.status, error.message);
}

/**
 * Formats a refusal, head and body.
 *
 * @param refusal The refusal.
 * @param method The method it answers: the answer to HEAD has no body.
 * @internal
 */
export function formatRefusal(refusal: Refusal, method = "GET"): Uint8Array<ArrayBuffer> {
  const { status, headers, body } = refusal;
  const content = new TextEncoder().encode(body);
  const head = formatPlainResponseHead({ status, statusText: "", headers }, content.length);
  if (method === "HEAD") return head;
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  return bytes;
}

/** A valid request for an upgrade. @internal */
export interface UpgradeRequest {
  /** The value of Sec-WebSocket-Key. */
  readonly key: string;
  /** What the request is for: host and port. */
  readonly host: string;
  /** The value of Origin, `undefined` where there is none. */
  readonly origin: string | undefined;
  /** The subprotocols offered, the best first. */
  readonly subprotocols: readonly string[];
  /** The values of Sec-WebSocket-Extensions; they keep the grammar. */
  readonly extensions: readonly string[];
}

/** What a request is: a valid upgrade, a plain GET or HEAD, or something to refuse. @internal */
export type RequestDecision =
  | { readonly kind: "upgrade"; readonly upgrade: UpgradeRequest }
  | { readonly kind: "plain" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** The rules of a request with or without an upgrade. */
function refuseRequest(head: RequestHead): Refusal | undefined {
  const { method, headers } = head;
  if (method !== "GET" && method !== "HEAD") {
    return createRefusal(405, `Method must be GET or HEAD, received ${method}`, { allow: "GET, HEAD" });
  }
  // RFC 9112 §3.2: exactly one valid Host, also where the target has a host of its own.
  const hosts = headers.getAll("host").length;
  if (hosts !== 1) return createRefusal(400, `Request must have one Host, received ${hosts}`);
  if (requestUrl(head, false) === undefined) {
    return createRefusal(400, "Request must have a path and a valid Host, received another form");
  }
  if (headers.has("transfer-encoding")) return createRefusal(400, "Request must have no Transfer-Encoding");
  const lengths = headers.getAll("content-length");
  if (lengths.length > 1 || !/^0*$/.test(lengths[0] ?? "0")) {
    return createRefusal(400, "Request must have no body, received Content-Length");
  }
  return undefined;
}

const KEY_PATTERN = /^[A-Za-z0-9+/]{22}==$/;

/** The rules of an upgrade alone (RFC 6455 §4.2.1). */
function refuseUpgrade({ method, headers }: RequestHead): Refusal | undefined {
  if (method !== "GET") return createRefusal(405, `Upgrade must use GET, received ${method}`, { allow: "GET" });
  const upgradeFields = { "upgrade": "websocket", "sec-websocket-version": VERSION };
  if (!listIncludes(headers.getAll("upgrade"), "websocket")) {
    return createRefusal(426, "Upgrade must contain websocket, received none", upgradeFields);
  }
  if (!listIncludes(headers.getAll("connection"), "upgrade")) {
    return createRefusal(400, "Connection must contain Upgrade, received none");
  }
  if (headers.getAll("sec-websocket-version").join(", ") !== VERSION) {
    return createRefusal(426, `Sec-WebSocket-Version must be ${VERSION}, received another`, upgradeFields);
  }
  const keys = headers.getAll("sec-websocket-key");
  if (keys.length !== 1) return createRefusal(400, `Request must have one Sec-WebSocket-Key, received ${keys.length}`);
  if (!KEY_PATTERN.test(keys[0]!)) return createRefusal(400, "Sec-WebSocket-Key must be 16 bytes in base64");
  if (headers.getAll("origin").length > 1) return createRefusal(400, "Request must have at most one Origin");
  const subprotocols = splitList(headers.getAll("sec-websocket-protocol"));
  if (!subprotocols.every(isToken) || (subprotocols.length > 1 && new Set(subprotocols).size !== subprotocols.length)) {
    return createRefusal(400, "Sec-WebSocket-Protocol must be a list of different tokens");
  }
  if (parseExtensions(headers.getAll("sec-websocket-extensions")) === undefined) {
    return createRefusal(400, "Sec-WebSocket-Extensions must be a list of extensions");
  }
  return undefined;
}

/** Says whether a request wants a WebSocket, be it wrongly; other protocols may be ignored (RFC 9110 §7.8). */
function wantsUpgrade(headers: HeaderList): boolean {
  return listIncludes(headers.getAll("upgrade"), "websocket") || headers.has("sec-websocket-key") ||
    headers.has("sec-websocket-version");
}

/** Says what a request is. @internal */
export function classifyRequest(head: RequestHead): RequestDecision {
  const refusal = refuseRequest(head);
  if (refusal !== undefined) return { kind: "refused", refusal };
  const { headers } = head;
  if (!wantsUpgrade(headers)) return { kind: "plain" };
  const upgradeRefusal = refuseUpgrade(head);
  if (upgradeRefusal !== undefined) return { kind: "refused", refusal: upgradeRefusal };
  const upgrade: UpgradeRequest = {
    key: headers.get("sec-websocket-key") ?? "",
    host: requestHost(head) ?? "",
    origin: headers.get("origin"),
    subprotocols: splitList(headers.getAll("sec-websocket-protocol")),
    extensions: headers.getAll("sec-websocket-extensions"),
  };
  return { kind: "upgrade", upgrade };
}

/** Refuses an upgrade from an origin that the policy does not admit. @internal */
export function refuseOrigin(upgrade: UpgradeRequest, policy: OriginPolicy): Refusal | undefined {
  if (isAllowedOrigin(upgrade.origin, upgrade.host, policy)) return undefined;
  return createRefusal(403, "Origin must be one that this server admits, received another");
}

/** Returns the first subprotocol of the server's that the client offered, `undefined` if there is none. @internal */
export function selectSubprotocol(supported: readonly string[], offered: readonly string[]): string | undefined {
  const offers = new Set(offered);
  return supported.find((subprotocol) => offers.has(subprotocol));
}

/** What a server accepts an upgrade with. @internal */
export interface AcceptUpgradeOptions {
  /** The subprotocol; the client must have offered it. */
  readonly subprotocol?: string | undefined;
  /** Further fields. */
  readonly headers?: HeadersInit | undefined;
  /** What to accept of permessage-deflate, `undefined` to accept none. */
  readonly compression?: CompressionOptions | undefined;
}

/** An accepted upgrade. @internal */
export interface AcceptedUpgrade {
  /** The head of the response. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** The subprotocol in use, `""` for none. */
  readonly subprotocol: string;
  /** The extensions in use, `""` for none. */
  readonly extensions: string;
  /** The parameters of permessage-deflate, absent where it is not in use. */
  readonly deflate?: DeflateParameters;
}

/**
 * Accepts an upgrade (RFC 6455 §4.2.2).
 *
 * @throws {TypeError} If the subprotocol was not offered, or a field is not allowed in a head or overrides one of ours.
 * @throws {RangeError} If a compression option is out of its range.
 * @internal
 */
export function acceptUpgrade(upgrade: UpgradeRequest, options: AcceptUpgradeOptions = {}): AcceptedUpgrade {
  const { subprotocol = "", compression } = options;
  if (subprotocol !== "" && !upgrade.subprotocols.includes(subprotocol)) {
    const offered = upgrade.subprotocols.length === 0 ? "none" : upgrade.subprotocols.join(", ");
    throw new TypeError(`Cannot accept with subprotocol ${JSON.stringify(subprotocol)}: client offered ${offered}`);
  }
  const custom = callerHeaders(options.headers, OWN_NAMES);
  const headers = new HeaderList([
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", acceptKey(upgrade.key)],
  ]);
  const accepted = compression === undefined ? undefined : acceptDeflateOffer(upgrade.extensions, compression);
  if (subprotocol !== "") headers.append("Sec-WebSocket-Protocol", subprotocol);
  if (accepted !== undefined) headers.append("Sec-WebSocket-Extensions", accepted.response);
  for (const [name, value] of custom) headers.append(name, value);
  const result = { head: formatResponseHead(101, "", headers), subprotocol, extensions: accepted?.response ?? "" };
  return accepted === undefined ? result : { ...result, deflate: accepted.parameters };
}
