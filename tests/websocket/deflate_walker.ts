/**
 * Walks a DEFLATE stream (RFC 1951) and measures its matches. It shares nothing with zlib, whose promises it checks.
 *
 * @module
 */

import { assert, assertEquals } from "../std.ts";

const LENGTH_BASE = [
  ...[
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    13,
    15,
    17,
    19,
    23,
    27,
    31,
    35,
    43,
    51,
    59,
    67,
    83,
    99,
    115,
    131,
    163,
    195,
    227,
    258,
  ],
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
/** In which order the lengths of the code length codes come (RFC 1951 §3.2.7). */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A Huffman code as a table from length and code to symbol. */
type HuffmanCode = Map<number, number>;

class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether fewer than the three bits of a block's header are left. */
  get done(): boolean {
    return this.#position + 3 > this.#bytes.length * 8;
  }

  bits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index++) {
      const byte = this.#bytes[this.#position >> 3];
      assert(byte !== undefined, "The stream ends inside a block");
      value |= ((byte >> (this.#position & 7)) & 1) << index;
      this.#position++;
    }
    return value;
  }

  symbol(code: HuffmanCode): number {
    for (let length = 1, value = 1; length <= 15; length++) {
      value = (value << 1) | this.bits(1);
      const symbol = code.get(value);
      if (symbol !== undefined) return symbol;
    }
    throw new Error("The stream holds a code that was not defined");
  }

  alignToByte(): void {
    this.#position = (this.#position + 7) & ~7;
  }

  skipBytes(count: number): void {
    this.#position += 8 * count;
  }
}

/** Builds a code from its lengths (RFC 1951 §3.2.2). A leading 1 bit tells codes of different lengths apart. */
function huffmanCode(lengths: readonly number[]): HuffmanCode {
  const code: HuffmanCode = new Map();
  for (let length = 1, next = 0; length <= 15; length++, next <<= 1) {
    for (const [symbol, symbolLength] of lengths.entries()) {
      if (symbolLength === length) code.set((1 << length) | next++, symbol);
    }
  }
  return code;
}

const FIXED_LITERALS = huffmanCode(
  Array.from({ length: 288 }, (_, symbol) => symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8),
);
const FIXED_DISTANCES = huffmanCode(new Array<number>(30).fill(5));

function dynamicCodes(reader: BitReader): [literals: HuffmanCode, distances: HuffmanCode] {
  const literalCount = reader.bits(5) + 257;
  const distanceCount = reader.bits(5) + 1;
  const codeLengths = new Array<number>(19).fill(0);
  const codeLengthCount = reader.bits(4) + 4;
  for (const symbol of CODE_LENGTH_ORDER.slice(0, codeLengthCount)) codeLengths[symbol] = reader.bits(3);
  const code = huffmanCode(codeLengths);
  const lengths: number[] = [];
  while (lengths.length < literalCount + distanceCount) {
    const symbol = reader.symbol(code);
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) lengths.push(...new Array<number>(3 + reader.bits(2)).fill(lengths.at(-1)!));
    else lengths.push(...new Array<number>(symbol === 17 ? 3 + reader.bits(3) : 11 + reader.bits(7)).fill(0));
  }
  return [huffmanCode(lengths.slice(0, literalCount)), huffmanCode(lengths.slice(literalCount))];
}

function readDistance(reader: BitReader, distances: HuffmanCode): number {
  const symbol = reader.symbol(distances);
  if (symbol < 4) return symbol + 1;
  const extra = (symbol >> 1) - 1;
  return ((2 + (symbol & 1)) << extra) + 1 + reader.bits(extra);
}

/**
 * Gives the largest distance of all matches in a compressed message, 0 where it has none.
 *
 * @param compressed The message without its tail 00 00 ff ff.
 * @param length The length that the message must have when it is inflated.
 *
 * @internal
 */
export function largestDistance(compressed: Uint8Array, length: number): number {
  const stream = new Uint8Array(compressed.length + 4);
  stream.set(compressed);
  stream.set([0x00, 0x00, 0xff, 0xff], compressed.length);
  const reader = new BitReader(stream);
  let output = 0;
  let largest = 0;
  while (!reader.done) {
    assertEquals(reader.bits(1), 0, "A block has BFINAL set");
    const type = reader.bits(2);
    if (type === 0) {
      reader.alignToByte();
      const stored = reader.bits(16);
      assertEquals(reader.bits(16), stored ^ 0xffff);
      reader.skipBytes(stored);
      output += stored;
      continue;
    }
    const [literals, distances] = type === 1 ? [FIXED_LITERALS, FIXED_DISTANCES] : dynamicCodes(reader);
    for (let symbol = reader.symbol(literals); symbol !== 256; symbol = reader.symbol(literals)) {
      if (symbol < 256) {
        output++;
        continue;
      }
      const matched = LENGTH_BASE[symbol - 257]! + reader.bits(LENGTH_EXTRA[symbol - 257]!);
      const distance = readDistance(reader, distances);
      assert(distance <= output, "A match reaches behind the start");
      largest = Math.max(largest, distance);
      output += matched;
    }
  }
  assertEquals(output, length);
  return largest;
}
