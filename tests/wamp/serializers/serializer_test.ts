import { SerializationError, WampProtocolError } from "../../../wamp/errors.ts";
import type { Message } from "../../../wamp/messages.ts";
import { MESSAGE_SPECS } from "../../../wamp/message_table.ts";
import { Payload } from "../../../wamp/payload.ts";
import * as serializers from "../../../wamp/serializers/mod.ts";
import { ByteWriter } from "../../../wamp/serializers/byte_writer.ts";
import type { Serializer } from "../../../wamp/serializers/serializer.ts";
import { StringCache } from "../../../wamp/serializers/string_cache.ts";
import { decodeText, readText } from "../../../wamp/serializers/text.ts";
import { assert, assertEquals, assertThrows, concat, encodeHex } from "../../std.ts";
import { listOf, Sampler } from "./samples.ts";

const { SERIALIZERS, serializerFor } = serializers;
const BATCHED = SERIALIZERS.filter((serializer) => serializer.isBatched);

function decodeAll(serializer: Serializer, bytes: Uint8Array): unknown[][] {
  const lists: unknown[][] = [];
  serializer.decode(bytes, (message) => lists.push(listOf(message)));
  return lists;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

const GOODBYE: Message = { type: 6, details: {}, reason: "wamp.close.normal" };
const CALL: Message = {
  type: 48,
  request: 1,
  options: {},
  procedure: "com.example.add",
  payload: Payload.of([1, "two"], { three: 3 }),
};

Deno.test("serializers have the names of the specification (WAMP, Transports; WAMP, RawSocket Handshake)", () => {
  assertEquals(
    SERIALIZERS.map(({ name, subprotocol, rawSocketId, isText, isBatched }) => [
      name,
      subprotocol,
      rawSocketId,
      isText,
      isBatched,
    ]),
    [
      ["cbor", "wamp.2.cbor", 3, false, false],
      ["msgpack", "wamp.2.msgpack", 2, false, false],
      ["json", "wamp.2.json", 1, true, false],
      ["ubjson", "wamp.2.ubjson", 4, false, false],
      ["cbor.batched", "wamp.2.cbor.batched", undefined, false, true],
      ["msgpack.batched", "wamp.2.msgpack.batched", undefined, false, true],
      ["json.batched", "wamp.2.json.batched", undefined, true, true],
      ["ubjson.batched", "wamp.2.ubjson.batched", undefined, false, true],
    ],
  );
});

Deno.test("serializerFor finds each by its name and throws RangeError for another", () => {
  for (const serializer of SERIALIZERS) assert(serializerFor(serializer.name) === serializer);
  const { json, msgpack, cbor, ubjson, jsonBatched, msgpackBatched, cborBatched, ubjsonBatched } = serializers;
  const named = [cbor, msgpack, json, ubjson, cborBatched, msgpackBatched, jsonBatched, ubjsonBatched];
  assertEquals(named.map(({ name }) => name), SERIALIZERS.map(({ name }) => name));
  // A name from a program that is not checked for types.
  const name: string = "yaml";
  assertThrows(() => serializerFor(name as "json"), RangeError, "received yaml");
});

for (const serializer of SERIALIZERS) {
  Deno.test(`${serializer.name} brings every type of message back`, () => {
    const sampler = new Sampler(1);
    for (const spec of MESSAGE_SPECS) {
      for (let round = 0; round < 10; round++) {
        const message = sampler.message(spec);
        assertEquals(decodeAll(serializer, serializer.encode(message)), [listOf(message)]);
      }
    }
  });

  Deno.test(`${serializer.name} reads a message in the middle of a larger buffer`, () => {
    const bytes = serializer.encode(CALL);
    const larger = new Uint8Array(bytes.length + 20).fill(0x30);
    larger.set(bytes, 7);
    assertEquals(decodeAll(serializer, larger.subarray(7, 7 + bytes.length)), [listOf(CALL)]);
  });

  Deno.test(`${serializer.name} refuses nothing at all`, () => {
    const error = assertThrows(() => decodeAll(serializer, new Uint8Array(0)), WampProtocolError);
    assertEquals(error.code, "invalid_encoding");
  });

  Deno.test(`${serializer.name} encodes again after a value that it cannot write`, () => {
    const bad: Message = { ...CALL, payload: Payload.of([[[() => 1]]]) };
    assertThrows(() => serializer.encode(bad), SerializationError);
    assertEquals(decodeAll(serializer, serializer.encode(CALL)), [listOf(CALL)]);
  });

  Deno.test(`${serializer.name} encodes while a value's toJSON encodes with it`, () => {
    let inner: Uint8Array | undefined;
    const value = { toJSON: () => (inner = serializer.encode(GOODBYE).slice()).length };
    const outer = serializer.encode({ ...CALL, payload: Payload.of([[value], "end"]) });
    assertEquals(decodeAll(serializer, outer)[0]?.[4], [[inner?.length], "end"]);
    assertEquals(decodeAll(serializer, inner ?? new Uint8Array(0)), [listOf(GOODBYE)]);
  });

  for (const other of SERIALIZERS) {
    if (other.format === serializer.format) continue;
    Deno.test(`a payload from ${serializer.name} goes on as ${other.name}, encoded once`, () => {
      const [message] = ((): Message[] => {
        const messages: Message[] = [];
        serializer.decode(serializer.encode(CALL).slice(), (message) => messages.push(message));
        return messages;
      })();
      assert(message !== undefined && message.type === 48);
      for (let receiver = 1; receiver <= 2; receiver++) {
        const event: Message = {
          type: 36,
          subscription: receiver,
          publication: 5,
          details: {},
          payload: message.payload,
        };
        assertEquals(decodeAll(other, other.encode(event)), [[36, receiver, 5, {}, [1, "two"], { three: 3 }]]);
      }
    });
  }
}

for (const serializer of BATCHED) {
  Deno.test(`${serializer.name} reads batches joined end to end, in order (WAMP, Message Batching)`, () => {
    const messages = [CALL, GOODBYE, { ...CALL, request: 2 }];
    const batch = concat(messages.map((message) => serializer.encode(message).slice()));
    assertEquals(decodeAll(serializer, batch), messages.map(listOf));
  });

  Deno.test(`${serializer.name} refuses a batch that is cut off, after the messages that are whole`, () => {
    const first = serializer.encode(GOODBYE).slice();
    const batch = concat([first, serializer.encode(CALL).slice()]);
    for (let end = first.length + 1; end < batch.length; end++) {
      const received: Message[] = [];
      assertThrows(
        () => serializer.decode(batch.subarray(0, end), (message) => received.push(message)),
        WampProtocolError,
      );
      assert(received.length <= 1);
    }
  });
}

Deno.test("json.batched ends each message with 0x1E, which no message holds (WAMP, Message Batching)", () => {
  const { jsonBatched } = serializers;
  assertEquals(textOf(jsonBatched.encode(GOODBYE)), '[6,{},"wamp.close.normal"]\x1e');
  for (const text of ["\x1e", "\x18", `\x1e${"long ".repeat(50)}`]) {
    for (
      const payload of [Payload.of([text]), Payload.of([[{ [text]: text }]]), Payload.of([], { [text]: 2n ** 60n })]
    ) {
      const message: Message = { ...CALL, procedure: `a${text}`, payload };
      const bytes = jsonBatched.encode(message).slice();
      assertEquals(bytes.indexOf(0x1e), bytes.length - 1);
      assertEquals(bytes.indexOf(0x18), -1);
      assertEquals(decodeAll(jsonBatched, concat([bytes, bytes])), [listOf(message), listOf(message)]);
    }
  }
});

Deno.test("json.batched reads batches that others end with 0x18", () => {
  const { jsonBatched } = serializers;
  const read = (text: string): unknown[][] => decodeAll(jsonBatched, new TextEncoder().encode(text));
  assertEquals(read("[35,1]\x18"), [[35, 1]]);
  assertEquals(read("[35,1]\x18[35,2]\x18"), [[35, 1], [35, 2]]);
  for (
    const text of [
      "[35,1]",
      "[35,1]\x18[35,2]",
      "[35,1]\x18[35,2]\x1e",
      "[35,1]\x1e[35,2]\x18",
      "\x1e",
      "[35,1]\x1e\x1e",
    ]
  ) {
    assertEquals(assertThrows(() => read(text), WampProtocolError).code, "invalid_encoding", text);
  }
});

Deno.test("batched binary formats put a length of 32 bits in front, big-endian (WAMP, Message Batching)", () => {
  for (const serializer of BATCHED.filter(({ isText }) => !isText)) {
    const bytes = serializer.encode({ ...CALL, payload: Payload.of(["x".repeat(70_000)]) });
    assertEquals(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), bytes.length - 4);
    const huge = Uint8Array.of(0xff, 0xff, 0xff, 0xff, ...bytes.subarray(4, 100));
    assertThrows(() => decodeAll(serializer, huge), WampProtocolError, "within a message");
    assertThrows(() => decodeAll(serializer, Uint8Array.of(0, 0, 0, 0)), WampProtocolError);
    assertThrows(() => decodeAll(serializer, Uint8Array.of(0, 0, 0)), WampProtocolError);
  }
});

