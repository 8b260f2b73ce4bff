import { createHash } from "node:crypto";
import { sha1 } from "../../internal/sha1.ts";
import { assertEquals, encodeHex } from "../std.ts";

const encoder = new TextEncoder();

Deno.test("sha1 gives the digests of RFC 3174 §7.3", () => {
  const cases: [string, string][] = [
    ["abc", "a9993e364706816aba3e25717850c26c9cd0d89d"],
    ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"],
    ["a".repeat(1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"],
    [
      "0123456701234567012345670123456701234567012345670123456701234567".repeat(10),
      "dea356a2cddd90c7a7ecedc5ebb563934f460452",
    ],
  ];
  for (const [text, digest] of cases) assertEquals(encodeHex(sha1(encoder.encode(text))), digest);
});

Deno.test("sha1 equals the runtime's SHA-1 at every length around its blocks", () => {
  for (let length = 0; length < 200; length++) {
    const message = Uint8Array.from({ length }, (_, index) => index * 37 + length);
    assertEquals(encodeHex(sha1(message)), createHash("sha1").update(message).digest("hex"));
  }
});
