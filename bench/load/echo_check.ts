/**
 * Checks of what a server sends back: cheap ones for every frame, and a comparison of every byte for the warm-up.
 *
 * @module
 */

import { constants, inflateRawSync } from "node:zlib";
import { headerLength } from "./frames.ts";

/** What the answers must look like. */
export interface EchoExpectation {
  /** The first byte of each frame. */
  readonly firstByte: number;
  /** The messages in the order in which they come back, again and again. */
  readonly payloads: readonly Uint8Array[];
  /** Whether the answers are compressed, and whether their compression context is carried on. */
  readonly compression: "none" | "each" | "context";
}

/** An answer that is not the echo of what was sent. */
export class EchoError extends Error {
  override readonly name = "EchoError";
}

const MAX_HEADER = 10;

/**
 * Counts complete frames over any cuts. Of each frame it checks the first header byte, and of an uncompressed one the
 * length and the first payload byte as well: a byte too many or too few shows at the next header.
 */
export class EchoCounter {
  /** Frames that have come whole. */
  frames = 0;
  readonly #expectation: EchoExpectation;
  readonly #firstPayloadBytes: Uint8Array;
  readonly #header = new Uint8Array(MAX_HEADER + 1);
  #headerFill = 0;
  #payloadLeft = 0;
  #place = 0;

  constructor(expectation: EchoExpectation) {
    this.#expectation = expectation;
    this.#firstPayloadBytes = Uint8Array.from(expectation.payloads, (payload) => payload[0] ?? 0);
  }

  /** Takes the next bytes received; returns how many frames they completed. */
  push(bytes: Uint8Array): number {
    const before = this.frames;
    let at = 0;
    while (at < bytes.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, bytes.length - at);
        this.#payloadLeft -= taken;
        at += taken;
        if (this.#payloadLeft === 0) this.#endFrame();
      } else if (this.#headerFill === 0 && bytes.length - at > MAX_HEADER) {
        at += this.#readHeader(bytes, at);
      } else {
        at += this.#fillHeader(bytes, at);
      }
    }
    return this.frames - before;
  }

  /** Collects a header that the cuts have split, up to the first payload byte; returns how many bytes are done with. */
  #fillHeader(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      this.#header[this.#headerFill++] = bytes[at]!;
      if (this.#headerFill < 2) continue;
      const code = this.#header[1]! & 0x7f;
      const payloadBytes = code === 0 ? 0 : 1;
      if (this.#headerFill < (code < 126 ? 2 : code === 126 ? 4 : 10) + payloadBytes) continue;
      this.#headerFill = 0;
      this.#readHeader(this.#header, 0);
      // The first payload byte was looked at here and is counted with the payload.
      return at + 1 - payloadBytes - start;
    }
    return bytes.length - start;
  }

  /** Reads the header at `at`, checks it, and returns its length. */
  #readHeader(bytes: Uint8Array, at: number): number {
    const { firstByte, payloads, compression } = this.#expectation;
    if (bytes[at] !== firstByte) {
      throw new EchoError(
        `Frame ${this.frames} does not start as an echo: expected first byte ${firstByte}, received ${bytes[at]}`,
      );
    }
    let length = bytes[at + 1]!;
    let header = 2;
    if (length > 127) throw new EchoError(`Frame ${this.frames} is masked: a server must not mask its frames`);
    if (length === 126) {
      length = bytes[at + 2]! << 8 | bytes[at + 3]!;
      header = 4;
    } else if (length === 127) {
      length = ((bytes[at + 6]! << 24 | bytes[at + 7]! << 16 | bytes[at + 8]! << 8 | bytes[at + 9]!) >>> 0) +
        (bytes[at + 4]! << 8 | bytes[at + 5]!) * 0x1_0000_0000;
      header = 10;
    }
    if (compression === "none") this.#checkPayload(payloads[this.#place]!.length, length, bytes[at + header]!);
    this.#payloadLeft = length;
    if (length === 0) this.#endFrame();
    return header;
  }

  #checkPayload(expectedLength: number, length: number, firstPayloadByte: number): void {
    if (length !== expectedLength) {
      throw new EchoError(`Frame ${this.frames} is no echo: expected ${expectedLength} bytes, received ${length}`);
    }
    const expected = this.#firstPayloadBytes[this.#place]!;
    if (length > 0 && firstPayloadByte !== expected) {
      throw new EchoError(
        `Frame ${this.frames} is no echo: expected first payload byte ${expected}, received ${firstPayloadByte}`,
      );
    }
  }

  #endFrame(): void {
    this.frames++;
    if (++this.#place === this.#expectation.payloads.length) this.#place = 0;
  }
}

/**
 * Compares every byte of complete frames with what they must be; answers that are compressed are inflated first.
 *
 * @param bytes Received bytes from the first frame on, ending with a complete frame or within one.
 * @returns How many frames were compared.
 */
export function verifyEchoes(bytes: Uint8Array, expectation: EchoExpectation): number {
  const payloads = splitFrames(bytes);
  if (expectation.compression === "context") return verifyWithContext(payloads, expectation.payloads);
  payloads.forEach((payload, index) => {
    const message = expectation.compression === "each" ? inflate(payload) : payload;
    assertSame(message, expectation.payloads[index % expectation.payloads.length]!, index);
  });
  return payloads.length;
}

/** With a carried context, the messages' concatenation is one deflate stream (RFC 7692 §7.2.3.2). */
function verifyWithContext(compressed: readonly Uint8Array[], expected: readonly Uint8Array[]): number {
  const inflated = inflate(concat(compressed.flatMap((payload) => [payload, EMPTY_BLOCK_TAIL])));
  let at = 0;
  compressed.forEach((_, index) => {
    const message = expected[index % expected.length]!;
    assertSame(inflated.subarray(at, at + message.length), message, index);
    at += message.length;
  });
  if (at !== inflated.length) {
    throw new EchoError(`Answers do not inflate to the echo: expected ${at} bytes, received ${inflated.length}`);
  }
  return compressed.length;
}

/** What a sender leaves off the end of each message (RFC 7692 §7.2.1). */
const EMPTY_BLOCK_TAIL = Uint8Array.of(0, 0, 0xff, 0xff);

function inflate(compressed: Uint8Array): Uint8Array {
  return inflateRawSync(concat([compressed, EMPTY_BLOCK_TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
}

function splitFrames(bytes: Uint8Array): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (bytes.length - at >= 2) {
    const code = bytes[at + 1]!;
    const header = code < 126 ? 2 : code === 126 ? 4 : 10;
    if (bytes.length - at < header) break;
    const length = header === 2 ? code : header === 4 ? view.getUint16(at + 2) : Number(view.getBigUint64(at + 2));
    if (header !== headerLength(length)) throw new EchoError(`Length ${length} is not in its shortest form`);
    if (bytes.length - at < header + length) break;
    payloads.push(bytes.subarray(at + header, at + header + length));
    at += header + length;
  }
  return payloads;
}

function assertSame(actual: Uint8Array, expected: Uint8Array, index: number): void {
  if (actual.length !== expected.length) {
    throw new EchoError(`Answer ${index} is no echo: expected ${expected.length} bytes, received ${actual.length}`);
  }
  const at = expected.findIndex((byte, place) => byte !== actual[place]);
  if (at >= 0) {
    throw new EchoError(
      `Answer ${index} is no echo: expected byte ${expected[at]} at ${at}, received ${actual[at]}`,
    );
  }
}

/** Joins byte arrays. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
