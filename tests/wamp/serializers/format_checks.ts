/**
 * What holds for every format, as tests.
 *
 * @module
 */

import { SerializationError, WampProtocolError } from "../../../wamp/errors.ts";
import { type Format, MAX_DEPTH } from "../../../wamp/format.ts";
import type { Message } from "../../../wamp/messages.ts";
import { Payload } from "../../../wamp/payload.ts";
import { Serializer } from "../../../wamp/serializers/serializer.ts";
import { seededRandom } from "../../cuts.ts";
import { assert, assertEquals, assertThrows, decodeHex, encodeHex } from "../../std.ts";
import { listOf, type SampleOptions, Sampler } from "./samples.ts";

/** Writes one value. */
export function encode(format: Format, value: unknown): Uint8Array<ArrayBuffer> {
  const writer = format.createWriter();
  writer.begin(0);
  writer.value(value);
  return writer.finish().slice();
}

/** Reads one value, which must be all there is; `skip` has to find the same end. */
export function decode(format: Format, bytes: Uint8Array): unknown {
  const reader = format.createReader();
  // What lies behind the end must not be read.
  const padded = new Uint8Array(bytes.length + 12).fill(0xff);
  padded.set(bytes, 3);
  reader.reset(padded, 3, bytes.length + 3);
  reader.skip();
  reader.expectEnd();
  reader.reset(padded, 3, bytes.length + 3);
  const value = reader.readValue();
  reader.expectEnd();
  return value;
}

/** Reads one value from hexadecimal digits. */
export function decodeDigits(format: Format, digits: string): unknown {
  return decode(format, decodeHex(digits));
}

/** Asserts that both ways over a value, building it and skipping it, refuse it. */
export function assertMalformed(format: Format, digits: string): void {
  const bytes = decodeHex(digits);
  for (const method of ["skip", "readValue"] as const) {
    const reader = format.createReader();
    reader.reset(bytes, 0, bytes.length);
    const error = assertThrows(() => reader[method](), WampProtocolError, undefined, `${method} of ${digits}`);
    assertEquals(error.code, "invalid_encoding");
  }
}

/** Reads one message. */
export function decodeMessage(serializer: Serializer, bytes: Uint8Array): Message {
  const messages: Message[] = [];
  serializer.decode(bytes, (message) => messages.push(message));
  assertEquals(messages.length, 1);
  return messages[0]!;
}

/** Says whether reading a message, its payload included, gives a message or the one error that it may give. */
function survives(serializer: Serializer, bytes: Uint8Array): boolean {
  try {
    listOf(decodeMessage(serializer, bytes));
    return true;
  } catch (error) {
    assert(error instanceof WampProtocolError, `${encodeHex(bytes)}: ${error}`);
    return false;
  }
}

function nested(levels: number, isDict: boolean): unknown {
  let value: unknown = isDict ? {} : [];
  for (let level = 1; level < levels; level++) value = isDict ? { a: value } : [value];
  return value;
}

