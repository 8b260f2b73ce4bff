import { type Dict, WampProtocolError } from "../../wamp/errors.ts";
import type { Format } from "../../wamp/format.ts";
import type { Call, Message } from "../../wamp/messages.ts";
import { Payload } from "../../wamp/payload.ts";
import { cbor, json, type Serializer } from "../../wamp/serializers/mod.ts";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "../std.ts";

function callWith(payload: Payload): Message {
  return { type: 48, request: 1, options: {}, procedure: "a.b", payload };
}

/** Sends a payload through a serializer; the bytes are in a buffer that the test can overwrite. */
function receive(serializer: Serializer, payload: Payload): { payload: Payload; bytes: Uint8Array } {
  const bytes = serializer.encode(callWith(payload)).slice();
  let received = Payload.EMPTY;
  serializer.decode(bytes, (message) => received = (message as Call).payload);
  return { payload: received, bytes };
}

/** A format that counts how often a writer of it is given values. */
function countingFormat(format: Format): { format: Format; written: () => number } {
  let count = 0;
  const counting: Format = {
    ...format,
    createWriter: () => {
      const writer = format.createWriter();
      const value = writer.value.bind(writer);
      writer.value = (given) => {
        count++;
        value(given);
      };
      Object.defineProperty(writer, "format", { value: counting });
      return writer;
    },
  };
  return { format: counting, written: () => count };
}

Deno.test("Payload.of writes nothing that is empty (WAMP, Empty Arguments and Keyword Arguments)", () => {
  const rows: readonly (readonly [readonly unknown[] | undefined, Dict | undefined, number, string])[] = [
    [undefined, undefined, 0, '[48,1,{},"a.b"]'],
    [[], undefined, 0, '[48,1,{},"a.b"]'],
    [[], {}, 0, '[48,1,{},"a.b"]'],
    [undefined, {}, 0, '[48,1,{},"a.b"]'],
    [[1], undefined, 1, '[48,1,{},"a.b",[1]]'],
    [[1], {}, 1, '[48,1,{},"a.b",[1]]'],
    [undefined, { a: 1 }, 2, '[48,1,{},"a.b",[],{"a":1}]'],
    [[], { a: 1 }, 2, '[48,1,{},"a.b",[],{"a":1}]'],
    [[1], { a: 1 }, 2, '[48,1,{},"a.b",[1],{"a":1}]'],
  ];
  for (const [args, kwargs, count, text] of rows) {
    const payload = Payload.of(args, kwargs);
    assertEquals(payload.count, count);
    assertEquals(payload.args, args ?? []);
    assertEquals(payload.kwargs, kwargs ?? {});
    assertEquals(payload.byteLength, 0);
    assertEquals(new TextDecoder().decode(json.encode(callWith(payload))), text);
  }
});

Deno.test("Payload decodes at the first look and keeps what it gave", () => {
  for (const serializer of [json, cbor]) {
    const { payload } = receive(serializer, Payload.of([{ a: 1 }], { b: [2] }));
    assertEquals(payload.kwargs, { b: [2] });
    assertEquals(payload.args, [{ a: 1 }]);
    assertStrictEquals(payload.args, payload.args);
    assertStrictEquals(payload.kwargs, payload.kwargs);
    const single = receive(serializer, Payload.of([{ a: 1 }])).payload;
    const { args } = single;
    assertEquals(single.kwargs, {});
    assertStrictEquals(single.args, args);
  }
});

Deno.test("Payload borrows its bytes until it is retained", () => {
  for (const serializer of [json, cbor]) {
    const kept = receive(serializer, Payload.of([1, "two"], { three: 3 }));
    const length = kept.payload.byteLength;
    assert(length > 0 && length < kept.bytes.length);
    assertStrictEquals(kept.payload.retain(), kept.payload);
    assertEquals(kept.payload.byteLength, length);
    kept.bytes.fill(0x20);
    kept.payload.retain();
    assertEquals([kept.payload.args, kept.payload.kwargs], [[1, "two"], { three: 3 }]);
    assertEquals(receive(serializer, kept.payload).payload.kwargs, { three: 3 });
  }
  assertStrictEquals(Payload.EMPTY.retain(), Payload.EMPTY);
  const values = Payload.of([1]);
  assertStrictEquals(values.retain(), values);
});

