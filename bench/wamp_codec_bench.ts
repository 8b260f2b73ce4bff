/**
 * What a message costs between bytes and objects, for each serializer, next to what the platform does with JSON. The
 * message is a CALL with an integer and 32 characters, as in the load comparison.
 *
 * "decode" leaves the payload in its bytes, as a router does; "decode, look" builds the arguments, as a session does;
 * "forward" writes an INVOCATION around the bytes of the CALL's payload; "encode" writes a RESULT of values.
 */

import type { Call, Message } from "../wamp/messages.ts";
import { Payload } from "../wamp/payload.ts";
import { ByteWriter } from "../wamp/serializers/byte_writer.ts";
import { json, SERIALIZERS } from "../wamp/serializers/mod.ts";
import { decodeText } from "../wamp/serializers/text.ts";

/** Each row does so many at once, so that the clock's own time does not count; divide by it. */
const REPEATS = 100;

const ARGS: readonly unknown[] = [123, "abcdefghijklmnopqrstuvwxyz012345"];
const CALL: Message = {
  type: 48,
  request: 7123,
  options: {},
  procedure: "com.example.add2",
  payload: Payload.of(ARGS),
};

/** Keeps results alive, so that nothing is optimized away. */
const sink: { last?: unknown } = {};

function bench(name: string, group: string, once: () => unknown): void {
  Deno.bench(`${name} (${REPEATS} times)`, { group }, (): void => {
    for (let round = 0; round < REPEATS; round++) sink.last = once();
  });
}

for (const serializer of SERIALIZERS.filter(({ isBatched }) => !isBatched)) {
  const bytes = serializer.encode(CALL).slice();
  let received: Message = CALL;
  const receive = (message: Message): void => {
    received = message;
  };
  const decode = (): Call => {
    serializer.decode(bytes, receive);
    return received as Call;
  };
  const { payload } = decode();
  bench(`decode CALL, ${serializer.name}`, "decode", decode);
  bench(`decode CALL, look, ${serializer.name}`, "decode, look", () => decode().payload.args);
  bench(
    `forward INVOCATION, ${serializer.name}`,
    "forward",
    () => serializer.encode({ type: 68, request: 99, registration: 4711, details: {}, payload }),
  );
  bench(
    `encode RESULT, ${serializer.name}`,
    "encode",
    () => serializer.encode({ type: 50, request: 7123, details: {}, payload: Payload.of(ARGS) }),
  );
}

const text = new TextDecoder().decode(json.encode(CALL));
const list: unknown = JSON.parse(text);
const textBytes = new TextEncoder().encode(text);
const decoder = new TextDecoder();
const encoder = new TextEncoder();
bench("TextDecoder and JSON.parse", "decode, look", () => JSON.parse(decoder.decode(textBytes)));
bench("JSON.parse", "decode, look", () => JSON.parse(text));
bench("JSON.stringify and TextEncoder", "encode", () => encoder.encode(JSON.stringify(list)));
bench("JSON.stringify", "encode", () => JSON.stringify(list));

// Where native code begins to win: the named thresholds of wamp/serializers/.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEF".repeat(8);
const letterBytes = new TextEncoder().encode(letters);
const writer = new ByteWriter();
for (const length of [8, 12, 16, 24, 32, 40, 64, 128]) {
  const short = letters.slice(0, length);
  const target = new Uint8Array(256);
  const group = `${length} characters`;
  bench(`decodeText, ${group}`, group, () => decodeText(letterBytes, 1, 1 + length));
  bench(`TextDecoder, ${group}`, group, () => decoder.decode(letterBytes.subarray(1, 1 + length)));
  bench(`ByteWriter.utf8, ${group}`, group, () => {
    writer.begin(0);
    writer.utf8(short);
  });
  bench(`encodeInto, ${group}`, group, () => encoder.encodeInto(short, target.subarray(3)));
  bench(`ByteWriter.raw, ${group}`, group, () => {
    writer.begin(0);
    writer.raw(letterBytes, 1, 1 + length);
  });
  bench(`set, ${group}`, group, () => target.set(letterBytes.subarray(1, 1 + length), 3));
}

// Where JSON.stringify and JSON.parse begin to win.
const jsonWriter = json.format.createWriter();
const jsonReader = json.format.createReader();
for (const count of [1, 2, 4, 8, 16]) {
  const value = Array.from({ length: count }, (_, index) => index % 2 === 0 ? index * 1000 : `text ${index}`);
  const valueText = JSON.stringify(value);
  const valueBytes = new TextEncoder().encode(valueText);
  const group = `JSON list of ${count}`;
  bench(`write, ${group}`, group, () => {
    jsonWriter.begin(0);
    jsonWriter.value(value);
  });
  bench(`JSON.stringify and encodeInto, ${group}`, group, () => {
    writer.begin(0);
    writer.utf8(JSON.stringify(value));
  });
  bench(`read, ${group}`, group, () => {
    jsonReader.reset(valueBytes, 0, valueBytes.length);
    return jsonReader.readValue();
  });
  bench(
    `decodeText and JSON.parse, ${group}`,
    group,
    () => JSON.parse(decodeText(valueBytes, 0, valueBytes.length)),
  );
}
