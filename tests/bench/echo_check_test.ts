import { concat, EchoCounter, EchoError, type EchoExpectation, verifyEchoes } from "../../bench/load/echo_check.ts";
import { encodeClientFrame } from "../../bench/load/frames.ts";
import { createWorkload, type Kind } from "../../bench/load/workload.ts";
import { assertEquals, assertThrows } from "../std.ts";

/** A server's frame: the client's without its masking key. */
function serverFrame(firstByte: number, payload: Uint8Array): Uint8Array {
  const masked = encodeClientFrame(firstByte, payload, 0);
  const header = masked.length - payload.length - 4;
  const frame = concat([masked.subarray(0, header), payload]);
  frame[1]! &= 0x7f;
  return frame;
}

/** Takes a client's frames apart again, as an echo server does. */
function echo(frames: Uint8Array): Uint8Array {
  const answers: Uint8Array[] = [];
  for (let at = 0; at < frames.length;) {
    const code = frames[at + 1]! & 0x7f;
    const header = code === 126 ? 4 : 2;
    const length = code === 126 ? frames[at + 2]! << 8 | frames[at + 3]! : code;
    const start = at + header + 4;
    const payload = frames.slice(start, start + length).map((byte, i) => byte ^ frames[at + header + (i & 3)]!);
    answers.push(serverFrame(frames[at]!, payload));
    at = start + length;
  }
  return concat(answers);
}

const PAYLOADS = [0, 1, 5, 200, 70_000].map((length, index) => new Uint8Array(length).fill(index + 1));
const PLAIN: EchoExpectation = { firstByte: 0x82, payloads: PAYLOADS, compression: "none" };
const ANSWERS = concat([...PAYLOADS, ...PAYLOADS].map((payload) => serverFrame(0x82, payload)));

Deno.test("EchoCounter counts frames at any cut", () => {
  for (const step of [1, 2, 3, 7, 11, 64, 1000, ANSWERS.length]) {
    const counter = new EchoCounter(PLAIN);
    let completed = 0;
    for (let at = 0; at < ANSWERS.length; at += step) completed += counter.push(ANSWERS.subarray(at, at + step));
    assertEquals([completed, counter.frames], [10, 10]);
  }
});

Deno.test("EchoCounter does not count a frame before its last byte", () => {
  const counter = new EchoCounter({ ...PLAIN, payloads: [Uint8Array.of(7, 8)] });
  assertEquals(counter.push(Uint8Array.of(0x82, 2, 7)), 0);
  assertEquals(counter.push(Uint8Array.of(8)), 1);
});

Deno.test("EchoCounter refuses another first byte, a mask, another length, and another first payload byte", () => {
  const expectation = { ...PLAIN, payloads: [Uint8Array.of(7, 8)] };
  const wrong: [string, number[]][] = [
    ["first byte", [0x81, 2, 7, 8]],
    ["masked", [0x82, 0x82, 0, 0, 0, 0, 7, 8]],
    ["expected 2 bytes, received 3", [0x82, 3, 7, 8, 9]],
    ["first payload byte", [0x82, 2, 9, 8]],
  ];
  for (const [message, bytes] of wrong) {
    const padded = Uint8Array.from([...bytes, ...new Array(16).fill(0)]);
    assertThrows(() => new EchoCounter(expectation).push(padded), EchoError, message);
    assertThrows(
      () => {
        const counter = new EchoCounter(expectation);
        for (const byte of bytes) counter.push(Uint8Array.of(byte));
      },
      EchoError,
      message,
    );
  }
});

Deno.test("EchoCounter notices a byte too many at the next header", () => {
  const counter = new EchoCounter({ ...PLAIN, payloads: [Uint8Array.of(7)] });
  assertThrows(() => counter.push(Uint8Array.of(0x82, 1, 7, 0, 0x82, 1, 7)), EchoError, "first byte");
});

Deno.test("verifyEchoes compares every byte, and leaves out a frame that is not whole", () => {
  assertEquals(verifyEchoes(ANSWERS, PLAIN), 10);
  assertEquals(verifyEchoes(ANSWERS.subarray(0, -1), PLAIN), 9);
  const broken = ANSWERS.slice();
  broken[broken.length - 1]! ^= 1;
  assertThrows(() => verifyEchoes(broken, PLAIN), EchoError, "Answer 9");
});

Deno.test("verifyEchoes refuses a length that is not in its shortest form (RFC 6455 §5.2)", () => {
  const frame = Uint8Array.of(0x82, 126, 0, 1, 7);
  assertThrows(() => verifyEchoes(frame, { ...PLAIN, payloads: [Uint8Array.of(7)] }), EchoError, "shortest");
});

for (const kind of ["binary", "json", "json-deflate", "json-deflate-context"] satisfies Kind[]) {
  Deno.test(`createWorkload makes frames whose echo verifies, twice around: ${kind}`, async () => {
    const { ring, expectation } = await createWorkload({ kind, size: 300, connections: 1, inFlight: 4 });
    const once = ring.run(0, ring.length);
    const answers = echo(concat([once, once]));
    assertEquals(new EchoCounter(expectation).push(answers), 2 * ring.length);
    assertEquals(verifyEchoes(answers, expectation), 2 * ring.length);
    const broken = answers.slice();
    // Twice around, the middle is where a frame starts: ten bytes on is inside a payload.
    broken[(broken.length >> 1) + 10]! ^= 0x10;
    assertThrows(() => verifyEchoes(broken, expectation));
  });
}

Deno.test("createWorkload compresses better with a context than without", async () => {
  const traffic = { size: 1024, connections: 1, inFlight: 1 };
  const stateless = await createWorkload({ kind: "json-deflate", ...traffic });
  const context = await createWorkload({ kind: "json-deflate-context", ...traffic });
  const bytes = ({ ring }: typeof stateless) => ring.run(0, ring.length).length;
  assertEquals(bytes(context) < bytes(stateless) && bytes(stateless) < 64 * 1024, true);
});
