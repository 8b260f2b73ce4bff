import { readMessage, writeMessage } from "../../wamp/codec.ts";
import { WampProtocolError } from "../../wamp/errors.ts";
import type { Call, Message } from "../../wamp/messages.ts";
import { MESSAGE_SPECS, type MessageSpec } from "../../wamp/message_table.ts";
import { Payload } from "../../wamp/payload.ts";
import { SERIALIZERS } from "../../wamp/serializers/mod.ts";
import { assert, assertEquals, assertThrows } from "../std.ts";
import { listOf } from "./serializers/samples.ts";

const FORMATS = SERIALIZERS.filter((serializer) => !serializer.isBatched).map(({ format }) => format);

/** Reads a list of values as a message, in each format. */
function read(list: readonly unknown[]): Message {
  const messages = FORMATS.map((format) => {
    const writer = format.createWriter();
    writer.begin(0);
    writer.value(list);
    const bytes = writer.finish();
    return readMessage(format.createReader(), format, bytes, 0, bytes.length);
  });
  for (const message of messages) assertEquals(listOf(message), listOf(messages[0]!));
  return messages[0]!;
}

/** The error of reading a list, which has to be the same in each format. */
function refusal(list: readonly unknown[]): WampProtocolError {
  const errors = FORMATS.map((format) => {
    const writer = format.createWriter();
    writer.begin(0);
    writer.value(list);
    const bytes = writer.finish();
    const text = `${format.name}: ${String(list)}`;
    return assertThrows(
      () => readMessage(format.createReader(), format, bytes, 0, bytes.length),
      WampProtocolError,
      undefined,
      text,
    );
  });
  for (const { code } of errors) assertEquals(code, "invalid_message");
  return errors[0]!;
}

/** A value that each kind of field accepts. */
const GOOD = { id: 7, reference: 7, integer: 48, string: "text", uri: "com.example", dict: {} } as const;

function goodList({ code, fields }: MessageSpec): unknown[] {
  return [code, ...fields.map(({ kind }) => GOOD[kind])];
}

Deno.test("every message is read in its shortest and its longest form (WAMP, Message Definitions)", () => {
  for (const spec of MESSAGE_SPECS) {
    const list = goodList(spec);
    assertEquals(listOf(read(list)), list);
    if (spec.fields.at(-1)?.optional) assertEquals(listOf(read(list.slice(0, -1))), list.slice(0, -1));
    if (!spec.hasPayload) continue;
    assertEquals(listOf(read([...list, [1, "a"]])), [...list, [1, "a"]]);
    assertEquals(listOf(read([...list, [], { a: 1 }])), [...list, [], { a: 1 }]);
    assertEquals(listOf(read([...list, [], {}])), [...list, [], {}]);
  }
});

Deno.test("every message is written and read again, in every format", () => {
  for (const format of FORMATS) {
    for (const spec of MESSAGE_SPECS) {
      const fields = spec.fields.map(({ kind }) => GOOD[kind]);
      const payload = spec.hasPayload ? Payload.of([1], { b: 2 }) : Payload.EMPTY;
      const message = spec.create(fields, payload);
      const writer = format.createWriter();
      writer.begin(5);
      writeMessage(message, writer);
      const bytes = writer.finish();
      assertEquals(listOf(readMessage(format.createReader(), format, bytes, 5, bytes.length)), listOf(message));
    }
  }
});

Deno.test("a message of too few or too many elements is refused, by name (WAMP, Protocol Violations)", () => {
  for (const spec of MESSAGE_SPECS) {
    const list = goodList(spec);
    const required = 1 + spec.fields.filter(({ optional }) => !optional).length;
    for (let length = 1; length < required; length++) {
      const { message } = refusal(list.slice(0, length));
      assert(message.startsWith(`${spec.name} ends before its `), message);
    }
    const extra = spec.hasPayload ? [...list, [], {}, 1] : [...list, []];
    assert(refusal(extra).message.startsWith(spec.name));
  }
});

