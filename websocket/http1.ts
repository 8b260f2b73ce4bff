/**
 * The heads of HTTP/1.1 messages: an incremental parser with limits, and the formatting of ours (RFC 9112). Sans-I/O.
 *
 * @module
 */

import { assert } from "../internal/assert.ts";
import {
  assertFieldName,
  assertFieldValue,
  HeaderList,
  isTokenCode,
  isValueCode,
  isWhitespaceCode,
} from "./headers.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const EMPTY: Uint8Array<ArrayBufferLike> = new Uint8Array(0);

/** No method we know is longer than OPTIONS; registered ones end at UPDATEREDIRECTREF with 17. */
const MAX_METHOD = 32;
/** `HTTP/1.1`. */
const VERSION_LENGTH = 8;

/** How large a head may be; each limit is inclusive. @internal */
export interface HeadLimits {
  /** The length of a request target in bytes. */
  readonly maxTarget: number;
  /** The number of header fields. */
  readonly maxHeaders: number;
  /** The length of a line in bytes, without its CRLF. */
  readonly maxLine: number;
  /** The length of the whole head in bytes, with all line ends. */
  readonly maxHead: number;
}

/** The limits where an option names none. @internal */
export const DEFAULT_HEAD_LIMITS: HeadLimits = { maxTarget: 8192, maxHeaders: 100, maxLine: 8192, maxHead: 32_768 };

/** The head of a request. @internal */
export interface RequestHead {
  /** The method as it was sent; it is case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  /** The request target as it was sent: visible ASCII without a fragment. */
  readonly target: string;
  /** The header fields. */
  readonly headers: HeaderList;
}

/** The head of a response. @internal */
export interface ResponseHead {
  /** The minor version: 0 for HTTP/1.0. */
  readonly minorVersion: number;
  /** The status code. */
  readonly status: number;
  /** The reason phrase, often `""`. */
  readonly statusText: string;
  /** The header fields. */
  readonly headers: HeaderList;
}

/** Which status answers a head that cannot be accepted. @internal */
export type HttpHeadStatus = 400 | 414 | 431 | 505;

/** A head that breaks RFC 9112 or a limit. @internal */
export class HttpHeadError extends Error {
  /** The name of this class. */
  override readonly name = "HttpHeadError";
  /** A stable name for this kind of error. */
  readonly code = "invalid_head";
  /** The status that answers it. */
  readonly status: HttpHeadStatus;