Deno.test("Payload is copied as it came where the format is the same", () => {
  const { payload } = receive(json, Payload.of([1, "two"], { three: 3 }));
  const writer = json.format.createWriter();
  const { format, written } = countingFormat(json.format);
  assert(format !== json.format);
  writer.begin(0);
  writer.beginList(2);
  payload.writeTo(writer);
  writer.endList();
  assertEquals(new TextDecoder().decode(writer.finish()), '[[1,"two"],{"three":3}]');
  assertEquals(written(), 0);
});

Deno.test("Payload is encoded once for each other format, whatever the number of receivers", () => {
  for (const [args, kwargs] of [[[1, "two"], { three: 3 }], [[1], undefined]] as const) {
    const { payload } = receive(cbor, Payload.of(args, kwargs));
    const { format, written } = countingFormat(json.format);
    for (let receiver = 0; receiver < 3; receiver++) {
      const writer = format.createWriter();
      writer.begin(0);
      writer.beginList(payload.count);
      payload.writeTo(writer);
      writer.endList();
      const expected = JSON.stringify(kwargs === undefined ? [args] : [args, kwargs]);
      assertEquals(new TextDecoder().decode(writer.finish()), expected);
      assertEquals(written(), payload.count);
    }
  }
});

Deno.test("Payload goes on in another format after its buffer is gone, once it is retained", () => {
  const { payload, bytes } = receive(json, Payload.of([1], { a: "b" }));
  payload.retain();
  bytes.fill(0);
  assertEquals(receive(cbor, payload).payload.kwargs, { a: "b" });
});

Deno.test("bytes in place of the arguments are taken where enc_algo says so, and stay what they are (payload transparency)", () => {
  const text = '[48,1,{"enc_algo":"x_a"},"a.b","\\u0000AQL/"]';
  let received: Call | undefined;
  json.decode(new TextEncoder().encode(text), (message) => received = message as Call);
  assert(received !== undefined);
  const { payload } = received;
  assert(payload.isOpaque);
  // The bytes that it came in are copied, another format gets bytes of its own.
  assertEquals(new TextDecoder().decode(json.encode(received)), text);
  const call = cbor.encode(received).slice();
  assertEquals([...call.slice(-4)], [0x43, 1, 2, 255]);
  const copy = payload.retain().copy();
  assertEquals([copy.isOpaque, copy.args, copy.kwargs], [true, [Uint8Array.of(1, 2, 255)], {}]);
  cbor.decode(call, (message) => assertEquals((message as Call).payload.args, [Uint8Array.of(1, 2, 255)]));
  assert(!Payload.of([1]).isOpaque);
});

Deno.test("bytes in place of the arguments are refused without enc_algo, and with more behind them", () => {
  const rows = [
    ['[48,1,{},"a.b","\\u0000AQL/"]', "CALL.Arguments is not a list"],
    ['[48,1,{"enc_algo":""},"a.b","\\u0000AQL/"]', "CALL.Arguments is not a list"],
    ['[48,1,{"enc_algo":"x_a"},"a.b","text"]', "CALL.Arguments is not a list"],
    ['[48,1,{"enc_algo":"x_a"},"a.b","\\u0000AQL/",{}]', "CALL goes on after the bytes of its payload"],
    ['[48,1,{"enc_algo":1},"a.b",[]]', "Expected a string as enc_algo"],
  ] as const;
  for (const [text, expected] of rows) {
    const error = assertThrows(() => json.decode(new TextEncoder().encode(text), () => {}), WampProtocolError);
    assert(error.message.includes(expected), error.message);
  }
});