/** Registers the tests of a format. */
export function testFormat(format: Format, options: SampleOptions = {}): void {
  const { name } = format;
  const serializer = new Serializer(format, 1, false);
  const sampler = (seed: number): Sampler => new Sampler(seed, options);

  Deno.test(`${name} brings every message back as it was`, () => {
    for (const message of sampler(1).messages(24 * 40)) {
      assertEquals(listOf(decodeMessage(serializer, serializer.encode(message))), listOf(message));
    }
  });

  Deno.test(`${name} copies a payload as the bytes that it came in`, () => {
    for (const message of sampler(2).messages(24 * 10)) {
      const bytes = serializer.encode(message).slice();
      assertEquals(encodeHex(serializer.encode(decodeMessage(serializer, bytes))), encodeHex(bytes));
    }
  });

  Deno.test(`${name} brings any value back as it was`, () => {
    const random = sampler(3);
    for (let index = 0; index < 2_000; index++) {
      const value = random.value(4);
      assertEquals(decode(format, encode(format, value)), value);
    }
  });

  Deno.test(`${name} refuses a message that is cut off anywhere`, () => {
    for (const message of sampler(4).messages(24 * 3)) {
      const bytes = serializer.encode(message).slice();
      const step = Math.max(1, Math.floor(bytes.length / 100));
      for (let end = 0; end < bytes.length; end += step) {
        assertThrows(() => decodeMessage(serializer, bytes.subarray(0, end)), WampProtocolError);
      }
    }
  });

  Deno.test(`${name} refuses what goes on behind a message`, () => {
    const bytes = serializer.encode({ type: 33, request: 1, subscription: 2 });
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    longer[bytes.length] = longer[bytes.length - 1]!;
    assertThrows(() => decodeMessage(serializer, longer), WampProtocolError);
  });

  Deno.test(`${name} answers changed bytes by a message or by WampProtocolError`, () => {
    const random = seededRandom(5);
    let broken = 0;
    for (const message of sampler(6).messages(24 * 20)) {
      const bytes = serializer.encode(message).slice();
      for (let round = 0; round < 20; round++) {
        const mutant = bytes.slice();
        for (let change = 0; change <= round % 3; change++) {
          mutant[Math.floor(random() * Math.min(mutant.length, 60))] = Math.floor(random() * 256);
        }
        if (!survives(serializer, mutant)) broken++;
      }
    }
    assert(broken > 1_000, `only ${broken} were broken`);
  });

  Deno.test(`${name} reads and skips noise to an end, or says WampProtocolError, alike`, () => {
    const random = seededRandom(7);
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * 12) }, () => Math.floor(random() * 256));
      const outcomes = (["skip", "readValue"] as const).map((method) => {
        const reader = format.createReader();
        reader.reset(bytes, 0, bytes.length);
        try {
          reader[method]();
          return reader.position;
        } catch (error) {
          assert(error instanceof WampProtocolError, `${encodeHex(bytes)}: ${error}`);
          return -1;
        }
      });
      assertEquals(outcomes[0], outcomes[1], encodeHex(bytes));
    }
  });

  for (const isDict of [false, true]) {
    const what = isDict ? "dictionaries" : "lists";
    Deno.test(`${name} takes ${MAX_DEPTH} levels of ${what}, the message's own included, and no more`, () => {
      const call = (levels: number): Message => ({
        type: 48,
        request: 1,
        options: {},
        procedure: "a",
        payload: Payload.of([nested(levels, isDict)]),
      });
      const deepest = call(MAX_DEPTH - 2);
      assertEquals(listOf(decodeMessage(serializer, serializer.encode(deepest))), listOf(deepest));
      assertThrows(() => serializer.encode(call(MAX_DEPTH - 1)), SerializationError, "512");
    });
  }

  Deno.test(`${name} refuses a cycle, a function, a symbol and whatever else it has no form for`, () => {
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    const toItself = { toJSON: () => toItself };
    const values = [cycle, toItself, () => 1, [Symbol("s")], { a: () => 1 }, new Map([[{}, 1]])];
    for (const value of options.dates === true ? [...values, new Date(NaN)] : values) {
      assertThrows(() => encode(format, value), SerializationError);
    }
  });

  Deno.test(`${name} leaves out properties that are undefined, and writes null for undefined elsewhere`, () => {
    assertEquals(decode(format, encode(format, { a: undefined, b: [undefined, 1] })), { b: [null, 1] });
    assertEquals(decode(format, encode(format, undefined)), null);
    assertEquals(decode(format, encode(format, new Map<unknown, unknown>([["a", 1], [2, 3], [4n, undefined]]))), {
      a: 1,
      2: 3,
    });
  });

  Deno.test(`${name} asks an object with toJSON for its form`, () => {
    assertEquals(decode(format, encode(format, [{ toJSON: () => ({ a: 1 }) }])), [{ a: 1 }]);
  });

  Deno.test(`${name} gives __proto__ as a property of the dictionary itself`, () => {
    const sent = JSON.parse('{"__proto__":{"polluted":true}}');
    const received = decode(format, encode(format, sent)) as Record<string, unknown>;
    assertEquals(Object.keys(received), ["__proto__"]);
    assertEquals(received.polluted, undefined);
    assertEquals(Object.getPrototypeOf(received), Object.prototype);
  });

  Deno.test(`${name} copies bytes out of its input`, () => {
    const bytes = encode(format, [Uint8Array.of(1, 2, 3)]);
    const [value] = decode(format, bytes) as [Uint8Array];
    bytes.fill(0);
    assertEquals(value, Uint8Array.of(1, 2, 3));
  });

  Deno.test(`${name} starts again after a value that it cannot write`, () => {
    const writer = format.createWriter();
    writer.begin(0);
    assertThrows(() => writer.value([[[Symbol("s")]]]), SerializationError);
    writer.begin(2);
    writer.value(nested(MAX_DEPTH - 1, false));
    assertEquals(decode(format, writer.finish().subarray(2)), nested(MAX_DEPTH - 1, false));
  });
}

/** Asserts what one value is written as, and that it is read again. */
export function assertWrites(format: Format, value: unknown, digits: string): void {
  assertEquals(encodeHex(encode(format, value)), digits);
  assertEquals(decodeDigits(format, digits), value);
}
