import { binaryPayloads, jsonPayloads } from "../../bench/load/payloads.ts";
import { createWorkload, isFairAnswer } from "../../bench/load/workload.ts";
import { assertEquals, assertNotEquals, assertThrows } from "../std.ts";

Deno.test("jsonPayloads writes different JSON texts of exactly the size asked for", () => {
  for (const size of [96, 128, 129, 1024, 5000]) {
    const texts = jsonPayloads(70, size).map((payload) => {
      assertEquals(payload.length, size);
      return new TextDecoder().decode(payload);
    });
    for (const [id, text] of texts.entries()) assertEquals(JSON.parse(text).id, id);
    assertEquals(new Set(texts).size, texts.length);
  }
});

Deno.test("jsonPayloads refuses a size too small for a message", () => {
  assertThrows(() => jsonPayloads(1, 95), RangeError, "at least 96, received 95");
});

Deno.test("binaryPayloads gives the same bytes for the same seed, and other messages beside each other", () => {
  const [first, second] = binaryPayloads(2, 64);
  assertEquals(binaryPayloads(1, 64)[0], first);
  assertNotEquals(first, second);
  assertNotEquals(binaryPayloads(1, 64, 9)[0], first);
});

Deno.test("createWorkload lets everything in flight go out in one write", async () => {
  const { ring } = await createWorkload({ kind: "binary", size: 8, connections: 1, inFlight: 100 });
  assertEquals(ring.run(ring.length - 1, 100).length, 100 * (8 + 6));
});

Deno.test("isFairAnswer wants no extension where none was offered", () => {
  assertEquals(isFairAnswer("", undefined), true);
  assertEquals(isFairAnswer("permessage-deflate", undefined), false);
});

Deno.test("isFairAnswer wants the context takeover that was offered, and the full window (RFC 7692 §7.1)", () => {
  const stateless = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  assertEquals(isFairAnswer(stateless, stateless), true);
  assertEquals(isFairAnswer("permessage-deflate; server_no_context_takeover", stateless), true);
  assertEquals(isFairAnswer("permessage-deflate", stateless), false);
  assertEquals(isFairAnswer("permessage-deflate", "permessage-deflate"), true);
  assertEquals(isFairAnswer("permessage-deflate; server_max_window_bits=15", "permessage-deflate"), true);
  assertEquals(isFairAnswer("permessage-deflate; server_max_window_bits=9", "permessage-deflate"), false);
  assertEquals(isFairAnswer("permessage-deflate; client_no_context_takeover", "permessage-deflate"), false);
  assertEquals(isFairAnswer("", "permessage-deflate"), false);
});