Deno.test("ByteWriter appends integers of every width, big-endian and in two's complement", () => {
  const writer = new ByteWriter();
  writer.begin(0);
  writer.byte(0x80);
  writer.uint16(-2);
  writer.uint32(0xfedc_ba98);
  writer.uint64(2 ** 53);
  writer.uint64(-1);
  writer.uint64(-(2 ** 53));
  writer.bigUint64(-(2n ** 63n));
  writer.float32(1.5);
  writer.float64(-0.1);
  assertEquals(
    encodeHex(writer.finish()),
    "80fffefedcba980020000000000000ffffffffffffffffffe000000000000080000000000000003fc00000bfb999999999999a",
  );
});

Deno.test("ByteWriter grows by what comes, keeps what was written, and shrinks after a huge message", () => {
  const writer = new ByteWriter();
  const piece = Uint8Array.from({ length: 1000 }, (_, index) => index);
  writer.begin(3);
  for (let count = 0; count < 300; count++) {
    writer.raw(piece, 10, 20);
    writer.raw(piece, 0, 1000);
  }
  const bytes = writer.finish();
  assertEquals(bytes.length, 3 + 300 * 1010);
  assertEquals(bytes.subarray(3 + 299 * 1010), concat([piece.subarray(10, 20), piece]));
  assert(writer.bytes.length >= bytes.length);
  writer.begin(0);
  assert(writer.bytes.length >= bytes.length, "one huge message after another needs no new buffer");
  writer.byte(1);
  writer.begin(0);
  assertEquals(writer.bytes.length, 64 * 1024);
});