  /** Creates the error. */
  constructor(status: HttpHeadStatus, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a start line says; the fields are added when the head is complete. @internal */
export type StartLine<Head> = Omit<Head, "headers">;

/**
 * Parses one head from bytes in any split. After {@linkcode push} has returned the head, `rest` holds the bytes behind
 * it: a view of the last chunk. An error is final.
 *
 * @internal
 */
export abstract class HeadParser<Head extends { readonly headers: HeaderList }> {
  /** The limits in force. */
  protected readonly limits: HeadLimits;
  /** The bytes behind the head: a view of the chunk that ended it. */
  rest: Uint8Array = EMPTY;
  #start: StartLine<Head> | undefined;
  #headers = new HeaderList();
  #line: Uint8Array = EMPTY;
  #lineLength = 0;
  #headLength = 0;
  #isDone = false;

  /** Creates a parser. */
  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.limits = limits;
  }

  /** Parses a start line, `undefined` to ignore it. */
  protected abstract parseStartLine(line: Uint8Array): StartLine<Head> | undefined;
  /** The longest start line that needs no second look, without its CRLF. */
  protected abstract get maxStartLine(): number;
  /** Says what is wrong with a start line that is longer. */
  protected abstract startLineError(line: Uint8Array): HttpHeadError;
  /** Joins start line and fields, `undefined` if another head follows. */
  protected abstract complete(start: StartLine<Head>, headers: HeaderList): Head | undefined;

  /** The bytes of the head so far. */
  get headLength(): number {
    return this.#headLength;
  }

  /**
   * Takes bytes that arrived.
   *
   * @returns The head once it is complete.
   * @throws {HttpHeadError} If the head breaks a rule or a limit.
   */
  push(bytes: Uint8Array): Head | undefined {
    assert(!this.#isDone, "The head is already complete or has failed");
    this.#isDone = true; // an error leaves it so
    for (let start = 0; start < bytes.length;) {
      const newline = bytes.indexOf(LF, start);
      const end = newline === -1 ? bytes.length : newline + 1;
      const line = this.#extendLine(bytes.subarray(start, end), newline !== -1);
      start = end;
      if (line === undefined) break;
      const head = this.#endLine(line);
      if (head === undefined) continue;
      this.rest = bytes.subarray(start);
      return head;
    }
    this.#isDone = false;
    return undefined;
  }

  /** Adds a piece to the current line and returns the line, with its LF, when it has ended. */
  #extendLine(piece: Uint8Array, isEnd: boolean): Uint8Array | undefined {
    const length = this.#lineLength + piece.length;
    const isTooLong = this.#isTooLong(length);
    if (!isTooLong && this.#lineLength === 0 && isEnd) {
      this.#headLength += length;
      return piece;
    }
    const line = this.#buffer(piece);
    if (isTooLong) throw this.#lengthError(line);
    this.#headLength += piece.length;
    if (!isEnd) return undefined;
    this.#lineLength = 0;
    return line;
  }

  /** Copies a piece behind what is held of the line: the chunk it came in belongs to the caller. */
  #buffer(piece: Uint8Array): Uint8Array {
    const length = this.#lineLength + piece.length;
    if (length > this.#line.length) {
      const grown = new Uint8Array(Math.max(length, this.#line.length * 2, 128));
      grown.set(this.#line.subarray(0, this.#lineLength));
      this.#line = grown;
    }
    this.#line.set(piece, this.#lineLength);
    this.#lineLength = length;
    return this.#line.subarray(0, length);
  }

  #isTooLong(length: number): boolean {
    const maxLine = this.#start === undefined ? this.maxStartLine : this.limits.maxLine;
    return length > maxLine + 2 || this.#headLength - this.#lineLength + length > this.limits.maxHead;
  }

  #lengthError(line: Uint8Array): HttpHeadError {
    if (this.#start === undefined && line.length > this.maxStartLine + 2) return this.startLineError(line);
    const { maxLine, maxHead } = this.limits;
    if (this.#start !== undefined && line.length > maxLine + 2) {
      return new HttpHeadError(431, `Header line must be at most ${maxLine} bytes, received more`);
    }
    return new HttpHeadError(431, `Head must be at most ${maxHead} bytes, received more`);
  }

  #endLine(line: Uint8Array): Head | undefined {
    // RFC 9112 §2.2 lets a recipient accept a bare LF; that is how requests are smuggled.
    if (line[line.length - 2] !== CR) throw new HttpHeadError(400, "Line must end in CRLF, received a bare LF");
    const content = line.subarray(0, line.length - 2);
    if (this.#start === undefined) {
      this.#start = this.parseStartLine(content);
      return undefined;
    }
    if (content.length > 0) {
      this.#addField(content);
      return undefined;
    }
    const head = this.complete(this.#start, this.#headers);
    this.#start = undefined;
    this.#headers = new HeaderList();
    return head;
  }

  #addField(line: Uint8Array): void {
    const { maxHeaders } = this.limits;
    if (this.#headers.size === maxHeaders) {
      throw new HttpHeadError(431, `Head must have at most ${maxHeaders} header fields, received more`);
    }
    // RFC 9112 §5.2: obs-fold is refused.
    if (isWhitespaceCode(line[0]!)) {
      throw new HttpHeadError(400, "Header line must not start with whitespace (obs-fold)");
    }
    let colon = 0;
    while (colon < line.length && isTokenCode(line[colon]!)) colon++;
    // RFC 9112 §5.1: no whitespace between field name and colon.
    if (colon === 0 || line[colon] !== COLON) {
      throw new HttpHeadError(400, "Header line must be a field name, a colon and a value, received another form");
    }
    let start = colon + 1;
    let end = line.length;
    while (start < end && isWhitespaceCode(line[start]!)) start++;
    while (end > start && isWhitespaceCode(line[end - 1]!)) end--;
    for (let index = start; index < end; index++) {
      if (!isValueCode(line[index]!)) throw new HttpHeadError(400, "Header value must not contain control characters");
    }
    const text = decodeLatin1(line);
    this.#headers.append(text.slice(0, colon), text.slice(start, end));
  }
}

/** Parses the head of a request; refuses every version but HTTP/1.1. @internal */
export class RequestHeadParser extends HeadParser<RequestHead> {
  #hasSkippedLine = false;