Deno.test("a field of another type is refused, by its name (WAMP, Protocol Violations)", () => {
  const bad = {
    id: [0, -1, 1.5, "1", null, true, [], {}, 2 ** 53 + 2, 2n ** 60n],
    reference: [-1, 1.5, "1", null, [], {}],
    integer: [-1, 0.5, "1", null, [], {}],
    string: [1, null, [], {}, false],
    uri: [1, null, [], {}, true],
    dict: [1, null, [], "a", true],
  } as const;
  for (const spec of MESSAGE_SPECS) {
    spec.fields.forEach(({ name, kind }, index) => {
      for (const value of bad[kind]) {
        const { message } = refusal(goodList(spec).with(index + 1, value));
        assert(message.startsWith(`${spec.name}.${name}: `), message);
      }
    });
  }
});

Deno.test("arguments that are no list, or keyword arguments that are no dictionary, are refused", () => {
  for (const spec of MESSAGE_SPECS.filter(({ hasPayload }) => hasPayload)) {
    const list = goodList(spec);
    for (const args of [1, "a", null, {}]) assert(refusal([...list, args]).message.includes("Arguments is not a list"));
    for (const kwargs of [1, "a", null, []]) {
      assert(refusal([...list, [], kwargs]).message.includes("ArgumentsKw is not a dictionary"));
    }
  }
});

Deno.test("an unknown type of message is refused, and one that is no integer", () => {
  for (const code of [0, 7, 9, 71, 255, 2 ** 40, -1]) {
    assertEquals(refusal([code, 1, {}]).message, `Unknown message type ${code}`);
  }
  for (const type of ["CALL", null, 1.5, [], {}, true]) refusal([type, 1, {}]);
  refusal([]);
});

Deno.test("an id may be a float with an integral value: real clients send those", () => {
  const [json] = SERIALIZERS.filter(({ name }) => name === "json");
  assert(json !== undefined);
  json.decode(
    new TextEncoder().encode('[48.0,1e3,{},"a.b"]'),
    (message) => assertEquals(listOf(message), [48, 1000, {}, "a.b"]),
  );
});

Deno.test("UNSUBSCRIBED and UNREGISTERED with request 0 are revocations (WAMP, Subscription Revocation)", () => {
  assertEquals(listOf(read([35, 0, { subscription: 5 }])), [35, 0, { subscription: 5 }]);
  assertEquals(listOf(read([67, 0, { registration: 5 }])), [67, 0, { registration: 5 }]);
});

Deno.test("a known key of Options with a bad value is refused; null counts as absent; unknown keys are kept", () => {
  const options = (value: unknown): unknown[] => [48, 1, { timeout: value }, "a.b"];
  assertEquals((read(options(5)) as Call).options, { timeout: 5 });
  for (const value of [-1, "5", true, [], 0.5]) {
    const { message } = refusal(options(value));
    assertEquals(message, "CALL.options: Expected a non-negative integer as timeout");
  }
  assertEquals((read(options(null)) as Call).options, {});
  const unknown = { _x: [1, { a: null }], y: null };
  assertEquals((read([48, 1, unknown, "a.b"]) as Call).options, unknown as Call["options"]);
});

Deno.test("known keys are checked as properties of their own, not of the prototype", () => {
  const [json] = SERIALIZERS.filter(({ name }) => name === "json");
  assert(json !== undefined);
  json.decode(new TextEncoder().encode('[48,1,{"__proto__":{"timeout":-1}},"a.b"]'), (message) => {
    assertEquals((message as Call).options.timeout, undefined);
  });
});

Deno.test("writing leaves out an optional field that is absent, and refuses a type that is none", () => {
  for (const { format } of SERIALIZERS) {
    const writer = format.createWriter();
    writer.begin(0);
    writeMessage({ type: 35, request: 5 }, writer);
    const bytes = writer.finish();
    assertEquals(listOf(readMessage(format.createReader(), format, bytes, 0, bytes.length)), [35, 5]);
    writer.begin(0);
    // What a program without types could pass.
    const unknown: object = { type: 99, request: 1, options: {} };
    assertThrows(() => writeMessage(unknown as Message, writer), TypeError, "unknown type 99");
  }
});