Deno.test("ByteWriter appends UTF-8, and U+FFFD for a lone surrogate", () => {
  for (const text of ["", "a", "é", "\ud800", "x\udc00", "😀", "日本"]) {
    for (const repeats of [1, 20, 50, 20_000]) {
      const writer = new ByteWriter();
      writer.begin(1);
      const whole = text.repeat(repeats);
      writer.utf8(whole);
      assertEquals(textOf(writer.finish().subarray(1)), whole.toWellFormed());
    }
  }
});

Deno.test("ByteWriter.ascii appends short ASCII and leaves everything else alone", () => {
  const writer = new ByteWriter();
  writer.begin(0);
  assertEquals(writer.ascii("abc"), true);
  assertEquals(writer.ascii("ab\u0080"), false);
  assertEquals(writer.ascii("x".repeat(1000)), false);
  assertEquals(textOf(writer.finish()), "abc");
});

Deno.test("readText and decodeText give text of any length, with a byte order mark; readText refuses what is no UTF-8", () => {
  for (const text of ["", "a", "é", "\ufeffa", "x".repeat(12), "x".repeat(13), "é".repeat(6), "😀".repeat(50)]) {
    const bytes = concat([Uint8Array.of(0xff), new TextEncoder().encode(text), Uint8Array.of(0xff)]);
    assertEquals(readText(bytes, 1, bytes.length - 1), text);
    assertEquals(decodeText(bytes, 1, bytes.length - 1), text);
  }
  for (const length of [1, 12, 13, 100]) {
    const bytes = new Uint8Array(length).fill(0x61);
    bytes[length - 1] = 0xff;
    assertThrows(() => readText(bytes, 0, length), WampProtocolError, "not UTF-8");
  }
});

Deno.test("StringCache gives the same text for the same bytes, whatever was there before", () => {
  const cache = new StringCache();
  const texts = Array.from({ length: 3000 }, (_, index) => `com.example.${index}`);
  const others = ["", "é", "日本", "x".repeat(128), "x".repeat(129), "x".repeat(1000)];
  for (let round = 0; round < 2; round++) {
    for (const text of [...texts, ...others]) {
      const bytes = new TextEncoder().encode(`--${text}--`);
      assertEquals(cache.get(bytes, 2, bytes.length - 2), text);
    }
  }
  assertThrows(() => cache.get(Uint8Array.of(0xc3), 0, 1), WampProtocolError, "not UTF-8");
});
