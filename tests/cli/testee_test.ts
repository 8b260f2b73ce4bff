import { connect, serve, type Server, type WebSocketConnection } from "@viaduct/viaduct";
import { assert, assertEquals, assertMatch } from "../std.ts";
import { runMain, withServer } from "./running.ts";

/** What a suite's server saw of its client. */
interface SuiteLog {
  readonly requests: string[];
  readonly answers: unknown[];
  /** The largest number of cases that ran at once. */
  mostAtOnce: number;
}

/** What each case sends before it wants everything back and closes. */
const CASES: readonly (readonly (string | Uint8Array<ArrayBuffer>)[])[] = [
  ["hello", new Uint8Array([1, 2, 3])],
  [""],
  ["last ☃", "x".repeat(70_000)],
];

/** Lets one case run; the first of several that are to run at once wait for each other. */
type Gate = (running: number) => Promise<void>;

async function runCase(ws: WebSocketConnection, messages: typeof CASES[number], log: SuiteLog): Promise<void> {
  for (const message of messages) await ws.send(message);
  let missing = messages.length;
  for await (const message of ws) {
    log.answers.push(message);
    if (--missing === 0) return;
  }
}

/** A server that speaks as the suite's does. */
function serveSuite(count: string | undefined, gate: Gate = () => Promise.resolve()): Server & { log: SuiteLog } {
  const log: SuiteLog = { requests: [], answers: [], mostAtOnce: 0 };
  let running = 0;
  const server = serve({ hostname: "127.0.0.1", port: 0, compression: true }, async (ws) => {
    const { pathname, searchParams } = new URL(ws.request!.url);
    log.requests.push([pathname, ...searchParams.values()].join(" "));
    if (pathname === "/getCaseCount" && count !== undefined) await ws.send(count);
    if (pathname !== "/runCase") return;
    log.mostAtOnce = Math.max(log.mostAtOnce, ++running);
    await gate(running);
    await runCase(ws, CASES[Number(searchParams.get("case")) - 1]!, log);
    running--;
  });
  return Object.assign(server, { log });
}

for (const api of ["handler", "iterate"]) {
  Deno.test(`testee client --api ${api} runs every case of the suite and asks for the reports`, async () => {
    const suite = serveSuite("3");
    const { code, printed, reported } = await runMain(
      ["testee", "client", "--url", suite.url, "--agent", "a & b", "--api", api],
    );
    await suite.shutdown();
    assertEquals(suite.log.requests, [
      "/getCaseCount",
      "/runCase 1 a & b",
      "/runCase 2 a & b",
      "/runCase 3 a & b",
      "/updateReports a & b",
    ]);
    assertEquals(suite.log.answers, CASES.flat());
    assertEquals(suite.log.mostAtOnce, 1);
    assertEquals(printed, ["Running 3 cases", "Reports updated"]);
    assertEquals(reported, ["Case 3 of 3"]);
    assertEquals(code, 0);
  });
}

Deno.test("testee client --parallel runs several cases at once", async () => {
  const both = Promise.withResolvers<void>();
  // The first case goes on only when the second has begun.
  const suite = serveSuite("3", (running) => {
    if (running === 2) both.resolve();
    return both.promise;
  });
  const { code } = await runMain(["testee", "client", "--url", suite.url, "--parallel", "2"]);
  await suite.shutdown();
  assertEquals(code, 0);
  assertEquals(suite.log.mostAtOnce, 2);
  assertEquals(suite.log.requests.toSorted(), [
    "/getCaseCount",
    "/runCase 1 viaduct",
    "/runCase 2 viaduct",
    "/runCase 3 viaduct",
    "/updateReports viaduct",
  ]);
});

Deno.test("testee client goes on where a case ends without a closing handshake", async () => {
  const requests: string[] = [];
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const suite = serve({ listener }, async (ws) => {
    const { pathname } = new URL(ws.request!.url);
    requests.push(pathname);
    if (pathname === "/getCaseCount") await ws.send("2");
    if (pathname === "/runCase") ws.terminate();
  });
  const url = `ws://127.0.0.1:${listener.addr.port}`;
  const { code, printed } = await runMain(["testee", "client", "--url", url]);
  await suite.shutdown();
  assertEquals(requests, ["/getCaseCount", "/runCase", "/runCase", "/updateReports"]);
  assertEquals([code, printed.at(-1)], [0, "Reports updated"]);
});

const BROKEN: readonly (readonly [string, string | undefined, RegExp])[] = [
  ["a word", "many", /^viaduct: Error: Suite must send the number of cases, received "many"$/],
  ["nothing", undefined, /^viaduct: Error: Suite must send the number of cases, received ""$/],
];

Deno.test("testee client fails where the suite does not count its cases", async (t) => {
  for (const [what, count, message] of BROKEN) {
    await t.step(what, async () => {
      const suite = serveSuite(count);
      const { code, reported } = await runMain(["testee", "client", "--url", suite.url]);
      await suite.shutdown();
      assertEquals([code, reported.length], [1, 1]);
      assertMatch(reported[0]!, message);
      assertEquals(suite.log.requests, ["/getCaseCount"]);
    });
  }
});

Deno.test("testee client fails where the suite refuses it", async () => {
  const upgrade = () => new Response("Go away", { status: 403 });
  const suite = serve({ hostname: "127.0.0.1", port: 0, upgrade });
  const { code, printed, reported } = await runMain(["testee", "client", "--url", suite.url]);
  await suite.shutdown();
  assertEquals([code, printed, reported.length], [1, [], 1]);
  assertMatch(reported[0]!, /^viaduct: HandshakeError: .*403/);
});

Deno.test("testee client ends in the middle of a case when it is stopped", async () => {
  const stop = new AbortController();
  const suite = serveSuite("3", async () => await Promise.resolve(stop.abort(new Error("Enough"))));
  const { code, reported } = await runMain(["testee", "client", "--url", suite.url], stop.signal);
  await suite.shutdown();
  assertEquals([code, reported], [1, ["viaduct: Error: Enough"]]);
  assert(!suite.log.requests.some((request) => request.startsWith("/updateReports")));
});

for (const api of ["handler", "iterate"]) {
  Deno.test(`testee server --api ${api} echoes, with every kind of compression`, async () => {
    const code = await withServer(["testee", "server", "--api", api], async (url) => {
      for (const compression of [false, true, { serverMaxWindowBits: 9, serverNoContextTakeover: false }] as const) {
        const ws = await connect(url, { compression });
        assertEquals(ws.extensions.startsWith("permessage-deflate"), compression !== false);
        for (const message of CASES.flat()) void ws.send(message);
        const received: unknown[] = [];
        for await (const message of ws) {
          received.push(message);
          if (received.length === CASES.flat().length) break;
        }
        assertEquals(received, CASES.flat());
        await ws.close();
      }
    });
    assertEquals(code, 0);
  });
}
