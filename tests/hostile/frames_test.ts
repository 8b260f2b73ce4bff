import { assertEquals, assertGreater, assertLess, concat } from "../std.ts";
import { clientFrame, closeFrame, RawClient } from "../raw_client.ts";
import { assertEchoes } from "../websocket/serving.ts";
import { hostile, hostileAttack, Victim } from "./attack.ts";

const ZEROS = new Uint8Array(126);
const DEFLATE = "permessage-deflate";

// -------------------------------------------------------------------------------------------------- First byte

for (const first of [0xc1, 0xa1, 0x91, 0xf2, 0xc9, 0xa8]) {
  hostileAttack("frame_bits", {
    what: `first byte ${first.toString(16)} without an extension`,
    bytes: [clientFrame(first, "ab")],
    code: 1002,
    error: "reserved_bits",
  });
}
for (const first of [0xa1, 0x91]) {
  hostileAttack("frame_bits", {
    what: `first byte ${first.toString(16)} with permessage-deflate, which has RSV1 alone`,
    bytes: [clientFrame(first, "ab")],
    code: 1002,
    error: "reserved_bits",
    extensions: DEFLATE,
    options: { compression: true },
  });
}
for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
  hostileAttack("frame_bits", {
    what: `reserved opcode ${opcode}`,
    bytes: [clientFrame(0x80 | opcode)],
    code: 1002,
    error: "reserved_opcode",
  });
}
hostileAttack("frame_bits", {
  what: "continuation outside a message",
  bytes: [clientFrame(0x80, "ab")],
  code: 1002,
  error: "unexpected_continuation",
});
hostileAttack("frame_bits", {
  what: "continuation behind a message that has ended",
  bytes: [clientFrame(0x00, "ab")],
  code: 1002,
  error: "unexpected_continuation",
});
hostileAttack("frame_bits", {
  what: "new message within a message",
  bytes: [clientFrame(0x01, "half"), clientFrame(0x81, "new")],
  code: 1002,
  error: "interleaved_message",
});

// -------------------------------------------------------------------------------------------------- Control frames

for (const [name, opcode] of [["close", 8], ["ping", 9], ["pong", 10]] as const) {
  hostileAttack("control_frames", {
    what: `fragmented ${name}`,
    bytes: [clientFrame(opcode)],
    code: 1002,
    error: "fragmented_control",
  });
  hostileAttack("control_frames", {
    what: `${name} of 126 bytes`,
    bytes: [clientFrame(0x80 | opcode, ZEROS)],
    code: 1002,
    error: "long_control",
  });
  hostileAttack("control_frames", {
    what: `${name} that declares 2^62 bytes`,
    bytes: [clientFrame(0x80 | opcode, "", { declared: 1n << 62n })],
    code: 1002,
    error: "long_control",
  });
}
hostileAttack("control_frames", {
  what: "close payload of 1 byte",
  bytes: [clientFrame(0x88, Uint8Array.of(3))],
  code: 1002,
  error: "invalid_close_payload",
});
for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]) {
  hostileAttack("control_frames", {
    what: `close code ${code}`,
    bytes: [closeFrame(code, "bye")],
    code: 1002,
    error: "invalid_close_code",
  });
}

// -------------------------------------------------------------------------------------------------- Masks and lengths

for (const [what, first, payload] of [["text", 0x81, "a"], ["empty", 0x82, ""], ["ping", 0x89, ""]] as const) {
  hostileAttack("masks", {
    what: `unmasked client frame, ${what}`,
    bytes: [clientFrame(first, payload, { mask: false })],
    code: 1002,
    error: "unmasked_frame",
  });
}
for (const [length, lengthBytes] of [[0, 2], [125, 2], [5, 8], [126, 8], [65535, 8]] as const) {
  hostileAttack("lengths", {
    what: `length ${length} in ${lengthBytes} bytes`,
    bytes: [clientFrame(0x82, new Uint8Array(length), { lengthBytes })],
    code: 1002,
    error: "invalid_length",
  });
}
for (const declared of [1n << 63n, (1n << 64n) - 1n, (1n << 63n) + 5n]) {
  hostileAttack("lengths", {
    what: `64-bit length 0x${declared.toString(16)}, whose top bit is set`,
    bytes: [clientFrame(0x82, "", { declared })],
    code: 1002,
    error: "invalid_length",
  });
}

// -------------------------------------------------------------------------------------------------- Too long

const TOO_LONG: readonly (readonly [bigint, number])[] = [
  [(16n << 20n) + 1n, 16 << 20],
  [1001n, 1000],
  [13n, 12],
  [(1n << 53n) - 1n, 16 << 20],
  [1n << 53n, 16 << 20],
  [(1n << 63n) - 1n, Number.MAX_SAFE_INTEGER],
];
for (const [declared, maxMessage] of TOO_LONG) {
  hostileAttack("too_long", {
    what: `declared length ${declared} over ${maxMessage}, nothing of it sent`,
    bytes: [clientFrame(0x82, "", { declared })],
    code: 1009,
    error: "message_too_big",
    options: { limits: { maxMessage } },
  });
}
hostileAttack("too_long", {
  what: "fragments that go over the limit together, at the header of the one that would",
  bytes: [clientFrame(0x02, new Uint8Array(600)), clientFrame(0x80, "", { declared: 401n })],
  code: 1009,
  error: "message_too_big",
  options: { limits: { maxMessage: 1000 } },
});
hostileAttack("too_long", {
  what: "compressed payload over the limit and its slack, at its header",
  bytes: [clientFrame(0xc2, "", { declared: 10_000n })],
  code: 1009,
  error: "message_too_big",
  extensions: DEFLATE,
  options: { limits: { maxMessage: 1000 }, compression: true },
});

