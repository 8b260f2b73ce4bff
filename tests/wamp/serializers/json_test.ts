import { SerializationError, WampProtocolError } from "../../../wamp/errors.ts";
import { MAX_DEPTH } from "../../../wamp/format.ts";
import type { Call, Message } from "../../../wamp/messages.ts";
import { JSON_FORMAT } from "../../../wamp/serializers/json.ts";
import { Serializer } from "../../../wamp/serializers/serializer.ts";
import { seededRandom } from "../../cuts.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows, decodeHex } from "../../std.ts";
import { decode, decodeMessage, encode, testFormat } from "./format_checks.ts";
import { listOf, Sampler } from "./samples.ts";

testFormat(JSON_FORMAT, { bigints: [-(10n ** 400n), 10n ** 400n] });

const serializer = new Serializer(JSON_FORMAT, 1, false);

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function read(text: string): unknown {
  return decode(JSON_FORMAT, bytesOf(text));
}

function write(value: unknown): string {
  return textOf(encode(JSON_FORMAT, value));
}

function message(text: string): unknown[] {
  return listOf(decodeMessage(serializer, bytesOf(text)));
}

/** Longer than what is built by hand, so that `JSON.parse` and `JSON.stringify` get it. */
const FILLER = "x".repeat(100);

Deno.test("json reads what RFC 8259 allows, as JSON.parse does", () => {
  const texts = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "9007199254740991",
    "9007199254740992",
    "-9007199254740992",
    "0.5",
    "-0.0",
    "1.0",
    "1e3",
    "1E+3",
    "10e-1",
    "1e400",
    "123456789012345.678901234567890",
    '""',
    '"a"',
    '"ä日本😀"',
    String.raw`"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"`,
    String.raw`"\ud800 alone"`,
    '"\u007f"',
    "[]",
    "[ ]",
    "[1,2 , 3]",
    "{}",
    "{ }",
    '{"a":1 , "b" : [ { } ] }',
    '{"a":1,"a":2}',
    '{"":0,"toString":1,"constructor":{"prototype":2}}',
    String.raw`{"\u0061b\"":1}`,
    "[[],[[]],{},[{}]]",
    "[[ ],\r\n\t [[ ] ] ]",
  ];
  for (const text of texts) {
    const expected: unknown = JSON.parse(text);
    assertEquals(read(text), expected, text);
    // The other way of building: the same value inside a long one.
    assertEquals(read(`[${text},"${FILLER}"]`), [expected, FILLER], text);
    assertEquals(read(`[${text},12345678901234567890]`), [expected, 12345678901234567890n], text);
  }
});

/** Texts that RFC 8259 does not allow. */
const MALFORMED: readonly string[] = [
  "",
  " ",
  ",",
  ":",
  "]",
  "}",
  "nul",
  "nulL",
  "True",
  "undefined",
  "NaN",
  "Infinity",
  "-Infinity",
  "+1",
  "-",
  "-a",
  "01",
  "00",
  "-01",
  "1.",
  ".5",
  "1.e3",
  "1e",
  "1e+",
  "0x10",
  "1_000",
  "'a'",
  '"',
  '"a',
  '"\\"',
  '"\\x41"',
  '"\\u12"',
  '"\\u12g4"',
  '"\n"',
  '"\u0000"',
  '"\u001e"',
  '"\u0018"',
  '"\u001f"',
  "[",
  "[1",
  "[1,",
  "[1,]",
  "[,1]",
  "[1 2]",
  "[1}",
  "{",
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":1,',
  '{"a":1,}',
  '{"a" 1}',
  '{"a":}',
  "{1:2}",
  "{a:1}",
  "{null:1}",
  '{"a":1]',
  "{,}",
  "/* */1",
  "\u00a01",
  "\ufeff1",
];

Deno.test("json refuses what RFC 8259 does not allow, whether it builds or skips", () => {
  for (const text of MALFORMED) {
    for (const whole of [text, `[${text}]`, `{"a":${text}}`, `[1, ${text} ]`]) {
      // Brackets can make one of these whole.
      if (whole !== text && ["", " "].includes(text) && whole !== '{"a":}') continue;
      const bytes = bytesOf(whole);
      for (const method of ["skip", "readValue"] as const) {
        const reader = JSON_FORMAT.createReader();
        reader.reset(bytes, 0, bytes.length);
        const error = assertThrows(
          () => {
            reader[method]();
            reader.expectEnd();
          },
          WampProtocolError,
          undefined,
          `${method} of ${whole}`,
        );
        assertEquals(error.code, "invalid_encoding");
      }
    }
  }
});

