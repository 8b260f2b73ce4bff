import { concatBytes, equalBytes, viewBytes } from "../../internal/bytes.ts";
import { assertEquals, assertStrictEquals } from "../std.ts";

Deno.test("concatBytes copies its parts in order", () => {
  const part = Uint8Array.of(1, 2);
  const whole = concatBytes([part, new Uint8Array(0), Uint8Array.of(3)]);
  part[0] = 9;
  assertEquals(whole, Uint8Array.of(1, 2, 3));
  assertEquals(concatBytes([]), new Uint8Array(0));
});

Deno.test("equalBytes compares length and every byte", () => {
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)), false);
  assertEquals(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2)), false);
  assertEquals(equalBytes(new Uint8Array(0), new Uint8Array(0)), true);
});

Deno.test("viewBytes gives the bytes of buffers and of every kind of view without a copy", () => {
  const buffer = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer;
  const bytes = new Uint8Array(buffer, 2, 3);
  assertStrictEquals(viewBytes(bytes), bytes);
  assertEquals(viewBytes(buffer), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  assertEquals(viewBytes(new Uint16Array(buffer, 2, 2)), Uint8Array.of(3, 4, 5, 6));
  const view = viewBytes(new DataView(buffer, 7, 1));
  assertEquals(view, Uint8Array.of(8));
  assertStrictEquals(view.buffer, buffer);
});
