import { connect, type ConnectOptions } from "../../websocket/client.ts";
import {
  type CloseInfo,
  ConnectionClosedError,
  ProtocolError,
  type ProtocolErrorCode,
} from "../../websocket/errors.ts";
import { withFakeClock } from "../fake_clock.ts";
import { clientFrame, deflated, type FrameForm, toBytes } from "../raw_client.ts";
import { assert, assertEquals, assertGreater, assertInstanceOf, assertNotEquals, concat } from "../std.ts";
import { type RawPeer, rawServer } from "../websocket/raw_server.ts";
import { hostile } from "./attack.ts";
import type { RowName } from "./rows.ts";

/** A frame as a server sends it, however long. */
function frame(first: number, data: string | Uint8Array = "", form: FrameForm = {}): Uint8Array {
  return clientFrame(first, data, { mask: false, ...form });
}

/** A client's frame as it arrived. */
interface MaskedFrame {
  readonly first: number;
  readonly key: string;
  readonly payload: Uint8Array;
}

/** Reads one frame of a client, strictly: masked, and its length in the shortest form. */
async function readMasked(peer: RawPeer): Promise<MaskedFrame> {
  const [first = 0, second = 0] = await peer.read(2);
  assert(second >= 0x80, "A client must mask");
  const short = second & 0x7f;
  const extended = await peer.read(short === 126 ? 2 : short === 127 ? 8 : 0);
  const length = short < 126 ? short : extended.reduce((sum, byte) => sum * 256 + byte, 0);
  assert(short < 126 || length >= (short === 126 ? 126 : 65536), "Length must be in its shortest form");
  const key = await peer.read(4);
  const payload = (await peer.read(length)).map((byte, index) => byte ^ key[index & 3]!);
  return { first, key: key.join(), payload };
}

async function readClose(peer: RawPeer): Promise<number> {
  for (;;) {
    const { first, payload } = await readMasked(peer);
    if (first === 0x88) return (payload[0]! << 8) | payload[1]!;
  }
}

/** Bytes of a server that a client must refuse. */
interface ServerAttack {
  readonly what: string;
  readonly bytes: readonly Uint8Array[];
  readonly code: number;
  readonly error: ProtocolErrorCode;
  readonly options?: ConnectOptions;
  /** What the server answers the offer of an extension with. */
  readonly extensions?: string;
}

/** Whatever happened to the first connection, the second works. */
async function serveSecond(peer: RawPeer): Promise<void> {
  await peer.readHead();
  await peer.write(concat([toBytes(peer.acceptance()), frame(0x81, "second")]));
  await readClose(peer);
  await peer.write(frame(0x88, Uint8Array.of(3, 0xe8)));
}