Deno.test("json refuses bytes that are not UTF-8 in any string, key or URI (RFC 3629 §4)", () => {
  const broken = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80]];
  const frames = [
    ['[48,1,{},"com.', '"]'],
    ['[48,1,{},"\\n', '"]'],
    ['[48,1,{},"a",["', '"]]'],
    ['[48,1,{},"a",[],{"', '":1}]'],
    ['[48,1,{"a":"', '"},"a"]'],
    ['[48,1,{"', '":1},"a"]'],
    [`[48,1,{},"${FILLER}`, '"]'],
    [`[48,1,{},"a",["${FILLER}`, '"]]'],
  ];
  for (const [before = "", after = ""] of frames) {
    for (const middle of broken) {
      const bytes = Uint8Array.of(...bytesOf(before), ...middle, ...bytesOf(after));
      const error = assertThrows(() => decodeMessage(serializer, bytes), WampProtocolError);
      assertEquals(error.code, "invalid_encoding");
    }
  }
});

Deno.test("json reads integers beyond 2^53 exactly, as bigint", () => {
  assertEquals(read("[9007199254740993,-9007199254740993]"), [9007199254740993n, -9007199254740993n]);
  assertEquals(read("18446744073709551616"), 18446744073709551616n);
  assertEquals(read(`["${FILLER}",{"a":[12345678901234567890]}]`), [FILLER, { a: [12345678901234567890n] }]);
  assertEquals(read("0009".slice(3)), 9);
  // With a fraction or an exponent it is a float.
  assertEquals(read("[1e20,12345678901234567890.0]"), [1e20, 12345678901234567890]);
});

Deno.test("json refuses to build an integer of more digits than it would read in time", () => {
  assertEquals(read("9".repeat(16384)), 10n ** 16384n - 1n);
  const error = assertThrows(() => read("9".repeat(16385)), WampProtocolError);
  assertEquals(error.code, "limit_exceeded");
});

Deno.test("json writes a bigint as a bare integer, and a float beyond 2^53 so that it comes back as one", () => {
  assertEquals(write([1n, -(2n ** 70n)]), "[1,-1180591620717411303424]");
  for (const value of [2 ** 53 + 2, -(2 ** 60), 1e20, 1e21, 1.7976931348623157e308]) {
    assertEquals(read(write(value)), value);
    assertEquals((read(write([value, FILLER.split("")])) as unknown[])[0], value);
  }
  assertEquals(write(2 ** 53), "9007199254740992");
});

Deno.test("json carries bytes as U+0000 and base64 (WAMP, Binary support in JSON)", () => {
  const rows: readonly (readonly [readonly number[], string])[] = [
    [[], ""],
    [[0x10], "EA=="],
    [[0x10, 0xe3], "EOM="],
    [[0x10, 0xe3, 0xff], "EOP/"],
    // The specification's example.
    [[...decodeHex("10e3ff9053075c526f5fc06d4fe37cdb")], "EOP/kFMHXFJvX8BtT+N82w=="],
  ];
  for (const [bytes, base64] of rows) {
    const text = `"\\u0000${base64}"`;
    assertEquals(write(Uint8Array.from(bytes)), text);
    assertEquals(read(text), Uint8Array.from(bytes));
    assertEquals(read(`{"a":[${text}],"b":"${FILLER}"}`), { a: [Uint8Array.from(bytes)], b: FILLER });
  }
});

Deno.test("json writes the bytes of any buffer or view", () => {
  const buffer = Uint8Array.of(0, 1, 2, 3, 4, 5).buffer;
  const expected = write(Uint8Array.of(2, 3, 4, 5));
  assertEquals(write(new DataView(buffer, 2)), expected);
  assertEquals(write(new Uint16Array(buffer, 2)), expected);
  assertEquals(write(buffer.slice(2)), expected);
  assertEquals(write(new Uint8Array(buffer, 2)), expected);
});

Deno.test("json leaves a string alone that begins with U+0000 but goes on as no base64", () => {
  for (const text of ["\0a", "\0abc", "\0ab=d", "\0a===", "\0ab c", "\0äbcd", "\0ab==ab==", "\0\0\0\0\0", "\0-_-_"]) {
    assertEquals(read(write(text)), text);
  }
  // A string that looks like bytes is bytes: JSON cannot tell.
  assertEquals(read(write("\0AQID")), Uint8Array.of(1, 2, 3));
  assertEquals(read(write({ "\0AQID": 1 })), { "\0AQID": 1 });
});

