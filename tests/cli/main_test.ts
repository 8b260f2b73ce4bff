import { join } from "node:path";
import { connect } from "@viaduct/viaduct";
import { assert, assertEquals, assertMatch } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { Process } from "../support/processes.ts";
import { runMain } from "./running.ts";
import { POSIX } from "../support/systems.ts";

Deno.test("main prints the help of all commands and ends with 0", async (t) => {
  for (const args of [[], ["--help"], ["-h"], ["help"]]) {
    await t.step(args.join(" ") || "no arguments", async () => {
      const { code, printed, reported } = await runMain(args);
      assertEquals([code, reported], [0, []]);
      assertMatch(
        printed.join("\n"),
        /^Usage:\n {2}viaduct router \[OPTIONS\]\n[^]*\n {2}viaduct testee server\|client [^]*\nExit codes:\n/,
      );
    });
  }
});

Deno.test("main prints the help of one command", async () => {
  const { code, printed, reported } = await runMain(["echo", "--deflate", "-h"]);
  assertEquals([code, reported], [0, []]);
  assertMatch(printed.join("\n"), /--api API +the API to use: handler or iterate \(default: handler\)/);
  assert(!printed.join("\n").includes("testee"));
});

const MISUSES: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
  "an unknown command": [
    ["ecco"],
    /^viaduct: Command must be one of router, config, .*, echo, testee, received "ecco"$/,
  ],
  "an unknown option": [["echo", "--prot", "1"], /^viaduct: Unknown option '--prot'/],
  "an option without its value": [["echo", "--url"], /^viaduct: Option '--url <value>' argument missing/],
  "a switch with a value": [["echo", "--deflate=yes"], /^viaduct: Option '--deflate' does not take an argument/],
  "an operand too many": [["echo", "here"], /^viaduct: Command echo takes 0 operands, received here$/],
  "two operands too many": [["testee", "client", "a"], /^viaduct: Command testee takes 1 operands, received client a$/],
  "an unknown api": [["echo", "--api", "x"], /^viaduct: Option --api must be one of handler, iterate, received "x"$/],
  "a URL to listen that is none": [
    ["echo", "--url", "9001"],
    /^viaduct: Option --url must be like ws:.*received 9001$/,
  ],
  "a URL to listen with TLS": [["echo", "--url", "wss://a"], /^viaduct: Option --url must be like ws:.*received wss/],
  "no role": [["testee"], /^viaduct: Testee must be server or client, received ""$/],
  "an unknown role": [["testee", "proxy"], /^viaduct: Testee must be server or client, received "proxy"$/],
  "a URL to connect to that is none": [["testee", "client", "--url", "x"], /^viaduct: Option --url must .*received x$/],
  "no connection at once": [
    ["testee", "client", "--parallel", "0"],
    /^viaduct: Option --parallel must be a whole number of at least 1, received "0"$/,
  ],
  "half a connection": [["testee", "client", "--parallel", "1.5"], /at least 1, received "1\.5"$/],
};

Deno.test("main ends with 2 where the arguments cannot be understood, and says why", async (t) => {
  for (const [what, [args, message]] of Object.entries(MISUSES)) {
    await t.step(what, async () => {
      const { code, printed, reported } = await runMain(args);
      assertEquals([code, printed, reported.length], [2, [], 1]);
      assertMatch(reported[0]!, message);
    });
  }
});

Deno.test("main ends with 1 where a command fails, and says why", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, printed, reported } = await runMain(["echo", "--url", `ws://127.0.0.1:${listener.addr.port}`]);
  assertEquals([code, printed, reported.length], [1, [], 1]);
  assertMatch(reported[0]!, /^viaduct: AddrInUse: /);
});

Deno.test("the program serves until it is signalled, and then ends with 0", POSIX, async (t) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await t.step(signal, async () => {
      const command = ["run", "--no-prompt", "--allow-net", join(ROOT, "cli/main.ts"), "echo"];
      const process = new Process("echo", [Deno.execPath(), ...command, "--url", "ws://127.0.0.1:0"]);
      try {
        const [, url = ""] = await process.line(/^Listening on (ws:\S+)$/, 60_000);
        const ws = await connect(url);
        Deno.kill(process.pid, signal);
        assertEquals((await ws.closed).code, 1001);
        assertEquals((await process.status).code, 0);
      } finally {
        await process.stop();
      }
    });
  }
});

Deno.test("the program ends with the exit code of the command line", async () => {
  const command = ["run", "--no-prompt", join(ROOT, "cli/main.ts"), "ecco"];
  const process = new Process("ecco", [Deno.execPath(), ...command]);
  assertEquals((await process.status).code, 2);
  assertMatch(process.tail, /received "ecco"/);
});
