/**
 * Negotiation of extensions (RFC 6455 §9.1), of which permessage-deflate is the one we know (RFC 7692). Sans-I/O.
 *
 * @module
 */

import { HandshakeError } from "./errors.ts";
import { type Characters, isTokenCode, isWhitespaceCode } from "./headers.ts";

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const DEFLATE = "permessage-deflate";
const MIN_WINDOW_BITS = 8;
const MAX_WINDOW_BITS = 15;

/** One parameter of an extension; its value is the unquoted text. @internal */
export interface ExtensionParameter {
  /** The name. */
  readonly name: string;
  /** The value, `undefined` where there is no equals sign. */
  readonly value: string | undefined;
}

/** One element of Sec-WebSocket-Extensions. @internal */
export interface Extension {
  /** The name. */
  readonly name: string;
  /** The parameters in their order, duplicates kept. */
  readonly parameters: readonly ExtensionParameter[];
}

/** Walks once over one field value; each method moves on and never back. */
class ExtensionScanner {
  readonly #text: Characters;
  #index = 0;

  constructor(text: Characters) {
    this.#text = text;
  }

  get #code(): number {
    return this.#index < this.#text.length ? this.#text.charCodeAt(this.#index) : -1;
  }

  get isAtEnd(): boolean {
    this.#skipWhitespace();
    return this.#index >= this.#text.length;
  }

  /** Passes a separator with the whitespace before it, `false` if another code unit stands there. */
  skip(separator: number): boolean {
    this.#skipWhitespace();
    if (this.#code !== separator) return false;
    this.#index++;
    return true;
  }

  /** Returns a token, `""` if there is none. */
  token(): string {
    this.#skipWhitespace();
    const start = this.#index;
    while (isTokenCode(this.#code)) this.#index++;
    return this.#text.slice(start, this.#index);
  }

  /** Returns a token or the token in a quoted string, `""` if there is none (RFC 6455 §9.1). */
  value(): string {
    if (!this.skip(QUOTE)) return this.token();
    let value = "";
    while (this.#code !== QUOTE) {
      if (this.#code === BACKSLASH) this.#index++;
      if (!isTokenCode(this.#code)) return "";
      value += this.#text.slice(this.#index, this.#index + 1);
      this.#index++;
    }
    this.#index++;
    return value;
  }

  #skipWhitespace(): void {
    while (isWhitespaceCode(this.#code)) this.#index++;
  }
}

function parseExtension(scanner: ExtensionScanner): Extension | undefined {
  const name = scanner.token();
  if (name === "") return undefined;
  const parameters: ExtensionParameter[] = [];
  while (scanner.skip(SEMICOLON)) {
    const parameter = scanner.token();
    const value = scanner.skip(EQUALS) ? scanner.value() : undefined;
    if (parameter === "" || value === "") return undefined;
    parameters.push({ name: parameter, value });
  }
  return { name, parameters };
}

/**
 * Parses the values of Sec-WebSocket-Extensions in linear time.
 *
 * @returns The extensions in their order, `undefined` if a value breaks the grammar (RFC 6455 §9.1).
 * @internal
 */
export function parseExtensions(values: Iterable<Characters>): Extension[] | undefined {
  const extensions: Extension[] = [];
  for (const value of values) {
    const scanner = new ExtensionScanner(value);
    while (!scanner.isAtEnd) {
      if (scanner.skip(COMMA)) continue;
      const extension = parseExtension(scanner);
      if (extension === undefined || !(scanner.isAtEnd || scanner.skip(COMMA))) return undefined;
      extensions.push(extension);
    }
  }
  return extensions;
}

/**
 * Options of permessage-deflate (RFC 7692): what is offered by a client, and what a server asks for.
 *
 * @public
 */
export interface CompressionOptions {
  /**
   * Messages below this length in bytes are sent uncompressed.
   *
   * @default {1024}
   */
  readonly threshold?: number;
  /**
   * The compression level of zlib, 0 to 9.
   *
   * @default {6}
   */
  readonly level?: number;
  /**
   * How much memory zlib uses to compress, 1 to 9.
   *
   * @default {8}
   */
  readonly memLevel?: number;
  /**
   * Whether the server compresses each message on its own (RFC 7692 §7.1.1.1). That is faster and holds no memory
   * between messages; `false` lets the server refer back to earlier messages.
   *
   * @default {true}
   */
  readonly serverNoContextTakeover?: boolean;
  /**
   * Whether the client compresses each message on its own (RFC 7692 §7.1.1.2).
   *
   * @default {true}
   */
  readonly clientNoContextTakeover?: boolean;
  /**
   * The base-2 logarithm of the server's window in bytes, 8 to 15 (RFC 7692 §7.1.2.1).
   *
   * @default {15}
   */
  readonly serverMaxWindowBits?: number;
  /**
   * The base-2 logarithm of the client's window in bytes, 8 to 15 (RFC 7692 §7.1.2.2).
   *
   * @default {15}
   */
  readonly clientMaxWindowBits?: number;
}

/**
 * **UNSTABLE** What both sides agreed on (RFC 7692 §7.1).
 *
 * @experimental
 */
export interface DeflateParameters {
  /** Whether the server starts each message with an empty window. */
  readonly serverNoContextTakeover: boolean;
  /** Whether the client starts each message with an empty window. */
  readonly clientNoContextTakeover: boolean;
  /** The base-2 logarithm of the largest window that the server may use. */
  readonly serverMaxWindowBits: number;
  /** The base-2 logarithm of the largest window that the client may use. */
  readonly clientMaxWindowBits: number;
}

function checkRange(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(
    `Cannot set compression.${name}: must be a whole number from ${min} to ${max}, received ${value}`,
  );
}

/**
 * Fills in the defaults and checks the ranges.
 *
 * @throws {RangeError} If a number is out of its range.
 * @internal
 */
export function resolveCompression(options: CompressionOptions): Required<CompressionOptions> {
  const { threshold = 1024, level = 6, memLevel = 8 } = options;
  const { serverNoContextTakeover = true, clientNoContextTakeover = true } = options;
  const { serverMaxWindowBits = MAX_WINDOW_BITS, clientMaxWindowBits = MAX_WINDOW_BITS } = options;
  return {
    threshold: checkRange("threshold", threshold, 0, Number.MAX_SAFE_INTEGER),
    level: checkRange("level", level, 0, 9),
    memLevel: checkRange("memLevel", memLevel, 1, 9),
    serverNoContextTakeover,
    clientNoContextTakeover,
    serverMaxWindowBits: checkRange("serverMaxWindowBits", serverMaxWindowBits, MIN_WINDOW_BITS, MAX_WINDOW_BITS),
    clientMaxWindowBits: checkRange("clientMaxWindowBits", clientMaxWindowBits, MIN_WINDOW_BITS, MAX_WINDOW_BITS),
  };
}

/** The parameters of one offer or response as they stand on the wire. @internal */
export interface DeflateOffer {
  /** Whether `server_no_context_takeover` is there. */
  readonly serverNoContextTakeover: boolean;
  /** Whether `client_no_context_takeover` is there. */
  readonly clientNoContextTakeover: boolean;
  /** The value of `server_max_window_bits`, if it is there. */
  readonly serverMaxWindowBits: number | undefined;
  /** The value of `client_max_window_bits`, if it is there; `true` where it has none, which only an offer may do. */
  readonly clientMaxWindowBits: number | true | undefined;
}

/** RFC 7692 §7.1.2.1: a decimal integer from 8 to 15 without leading zeroes. */
function parseWindowBits(value: string | undefined): number | undefined {
  return value !== undefined && /^(?:[89]|1[0-5])$/.test(value) ? Number(value) : undefined;
}

/**
 * Reads the parameters of permessage-deflate.
 *
 * @returns The parameters, or a text that says which of them makes the element invalid (RFC 7692 §7.1).
 * @internal
 */
export function readDeflateParameters(extension: Extension, role: "offer" | "response"): DeflateOffer | string {
  const found = new Map<string, number | true>();
  for (const { name, value } of extension.parameters) {
    if (found.has(name)) return `parameter ${name} stands there twice`;
    if (name === "server_no_context_takeover" || name === "client_no_context_takeover") {
      if (value !== undefined) return `${name} must have no value, received ${value}`;
      found.set(name, true);
    } else if (name === "client_max_window_bits" && value === undefined && role === "offer") {
      found.set(name, true);
    } else if (name === "server_max_window_bits" || name === "client_max_window_bits") {
      const bits = parseWindowBits(value);
      if (bits === undefined) return `${name} must be 8 to 15, received ${value ?? "no value"}`;
      found.set(name, bits);
    } else {
      return `parameter ${name} is unknown`;
    }
  }
  const serverMaxWindowBits = found.get("server_max_window_bits");
  return {
    serverNoContextTakeover: found.has("server_no_context_takeover"),
    clientNoContextTakeover: found.has("client_no_context_takeover"),
    serverMaxWindowBits: serverMaxWindowBits === true ? undefined : serverMaxWindowBits,
    clientMaxWindowBits: found.get("client_max_window_bits"),
  };
}

function formatDeflate(offer: DeflateOffer): string {
  let text = DEFLATE;
  if (offer.serverNoContextTakeover) text += "; server_no_context_takeover";
  if (offer.clientNoContextTakeover) text += "; client_no_context_takeover";
  if (offer.serverMaxWindowBits !== undefined) text += `; server_max_window_bits=${offer.serverMaxWindowBits}`;
  if (offer.clientMaxWindowBits === true) text += "; client_max_window_bits";
  else if (offer.clientMaxWindowBits !== undefined) text += `; client_max_window_bits=${offer.clientMaxWindowBits}`;
  return text;
}

/**
 * The offers of a client, the one it likes best first. Where it asks for a smaller window of the server, a second
 * offer does without it: not every server can limit its window, and declining would cost all compression.
 */
function deflateOffers(options: CompressionOptions): DeflateOffer[] {
  const resolved = resolveCompression(options);
  const { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits } = resolved;
  const fallback: DeflateOffer = {
    serverNoContextTakeover,
    clientNoContextTakeover,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: resolved.clientMaxWindowBits === MAX_WINDOW_BITS ? true : resolved.clientMaxWindowBits,
  };
  return serverMaxWindowBits === MAX_WINDOW_BITS ? [fallback] : [{ ...fallback, serverMaxWindowBits }, fallback];
}

/**
 * Returns the value of Sec-WebSocket-Extensions that a client sends.
 *
 * @throws {RangeError} If an option is out of its range.
 * @internal
 */
export function offerDeflate(options: CompressionOptions): string {
  return deflateOffers(options).map(formatDeflate).join(", ");
}

/** Answers one valid offer within the server's options. */
function answerOffer(offer: DeflateOffer, options: Required<CompressionOptions>): DeflateOffer {
  const serverBits = Math.min(offer.serverMaxWindowBits ?? MAX_WINDOW_BITS, options.serverMaxWindowBits);
  const { clientMaxWindowBits: offered } = offer;
  const clientBits = Math.min(
    offered === true ? MAX_WINDOW_BITS : offered ?? MAX_WINDOW_BITS,
    options.clientMaxWindowBits,
  );
  // RFC 7692 §7.1.2.2: a client that did not offer client_max_window_bits must not be given it.
  const mayLimitClient = offered !== undefined && clientBits < MAX_WINDOW_BITS;
  return {
    serverNoContextTakeover: offer.serverNoContextTakeover || options.serverNoContextTakeover,
    clientNoContextTakeover: offer.clientNoContextTakeover || options.clientNoContextTakeover,
    // RFC 7692 §7.1.2.1: where the offer asks for it the response must have it.
    serverMaxWindowBits: offer.serverMaxWindowBits !== undefined || serverBits < MAX_WINDOW_BITS
      ? serverBits
      : undefined,
    clientMaxWindowBits: mayLimitClient ? clientBits : undefined,
  };
}

function agree(response: DeflateOffer): DeflateParameters {
  const { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = response;
  return {
    serverNoContextTakeover,
    clientNoContextTakeover,
    serverMaxWindowBits: serverMaxWindowBits ?? MAX_WINDOW_BITS,
    clientMaxWindowBits: typeof clientMaxWindowBits === "number" ? clientMaxWindowBits : MAX_WINDOW_BITS,
  };
}

/**
 * Chooses the first acceptable offer of permessage-deflate at the server and declines the others (RFC 7692 §5.1).
 *
 * @param headerValues The values of Sec-WebSocket-Extensions in the request.
 * @param options The server's options.
 * @returns The value for the response and what is agreed, `undefined` if no offer is acceptable.
 *
 * @throws {RangeError} If an option is out of its range.
 * @internal
 */
export function acceptDeflateOffer(
  headerValues: Iterable<Characters>,
  options: CompressionOptions,
): { readonly response: string; readonly parameters: DeflateParameters } | undefined {
  const resolved = resolveCompression(options);
  for (const extension of parseExtensions(headerValues) ?? []) {
    if (extension.name !== DEFLATE) continue;
    const offer = readDeflateParameters(extension, "offer");
    if (typeof offer === "string") continue;
    const response = answerOffer(offer, resolved);
    return { response: formatDeflate(response), parameters: agree(response) };
  }
  return undefined;
}

/**
 * Checks a response against one offer (RFC 7692 §7.1).
 *
 * @returns `undefined` if the response is an answer to the offer, else a text that says why not.
 * @internal
 */
export function deflateMismatch(offer: DeflateOffer, response: DeflateOffer): string | undefined {
  if (offer.serverNoContextTakeover && !response.serverNoContextTakeover) {
    return "server_no_context_takeover was asked for, received none";
  }
  const { serverMaxWindowBits: asked } = offer;
  const { serverMaxWindowBits: answered = MAX_WINDOW_BITS } = response;
  if (asked !== undefined && answered > asked) {
    return `server_max_window_bits must be at most ${asked}, received ${response.serverMaxWindowBits ?? "none"}`;
  }
  if (offer.clientMaxWindowBits === undefined && response.clientMaxWindowBits !== undefined) {
    return "client_max_window_bits was not offered";
  }
  return undefined;
}

/** The answer that an error about extensions carries. @internal */
export type HandshakeAnswer = NonNullable<ConstructorParameters<typeof HandshakeError>[2]>;

/**
 * Checks the extensions of a response at the client (RFC 6455 §4.1, RFC 7692 §5.1).
 *
 * @param headerValues The values of Sec-WebSocket-Extensions in the response.
 * @param offered The options that the offers were made from, `undefined` if nothing was offered.
 * @param answer What an error carries.
 * @returns What is agreed, `undefined` if the server declined.
 *
 * @throws {HandshakeError} If the response breaks the grammar or is no answer to what was offered.
 * @internal
 */
export function checkDeflateResponse(
  headerValues: Iterable<Characters>,
  offered: CompressionOptions | undefined,
  answer: HandshakeAnswer = {},
): DeflateParameters | undefined {
  const extensions = parseExtensions(headerValues);
  if (extensions === undefined) {
    throw new HandshakeError("invalid_extension", "Sec-WebSocket-Extensions must be a list of extensions", answer);
  }
  const [extension, ...others] = extensions;
  if (extension === undefined) return undefined;
  if (offered === undefined || extension.name !== DEFLATE || others.length > 0) {
    const names = extensions.map(({ name }) => name).join(", ");
    const expected = offered === undefined ? "no extension" : DEFLATE;
    throw new HandshakeError("unexpected_extension", `Client offered ${expected}, server answered ${names}`, answer);
  }
  const response = readDeflateParameters(extension, "response");
  const agreed = typeof response === "string" ? response : agreeOnResponse(deflateOffers(offered), response);
  if (typeof agreed !== "string") return agreed;
  throw new HandshakeError("invalid_extension", `Server answered ${DEFLATE} wrongly: ${agreed}`, answer);
}

/** Finds the offer that a response answers; without one the text says what is wrong with the best offer. */
function agreeOnResponse(offers: DeflateOffer[], response: DeflateOffer): DeflateParameters | string {
  // A window larger than the first offer asks for is no answer to the second either, which asks for none.
  const [best] = offers;
  const mismatch = best && deflateMismatch(best, response);
  if (mismatch !== undefined && response.serverMaxWindowBits !== undefined) return mismatch;
  const offer = offers.find((offer) => deflateMismatch(offer, response) === undefined);
  if (offer === undefined) return mismatch ?? "no offer matches";
  const agreed = agree(response);
  const { clientMaxWindowBits: hint } = offer;
  return {
    ...agreed,
    // RFC 7692 §7.1.1.2 and §7.1.2.2: what the client announced of itself binds it whatever the server answers.
    clientNoContextTakeover: agreed.clientNoContextTakeover || offer.clientNoContextTakeover,
    clientMaxWindowBits: typeof hint === "number"
      ? Math.min(hint, agreed.clientMaxWindowBits)
      : agreed.clientMaxWindowBits,
  };
}
