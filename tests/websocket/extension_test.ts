import { CountingText, hostileLists } from "../counting_text.ts";
import { HandshakeError, type HandshakeErrorCode } from "../../websocket/errors.ts";
import {
  acceptDeflateOffer,
  checkDeflateResponse,
  type CompressionOptions,
  deflateMismatch,
  type DeflateOffer,
  offerDeflate,
  parseExtensions,
  resolveCompression,
} from "../../websocket/extension.ts";
import { assertEquals, assertLessOrEqual, assertStringIncludes, assertThrows } from "../std.ts";

const TAKEOVER: CompressionOptions = { serverNoContextTakeover: false, clientNoContextTakeover: false };
const BEST = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/** Parameters of permessage-deflate that make it invalid in an offer and in a response (RFC 7692 §7.1). */
const INVALID_PARAMETERS = [
  "server_max_window_bits",
  "server_max_window_bits=7",
  "server_max_window_bits=16",
  "server_max_window_bits=08",
  "server_max_window_bits=010",
  "server_max_window_bits=-8",
  "server_max_window_bits=1e1",
  'server_max_window_bits="7"',
  "client_max_window_bits=7",
  "client_max_window_bits=16",
  "client_max_window_bits=09",
  "server_no_context_takeover=true",
  'client_no_context_takeover="1"',
  "server_no_context_takeover; server_no_context_takeover",
  "client_no_context_takeover; client_no_context_takeover",
  "server_max_window_bits=10; server_max_window_bits=10",
  "client_max_window_bits=10; client_max_window_bits=11",
  "Server_Max_Window_Bits=10",
  "unknown",
  "unknown=1",
  "constructor",
  "__proto__",
  "__proto__=1",
  "toString=8",
  "hasOwnProperty",
];

Deno.test("parseExtensions reads names, parameters and quoted strings (RFC 6455 §9.1)", () => {
  assertEquals(parseExtensions(['foo;a=1 ; b = "2";c, bar;d="\\3x",,', "baz"]), [
    {
      name: "foo",
      parameters: [{ name: "a", value: "1" }, { name: "b", value: "2" }, { name: "c", value: undefined }],
    },
    { name: "bar", parameters: [{ name: "d", value: "3x" }] },
    { name: "baz", parameters: [] },
  ]);
  assertEquals(parseExtensions([]), []);
  assertEquals(parseExtensions([" ,, ", ""]), []);
  assertEquals(parseExtensions(["constructor; __proto__=1"]), [
    { name: "constructor", parameters: [{ name: "__proto__", value: "1" }] },
  ]);
});

Deno.test("parseExtensions reports what breaks the grammar (RFC 6455 §9.1)", () => {
  const broken = [
    "foo;",
    "foo;;a",
    ";a",
    "foo;=1",
    "foo;a=",
    'foo;a="',
    'foo;a=""',
    'foo;a="1 2"',
    'foo;a="\\',
    "foo bar",
  ];
  for (const value of [...broken, "foo;a b", 'foo;"a"', "foo/1", "=", '"foo"', 'foo;a="1"2', "foo;a=1=2", "\u0141"]) {
    assertEquals(parseExtensions([value]), undefined, value);
    assertEquals(parseExtensions([`good, ${value}`]), undefined, value);
  }
});

Deno.test("parseExtensions takes linear time on 100 KB of commas, spaces and quotes", () => {
  for (const list of hostileLists(100_000)) {
    const text = new CountingText(list);
    parseExtensions([text]);
    assertLessOrEqual(text.steps, 10 * list.length);
  }
});

Deno.test("acceptDeflateOffer takes linear time on 100 KB of invalid offers", () => {
  const text = new CountingText("permessage-deflate;x,".repeat(5_000));
  assertEquals(acceptDeflateOffer([text], {}), undefined);
  assertLessOrEqual(text.steps, 10 * text.length);
});

Deno.test("resolveCompression fills in defaults and refuses numbers out of range", () => {
  assertEquals(resolveCompression({}), {
    threshold: 1024,
    level: 6,
    memLevel: 8,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  });
  const wrong: CompressionOptions[] = [
    { threshold: -1 },
    { threshold: 1.5 },
    { level: 10 },
    { level: -1 },
    { memLevel: 0 },
    { memLevel: 10 },
    { serverMaxWindowBits: 7 },
    { clientMaxWindowBits: 16 },
    { clientMaxWindowBits: NaN },
  ];
  for (const options of wrong) {
    const error = assertThrows(() => resolveCompression(options), RangeError);
    assertStringIncludes(error.message, `compression.${Object.keys(options)[0]}`);
  }
});