Deno.test("json writes what it has no form for: Date, Map, NaN, infinities, -0, boxes", () => {
  assertEquals(write(new Date(0)), '"1970-01-01T00:00:00.000Z"');
  assertEquals(write([new Date(NaN)]), "[null]");
  assertEquals(write(new Map<unknown, unknown>([["a", [1n]], ["b", new Map()]])), '{"a":[1],"b":{}}');
  assertEquals(write([NaN, Infinity, -Infinity, undefined]), "[null,null,null,null]");
  assertEquals(write([NaN, Infinity, FILLER, [undefined]]), `[null,null,"${FILLER}",[null]]`);
  assertEquals(write(Object.create(null, { a: { value: 1, enumerable: true } })), '{"a":1}');
  assertEquals(
    write(
      new (class Point {
        x = 1;
      })(),
    ),
    '{"x":1}',
  );
});

Deno.test("json writes strings as JSON.stringify does, lone surrogates and control characters escaped", () => {
  const texts = ["", "a", '"', "\\", "\u001e", "\u0018", "\n", "\u007f", "é", "\ud800", "a\udc00b", "😀", "\u2028"];
  for (const text of texts) {
    for (const whole of [text, text + FILLER, FILLER + text]) {
      assertEquals(write(whole), JSON.stringify(whole));
      assertEquals(write([1n, whole]), `[1,${JSON.stringify(whole)}]`);
      assertEquals(write({ [whole]: whole }), JSON.stringify({ [whole]: whole }));
    }
    const uri = textOf(serializer.encode({ type: 65, request: 1, registration: 2 }));
    assertEquals(uri, "[65,1,2]");
    const goodbye = textOf(serializer.encode({ type: 6, details: {}, reason: text }));
    assertEquals(goodbye, `[6,{},${JSON.stringify(text)}]`);
  }
});

Deno.test("json writes plain values as JSON.stringify does, small and large", () => {
  const sampler = new Sampler(11);
  for (let index = 0; index < 500; index++) {
    const value = JSON.parse(JSON.stringify(sampler.value(4)));
    assertEquals(write(value), JSON.stringify(value));
  }
});

Deno.test("json refuses what cannot be written deep inside a large value too", () => {
  const large = Array.from({ length: 20 }, () => ({ name: FILLER }));
  for (const bad of [() => 1, Symbol("s")]) {
    assertThrows(() => write([...large, { bad }]), SerializationError, typeof bad);
  }
  const cycle: unknown[] = [large];
  cycle.push(cycle);
  assertThrows(() => write(cycle), SerializationError, "512");
  const loop: Record<string, unknown> = { large };
  loop.loop = { loop };
  assertThrows(() => write(loop), SerializationError, "512");
});

Deno.test("json reads an integer in any of its forms, and no other number (WAMP, Serializers)", () => {
  for (const text of ["7", "7.0", "7e0", "70e-1", "0.7e1", "7.00"]) {
    assertEquals(message(`[65,${text},2]`), [65, 7, 2]);
  }
  assertEquals(message("[35,0]"), [35, 0]);
  assertEquals(message("[65,9007199254740992,1]"), [65, 2 ** 53, 1]);
  const refused = ["7.5", "-7", "0", "-0", "9007199254740993", "1e300", "1e400", '"7"', "null", "true", "[]", "{}"];
  for (const text of refused) {
    const error = assertThrows(() => message(`[65,${text},2]`), WampProtocolError, "REGISTERED.request", text);
    assertEquals(error.code, "invalid_message");
  }
  for (const text of ["07", "7.", "7e", "-", "7a", "7 8"]) {
    assertThrows(() => message(`[65,${text},2]`), WampProtocolError, undefined, text);
  }
});

Deno.test("json takes space wherever RFC 8259 §2 allows it", () => {
  const spaced = ' \n[ 48\t,\r1 , { "timeout" : 5 } , "com.a" , [ 1 , 2 ] , { "a" : [ ] } ] \n';
  assertEquals(message(spaced), [48, 1, { timeout: 5 }, "com.a", [1, 2], { a: [] }]);
  assertEquals(message('[48,1,{ },"a"]'), [48, 1, {}, "a"]);
});

Deno.test("json refuses a message that is no list, or does not end with it", () => {
  for (
    const text of [
      "{}",
      '"a"',
      "1",
      "",
      " ",
      "[]",
      "[",
      "[48",
      "[48,",
      '[48,1,{},"a"]x',
      '[48,1,{},"a"],',
      '[48,1,{},"a",]',
      '[48,1 {},"a"]',
    ]
  ) {
    assertThrows(() => message(text), WampProtocolError, undefined, text);
  }
});

Deno.test("json reads escapes in a URI, a string and the keys of Options", () => {
  assertEquals(message(String.raw`[48,1,{"\u0074imeout":5},"com.\u0061dd"]`), [48, 1, { timeout: 5 }, "com.add"]);
  assertEquals(message(String.raw`[5,"sig\nature",{}]`), [5, "sig\nature", {}]);
});