  /** The longest start line that needs no second look, without its CRLF. */
  protected override get maxStartLine(): number {
    return MAX_METHOD + 1 + this.limits.maxTarget + 1 + VERSION_LENGTH;
  }

  /** Says what is wrong with a start line that is longer. */
  protected override startLineError(line: Uint8Array): HttpHeadError {
    const { maxTarget } = this.limits;
    const first = line.indexOf(SPACE);
    const second = line.indexOf(SPACE, first + 1);
    const targetLength = (second === -1 ? line.length : second) - first - 1;
    if (first > 0 && first <= MAX_METHOD && targetLength > maxTarget) {
      return new HttpHeadError(414, `Request target must be at most ${maxTarget} bytes, received more`);
    }
    return new HttpHeadError(400, "Request line must be a method, a target and a version, received another form");
  }

  /** Parses a start line. */
  protected override parseStartLine(line: Uint8Array): StartLine<RequestHead> | undefined {
    if (line.length === 0 && !this.#hasSkippedLine) {
      this.#hasSkippedLine = true; // RFC 9112 §2.2: one empty line before the request line is ignored.
      return undefined;
    }
    const text = decodeLatin1(line);
    const [, method = "", target = "", major = "", minor = ""] =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21\x22\x24-\x7e]+) HTTP\/([0-9])\.([0-9])$/.exec(text) ?? [];
    if (method === "" || method.length > MAX_METHOD) throw this.startLineError(line);
    if (target.length > this.limits.maxTarget) throw this.startLineError(line);
    if (major !== "1" || minor === "0") {
      throw new HttpHeadError(505, `HTTP version must be 1.1, received ${major}.${minor}`);
    }
    return { method, target };
  }

  /** Joins start line and fields. */
  protected override complete(start: StartLine<RequestHead>, headers: HeaderList): RequestHead {
    return { ...start, headers };
  }
}

/** Parses the head of a response; passes over interim ones except 101 (RFC 9110 §15.2). @internal */
export class ResponseHeadParser extends HeadParser<ResponseHead> {
  /** The longest start line that needs no second look, without its CRLF. */
  protected override get maxStartLine(): number {
    return this.limits.maxLine;
  }

  /** Says what is wrong with a start line that is longer. */
  protected override startLineError(): HttpHeadError {
    return new HttpHeadError(431, `Status line must be at most ${this.limits.maxLine} bytes, received more`);
  }

