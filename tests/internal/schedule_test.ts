import { nextMacrotask } from "../../internal/schedule.ts";
import { assertEquals } from "../std.ts";

Deno.test("nextMacrotask runs tasks in order, behind every microtask", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    nextMacrotask(() => order.push("first"));
    nextMacrotask(() => {
      order.push("second");
      resolve();
    });
    void Promise.resolve().then(() => order.push("microtask")).then(() => order.push("its follower"));
    order.push("sync");
  });
  assertEquals(order, ["sync", "microtask", "its follower", "first", "second"]);
});

Deno.test("nextMacrotask goes through a message channel where setImmediate is missing, as in browsers", async () => {
  const original = Object.getOwnPropertyDescriptor(globalThis, "setImmediate")!;
  Reflect.deleteProperty(globalThis, "setImmediate");
  // The channel is the module's own: it would count as a leak of this test.
  const ports: MessagePort[] = [];
  const Channel = globalThis.MessageChannel;
  globalThis.MessageChannel = class extends Channel {
    constructor() {
      super();
      ports.push(this.port1, this.port2);
    }
  };
  try {
    const fresh: typeof import("../../internal/schedule.ts") = await import(
      new URL("../../internal/schedule.ts?browser", import.meta.url).href
    );
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      fresh.nextMacrotask(() => order.push("first"));
      fresh.nextMacrotask(() => resolve());
      void Promise.resolve().then(() => order.push("microtask"));
    });
    assertEquals(order, ["microtask", "first"]);
    assertEquals(ports.length, 2, "one channel serves all tasks");
  } finally {
    Object.defineProperty(globalThis, "setImmediate", original);
    globalThis.MessageChannel = Channel;
    for (const port of ports) port.close();
  }
});