function hostileServer(row: RowName, attack: ServerAttack): void {
  const bytes = concat([frame(0x81, "before"), ...attack.bytes]);
  for (const how of bytes.length < 400 ? ["in one piece", "byte by byte"] : ["in one piece"]) {
    hostile(row, `a server's ${attack.what}, ${how}`, async () => {
      const sent = Promise.withResolvers<number>();
      await using server = rawServer(async (peer, index) => {
        if (index > 0) return await serveSecond(peer);
        await peer.readHead();
        const lines = attack.extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${attack.extensions}`];
        await peer.write(peer.acceptance(...lines));
        for (const piece of how === "in one piece" ? [bytes] : Array.from(bytes, (byte) => Uint8Array.of(byte))) {
          await peer.write(piece);
        }
        sent.resolve(await readClose(peer));
        await peer.untilClosed();
      });
      await assertRefuses(server.url, attack);
      assertEquals(await sent.promise, attack.code);
      await using second = await connect(server.url);
      assertEquals((await second[Symbol.asyncIterator]().next()).value, "second");
    });
  }
}

async function assertRefuses(url: string, attack: ServerAttack): Promise<void> {
  const received: unknown[] = [];
  const ended = Promise.withResolvers<unknown>();
  const ws = await connect(url, attack.options);
  void (async () => {
    for await (const message of ws) received.push(message);
  })().then(ended.resolve, ended.resolve);
  assertInstanceOf(await ended.promise, ConnectionClosedError);
  const info: CloseInfo = await ws.closed;
  assertInstanceOf(info.error, ProtocolError);
  assertEquals([info.code, info.wasClean, info.error.code], [1006, false, attack.error]);
  assertEquals(received, ["before"]);
}

const COMPRESSED = {
  options: { compression: true },
  extensions: "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
} as const;

for (const [what, first] of [["text", 0x81], ["ping", 0x89], ["close", 0x88]] as const) {
  for (const mask of [0x37fa213d, 0]) {
    hostileServer("masks", {
      what: `masked frame, ${what}, key ${mask}`,
      bytes: [clientFrame(first, "", { mask })],
      code: 1002,
      error: "masked_frame",
    });
  }
}
hostileServer("frame_bits", { what: "RSV1", bytes: [frame(0xc1, "a")], code: 1002, error: "reserved_bits" });
hostileServer("frame_bits", { what: "opcode 3", bytes: [frame(0x83)], code: 1002, error: "reserved_opcode" });
hostileServer("frame_bits", {
  what: "stray continuation",
  bytes: [frame(0x80, "a")],
  code: 1002,
  error: "unexpected_continuation",
});
hostileServer("frame_bits", {
  what: "message within a message",
  bytes: [frame(0x01, "a"), frame(0x81, "b")],
  code: 1002,
  error: "interleaved_message",
});
hostileServer("control_frames", {
  what: "fragmented ping",
  bytes: [frame(0x09)],
  code: 1002,
  error: "fragmented_control",
});
hostileServer("control_frames", {
  what: "ping of 126 bytes",
  bytes: [frame(0x89, new Uint8Array(126))],
  code: 1002,
  error: "long_control",
});
hostileServer("control_frames", {
  what: "close payload of 1 byte",
  bytes: [frame(0x88, "x")],
  code: 1002,
  error: "invalid_close_payload",
});
hostileServer("control_frames", {
  what: "close code 1006",
  bytes: [frame(0x88, Uint8Array.of(0x03, 0xee))],
  code: 1002,
  error: "invalid_close_code",
});
hostileServer("lengths", {
  what: "length 5 in 2 bytes",
  bytes: [frame(0x82, "abcde", { lengthBytes: 2 })],
  code: 1002,
  error: "invalid_length",
});
hostileServer("lengths", {
  what: "length whose top bit is set",
  bytes: [frame(0x82, "", { declared: 1n << 63n })],
  code: 1002,
  error: "invalid_length",
});
hostileServer("too_long", {
  what: "declared length over the limit",
  bytes: [frame(0x82, "", { declared: 1001n })],
  code: 1009,
  error: "message_too_big",
  options: { limits: { maxMessage: 1000 } },
});
hostileServer("too_long", {
  what: "declared length of 2^53",
  bytes: [frame(0x82, "", { declared: 1n << 53n })],
  code: 1009,
  error: "message_too_big",
});
hostileServer("utf8", {
  what: "bad UTF-8 at its first impossible byte",
  bytes: [frame(0x81, Uint8Array.of(0x61, 0xed, 0xa0), { declared: 100n })],
  code: 1007,
  error: "invalid_utf8",
});
hostileServer("utf8", {
  what: "bad UTF-8 in a close reason",
  bytes: [frame(0x88, Uint8Array.of(0x03, 0xe8, 0xff))],
  code: 1007,
  error: "invalid_utf8",
});
hostileServer("utf8", {
  what: "bad UTF-8 inside compressed text",
  bytes: [frame(0xc1, deflated(Uint8Array.of(0x61, 0xff)))],
  code: 1007,
  error: "invalid_utf8",
  ...COMPRESSED,
});
hostileServer("bomb", {
  what: "decompression bomb",
  bytes: [frame(0xc2, deflated(new Uint8Array(16 << 20)))],
  code: 1009,
  error: "message_too_big",
  ...COMPRESSED,
  options: { compression: true, limits: { maxMessage: 1 << 20 } },
});
hostileServer("corrupt_deflate", {
  what: "corrupt deflate data",
  bytes: [frame(0xc2, Uint8Array.of(0x07))],
  code: 1007,
  error: "invalid_deflate",
  ...COMPRESSED,
});
hostileServer("corrupt_deflate", {
  what: "RSV1 on a continuation",
  bytes: [frame(0x41, deflated("a").subarray(0, 1)), frame(0xc0, deflated("a").subarray(1))],
  code: 1002,
  error: "reserved_bits",
  ...COMPRESSED,
});
hostileServer("fragments", {
  what: "1,025 empty fragments",
  bytes: [frame(0x02), ...Array(1024).fill(frame(0x00))],
  code: 1008,
  error: "empty_fragments",
});

// -------------------------------------------------------------------------------------------------- Closing

hostile("close_unanswered", "a server that never answers our close is left at the deadline", async () => {
  await using server = rawServer(async (peer) => {
    await peer.readHead();
    await peer.write(peer.acceptance());
    assertEquals(await readClose(peer), 1000);
    await peer.untilClosed();
  });
  const ws = await connect(server.url, { closeTimeout: 50 });
  const { code, wasClean, error } = await ws.close();
  assertInstanceOf(error, ProtocolError);
  assertEquals([code, wasClean, error.code], [1006, false, "close_timeout"]);
});

hostile(
  "close_unanswered",
  "a server that answers our close but never ends TCP is left at the deadline, cleanly",
  async () => {
    await using server = rawServer(async (peer) => {
      await peer.readHead();
      await peer.write(peer.acceptance());
      assertEquals(await readClose(peer), 4000);
      await peer.write(frame(0x88, Uint8Array.of(0x0f, 0xa0)));
      await peer.untilClosed();
    });
    await withFakeClock(async (clock) => {
      const ws = await connect(server.url, { closeTimeout: 5_000 });
      assertEquals(await clock.until(ws.close(4000)), { code: 4000, reason: "", wasClean: true });
    });
  },
);

hostile("close_races", "both sides close at once", async () => {
  await using server = rawServer(async (peer) => {
    await peer.readHead();
    await peer.write(concat([toBytes(peer.acceptance())]));
    assertEquals(await readClose(peer), 4001);
    await peer.write(frame(0x88, concat([Uint8Array.of(0x0f, 0xa2), toBytes("mine")])));
  });
  const ws = await connect(server.url);
  assertEquals(await ws.close(4001), { code: 4002, reason: "mine", wasClean: true });
  assertEquals(await ws.close(), await ws.closed);
});

// -------------------------------------------------------------------------------------------------- Masking keys

hostile("masking_key", "a client masks each frame with a key of its own", async () => {
  const frames = Promise.withResolvers<MaskedFrame[]>();
  await using server = rawServer(async (peer) => {
    await peer.readHead();
    await peer.write(peer.acceptance());
    const read: MaskedFrame[] = [];
    for (let last: MaskedFrame | undefined; last?.first !== 0x88;) read.push(last = await readMasked(peer));
    await peer.write(frame(0x88));
    frames.resolve(read);
  });
  const ws = await connect(server.url);
  const payload = new Uint8Array(20_000).fill(5);
  for (let round = 0; round < 50; round++) {
    void ws.send("same text");
    void ws.send(payload);
    void ws.send(payload.slice(), { transfer: true });
    void ws.ping().catch(() => {});
  }
  await ws.sendStream(["same", "same", "same"], { text: true });
  await ws.close();
  const read = await frames.promise;
  assertEquals(read.length, 50 * 4 + 4 + 1);
  assertEquals(
    read.filter(({ first }) => first === 0x82).every((got) => got.payload.every((byte) => byte === 5)),
    true,
  );
  // By chance, two of 205 random keys are equal once in 200,000 runs; three never.
  assertGreater(new Set(read.map(({ key }) => key)).size, read.length - 2);
});

hostile("masking_key", "two connections share no keys, nor the key of their handshakes", async () => {
  const heads: string[] = [];
  const keys: string[] = [];
  await using server = rawServer(async (peer) => {
    await peer.readHead();
    heads.push(peer.field("sec-websocket-key") ?? "");
    await peer.write(peer.acceptance());
    keys.push((await readMasked(peer)).key);
    await peer.write(frame(0x88));
  });
  for (let round = 0; round < 2; round++) {
    const ws = await connect(server.url);
    await ws.close();
  }
  assertEquals([heads.length, keys.length], [2, 2]);
  assertNotEquals(heads[0], heads[1]);
  assertNotEquals(keys[0], keys[1]);
});
