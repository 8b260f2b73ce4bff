import { subscribe, unsubscribe } from "node:diagnostics_channel";
import process from "node:process";
import { diagnosticsChannel } from "../../internal/diagnostics.ts";
import { assertEquals } from "../std.ts";

Deno.test("diagnosticsChannel publishes to those who listen, and knows whether anybody does", () => {
  const channel = diagnosticsChannel<{ readonly n: number }>("viaduct:test:a");
  const received: unknown[] = [];
  const listener = (message: unknown): void => void received.push(message);
  assertEquals(channel.hasSubscribers, false);
  channel.publish({ n: 1 });
  subscribe("viaduct:test:a", listener);
  assertEquals(channel.hasSubscribers, true);
  channel.publish({ n: 2 });
  unsubscribe("viaduct:test:a", listener);
  assertEquals(channel.hasSubscribers, false);
  assertEquals(received, [{ n: 2 }]);
});

Deno.test("diagnosticsChannel is silent where the runtime has no channels", () => {
  const original = process.getBuiltinModule;
  process.getBuiltinModule = () => undefined;
  try {
    const channel = diagnosticsChannel<{ readonly n: number }>("viaduct:test:b");
    assertEquals(channel.hasSubscribers, false);
    channel.publish({ n: 1 });
  } finally {
    process.getBuiltinModule = original;
  }
});
