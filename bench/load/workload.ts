/**
 * Turns a scenario's traffic into bytes ready to send and the answers to expect.
 *
 * @module
 */

import { constants, createDeflateRaw, deflateRawSync } from "node:zlib";
import { seededRandom } from "../../tests/cuts.ts";
import type { EchoExpectation } from "./echo_check.ts";
import { concat } from "./echo_check.ts";
import { encodeClientFrame, firstByteOf, FrameRing } from "./frames.ts";
import { binaryPayloads, jsonPayloads } from "./payloads.ts";

/** What travels: noise in binary messages, or JSON in text messages, plain or compressed (RFC 7692). */
export type Kind = "binary" | "json" | "json-deflate" | "json-deflate-context";

/** The traffic of one scenario. */
export interface Traffic {
  readonly kind: Kind;
  /** Payload of each message, in bytes, before compression. */
  readonly size: number;
  readonly connections: number;
  /** Messages under way on each connection at any time. */
  readonly inFlight: number;
}

/** A traffic's bytes. */
export interface Workload {
  readonly ring: FrameRing;
  readonly expectation: EchoExpectation;
  /** The offer of permessage-deflate in the handshake, or undefined for none. */
  readonly extensionOffer: string | undefined;
}

/** Different messages of a small size; of a large one two are enough. */
const RING_LENGTH = 64;
const LARGE_PAYLOAD = 64 * 1024;

/** Encodes, compresses and masks everything a generator will send. */
export async function createWorkload(traffic: Traffic): Promise<Workload> {
  const { kind, size, inFlight } = traffic;
  const count = Math.max(inFlight, size >= LARGE_PAYLOAD ? 2 : RING_LENGTH);
  const isText = kind !== "binary";
  const compression = kind === "json-deflate" ? "each" : kind === "json-deflate-context" ? "context" : "none";
  const payloads = isText ? jsonPayloads(count, size) : binaryPayloads(count, size);
  const wire = compression === "none"
    ? payloads
    : compression === "each"
    ? payloads.map(compressAlone)
    : await compressWithContext(payloads);
  const firstByte = firstByteOf(isText, compression !== "none");
  const random = seededRandom(2);
  const frames = wire.map((payload) => encodeClientFrame(firstByte, payload, Math.floor(random() * 0x1_0000_0000)));
  return {
    ring: new FrameRing(frames),
    expectation: { firstByte, payloads, compression },
    extensionOffer: compression === "none"
      ? undefined
      : compression === "each"
      ? "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
      : "permessage-deflate",
  };
}

/** Servers compete on equal terms only: the same context takeover, and the full window of 15 bits. */
export function isFairAnswer(answer: string, extensionOffer: string | undefined): boolean {
  if (extensionOffer === undefined) return answer === "";
  const isStateless = extensionOffer.includes("server_no_context_takeover");
  return answer.startsWith("permessage-deflate") &&
    answer.includes("server_no_context_takeover") === isStateless &&
    (isStateless || !answer.includes("client_no_context_takeover")) &&
    !/max_window_bits=(?!15)/.test(answer);
}

function compressAlone(payload: Uint8Array): Uint8Array {
  // RFC 7692 §7.2.1: flush to a byte boundary, then leave off 00 00 ff ff.
  return deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/**
 * Compresses messages with one window. The first refers to nothing before it, so the sequence may follow itself: a
 * sender is free to start with an empty window again, and the receiver cannot tell (RFC 7692 §7.2.3.2).
 */
async function compressWithContext(payloads: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const stream = createDeflateRaw();
  const compressed: Uint8Array[] = [];
  let chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  for (const payload of payloads) {
    stream.write(payload);
    await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    compressed.push(concat(chunks).subarray(0, -4));
    chunks = [];
  }
  stream.close();
  return compressed;
}
