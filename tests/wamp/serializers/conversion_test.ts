import { SerializationError } from "../../../wamp/errors.ts";
import type { Message } from "../../../wamp/messages.ts";
import { Payload } from "../../../wamp/payload.ts";
import { cbor, json, msgpack, type Serializer, ubjson } from "../../../wamp/serializers/mod.ts";
import { assertEquals, assertThrows } from "../../std.ts";
import { decodeMessage } from "./format_checks.ts";
import { listOf, Sampler } from "./samples.ts";

const PLAIN: readonly Serializer[] = [cbor, msgpack, json, ubjson];

function callOf(args: readonly unknown[]): Message {
  return { type: 48, request: 1, options: {}, procedure: "com.example.echo", payload: Payload.of(args) };
}

/** Sends a message as `from` has it, and forwards what arrives as `to` has it. */
function forward(message: Message, from: Serializer, to: Serializer): Message {
  return decodeMessage(to, to.encode(decodeMessage(from, from.encode(message).slice())).slice());
}

for (const from of PLAIN) {
  for (const to of PLAIN) {
    Deno.test(`a message in ${from.name} is the same when forwarded in ${to.name}`, () => {
      const sampler = new Sampler(1, { bigints: [-(2n ** 63n), 2n ** 64n - 1n] });
      for (const message of sampler.messages(24 * 10)) {
        assertEquals(listOf(forward(message, from, to)), listOf(message));
      }
    });
  }
}

Deno.test("an integer beyond 64 bits is forwarded to every format but MessagePack, which has none", () => {
  const message = callOf([2n ** 70n, -(2n ** 70n)]);
  for (const from of [cbor, json, ubjson]) {
    for (const to of [cbor, json, ubjson]) assertEquals(listOf(forward(message, from, to)), listOf(message));
    assertThrows(() => forward(message, from, msgpack), SerializationError, "71 bits");
  }
});

Deno.test("a date stays one between CBOR and MessagePack, and becomes its text in JSON and UBJSON", () => {
  const date = new Date("2014-05-13T16:53:20.123Z");
  const call = callOf([date]);
  for (const [from, to] of [[cbor, msgpack], [msgpack, cbor]] as const) {
    assertEquals(listOf(forward(call, from, to)), listOf(call));
  }
  for (const to of [json, ubjson]) {
    assertEquals(listOf(forward(call, cbor, to)), listOf(callOf([date.toISOString()])));
  }
});

Deno.test("any view of a buffer goes as its bytes", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const views = [bytes.buffer, new DataView(bytes.buffer), new Uint8ClampedArray(bytes), new Uint16Array(bytes.buffer)];
  for (const serializer of PLAIN) {
    const message = decodeMessage(serializer, serializer.encode(callOf(views)));
    assertEquals(listOf(message).at(-1), views.map(() => bytes), serializer.name);
  }
});

Deno.test("a bigint that a number holds goes as that number", () => {
  for (const serializer of PLAIN) {
    const message = decodeMessage(serializer, serializer.encode(callOf([5n, -5n, 2n ** 53n])));
    assertEquals(listOf(message).at(-1), [5, -5, 2 ** 53], serializer.name);
  }
});
