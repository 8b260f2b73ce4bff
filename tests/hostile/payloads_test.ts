import { constants, createDeflateRaw, deflateRawSync } from "node:zlib";
import { clientFrame, closeFrame, deflated, RawClient, toBytes } from "../raw_client.ts";
import { assertEquals, assertLess, concat } from "../std.ts";
import { assertEchoes } from "../websocket/serving.ts";
import { assertTaken, hostile, hostileAttack, Victim } from "./attack.ts";

const DEFLATE = "permessage-deflate; client_no_context_takeover; server_no_context_takeover";
const WITH_DEFLATE = { extensions: DEFLATE, options: { compression: true } } as const;

// -------------------------------------------------------------------------------------------------- UTF-8

/** Bytes that no text holds, with the number of them that already say so. */
const BAD_UTF8: readonly (readonly [string, readonly number[], number])[] = [
  ["a byte that never occurs", [0xff], 1],
  ["a lone continuation byte", [0x80], 1],
  ["an overlong NUL", [0xc0, 0x80], 1],
  ["an overlong slash of three bytes", [0xe0, 0x80, 0xaf], 2],
  ["a surrogate", [0xed, 0xa0, 0x80], 2],
  ["a code point over U+10FFFF", [0xf4, 0x90, 0x80, 0x80], 2],
  ["a five-byte form", [0xf8, 0x88, 0x80, 0x80, 0x80], 1],
  ["a character cut by ASCII", [0xe2, 0x82, 0x41], 3],
];

for (const [what, bytes, known] of BAD_UTF8) {
  const bad = Uint8Array.from(bytes);
  hostileAttack("utf8", {
    what: `${what} in a text message`,
    bytes: [clientFrame(0x81, concat([toBytes("ab"), bad, toBytes("cd")]))],
    code: 1007,
    error: "invalid_utf8",
  });
  hostileAttack("utf8", {
    what: `${what} at the first impossible byte, the rest of the frame unsent`,
    bytes: [clientFrame(0x81, concat([toBytes("κόσμε"), bad.subarray(0, known)]), { declared: 1000n })],
    code: 1007,
    error: "invalid_utf8",
  });
  hostileAttack("utf8", {
    what: `${what}, each byte a fragment, the last of them unsent`,
    bytes: [
      clientFrame(0x01, "κ"),
      ...Array.from(bad.subarray(0, known), (byte) => clientFrame(0x00, Uint8Array.of(byte))),
    ],
    code: 1007,
    error: "invalid_utf8",
  });
  hostileAttack("utf8", {
    what: `${what} in a close reason`,
    bytes: [closeFrame(1000, concat([toBytes("why"), bad]))],
    code: 1007,
    error: "invalid_utf8",
  });
  hostileAttack("utf8", {
    what: `${what} inside compressed text`,
    bytes: [clientFrame(0xc1, deflated(concat([toBytes("ab"), bad])))],
    code: 1007,
    error: "invalid_utf8",
    ...WITH_DEFLATE,
  });
}
for (
  const [what, frames] of [
    ["in one frame", [clientFrame(0x81, Uint8Array.of(0x61, 0xe2, 0x82))]],
    ["before an empty last fragment", [clientFrame(0x01, Uint8Array.of(0xe2, 0x82)), clientFrame(0x80)]],
  ] as const
) {
  hostileAttack("utf8", {
    what: `text that ends within a character, ${what}`,
    bytes: frames,
    code: 1007,
    error: "invalid_utf8",
  });
}

hostile("utf8", "a character may be split over fragments and reads, and bytes need not be text", async () => {
  await using victim = new Victim("handler");
  using client = await RawClient.open(victim.server);
  const bytes = toBytes("€😀\uFEFF");
  for (const [index, byte] of bytes.entries()) {
    await client.trickle(
      clientFrame(index === 0 ? 0x01 : index === bytes.length - 1 ? 0x80 : 0x00, Uint8Array.of(byte)),
    );
  }
  await client.expectFrame(0x81, bytes);
  await client.write(clientFrame(0x82, Uint8Array.of(0xff, 0xc0)));
  await client.expectFrame(0x82, Uint8Array.of(0xff, 0xc0));
});