  /** Parses a start line. */
  protected override parseStartLine(line: Uint8Array): StartLine<ResponseHead> {
    const [, major, minor, status, statusText = ""] =
      /^HTTP\/([0-9])\.([0-9]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(decodeLatin1(line)) ?? [];
    if (status === undefined) {
      throw new HttpHeadError(400, "Status line must be a version, a status and a reason, received another form");
    }
    if (major !== "1") throw new HttpHeadError(505, `HTTP version must be 1.1, received ${major}.${minor}`);
    return { minorVersion: Number(minor), status: Number(status), statusText };
  }

  /** Joins start line and fields. */
  protected override complete(start: StartLine<ResponseHead>, headers: HeaderList): ResponseHead | undefined {
    if (start.status < 200 && start.status !== 101) return undefined;
    return { ...start, headers };
  }
}

/** This label means windows-1252, which differs from ISO 8859-1 in 0x80 to 0x9F alone. */
const windows1252 = new TextDecoder("latin1");

/** Decodes bytes as ISO 8859-1. A spread into `fromCharCode` would make 60 bytes of garbage for each byte. */
function decodeLatin1(bytes: Uint8Array): string {
  for (let index = 0; index < bytes.length; index++) {
    if ((bytes[index]! & 0xe0) === 0x80) return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
  return windows1252.decode(bytes);
}

function joinHead(startLine: string, headers: HeaderList): string {
  const lines = [startLine];
  headers.forEach((name, value) => lines.push(`${name}: ${value}`));
  lines.push("\r\n");
  return lines.join("\r\n");
}

function encodeLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function encodeHead(startLine: string, headers: HeaderList): Uint8Array<ArrayBuffer> {
  headers.forEach((name, value) => {
    assertFieldName(name);
    assertFieldValue(name, value);
  });
  return encodeLatin1(joinHead(startLine, headers));
}

/**
 * Formats the head of a request.
 *
 * @throws {TypeError} If method, target, a name or a value has a character that is not allowed there.
 * @internal
 */
export function formatRequestHead(method: string, target: string, headers: HeaderList): Uint8Array<ArrayBuffer> {
  assertFieldName(method);
  if (!/^[\x21\x22\x24-\x7e]+$/.test(target)) {
    throw new TypeError(`Cannot send request: target must be visible ASCII, received ${JSON.stringify(target)}`);
  }
  return encodeHead(`${method} ${target} HTTP/1.1`, headers);
}

const STATUS_TEXT: ReadonlyMap<number, string> = new Map([
  [101, "Switching Protocols"],
  [200, "OK"],
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [408, "Request Timeout"],
  [414, "URI Too Long"],
  [426, "Upgrade Required"],
  [431, "Request Header Fields Too Large"],
  [500, "Internal Server Error"],
  [503, "Service Unavailable"],
  [505, "HTTP Version Not Supported"],
]);

/**
 * Formats the head of a response; an empty `statusText` becomes the usual phrase where we know one.
 *
 * @throws {TypeError} If the phrase, a name or a value has a character that is not allowed there.
 * @throws {RangeError} If the status is not a whole number from 100 to 999.
 * @internal
 */
export function formatResponseHead(status: number, statusText: string, headers: HeaderList): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(status) || status < 100 || status > 999) {
    throw new RangeError(`Cannot send response: status must be 100 to 999, received ${status}`);
  }
  const phrase = statusText === "" ? STATUS_TEXT.get(status) ?? "" : statusText;
  assertFieldValue("(reason phrase)", phrase);
  return encodeHead(`HTTP/1.1 ${status} ${phrase}`, headers);
}

/** Fields of a plain response that we alone decide: one response a connection, its framing is ours. */
const FRAMING_NAMES: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding"]);

/** What {@linkcode formatPlainResponseHead} needs of a `Response`. @internal */
export type PlainResponse = Pick<Response, "status" | "statusText" | "headers">;

/**
 * Formats the head of a response to a plain request, after which the connection closes.
 *
 * @param response The response; its own framing fields are replaced by ours.
 * @param contentLength The length of its body, `undefined` where only the end of the connection will show it.
 *
 * @throws {TypeError} If the phrase, a name or a value has a character that is not allowed there.
 * @internal
 */
