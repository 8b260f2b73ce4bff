/**
 * Client frames encoded and masked once, before the measurement: a ring of different messages, laid out so that any
 * run of consecutive ones is a single view and goes out in a single write.
 *
 * @module
 */

/** The header's first byte of an unfragmented message: FIN, RSV1 when compressed, and the opcode (RFC 6455 §5.2). */
export function firstByteOf(isText: boolean, isCompressed: boolean): number {
  return 0x80 | (isCompressed ? 0x40 : 0) | (isText ? 0x1 : 0x2);
}

/** The length of a frame's header without a masking key (RFC 6455 §5.2). */
export function headerLength(payloadLength: number): number {
  return payloadLength < 126 ? 2 : payloadLength < 0x10000 ? 4 : 10;
}

/** Encodes one masked frame. `maskingKey` is the key's four bytes read big-endian. */
export function encodeClientFrame(firstByte: number, payload: Uint8Array, maskingKey: number): Uint8Array {
  const header = headerLength(payload.length);
  const frame = new Uint8Array(header + 4 + payload.length);
  const view = new DataView(frame.buffer);
  frame[0] = firstByte;
  if (header === 2) frame[1] = 0x80 | payload.length;
  else if (header === 4) {
    frame[1] = 0x80 | 126;
    view.setUint16(2, payload.length);
  } else {
    frame[1] = 0x80 | 127;
    view.setBigUint64(2, BigInt(payload.length));
  }
  view.setUint32(header, maskingKey);
  const start = header + 4;
  for (let i = 0; i < payload.length; i++) frame[start + i] = payload[i]! ^ frame[header + (i & 3)]!;
  return frame;
}

/** Encoded frames, held twice in a row, so that a run which passes the ring's end is one view too. */
export class FrameRing {
  /** How many different frames there are. */
  readonly length: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #offsets: Uint32Array;

  constructor(frames: readonly Uint8Array[]) {
    if (frames.length === 0) throw new RangeError("Cannot build a ring: frames must hold at least 1, received 0");
    this.length = frames.length;
    const total = frames.reduce((sum, frame) => sum + frame.length, 0);
    this.#bytes = new Uint8Array(2 * total);
    this.#offsets = new Uint32Array(2 * frames.length + 1);
    let offset = 0;
    [...frames, ...frames].forEach((frame, index) => {
      this.#bytes.set(frame, offset);
      offset += frame.length;
      this.#offsets[index + 1] = offset;
    });
  }

  /** The bytes of `count` frames from the ring's place `index`; `count` is at most the ring's length. */
  run(index: number, count: number): Uint8Array<ArrayBuffer> {
    if (count > this.length) {
      throw new RangeError(`Cannot take a run of frames: count must be at most ${this.length}, received ${count}`);
    }
    return this.#bytes.subarray(this.#offsets[index]!, this.#offsets[index + count]!);
  }
}