hostile("too_long", "the limit is inclusive", async () => {
  await using victim = new Victim("handler", { limits: { maxMessage: 1000 } });
  using client = await RawClient.open(victim.server);
  const payload = new Uint8Array(1000).fill(7);
  await client.write(clientFrame(0x82, payload));
  await client.expectFrame(0x82, payload);
});

hostile("too_long", "declared lengths within the limit are not believed either: nothing is held for them", async () => {
  await using victim = new Victim("handler");
  const clients: RawClient[] = [];
  const count = 100;
  const before = Deno.memoryUsage();
  for (let index = 0; index < count; index++) {
    const client = await RawClient.open(victim.server);
    clients.push(client);
    // The pong leaves behind the read that brought the header as well.
    await client.write(concat([clientFrame(0x89, "?"), clientFrame(0x82, "x", { declared: 16n << 20n })]));
    await client.expectFrame(0x8a, "?");
  }
  const after = Deno.memoryUsage();
  // 16 MiB each would be 1.6 GiB.
  assertLess(after.external - before.external, 64 << 20);
  assertLess(after.rss - before.rss, 256 << 20);
  for (const client of clients) client.close();
  assertEquals(victim.received, []);
  await assertEchoes(victim.server);
});

// -------------------------------------------------------------------------------------------------- Fragments

const ONE_BYTE = clientFrame(0x00, "x");
const EMPTY = clientFrame(0x00);

hostile("fragments", "1-byte fragments for ever: 1009 at the message limit", async () => {
  await using victim = new Victim("handler", { limits: { maxMessage: 5000 } });
  using client = await RawClient.open(victim.server);
  await client.write(concat([clientFrame(0x01, "x"), ...Array(4999).fill(ONE_BYTE), clientFrame(0x89, "still?")]));
  await client.expectFrame(0x8a, "still?");
  await client.write(ONE_BYTE);
  await client.expectClose(1009);
  await client.expectEnd();
  client.close();
  assertEquals((await victim.ended).code, 1006);
  assertEquals(victim.received, []);
  await assertEchoes(victim.server);
});

hostile("fragments", "1-byte fragments up to the limit are a message", async () => {
  await using victim = new Victim("iteration", { limits: { maxMessage: 5000 } });
  using client = await RawClient.open(victim.server);
  await client.write(concat([clientFrame(0x01, "x"), ...Array(4999).fill(ONE_BYTE), clientFrame(0x80)]));
  await client.expectFrame(0x81, "x".repeat(5000));
});

hostile("fragments", "1-byte fragments hold what they weigh, not a buffer each", async () => {
  await using victim = new Victim("handler");
  using client = await RawClient.open(victim.server);
  const before = Deno.memoryUsage().external;
  const thousand = concat(Array(1000).fill(ONE_BYTE));
  await client.write(clientFrame(0x01, "x"));
  for (let round = 0; round < 200; round++) await client.write(thousand);
  await client.write(clientFrame(0x89, "?"));
  await client.expectFrame(0x8a, "?");
  assertLess(Deno.memoryUsage().external - before, 8 << 20);
  await assertEchoes(victim.server);
});

hostile("fragments", "empty fragments for ever: 1008 after 1,024 in a row", async () => {
  await using victim = new Victim("handler");
  using client = await RawClient.open(victim.server);
  await client.write(concat([clientFrame(0x01), ...Array(1023).fill(EMPTY), clientFrame(0x89, "still?")]));
  await client.expectFrame(0x8a, "still?");
  await client.write(EMPTY);
  await client.expectClose(1008);
  await client.expectEnd();
  client.close();
  await victim.ended;
  assertEquals(victim.received, []);
  await assertEchoes(victim.server);
});

hostile("fragments", "1,024 empty fragments in a row may stand before and after others", async () => {
  await using victim = new Victim("handler");
  using client = await RawClient.open(victim.server);
  const empties = Array(1024).fill(EMPTY);
  await client.write(
    concat([clientFrame(0x01, "a"), ...empties, clientFrame(0x00, "b"), ...empties, clientFrame(0x80)]),
  );
  await client.expectFrame(0x81, "ab");
});

hostile("fragments", "empty fragments are counted where messages are streamed as well", async () => {
  let pieces = 0;
  await using victim = new Victim("handler", { fragment: () => void pieces++ });
  using client = await RawClient.open(victim.server);
  await client.writeAnyway(concat([clientFrame(0x02), ...Array(1024).fill(EMPTY)]));
  await client.expectClose(1008);
  client.close();
  assertEquals((await victim.ended).code, 1006);
  assertEquals(pieces, 0);
});

hostile("fragments", "a streamed message may be longer than maxMessage, piece by piece", async () => {
  let length = 0;
  const ended = Promise.withResolvers<void>();
  await using victim = new Victim("handler", {
    limits: { maxMessage: 1000 },
    fragment: (_ws, data, { fin }) => {
      length += data.length;
      if (fin) ended.resolve();
    },
  });
  using client = await RawClient.open(victim.server);
  await client.write(concat([clientFrame(0x02, new Uint8Array(150_000)), clientFrame(0x80, new Uint8Array(50_000))]));
  await client.write(clientFrame(0x89, "?"));
  await client.expectFrame(0x8a, "?");
  assertGreater(length, 0);
  await ended.promise;
  assertEquals(length, 200_000);
});