export function formatPlainResponseHead(response: PlainResponse, contentLength?: number): Uint8Array<ArrayBuffer> {
  const { status, statusText } = response;
  const headers = new HeaderList();
  for (const [name, value] of response.headers) {
    const key = name.toLowerCase();
    if (FRAMING_NAMES.has(key) || (key === "content-length" && contentLength !== undefined)) continue;
    headers.append(name, value);
  }
  // RFC 9110 §8.6: no Content-Length with 1xx and 204; with 304 it would describe the body that is not sent.
  if (contentLength !== undefined && status !== 204 && status !== 304) {
    headers.append("content-length", String(contentLength));
  }
  // RFC 9110 §7.8: a sender of Upgrade, as 426 is, also names it in Connection.
  headers.append("connection", headers.has("upgrade") ? "close, upgrade" : "close");
  return formatResponseHead(status, statusText, headers);
}

/** A host with an optional port (RFC 9112 §3.2); what it names is checked by the URL parser. */
const HOST_PATTERN = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::[0-9]{0,5})?$/;

/**
 * Parses a host with an optional port as it stands in Host and in an origin.
 *
 * @returns Its URL with the scheme `http`, `undefined` if it is none.
 * @internal
 */
export function parseHost(host: string): URL | undefined {
  if (!HOST_PATTERN.test(host)) return undefined;
  return URL.parse(`http://${host}/`) ?? undefined;
}

/** A target in absolute-form (RFC 9112 §3.2.2): its authority and what stands behind. */
const ABSOLUTE_PATTERN = /^(?:https?|wss?):\/\/([^/?]+)(.*)$/i;

/** Returns the authority that a request is for, the target's before the Host field's (RFC 9112 §3.2.2). @internal */
export function requestHost(head: RequestHead): string | undefined {
  if (head.target.startsWith("/")) return head.headers.get("host");
  return ABSOLUTE_PATTERN.exec(head.target)?.[1];
}

/**
 * Returns the URL of a request, `undefined` if target or host are none: only origin-form and absolute-form have one.
 *
 * @internal
 */
export function requestUrl(head: RequestHead, isSecure: boolean): URL | undefined {
  const host = requestHost(head);
  if (host === undefined || parseHost(host) === undefined) return undefined;
  // Joined as text: resolving a target such as //other/path against a base would change the host.
  const path = head.target.startsWith("/") ? head.target : ABSOLUTE_PATTERN.exec(head.target)?.[2] ?? "";
  return URL.parse(`${isSecure ? "https" : "http"}://${host}${path}`) ?? undefined;
}

/** Options of {@linkcode requestFromHead}. @internal */
export interface RequestFromHeadOptions {
  /** Whether the connection is encrypted. @default {false} */
  readonly isSecure?: boolean;
  /** Becomes the signal of the request. */
  readonly signal?: AbortSignal;
}

/**
 * Builds the web's `Request` from a head without a body.
 *
 * @throws {HttpHeadError} If method, target, host or a field cannot stand in a `Request`.
 * @internal
 */
export function requestFromHead(head: RequestHead, options: RequestFromHeadOptions = {}): Request {
  const { isSecure = false, signal } = options;
  const url = requestUrl(head, isSecure);
  if (url === undefined) {
    throw new HttpHeadError(400, "Request must have a path and a valid host, received another form");
  }
  const init: RequestInit = { method: head.method, headers: head.headers.toHeaders() };
  return new Request(url, signal === undefined ? init : { ...init, signal });
}

/** A head that was accepted once is within any limit. */
const UNLIMITED: HeadLimits = { maxTarget: Infinity, maxHeaders: Infinity, maxLine: Infinity, maxHead: Infinity };

/**
 * Packs what {@linkcode requestFromHead} needs into one flat string, a tenth of the head's objects: an idle connection
 * should hold little.
 *
 * @internal
 */
export function packRequest(head: RequestHead): string {
  return joinHead(`${head.method} ${head.target} HTTP/1.1`, head.headers);
}

/** Builds the request from what {@linkcode packRequest} made. @internal */
export function unpackRequest(text: string, isSecure: boolean): Request {
  const head = new RequestHeadParser(UNLIMITED).push(encodeLatin1(text));
  assert(head !== undefined, "A head that was accepted once must be accepted again");
  return requestFromHead(head, { isSecure });
}