// -------------------------------------------------------------------------------------------------- Bombs

const BOMB = deflated(new Uint8Array(16 << 20));
const MIB = { limits: { maxMessage: 1 << 20 }, compression: true } as const;

hostileAttack("bomb", {
  what: "16 MiB in 16 KiB against a limit of 1 MiB",
  bytes: [clientFrame(0xc2, BOMB)],
  code: 1009,
  error: "message_too_big",
  extensions: DEFLATE,
  options: MIB,
});
hostileAttack("bomb", {
  what: "in fragments of 100 bytes",
  bytes: Array.from({ length: Math.ceil(BOMB.length / 100) }, (_, index) => {
    const isLast = (index + 1) * 100 >= BOMB.length;
    return clientFrame((isLast ? 0x80 : 0) | (index === 0 ? 0x42 : 0), BOMB.subarray(index * 100, (index + 1) * 100));
  }),
  code: 1009,
  error: "message_too_big",
  extensions: DEFLATE,
  options: MIB,
});
hostileAttack("bomb", {
  what: "one byte over the limit",
  bytes: [clientFrame(0xc2, deflated(new Uint8Array((1 << 20) + 1)))],
  code: 1009,
  error: "message_too_big",
  extensions: DEFLATE,
  options: MIB,
});
hostileAttack("bomb", {
  what: "compressed fragments that never end",
  bytes: [clientFrame(0x42, new Uint8Array(1000)), ...Array(10).fill(clientFrame(0x00, new Uint8Array(1000)))],
  code: 1009,
  error: "message_too_big",
  extensions: DEFLATE,
  options: { limits: { maxMessage: 2000 }, compression: true },
});
hostileAttack("bomb", {
  what: "with context takeover",
  bytes: [clientFrame(0xc2, BOMB)],
  code: 1009,
  error: "message_too_big",
  extensions: "permessage-deflate",
  options: { ...MIB, compression: { clientNoContextTakeover: false } },
});

hostile("bomb", "a message of just the limit is taken, however well it is compressed", async () => {
  await using victim = new Victim("handler", {
    ...MIB,
    message: (ws, data) => void ws.send(String(data.length)),
  });
  using client = await RawClient.open(victim.server, [`Sec-WebSocket-Extensions: ${DEFLATE}`]);
  await client.write(clientFrame(0xc2, deflated(new Uint8Array(1 << 20))));
  await client.expectFrame(0x81, String(1 << 20));
});

hostile("bomb", "many bombs leave no memory behind", async () => {
  await using victim = new Victim("handler", MIB);
  const before = Deno.memoryUsage().rss;
  for (let round = 0; round < 20; round++) {
    using client = await RawClient.open(victim.server, [`Sec-WebSocket-Extensions: ${DEFLATE}`]);
    await client.write(clientFrame(0xc2, BOMB));
    await client.expectClose(1009);
  }
  // Inflated whole, they would be 320 MiB.
  assertLess(Deno.memoryUsage().rss - before, 160 << 20);
  assertEquals(victim.received, []);
  await assertEchoes(victim.server);
});

// -------------------------------------------------------------------------------------------------- Corrupt data