Deno.test("offerDeflate offers all four parameters (RFC 7692 §7.1)", () => {
  const cases: [CompressionOptions, string][] = [
    [{}, "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"],
    [TAKEOVER, "permessage-deflate; client_max_window_bits"],
    [{ ...TAKEOVER, clientMaxWindowBits: 9 }, "permessage-deflate; client_max_window_bits=9"],
    [
      { ...TAKEOVER, serverNoContextTakeover: true },
      "permessage-deflate; server_no_context_takeover; client_max_window_bits",
    ],
  ];
  for (const [options, expected] of cases) assertEquals(offerDeflate(options), expected);
});

Deno.test("offerDeflate falls back to an offer without server_max_window_bits (RFC 7692 §5.1)", () => {
  assertEquals(
    offerDeflate({ ...TAKEOVER, serverMaxWindowBits: 10 }),
    "permessage-deflate; server_max_window_bits=10; client_max_window_bits, permessage-deflate; client_max_window_bits",
  );
});

Deno.test("acceptDeflateOffer answers within both sides' limits (RFC 7692 §7.1)", () => {
  const cases: [string, CompressionOptions, string, Partial<typeof BEST>][] = [
    ["", TAKEOVER, "", {}],
    ["; client_max_window_bits", TAKEOVER, "", {}],
    ["; client_max_window_bits", { ...TAKEOVER, clientMaxWindowBits: 9 }, "; client_max_window_bits=9", {
      clientMaxWindowBits: 9,
    }],
    ["; client_max_window_bits=10", TAKEOVER, "; client_max_window_bits=10", { clientMaxWindowBits: 10 }],
    ["; client_max_window_bits=10", { ...TAKEOVER, clientMaxWindowBits: 8 }, "; client_max_window_bits=8", {
      clientMaxWindowBits: 8,
    }],
    ["", { ...TAKEOVER, clientMaxWindowBits: 9 }, "", {}],
    ["", { ...TAKEOVER, serverMaxWindowBits: 9 }, "; server_max_window_bits=9", { serverMaxWindowBits: 9 }],
    ["; server_max_window_bits=12", TAKEOVER, "; server_max_window_bits=12", { serverMaxWindowBits: 12 }],
    ['; server_max_window_bits="12"', TAKEOVER, "; server_max_window_bits=12", { serverMaxWindowBits: 12 }],
    ["; server_max_window_bits=15", TAKEOVER, "; server_max_window_bits=15", {}],
    ["; server_max_window_bits=8", { ...TAKEOVER, serverMaxWindowBits: 9 }, "; server_max_window_bits=8", {
      serverMaxWindowBits: 8,
    }],
    ["; server_no_context_takeover", TAKEOVER, "; server_no_context_takeover", { serverNoContextTakeover: true }],
    ["; client_no_context_takeover", TAKEOVER, "; client_no_context_takeover", { clientNoContextTakeover: true }],
    ["", {}, "; server_no_context_takeover; client_no_context_takeover", {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
    }],
  ];
  for (const [offer, options, response, agreed] of cases) {
    const expected = { response: `permessage-deflate${response}`, parameters: { ...BEST, ...agreed } };
    assertEquals(acceptDeflateOffer([`permessage-deflate${offer}`], options), expected, offer);
  }
});

Deno.test("acceptDeflateOffer declines each invalid offer and takes the next (RFC 7692 §7.1)", () => {
  for (const parameters of INVALID_PARAMETERS) {
    const offer = `permessage-deflate; ${parameters}`;
    assertEquals(acceptDeflateOffer([offer], TAKEOVER), undefined, offer);
    const accepted = { response: "permessage-deflate; server_max_window_bits=10", parameters: { ...BEST } };
    accepted.parameters.serverMaxWindowBits = 10;
    const next = "permessage-deflate; server_max_window_bits=10";
    assertEquals(acceptDeflateOffer([`${offer}, ${next}`], TAKEOVER), accepted, offer);
    assertEquals(acceptDeflateOffer([offer, next], TAKEOVER), accepted, offer);
  }
});

Deno.test("acceptDeflateOffer ignores unknown extensions, whatever their names", () => {
  for (const name of ["constructor", "__proto__", "toString", "x-webkit-deflate-frame", "permessage-bzip2"]) {
    assertEquals(acceptDeflateOffer([name], {}), undefined);
    assertEquals(acceptDeflateOffer([`${name}; a=1, permessage-deflate`], TAKEOVER), {
      response: "permessage-deflate",
      parameters: BEST,
    });
  }
});

Deno.test("acceptDeflateOffer accepts nothing from what breaks the grammar, and does not throw", () => {
  assertEquals(acceptDeflateOffer(["permessage-deflate;"], {}), undefined);
  assertEquals(acceptDeflateOffer([], {}), undefined);
});

