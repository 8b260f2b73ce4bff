import { connect, type ConnectOptions } from "@viaduct/viaduct";
import { assertEquals, assertThrows } from "../std.ts";
import { UsageError } from "../../cli/command.ts";
import { listenAddress } from "../../cli/echo.ts";
import { withServer } from "./running.ts";

const MESSAGES: readonly (string | Uint8Array<ArrayBuffer>)[] = [
  "",
  "héllo ☃",
  new Uint8Array(),
  new Uint8Array([0, 1, 254, 255]),
  "text ".repeat(40_000),
  Uint8Array.from({ length: 100_000 }, (_, index) => index * index),
];

const TAKEOVER: ConnectOptions = {
  compression: { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false },
};

/** Sends all messages, twice, and gives what comes back and what was agreed on. */
async function exchange(url: string, options: ConnectOptions): Promise<{ received: unknown[]; extensions: string }> {
  const ws = await connect(url, options);
  for (const message of [...MESSAGES, ...MESSAGES]) void ws.send(message);
  const received: unknown[] = [];
  for await (const message of ws) {
    received.push(message);
    if (received.length === 2 * MESSAGES.length) break;
  }
  await ws.close();
  return { received, extensions: ws.extensions };
}

const expected: readonly unknown[] = [...MESSAGES, ...MESSAGES];

for (const api of ["handler", "iterate"]) {
  Deno.test(`echo --api ${api} sends every message back, in order, to several clients`, async () => {
    const code = await withServer(["echo", "--api", api], async (url) => {
      const results = await Promise.all([exchange(url, {}), exchange(url, TAKEOVER)]);
      for (const result of results) assertEquals(result, { received: expected, extensions: "" });
    });
    assertEquals(code, 0);
  });

  Deno.test(`echo --api ${api} --deflate takes over context where the client asks for it, and only there`, async () => {
    const code = await withServer(["echo", "--api", api, "--deflate"], async (url) => {
      const results = await Promise.all([
        exchange(url, TAKEOVER),
        exchange(url, { compression: true }),
        exchange(url, {}),
      ]);
      assertEquals(results.map(({ extensions }) => extensions), [
        "permessage-deflate",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "",
      ]);
      for (const { received } of results) assertEquals(received, expected);
    });
    assertEquals(code, 0);
  });
}

Deno.test("echo closes its clients with 1001 when it is stopped", async () => {
  const closed = Promise.withResolvers<number>();
  await withServer(["echo"], async (url) => {
    await connect(url, { close: (_, { code }) => closed.resolve(code) });
  });
  assertEquals(await closed.promise, 1001);
});

Deno.test("listenAddress reads host and port", () => {
  assertEquals(listenAddress("ws://127.0.0.1:9001"), { hostname: "127.0.0.1", port: 9001 });
  assertEquals(listenAddress("ws://[::1]:0/"), { hostname: "::1", port: 0 });
  assertEquals(listenAddress("ws://localhost"), { hostname: "localhost", port: 80 });
  for (const text of ["", "127.0.0.1:9001", "http://a", "ws://"]) {
    assertThrows(() => listenAddress(text), UsageError, `must be like ws://127.0.0.1:9001, received ${text}`);
  }
});
