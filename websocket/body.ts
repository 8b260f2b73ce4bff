/**
 * The first bytes of a response's body, for the report of a refused upgrade (RFC 9112 §6 and §7). Sans-I/O.
 *
 * @module
 */

import { splitList } from "./headers.ts";
import type { ResponseHead } from "./http1.ts";

const LF = 0x0a;
const CR = 0x0d;
const SEMICOLON = 0x3b;

/** How the end of a response's body is found. @internal */
export type BodyFraming =
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "eof" };

/** Says how the end of a response's body is found (RFC 9112 §6.3); what is contradictory counts as empty. @internal */
export function bodyFraming({ status, headers }: ResponseHead): BodyFraming {
  if (status < 200 || status === 204 || status === 304) return { kind: "length", length: 0 };
  if (headers.has("transfer-encoding")) {
    const isChunked = splitList(headers.getAll("transfer-encoding")).at(-1)?.toLowerCase() === "chunked";
    return { kind: isChunked ? "chunked" : "eof" };
  }
  if (!headers.has("content-length")) return { kind: "eof" };
  const lengths = new Set(splitList(headers.getAll("content-length")));
  const [length = ""] = lengths;
  // RFC 9112 §6.3: equal values count as one.
  return { kind: "length", length: lengths.size === 1 && /^[0-9]{1,15}$/.test(length) ? Number(length) : 0 };
}

/** Where a chunked body is read: RFC 9112 §7.1. */
type ChunkState = "size" | "extension" | "size_end" | "data" | "data_end";

/** Decodes the chunked coding from bytes in any split, as far as the last chunk; trailers are left unread. */
class ChunkedDecoder {
  #state: ChunkState = "size";
  #size = 0;
  #digits = 0;
  /** Whether the last chunk was read or the coding is broken. */
  isDone = false;

  /** Gives the pieces of the body in `bytes` to `take`. */
  push(bytes: Uint8Array, take: (piece: Uint8Array) => void): void {
    for (let index = 0; index < bytes.length && !this.isDone;) {
      if (this.#state !== "data") {
        this.#readControl(bytes[index]!);
        index++;
        continue;
      }
      const end = Math.min(bytes.length, index + this.#size);
      take(bytes.subarray(index, end));
      this.#size -= end - index;
      index = end;
      if (this.#size === 0) this.#state = "data_end";
    }
  }

  #readControl(byte: number): void {
    if (this.#state === "size") return this.#readSize(byte);
    if (this.#state === "extension") {
      if (byte === CR) this.#state = "size_end";
    } else if (this.#state === "size_end") {
      this.isDone = byte !== LF || this.#size === 0;
      this.#state = "data";
    } else if (byte === LF) {
      this.#state = "size";
      this.#digits = 0;
    } else if (byte !== CR) {
      this.isDone = true;
    }
  }

  #readSize(byte: number): void {
    const digit = Number.parseInt(String.fromCharCode(byte), 16);
    if (!Number.isNaN(digit) && this.#digits < 12) {
      this.#size = this.#size * 16 + digit;
      this.#digits++;
    } else if (this.#digits > 0 && (byte === CR || byte === SEMICOLON)) {
      this.#state = byte === CR ? "size_end" : "extension";
    } else {
      this.isDone = true;
    }
  }
}

/** How much of a refused upgrade's body is kept, in bytes. @internal */
export const MAX_BODY_EXCERPT = 1024;

/**
 * Collects the beginning of a response's body from bytes in any split. A broken body ends where it breaks: it is only
 * shown to a reader.
 *
 * @internal
 */
export class BodyReader {
  readonly #chunked: ChunkedDecoder | undefined;
  readonly #kept: Uint8Array<ArrayBuffer>;
  #keptLength = 0;
  #missing: number;

  /** Creates a reader for the body behind `head`. */
  constructor(head: ResponseHead, maxLength: number = MAX_BODY_EXCERPT) {
    const framing = bodyFraming(head);
    this.#chunked = framing.kind === "chunked" ? new ChunkedDecoder() : undefined;
    this.#missing = framing.kind === "length" ? Math.min(framing.length, maxLength) : maxLength;
    this.#kept = new Uint8Array(this.#missing);
  }

  /** Whether nothing more is wanted: the body or the excerpt is complete. */
  get isDone(): boolean {
    return this.#missing === 0 || this.#chunked?.isDone === true;
  }

  /**
   * Takes bytes that arrived.
   *
   * @returns Whether nothing more is wanted.
   */
  push(bytes: Uint8Array): boolean {
    if (this.#chunked === undefined) this.#keep(bytes);
    else this.#chunked.push(bytes, (piece) => this.#keep(piece));
    return this.isDone;
  }

  /** Returns what was kept as text; a character cut off at the end is left out. */
  text(): string {
    return new TextDecoder().decode(this.#kept.subarray(0, this.#keptLength), { stream: true });
  }

  #keep(piece: Uint8Array): void {
    const wanted = piece.subarray(0, this.#missing);
    this.#kept.set(wanted, this.#keptLength);
    this.#keptLength += wanted.length;
    this.#missing -= wanted.length;
  }
}