Deno.test("checkDeflateResponse returns what is agreed (RFC 7692 §7.1)", () => {
  const cases: [CompressionOptions, string, Partial<typeof BEST>][] = [
    [TAKEOVER, "", {}],
    [TAKEOVER, "; client_max_window_bits=9", { clientMaxWindowBits: 9 }],
    [TAKEOVER, '; client_max_window_bits="9"', { clientMaxWindowBits: 9 }],
    [TAKEOVER, "; server_max_window_bits=9", { serverMaxWindowBits: 9 }],
    [TAKEOVER, "; server_no_context_takeover; client_no_context_takeover", {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
    }],
    [{ ...TAKEOVER, clientMaxWindowBits: 10 }, "", { clientMaxWindowBits: 10 }],
    [{ ...TAKEOVER, clientMaxWindowBits: 10 }, "; client_max_window_bits=12", { clientMaxWindowBits: 10 }],
    [{ ...TAKEOVER, clientMaxWindowBits: 10 }, "; client_max_window_bits=8", { clientMaxWindowBits: 8 }],
    [{ ...TAKEOVER, clientNoContextTakeover: true }, "", { clientNoContextTakeover: true }],
    [{ ...TAKEOVER, serverMaxWindowBits: 10 }, "; server_max_window_bits=10", { serverMaxWindowBits: 10 }],
    [{ ...TAKEOVER, serverMaxWindowBits: 10 }, "; server_max_window_bits=8", { serverMaxWindowBits: 8 }],
    [{ ...TAKEOVER, serverMaxWindowBits: 10 }, "", {}], // the fallback offer
  ];
  for (const [offered, response, agreed] of cases) {
    assertEquals(checkDeflateResponse([`permessage-deflate${response}`], offered), { ...BEST, ...agreed }, response);
  }
  assertEquals(checkDeflateResponse([], {}), undefined);
  assertEquals(checkDeflateResponse([], undefined), undefined);
});

function assertFails(response: string, offered: CompressionOptions | undefined, code: HandshakeErrorCode): void {
  const answer = { status: 101, headers: new Headers({ "x-a": "1" }) };
  const error = assertThrows(() => checkDeflateResponse([response], offered, answer), HandshakeError);
  assertEquals([error.code, error.status, error.headers.get("x-a")], [code, 101, "1"], response);
}

Deno.test("checkDeflateResponse fails on each invalid response (RFC 7692 §7.1)", () => {
  for (const parameters of [...INVALID_PARAMETERS, "client_max_window_bits"]) {
    assertFails(`permessage-deflate; ${parameters}`, TAKEOVER, "invalid_extension");
  }
  assertFails("permessage-deflate;", TAKEOVER, "invalid_extension");
});

Deno.test("checkDeflateResponse fails on an answer to something else than was offered", () => {
  assertFails("permessage-deflate; server_max_window_bits=11", { serverMaxWindowBits: 10 }, "invalid_extension");
  assertFails("permessage-deflate", { serverNoContextTakeover: true }, "invalid_extension");
  assertFails("permessage-deflate", undefined, "unexpected_extension");
  assertFails("permessage-deflate, permessage-deflate", TAKEOVER, "unexpected_extension");
  assertFails("permessage-bzip2", TAKEOVER, "unexpected_extension");
  for (const name of ["constructor", "__proto__"]) assertFails(name, TAKEOVER, "unexpected_extension");
});

Deno.test("deflateMismatch refuses client_max_window_bits that was not offered (RFC 7692 §7.1.2.2)", () => {
  const none: DeflateOffer = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  };
  const limited = { ...none, clientMaxWindowBits: 10 };
  assertEquals(deflateMismatch(none, limited), "client_max_window_bits was not offered");
  assertEquals(deflateMismatch({ ...none, clientMaxWindowBits: true }, limited), undefined);
  assertEquals(
    deflateMismatch({ ...none, serverMaxWindowBits: 10 }, none),
    "server_max_window_bits must be at most 10, received none",
  );
});

Deno.test("A client and a server with any options agree, and on the same", () => {
  const bits = [8, 9, 12, 15];
  const choices = [true, false].flatMap((serverNoContextTakeover) =>
    [true, false].flatMap((clientNoContextTakeover) =>
      bits.flatMap((serverMaxWindowBits) =>
        bits.map((clientMaxWindowBits): CompressionOptions => (
          { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits }
        ))
      )
    )
  );
  for (const client of choices) {
    const offer = offerDeflate(client);
    for (const server of choices) {
      const accepted = acceptDeflateOffer([offer], server);
      assertEquals(checkDeflateResponse([accepted?.response ?? ""], client), accepted?.parameters);
    }
  }
});
