import { SILENT_LOGGER } from "../../internal/log.ts";
import { checkDelay, checkSize, type ConnectionOptions, resolveOptions } from "../../websocket/options.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../std.ts";

Deno.test("resolveOptions fills in the documented defaults", () => {
  assertEquals(resolveOptions({}), {
    compression: undefined,
    keepaliveInterval: 20_000,
    keepaliveTimeout: 20_000,
    maxMessage: 16 << 20,
    maxSendBuffer: 4 << 20,
    sendHighWaterMark: 256 << 10,
    receiveHighWaterMark: 256 << 10,
    closeTimeout: 5_000,
    messageTimeout: 0,
    logger: SILENT_LOGGER,
  });
});

Deno.test("resolveOptions keeps what it is given", () => {
  const compression = { threshold: 1 };
  const resolved = resolveOptions({
    compression,
    keepalive: { interval: 1, timeout: 2 },
    limits: { maxMessage: 0, maxSendBuffer: 3, sendHighWaterMark: 4, receiveHighWaterMark: 5 },
    closeTimeout: 6,
    messageTimeout: 7,
  });
  assertStrictEquals(resolved.compression, compression);
  const { keepaliveInterval, keepaliveTimeout, maxMessage, maxSendBuffer, sendHighWaterMark } = resolved;
  const { receiveHighWaterMark, closeTimeout, messageTimeout } = resolved;
  assertEquals([keepaliveInterval, keepaliveTimeout, maxMessage, maxSendBuffer, sendHighWaterMark], [1, 2, 0, 3, 4]);
  assertEquals([receiveHighWaterMark, closeTimeout, messageTimeout], [5, 6, 7]);
});

Deno.test("resolveOptions takes true for the default compression and false for no keepalive", () => {
  assertEquals(resolveOptions({ compression: true }).compression, {});
  assertEquals(resolveOptions({ keepalive: false }).keepaliveInterval, 0);
  assertEquals(resolveOptions({ keepalive: { interval: 5 } }).keepaliveTimeout, 20_000);
});

const REFUSED: readonly (readonly [ConnectionOptions, string])[] = [
  [{ keepalive: { interval: 0 } }, "keepalive.interval must be 1 to 2147483647 milliseconds, received 0"],
  [{ keepalive: { timeout: 0 } }, "keepalive.timeout"],
  [{ keepalive: { interval: NaN } }, "received NaN"],
  [{ closeTimeout: 0 }, "closeTimeout"],
  [{ closeTimeout: Infinity }, "closeTimeout"],
  [{ messageTimeout: -1 }, "messageTimeout"],
  [{ messageTimeout: 2 ** 31 }, "messageTimeout"],
  [{ limits: { maxMessage: -1 } }, "limits.maxMessage must be a whole number of at least 0, received -1"],
  [{ limits: { maxMessage: 1.5 } }, "limits.maxMessage"],
  [{ limits: { maxSendBuffer: NaN } }, "limits.maxSendBuffer"],
  [{ limits: { sendHighWaterMark: Infinity } }, "limits.sendHighWaterMark"],
  [{ limits: { receiveHighWaterMark: 2 ** 53 } }, "limits.receiveHighWaterMark"],
];

Deno.test("resolveOptions names the option out of range and both sides", () => {
  for (const [options, message] of REFUSED) assertThrows(() => resolveOptions(options), RangeError, message);
});

Deno.test("checkDelay and checkSize answer the value and include their bounds", () => {
  assertEquals([checkDelay("x", 0, 0), checkDelay("x", 0x7fff_ffff, 1)], [0, 0x7fff_ffff]);
  assertEquals([checkSize("x", 0), checkSize("x", Number.MAX_SAFE_INTEGER)], [0, Number.MAX_SAFE_INTEGER]);
});