const CORRUPT: readonly (readonly [string, Uint8Array])[] = [
  ["a reserved block type", Uint8Array.of(0x07)],
  ["a stored block whose length is not confirmed", Uint8Array.of(0x00, 0x05, 0x00, 0x00, 0x00)],
  ["a distance that reaches in front of the message", Uint8Array.of(0x4b, 0x04, 0x61, 0x00)],
  ["a message that ends inside a block", deflated("some text that is long enough to cut").subarray(0, 12)],
];
for (const [what, bytes] of CORRUPT) {
  hostileAttack("corrupt_deflate", {
    what,
    bytes: [clientFrame(0xc2, bytes)],
    code: 1007,
    error: "invalid_deflate",
    ...WITH_DEFLATE,
  });
}
const HELLO = deflated("Hello");
const MISPLACED_RSV1: readonly (readonly [string, readonly Uint8Array[]])[] = [
  ["on a continuation", [clientFrame(0x41, HELLO.subarray(0, 2)), clientFrame(0xc0, HELLO.subarray(2))]],
  ["on a continuation of a message that is not compressed", [clientFrame(0x01, "a"), clientFrame(0xc0, HELLO)]],
  ["on a ping", [clientFrame(0xc9, "a")]],
  ["on a close", [clientFrame(0xc8)]],
];
for (const [what, bytes] of MISPLACED_RSV1) {
  hostileAttack("corrupt_deflate", {
    what: `RSV1 ${what}`,
    bytes,
    code: 1002,
    error: "reserved_bits",
    ...WITH_DEFLATE,
  });
}
hostileAttack("corrupt_deflate", {
  what: "RSV1 where the server compresses but the client did not offer to",
  bytes: [clientFrame(0xc1, HELLO)],
  code: 1002,
  error: "reserved_bits",
  options: { compression: true },
});

// -------------------------------------------------------------------------------------------------- Decoded whole

const OPTIONS = { compression: { clientNoContextTakeover: false, serverNoContextTakeover: false } } as const;
const CONTEXT = "permessage-deflate";

hostile("deflate_edges", "data behind a block with BFINAL=1 is not lost", async () => {
  const final = new Uint8Array(deflateRawSync("Hello "));
  for (const extensions of [DEFLATE, CONTEXT]) {
    await assertTaken(
      [
        clientFrame(0xc1, concat([final, deflated("world")])),
        clientFrame(0xc1, concat([final, final, final, Uint8Array.of(0x00)])),
        clientFrame(0xc1, concat([final, Uint8Array.of(0x00)])),
      ],
      ["Hello world", "Hello Hello Hello ", "Hello "],
      extensions,
      OPTIONS,
    );
  }
});

hostile("deflate_edges", "compressed empty messages", async () => {
  const frames = [Uint8Array.of(0x00), Uint8Array.of(0x02, 0x00), new Uint8Array(0), Uint8Array.of(0x03, 0x00)];
  for (const extensions of [DEFLATE, CONTEXT]) {
    await assertTaken(
      [...frames.map((payload) => clientFrame(0xc1, payload)), clientFrame(0x41), clientFrame(0x80)],
      ["", "", "", "", ""],
      extensions,
      OPTIONS,
    );
  }
});

/** Compresses messages one behind the other with one window. */
async function deflatedInContext(texts: readonly string[]): Promise<Uint8Array[]> {
  const stream = createDeflateRaw();
  const parts: Uint8Array[] = [];
  stream.on("data", (part: Uint8Array) => parts.push(part));
  const messages: Uint8Array[] = [];
  for (const text of texts) {
    stream.write(text);
    await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    messages.push(concat(parts.splice(0)).slice(0, -4));
  }
  stream.close();
  return messages;
}

hostile("deflate_edges", "messages with context, and after a sender reset it", async () => {
  const texts = ["the same words", "the same words again", "the same words"];
  const payloads = [...await deflatedInContext(texts), ...await deflatedInContext(texts)];
  assertLess(payloads[2]!.length, 6);
  const frames = payloads.map((payload) => clientFrame(0xc1, payload));
  await assertTaken(frames, [...texts, ...texts], CONTEXT, OPTIONS);
});

hostile("deflate_edges", "a compressed message in fragments, with a ping between them, beside plain ones", async () => {
  const bytes = deflated("split anywhere");
  const fragments = Array.from(bytes, (byte, index) => {
    const isLast = index === bytes.length - 1;
    return clientFrame((isLast ? 0x80 : 0) | (index === 0 ? 0x41 : 0), Uint8Array.of(byte));
  });
  await assertTaken(
    [clientFrame(0x81, "plain"), ...fragments, clientFrame(0x81, "plain")],
    ["plain", "split anywhere", "plain"],
    DEFLATE,
    OPTIONS,
  );
});
