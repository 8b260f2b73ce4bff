import { checkCloseArguments, CLOSE_CODE, isNormalClosure, isWireCloseCode } from "../../websocket/close_code.ts";
import { assertEquals, assertThrows } from "../std.ts";

/** RFC 6455 §7.4.1, §7.4.2 and the IANA registry. */
const ON_THE_WIRE = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];

Deno.test("isWireCloseCode tells every code from 0 to 5000 (RFC 6455 §7.4)", () => {
  for (let code = 0; code <= 5000; code++) {
    const expected = ON_THE_WIRE.includes(code) || (code >= 3000 && code <= 4999);
    assertEquals(isWireCloseCode(code), expected, String(code));
  }
});

Deno.test("isWireCloseCode refuses what is not a whole number", () => {
  for (const code of [1000.5, 1007.5, 3000.5, NaN, Infinity, -1000, 65535]) {
    assertEquals(isWireCloseCode(code), false, String(code));
  }
});

Deno.test("isNormalClosure is true for 1000, 1001 and 1005 alone", () => {
  const normal = Array.from({ length: 5001 }, (_, code) => code).filter(isNormalClosure);
  assertEquals(normal, [CLOSE_CODE.NORMAL, CLOSE_CODE.GOING_AWAY, CLOSE_CODE.NO_STATUS]);
});

Deno.test("checkCloseArguments names the code that cannot be sent (RFC 6455 §7.4.1)", () => {
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5]) {
    assertThrows(() => checkCloseArguments(code, ""), RangeError, `received ${code}`);
  }
});

Deno.test("checkCloseArguments counts the reason in bytes of UTF-8, at most 123 (RFC 6455 §5.5)", () => {
  checkCloseArguments(1000, "x".repeat(123));
  checkCloseArguments(1000, "€".repeat(41));
  assertThrows(() => checkCloseArguments(1000, "x".repeat(124)), RangeError, "at most 123 bytes, received 124");
  assertThrows(() => checkCloseArguments(1000, "€".repeat(41) + "x"), RangeError, "received 124");
});
