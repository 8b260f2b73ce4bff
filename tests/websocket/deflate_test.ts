import { deflateRawSync } from "node:zlib";
import {
  compressionAvailable,
  ContextDeflater,
  deflateMessage,
  type DeflateSettings,
  MessageInflater,
} from "../../websocket/deflate.ts";
import { ConnectionClosedError, ProtocolError, type ProtocolErrorCode } from "../../websocket/errors.ts";
import { seededRandom } from "../cuts.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../std.ts";
import { largestDistance } from "./deflate_walker.ts";

const SETTINGS: DeflateSettings = { windowBits: 15, level: 6, memLevel: 8 };
const MANY = 1 << 20;

const encoder = new TextEncoder();
const HELLO = encoder.encode("Hello");

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.split(" "), (byte) => parseInt(byte, 16));
}

function concatenated(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

function noise(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** Pieces of noise that come again at every distance: what tempts a compressor to reach as far as it may. */
function repetitive(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed);
  const bytes = noise(length, seed + 1);
  for (let position = 1000; position + 300 < length;) {
    const distance = 1 + Math.floor(random() ** 3 * Math.min(position, 60_000));
    const run = 3 + Math.floor(random() * 290);
    for (let index = 0; index < run; index++) bytes[position + index] = bytes[position + index - distance]!;
    position += run + Math.floor(random() * 8);
  }
  return bytes;
}

function stateless(): MessageInflater {
  return new MessageInflater({ noContextTakeover: true });
}

function withContext(): MessageInflater {
  return new MessageInflater({ noContextTakeover: false });
}

function assertProtocolError(code: ProtocolErrorCode, closeCode: number, body: () => unknown): void {
  const error = assertThrows(body, ProtocolError);
  assertEquals([error.code, error.closeCode], [code, closeCode]);
}

/** Compresses `messages` with context, all under way at once. */
async function deflatedWithContext(
  messages: readonly Uint8Array[],
  settings: DeflateSettings = SETTINGS,
): Promise<Uint8Array[]> {
  const deflater = new ContextDeflater(settings);
  try {
    return await Promise.all(messages.map((message) => deflater.deflate(message)));
  } finally {
    deflater.close();
  }
}

Deno.test("compressionAvailable says that this runtime has zlib", () => {
  assertEquals(compressionAvailable(), true);
});

Deno.test("MessageInflater inflates one compressed Hello (RFC 7692 §7.2.3.1)", () => {
  assertEquals(stateless().inflate(bytesOf("f2 48 cd c9 c9 07 00"), 5), HELLO);
  assertEquals(withContext().inflate(bytesOf("f2 48 cd c9 c9 07 00"), 5), HELLO);
});

Deno.test("MessageInflater inflates a second Hello that refers to the first (RFC 7692 §7.2.3.2)", () => {
  const inflater = withContext();
  assertEquals(inflater.inflate(bytesOf("f2 48 cd c9 c9 07 00"), 5), HELLO);
  assertEquals(inflater.inflate(bytesOf("f2 00 11 00 00"), 5), HELLO);
});

Deno.test("MessageInflater refuses that reference without context takeover (RFC 7692 §7.1.1)", () => {
  const inflater = stateless();
  assertEquals(inflater.inflate(bytesOf("f2 48 cd c9 c9 07 00"), 5), HELLO);
  assertProtocolError("invalid_deflate", 1007, () => inflater.inflate(bytesOf("f2 00 11 00 00"), 5));
});

Deno.test("MessageInflater inflates a block without compression (RFC 7692 §7.2.3.3)", () => {
  assertEquals(stateless().inflate(bytesOf("00 05 00 fa ff 48 65 6c 6c 6f 00"), 5), HELLO);
});

Deno.test("MessageInflater inflates a block with BFINAL set (RFC 7692 §7.2.3.4)", () => {
  for (const inflater of [stateless(), withContext()]) {
    assertEquals(inflater.inflate(bytesOf("f3 48 cd c9 c9 07 00 00"), 5), HELLO);
    assertEquals(inflater.inflate(bytesOf("f3 48 cd c9 c9 07 00 00"), 5), HELLO);
  }
});

Deno.test("MessageInflater inflates two blocks in one message (RFC 7692 §7.2.3.5)", () => {
  assertEquals(stateless().inflate(bytesOf("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), 5), HELLO);
});

Deno.test("MessageInflater inflates an empty message (RFC 7692 §7.2.3.6)", () => {
  for (const inflater of [stateless(), withContext()]) {
    for (const maxLength of [0, 1, MANY]) {
      assertEquals(inflater.inflate(Uint8Array.of(0x00), maxLength), new Uint8Array(0));
      assertEquals(inflater.inflate(new Uint8Array(0), maxLength), new Uint8Array(0), "not even that byte");
    }
    assertEquals(inflater.inflate(bytesOf("f2 48 cd c9 c9 07 00"), 5), HELLO, "the inflater is still good");
  }
});

Deno.test("MessageInflater loses nothing behind a block with BFINAL set", () => {
  const first = deflateRawSync(repetitive(3000, 1));
  const second = deflateRawSync(encoder.encode("and more"));
  const open = deflateMessage(encoder.encode(", and the end"), SETTINGS);
  const expected = concatenated(repetitive(3000, 1), encoder.encode("and more, and the end"));
  const inflater = withContext();
  assertEquals(inflater.inflate(concatenated(first, second, open), expected.length), expected);
  assertEquals(inflater.inflate(concatenated(first, second, open), expected.length), expected);
  assertEquals(stateless().inflate(concatenated(first, second, open), expected.length), expected);
  assertEquals(stateless().inflate(concatenated(first, second), MANY).length, 3008, "no byte behind BFINAL");
});

Deno.test("MessageInflater finds the end of a final block wherever its output ends in a chunk", () => {
  for (let length = 0; length <= 700; length++) {
    const compressed = concatenated(deflateRawSync(noise(length, 4)), deflateRawSync(HELLO), Uint8Array.of(0));
    assertEquals(stateless().inflate(compressed, MANY), concatenated(noise(length, 4), HELLO), `length ${length}`);
  }
});

Deno.test("MessageInflater charges final blocks to one limit", () => {
  const compressed = concatenated(deflateRawSync(HELLO), deflateRawSync(HELLO), deflateRawSync(HELLO));
  assertEquals(stateless().inflate(compressed, 15).length, 15);
  for (const maxLength of [0, 4, 5, 9, 10, 14]) {
    assertProtocolError("message_too_big", 1009, () => stateless().inflate(compressed, maxLength));
  }
});

Deno.test("MessageInflater refuses more than 1024 final blocks in one message", () => {
  const finalBlocks = (count: number) => Uint8Array.from({ length: 2 * count }, (_, index) => index % 2 ? 0 : 3);
  assertEquals(stateless().inflate(finalBlocks(1024), 10), new Uint8Array(0));
  assertProtocolError("invalid_deflate", 1007, () => stateless().inflate(finalBlocks(1025), 10));
});

Deno.test("MessageInflater takes a message of exactly maxLength and none longer", () => {
  for (const length of [1, 5, 63, 64, 65, 1000, 65_472, 65_536, 65_537, 300_000]) {
    for (const bytes of [new Uint8Array(length), noise(length, 2)]) {
      const compressed = deflateMessage(bytes, SETTINGS);
      for (const inflater of [stateless(), withContext()]) {
        assertEquals(inflater.inflate(compressed, length), bytes);
        assertEquals(inflater.inflate(compressed, length), bytes);
        assertProtocolError("message_too_big", 1009, () => inflater.inflate(compressed, length - 1));
      }
    }
  }
});

Deno.test("MessageInflater stops a bomb of 1000:1 at its limit", () => {
  const bomb = deflateMessage(new Uint8Array(64 << 20), { ...SETTINGS, level: 9 });
  assert(bomb.length * 1000 < 64 << 20, `${bomb.length} bytes`);
  for (const inflater of [stateless(), withContext()]) {
    for (const maxLength of [0, 1, 1000, 1 << 20]) {
      assertProtocolError("message_too_big", 1009, () => inflater.inflate(bomb, maxLength));
    }
  }
});

Deno.test("MessageInflater reads no more of a bomb than its limit asks for", () => {
  // Corrupt behind the limit: a reader that went on would say so instead.
  const bomb = concatenated(deflateMessage(new Uint8Array(1 << 20), SETTINGS).subarray(0, -1), noise(64, 9));
  assertProtocolError("message_too_big", 1009, () => stateless().inflate(bomb, 100_000));
  assertProtocolError("invalid_deflate", 1007, () => stateless().inflate(bomb, 2 << 20));
});

Deno.test("MessageInflater reads no more behind a final block than the rest of its limit asks for", () => {
  const first = deflateRawSync(noise(90_000, 3));
  const bomb = concatenated(deflateMessage(new Uint8Array(60_000), SETTINGS).subarray(0, -1), noise(64, 9));
  assertProtocolError("message_too_big", 1009, () => stateless().inflate(concatenated(first, bomb), 100_000));
});

Deno.test("MessageInflater refuses corrupt data", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a reserved block type", "07"],
    ["a stored block whose lengths disagree", "00 05 00 fa fe 48 65 6c 6c 6f 00"],
    ["a distance beyond the output", "f2 00 11 00 00"],
    ["a dynamic block with bad code lengths", "05 e0 81 08 00 00 00 00 20 7f ff"],
    ["bytes that are not DEFLATE", "ff ff ff ff"],
    ["a good block and garbage behind it", "f2 48 cd c9 c9 07 00 00 00 ff ff ff ff"],
    ["garbage behind a final block", "f3 48 cd c9 c9 07 00 ff ff"],
    ["a final block that ends in the tail", "03"],
    ["a final block whose data would be the tail", "01 04 00 fb ff"],
  ];
  for (const [what, hex] of cases) {
    for (const inflater of [stateless(), withContext()]) {
      const error = assertThrows(() => inflater.inflate(bytesOf(hex), MANY), ProtocolError, "", what);
      assertEquals([error.code, error.closeCode], ["invalid_deflate", 1007], what);
    }
  }
});

Deno.test("MessageInflater refuses a message that is cut off inside a block", () => {
  const bytes = encoder.encode("The quick brown fox jumps over the lazy dog, and the lazy dog sleeps");
  for (const level of [1, 9]) {
    const compressed = deflateMessage(bytes, { ...SETTINGS, level });
    assert(compressed.length > 40);
    // The last two bytes hold the end of the block, in zero bits like those of the tail.
    for (let length = 1; length < compressed.length - 2; length++) {
      const cut = compressed.subarray(0, length);
      const error = assertThrows(() => stateless().inflate(cut, MANY), ProtocolError, "", `${length} bytes`);
      assertEquals(error.code, "invalid_deflate");
    }
  }
});

Deno.test("MessageInflater gives bytes that are the caller's alone", () => {
  const inflater = withContext();
  const first = inflater.inflate(deflateMessage(HELLO, SETTINGS), MANY);
  assertEquals(first.buffer.byteLength, 5);
  assertEquals(Object.getPrototypeOf(first), Uint8Array.prototype);
  first.fill(0);
  const second = inflater.inflate(bytesOf("f2 00 11 00 00"), MANY);
  assertEquals(second, HELLO, "the window is a copy");
  structuredClone(second, { transfer: [second.buffer] });
  assertEquals(inflater.inflate(bytesOf("f2 00 11 00 00"), MANY), HELLO);
});

Deno.test("MessageInflater leaves the compressed bytes alone", () => {
  const compressed = bytesOf("f2 48 cd c9 c9 07 00");
  withContext().inflate(compressed, 5);
  assertEquals(compressed, bytesOf("f2 48 cd c9 c9 07 00"));
});

Deno.test("MessageInflater inflates data that was flushed in many blocks", () => {
  const bytes = repetitive(20_000, 5);
  const blocks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += 20) {
    const marker = start + 20 < bytes.length ? [0x00, 0x00, 0xff, 0xff] : [];
    blocks.push(deflateMessage(bytes.subarray(start, start + 20), SETTINGS), Uint8Array.from(marker));
  }
  assertEquals(stateless().inflate(concatenated(...blocks), bytes.length), bytes);
});

for (const windowBits of [8, 9, 12, 15]) {
  Deno.test(`MessageInflater carries a window of ${windowBits} bits over messages of every size`, async () => {
    const sizes = [
      1,
      3,
      200,
      0,
      250,
      256,
      300,
      511,
      1000,
      32_767,
      7,
      32_768,
      32_769,
      100_000,
      30_000,
      2,
      5000,
      0,
      9000,
    ];
    const source = repetitive(sizes.reduce((sum, size) => sum + size, 0), windowBits);
    let position = 0;
    const messages = sizes.map((size) => source.slice(position, position += size));
    const deflated = await deflatedWithContext(messages, { ...SETTINGS, windowBits });
    const inflater = new MessageInflater({ noContextTakeover: false, windowBits });
    for (const [index, payload] of deflated.entries()) {
      assertEquals(inflater.inflate(payload, MANY), messages[index], `message ${index}`);
    }
  });
}

Deno.test("deflateMessage gives the Hello of RFC 7692 §7.2.3.1", () => {
  assertEquals(deflateMessage(HELLO, SETTINGS), bytesOf("f2 48 cd c9 c9 07 00"));
});

Deno.test("deflateMessage compresses an empty message to one zero byte (RFC 7692 §7.2.3.6)", () => {
  assertEquals(deflateMessage(new Uint8Array(0), SETTINGS), Uint8Array.of(0x00));
});

Deno.test("deflateMessage carries nothing from one message to the next", () => {
  const first = deflateMessage(repetitive(5000, 6), SETTINGS);
  assertEquals(deflateMessage(repetitive(5000, 6), SETTINGS), first);
});

Deno.test("deflateMessage and MessageInflater give back messages of every size around a chunk", () => {
  const sizes = [1, 2, 3, 63, 64, 65, 16_383, 16_384, 16_385, 65_400, 65_472, 65_473, 65_535, 65_536, 65_537, 200_000];
  for (const size of sizes) {
    for (const bytes of [noise(size, 8), repetitive(size, 8), new Uint8Array(size)]) {
      for (const level of [0, 1, 6]) {
        assertEquals(stateless().inflate(deflateMessage(bytes, { ...SETTINGS, level }), size), bytes, `size ${size}`);
      }
    }
  }
});

for (let windowBits = 8; windowBits <= 15; windowBits++) {
  Deno.test(`deflateMessage refers at most 2^${windowBits} bytes back, at every level (RFC 7692 §7.1.2)`, () => {
    let largest = 0;
    for (let level = 0; level <= 9; level++) {
      for (const memLevel of [1, 8, 9]) {
        const bytes = repetitive(120_000, 30 + level);
        const deflated = deflateMessage(bytes, { windowBits, level, memLevel });
        largest = Math.max(largest, largestDistance(deflated, bytes.length));
      }
    }
    assert(largest <= 2 ** windowBits, `distance ${largest}`);
    assert(largest > 2 ** windowBits / 4, `distance ${largest} shows that the window is used`);
  });
}

for (const windowBits of [8, 9, 11, 15]) {
  Deno.test(`ContextDeflater refers at most 2^${windowBits} bytes back, over messages (RFC 7692 §7.1.2)`, async () => {
    for (const level of [1, 4, 6, 9]) {
      const source = repetitive(90_000, level);
      const messages = Array.from({ length: 90 }, (_, index) => source.subarray(1000 * index, 1000 * (index + 1)));
      const payloads = await deflatedWithContext(messages, { ...SETTINGS, windowBits, level });
      const tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
      const stream = concatenated(...payloads.flatMap((payload) => [payload, tail]));
      const largest = largestDistance(stream.subarray(0, -4), source.length);
      assert(largest <= 2 ** windowBits, `distance ${largest}`);
      assert(largest > 2 ** windowBits / 4, `distance ${largest} shows that the window is used`);
    }
  });
}

Deno.test("ContextDeflater gives the two Hellos of RFC 7692 §7.2.3.2", async () => {
  assertEquals(await deflatedWithContext([HELLO, HELLO]), [
    bytesOf("f2 48 cd c9 c9 07 00"),
    bytesOf("f2 00 11 00 00"),
  ]);
});

Deno.test("ContextDeflater compresses each empty message to one zero byte (RFC 7692 §7.2.3.6)", async () => {
  const empty = new Uint8Array(0);
  const payloads = await deflatedWithContext([empty, empty, HELLO, empty, empty, HELLO, empty]);
  assertEquals(payloads.map((payload) => payload.length), [1, 1, 7, 1, 1, 5, 1]);
  for (const index of [0, 1, 3, 4, 6]) assertEquals(payloads[index], Uint8Array.of(0x00));
});

Deno.test("ContextDeflater resolves in order, whatever is under way", async () => {
  const sizes = [200_000, 0, 5, 70_000, 0, 0, 1, 16_384, 65_536, 10];
  const messages = sizes.map((size, index) => repetitive(size, index));
  const deflater = new ContextDeflater(SETTINGS);
  const order: number[] = [];
  const payloads = await Promise.all(messages.map(async (message, index) => {
    const payload = await deflater.deflate(message);
    order.push(index);
    return payload;
  }));
  deflater.close();
  assertEquals(order, sizes.map((_, index) => index));
  const inflater = withContext();
  for (const [index, payload] of payloads.entries()) assertEquals(inflater.inflate(payload, MANY), messages[index]);
});

Deno.test("ContextDeflater starts with an empty window after reset, in queue order", async () => {
  const deflater = new ContextDeflater(SETTINGS);
  deflater.reset();
  const [first, second] = [deflater.deflate(HELLO), deflater.deflate(HELLO)];
  deflater.reset();
  deflater.reset();
  const [third, fourth] = [deflater.deflate(HELLO), deflater.deflate(HELLO)];
  deflater.reset();
  const payloads = await Promise.all([first, second, third, fourth, deflater.deflate(new Uint8Array(0))]);
  deflater.close();
  const fresh = bytesOf("f2 48 cd c9 c9 07 00");
  const again = bytesOf("f2 00 11 00 00");
  assertEquals(payloads, [fresh, again, fresh, again, Uint8Array.of(0x00)]);
});

Deno.test("ContextDeflater lets an inflater without context read each message after a reset", async () => {
  const deflater = new ContextDeflater(SETTINGS);
  for (let round = 0; round < 5; round++) {
    const message = repetitive(40_000, 3);
    assertEquals(stateless().inflate(await deflater.deflate(message), MANY), message);
    deflater.reset();
  }
  deflater.close();
});

Deno.test("ContextDeflater rejects what is under way when it is closed, and everything later", async () => {
  const deflater = new ContextDeflater(SETTINGS);
  const underWay = [deflater.deflate(noise(200_000, 1)), deflater.deflate(HELLO)];
  deflater.close();
  deflater.close();
  deflater.reset();
  for (const promise of [...underWay, deflater.deflate(HELLO)]) {
    await assertRejects(() => promise, ConnectionClosedError);
  }
});

Deno.test("ContextDeflater rejects where zlib refuses its settings", async () => {
  const deflater = new ContextDeflater({ ...SETTINGS, level: 77 });
  await assertRejects(async () => await deflater.deflate(HELLO), RangeError);
  deflater.close();
});

Deno.test("ContextDeflater that was never used holds nothing", async () => {
  const deflater = new ContextDeflater(SETTINGS);
  deflater.reset();
  deflater.close();
  await assertRejects(() => deflater.deflate(HELLO), ConnectionClosedError);
});

Deno.test("ContextDeflater frees zlib's memory when it is closed", async () => {
  const script = new URL("./deflate_memory.ts", import.meta.url).href;
  const output = await new Deno.Command(Deno.execPath(), { args: ["run", "--no-check", "-A", script] }).output();
  const grown = new TextDecoder().decode(output.stdout).trim();
  // Kept, 1,500 streams would hold 380 MiB.
  assert(output.success && grown !== "" && Number(grown) < 120, `grew by ${grown} MiB`);
});
