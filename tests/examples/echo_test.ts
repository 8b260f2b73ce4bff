import { connect, serve } from "@viaduct/viaduct";
import { assertEquals, assertMatch } from "../std.ts";
import { POSIX } from "../support/systems.ts";
import { interrupt, LIMIT, runExample, startExample } from "./example.ts";

Deno.test(
  "echo_server sends text and bytes back, and ends by Ctrl+C with 1001 for who is connected",
  POSIX,
  async () => {
    const process = await startExample("echo_server.ts", ["0"]);
    try {
      const [, url = ""] = await process.line(/^Listening on (ws:\S+)$/, LIMIT);
      const ws = await connect(url);
      await ws.send("héllo");
      await ws.send(new Uint8Array([0, 255]));
      const received: unknown[] = [];
      for await (const message of ws) {
        received.push(message);
        if (received.length === 2) break;
      }
      assertEquals(received, ["héllo", new Uint8Array([0, 255])]);
      assertEquals(await interrupt(process), 0);
      assertEquals((await ws.closed).code, 1001);
      await process.line(/^Bye$/, LIMIT);
    } finally {
      await process.stop();
    }
  },
);

Deno.test("echo_client prints what comes back, in order, and closes cleanly", async () => {
  const server = serve({ hostname: "127.0.0.1", port: 0 }, async (ws) => {
    for await (const message of ws) await ws.send(`${message}!`);
  });
  const { code, lines } = await runExample("echo_client.ts", [server.url, "one", "two"]);
  await server.shutdown();
  assertEquals(lines.toSpliced(1, 1), [
    `Connected to ${server.url}`,
    "Received one!",
    "Received two!",
    "Closed with 1000, cleanly",
  ]);
  assertMatch(lines[1]!, /^A ping took \d+\.\d ms$/);
  assertEquals(code, 0);
});