Deno.test("json refuses a key twice in Options, at any level, however it is written", () => {
  for (
    const options of [
      '{"a":1,"a":1}',
      String.raw`{"a":1,"\u0061":2}`,
      '{"x":{"a":1,"b":2,"a":3}}',
      '{"x":[{"__proto__":1,"__proto__":2}]}',
    ]
  ) {
    const error = assertThrows(() => message(`[48,1,${options},"a"]`), WampProtocolError, "two keys");
    assertEquals(error.code, "invalid_encoding");
  }
  assertEquals(message('[48,1,{"a":{"a":1},"b":[{"a":1},{"a":2}]},"a"]')[2], { a: { a: 1 }, b: [{ a: 1 }, { a: 2 }] });
});

Deno.test("json gives __proto__ in Options as a property of Options itself", () => {
  const [, , options] = message('[48,1,{"__proto__":{"timeout":1}},"a"]') as [number, number, Record<string, unknown>];
  assertEquals(Object.keys(options), ["__proto__"]);
  assertEquals(options.timeout, undefined);
  assertEquals(Object.getPrototypeOf(options), Object.prototype);
});

Deno.test(`json skips ${MAX_DEPTH} levels and no more, and a million brackets without overflowing the stack`, () => {
  const call = (levels: number): string => `[48,1,{},"a",${"[".repeat(levels)}${"]".repeat(levels)}]`;
  assertEquals(message(call(MAX_DEPTH - 1)).length, 5);
  for (const levels of [MAX_DEPTH, 1_000_000]) {
    const error = assertThrows(() => message(call(levels)), WampProtocolError, "512");
    assertEquals(error.code, "limit_exceeded");
  }
  assertThrows(() => message(`[48,1,${'{"a":'.repeat(1_000_000)}`), WampProtocolError, "512");
});

Deno.test("json gives the same URI string again, and the right one when two share a slot", () => {
  const reader = JSON_FORMAT.createReader();
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 5_000; index++) {
      const uri = `com.example.topic.${index}`;
      const bytes = bytesOf(`"${uri}"`);
      reader.reset(bytes, 0, bytes.length);
      assertEquals(reader.readUri(), uri);
    }
  }
});

Deno.test("json decides as JSON.parse does whether a changed text is one", () => {
  const random = seededRandom(21);
  const alphabet = '[]{}",:\\u0019.eE+-tfn ax\n';
  let valid = 0;
  for (let round = 0; round < 40_000; round++) {
    const seeds = ['[1,{"a":[true,null]},"x\\n"]', '{"a":-1.5e3,"b":{"c":[]}}', '["\\u00e9",0,false]'];
    const characters = [...seeds[round % 3]!];
    for (let change = 0; change <= round % 2; change++) {
      const at = Math.floor(random() * characters.length);
      const character = alphabet[Math.floor(random() * alphabet.length)]!;
      characters.splice(at, Math.floor(random() * 2), ...(random() < 0.3 ? [] : [character]));
    }
    // A reader stands on a value, never on the space in front.
    const text = characters.join("").trimStart();
    let expected: unknown;
    try {
      expected = JSON.parse(text);
      valid++;
    } catch {
      const error = assertThrows(() => read(text), WampProtocolError, undefined, text);
      assertEquals(error.code, "invalid_encoding");
      continue;
    }
    assertEquals(read(text), expected, text);
  }
  assert(valid > 1_000, `only ${valid} were valid`);
});

Deno.test("json sends a payload on as it came, with its space and its numbers", () => {
  const call = decodeMessage(serializer, bytesOf('[48,1,{},"a",[ 1.0,2e3, "\\u0061" ], { "a" :1 }]')) as Call;
  const forwarded: Message = { type: 68, request: 9, registration: 8, details: {}, payload: call.payload };
  assertEquals(textOf(serializer.encode(forwarded)), '[68,9,8,{},[ 1.0,2e3, "\\u0061" ], { "a" :1 }]');
});

Deno.test("json writes details while an object's toJSON writes with the same serializer", () => {
  const details = {
    inner: {
      toJSON: () => textOf(serializer.encode({ type: 6, details: {}, reason: "wamp.close.normal" })),
    },
  };
  assertStringIncludes(
    textOf(serializer.encode({ type: 6, details, reason: "a.b" })),
    String.raw`[6,{"inner":"[6,{},\"wamp.close.normal\"]"},"a.b"]`,
  );
});

Deno.test("json builds a payload at the first look and gives the same list again", () => {
  const call = decodeMessage(serializer, bytesOf('[48,1,{},"a",[{"b":1}]]')) as Call;
  assertEquals(call.payload.args, [{ b: 1 }]);
  assert(call.payload.args === call.payload.args);
  assertEquals(call.payload.kwargs, {});
});
