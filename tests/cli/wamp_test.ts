import { join as joinPath } from "node:path";
import { ApplicationError, join, type Session } from "@viaduct/viaduct/wamp";
import { assert, assertEquals, assertMatch, assertRejects } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { Process } from "../support/processes.ts";
import { type CommandResult, runMain, Running } from "./running.ts";
import { POSIX } from "../support/systems.ts";

/** What a test has to do with: a router of the command line, and a session of the test's own. */
interface Bench {
  readonly url: string;
  readonly rawsocketUrl: string;
  readonly session: Session;
  /** Runs a command against the router, to its end. */
  run(...args: string[]): Promise<CommandResult>;
  /** Starts a command against the router. */
  start(...args: string[]): Running;
}

async function withRouter(use: (bench: Bench) => Promise<void>): Promise<void> {
  const router = new Running(["router", "--port", "0", "--rawsocket-port", "0"]);
  const [, url = ""] = await router.line(router.printed, /^Listening on (ws:\S+)$/);
  const [, rawsocketUrl = ""] = await router.line(router.printed, /^Listening on (rs:\S+)$/);
  try {
    const session = await join(url, { realm: "realm1" });
    const at = (args: readonly string[]): string[] => {
      const [name = "", ...rest] = args;
      return [name, "--url", url, ...rest];
    };
    const run = (...args: string[]): Promise<CommandResult> => runMain(at(args), new AbortController().signal);
    await use({ url, rawsocketUrl, session, run, start: (...args) => new Running(at(args)) });
    await session.leave();
  } finally {
    assertEquals(await router.stop(), 0);
  }
}

Deno.test("call prints one result by itself, several with their keywords, none as null", async () => {
  await withRouter(async ({ session, run }) => {
    await session.register("com.test.reverse", ({ args }) => args.toReversed()[0]);
    await session.register("com.test.nothing", () => undefined);
    const { Result } = await import("@viaduct/viaduct/wamp");
    await session.register("com.test.same", ({ args, kwargs }) => new Result(args, kwargs));
    const call = async (...args: string[]) => (await run("call", ...args)).printed;
    assertEquals(await call("com.test.reverse", "1", "two"), ['"two"']);
    assertEquals(await call("com.test.reverse", "two", "-1.5"), ["-1.5"]);
    assertEquals(await call("com.test.nothing"), ["null"]);
    assertEquals(await call("com.test.same", "1", '{"a":[]}'), ['{"args":[1,{"a":[]}],"kwargs":{}}']);
    assertEquals(await call("com.test.same", "--kwarg", "a=1", "--kwarg", "b=x"), [
      '{"args":[],"kwargs":{"a":1,"b":"x"}}',
    ]);
    assertEquals(await call("com.test.same", "1", "--details"), ['{"args":[1],"kwargs":{},"details":{}}']);
    const binary = '{"$binary":"AAEC/w=="}';
    assertEquals(await call("com.test.same", binary), [binary]);
    assertEquals(await call("com.test.same", "12345678901234567890"), ["12345678901234567890"]);
  });
});

Deno.test("call speaks every serializer, over WebSocket and over RawSocket", async (t) => {
  await withRouter(async ({ session, run, rawsocketUrl }) => {
    await session.register("com.test.echo", ({ args }) => args[0]);
    for (const name of ["json", "msgpack", "cbor", "ubjson", "json.batched", "cbor.batched", "ubjson,json"]) {
      await t.step(name, async () => {
        const { printed, reported } = await run("call", "com.test.echo", '{"ä":[1,null]}', "--serializer", name);
        assertEquals([printed, reported], [['{"ä":[1,null]}'], []]);
      });
    }
    await t.step("RawSocket", async () => {
      assertEquals((await run("call", "com.test.echo", "1", "--url", rawsocketUrl)).printed, ["1"]);
    });
  });
});

Deno.test("call --progress prints each result as it comes", async () => {
  await withRouter(async ({ session, run }) => {
    await session.register("com.test.count", async function* ({ args: [to] }) {
      for (let number = 1; number <= Number(to); number++) yield number;
      return "end";
    });
    assertEquals(await run("call", "com.test.count", "3", "--progress"), {
      ...{ code: 0, printed: ["1", "2", "3", '"end"'], reported: [] },
    });
    assertEquals((await run("call", "com.test.count", "3")).printed, ['"end"']);
  });
});

Deno.test("call ends with 1 and the error's URI and arguments where the other side answers with an error", async () => {
  await withRouter(async ({ session, run }) => {
    await session.register("com.test.fail", () => {
      throw new ApplicationError("com.test.error", ["too old", 7], { field: "age" });
    });
    assertEquals(await run("call", "com.test.fail"), {
      code: 1,
      printed: [],
      reported: ['viaduct: com.test.error ["too old",7] {"field":"age"}'],
    });
    const missing = await run("call", "com.test.missing");
    assertEquals(missing.code, 1);
    assertMatch(missing.reported[0]!, /^viaduct: wamp\.error\.no_such_procedure/);
    assertEquals((await run("call", "not a uri")).code, 1);
  });
});

Deno.test("call ends with 4 after --timeout, and the callee is told", async () => {
  await withRouter(async ({ session, run }) => {
    const interrupted = Promise.withResolvers<void>();
    await session.register("com.test.hang", ({ signal }) => {
      signal.addEventListener("abort", () => interrupted.resolve());
      return interrupted.promise;
    });
    const { code, printed } = await run("call", "com.test.hang", "--timeout", "50");
    assertEquals([code, printed], [4, []]);
    await interrupted.promise;
  });
});

Deno.test("call ends with 130 when it is stopped, and the callee is told", async () => {
  await withRouter(async ({ session, start }) => {
    const [called, interrupted] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await session.register("com.test.hang", ({ signal }) => {
      called.resolve();
      signal.addEventListener("abort", () => interrupted.resolve());
      return interrupted.promise;
    });
    const call = start("call", "com.test.hang");
    await called.promise;
    assertEquals(await call.stop(), 130);
    assertEquals(call.reported, ["viaduct: Stopped"]);
    await interrupted.promise;
  });
});

Deno.test("a command ends with 3 where it gets no session", async (t) => {
  await t.step("nobody listens", async () => {
    const { code, printed, reported } = await runMain(["call", "com.test.a", "--url", "ws://127.0.0.1:1/ws"]);
    assertEquals([code, printed, reported.length], [3, [], 1]);
    assertMatch(reported[0]!, /^viaduct: Cannot join realm1 at ws:\/\/127\.0\.0\.1:1\/ws: /);
  });
  await withRouter(async ({ run }) => {
    await t.step("there is no such realm", async () => {
      const { code, reported } = await run("publish", "com.test.a", "--realm", "realm2");
      assertEquals(code, 3);
      assertMatch(reported[0]!, /wamp\.error\.no_such_realm/);
    });
  });
});

Deno.test("subscribe ends with 3 when the router ends the session", async () => {
  const router = new Running(["router", "--port", "0"]);
  const [, url = ""] = await router.line(router.printed, /^Listening on (ws:\S+)$/);
  const subscribe = new Running(["subscribe", "com.test.a", "--url", url]);
  await subscribe.line(subscribe.reported, /^Subscribed/);
  assertEquals(await router.stop(), 0);
  assertEquals(await subscribe.code, 3);
  assertMatch(subscribe.reported.at(-1)!, /^viaduct: The session has ended: wamp\.close\.system_shutdown/);
});

Deno.test("publish and subscribe --count carry an event as a line of JSON", async () => {
  await withRouter(async ({ start, run }) => {
    const subscribe = start("subscribe", "com.test.", "--match", "prefix", "--count", "2");
    await subscribe.line(subscribe.reported, /^Subscribed to com\.test\.$/);
    assertEquals(await run("publish", "com.test.a", "1", "x", "--kwarg", "k=[2]"), {
      ...{ code: 0, printed: [], reported: [] },
    });
    const { code, printed } = await run("publish", "com.test.b", "--acknowledge");
    assertEquals(code, 0);
    const { publication } = JSON.parse(printed[0]!);
    assertEquals(await subscribe.code, 0);
    const [first, second] = subscribe.printed.map((line) => JSON.parse(line));
    assertEquals([first.topic, first.args, first.kwargs], ["com.test.a", [1, "x"], { k: [2] }]);
    assertEquals([second.topic, second.args, second.kwargs, second.publication], ["com.test.b", [], {}, publication]);
    assertEquals(subscribe.printed.length, 2);
  });
});

Deno.test("publish --acknowledge ends with 1 where the router refuses", async () => {
  await withRouter(async ({ run }) => {
    const { code, reported } = await run("publish", "wamp.test", "--acknowledge");
    assertEquals(code, 1);
    assertMatch(reported[0]!, /^viaduct: wamp\.error\.invalid_uri/);
  });
});

Deno.test("subscribe leaves with GOODBYE when it is stopped, and ends with 0", async () => {
  await withRouter(async ({ session, start }) => {
    const left = Promise.withResolvers<void>();
    await session.subscribe("wamp.session.on_leave", () => left.resolve());
    const subscribe = start("subscribe", "com.test.a");
    await subscribe.line(subscribe.reported, /^Subscribed/);
    assertEquals(await subscribe.stop(), 0);
    await left.promise;
  });
});

Deno.test("subscribe --timeout ends with 4 where not all events came", async () => {
  await withRouter(async ({ run }) => {
    const { code, reported } = await run("subscribe", "com.test.a", "--count", "1", "--timeout", "50");
    assertEquals([code, reported], [4, ["Subscribed to com.test.a", "viaduct: Not done within 50 ms"]]);
  });
});

Deno.test("register answers with the arguments, and prints each invocation", async () => {
  await withRouter(async ({ session, start }) => {
    const register = start("register", "com.test.", "--match", "prefix");
    await register.line(register.reported, /^Registered com\.test\.$/);
    const { args, kwargs } = await session.callResult("com.test.any", [1, "x"], { kwargs: { k: 2 } });
    assertEquals([args, kwargs], [[1, "x"], { k: 2 }]);
    const { procedure, ...payload } = JSON.parse(register.printed[0]!);
    assertEquals([procedure, payload.args, payload.kwargs], ["com.test.any", [1, "x"], { k: 2 }]);
    assertEquals(await register.stop(), 0);
  });
});

Deno.test("register --invoke shares a procedure, and ends with 1 where the router refuses", async () => {
  await withRouter(async ({ run, start }) => {
    const first = start("register", "com.test.a", "--invoke", "roundrobin", "--quiet");
    await first.line(first.reported, /^Registered/);
    const second = start("register", "com.test.a", "--invoke", "roundrobin", "--quiet");
    await second.line(second.reported, /^Registered/);
    const { code, reported } = await run("register", "com.test.a");
    assertEquals(code, 1);
    assertMatch(reported[0]!, /^viaduct: wamp\.error\.procedure_/);
    assertEquals(await Promise.all([first.stop(), second.stop()]), [0, 0]);
    assertEquals([first.printed, second.printed], [[], []]);
  });
});

/** A command for --exec, as a program of Deno's. */
function program(code: string): string[] {
  return ["--exec", Deno.execPath(), "eval", "--no-config", code];
}

Deno.test("register --exec runs a command for each invocation: arguments in, lines out", async (t) => {
  await withRouter(async ({ session, start }) => {
    const code = `
      const { procedure, args, kwargs } = JSON.parse(await new Response(Deno.stdin.readable).text());
      if (args[0] === "fail") { console.error("no luck"); Deno.exit(7); }
      if (args[0] === "hang") { setInterval(() => {}, 1_000); console.log("hanging"); console.log("still"); }
      else { for (const value of args) console.log(JSON.stringify(value)); console.log(procedure, kwargs.k); }`;
    const register = start("register", "com.test.run", "--quiet", ...program(code));
    await register.line(register.reported, /^Registered/);
    await t.step("each line is a result", async () => {
      const { args } = await session.callResult("com.test.run", [1, { a: [2] }], { kwargs: { k: "v" } });
      assertEquals(args, [1, { a: [2] }, "com.test.run v"]);
    });
    await t.step("all but the last are progressive results for who takes those", async () => {
      const results = [];
      for await (const { args, progress } of session.callProgressive("com.test.run", [1, 2])) {
        results.push([args, progress]);
      }
      assertEquals(results, [[[1], true], [[2], true], [["com.test.run undefined"], false]]);
    });
    await t.step("an exit code is an error", async () => {
      const error = await session.call("com.test.run", ["fail"]).catch((error: unknown) => error);
      assert(error instanceof ApplicationError);
      assertEquals([error.uri, error.kwargs], ["wamp.error.runtime_error", { code: 7, stderr: "no luck" }]);
    });
    await t.step("a cancelled call ends its command", async () => {
      const results = session.callProgressive("com.test.run", ["hang"], { cancelMode: "kill" });
      assertEquals((await results.next()).value?.args, ["hanging"]);
      await results.return?.();
    });
    await t.step("the end of the session ends all commands", async () => {
      const results = session.callProgressive("com.test.run", ["hang"]);
      assertEquals((await results.next()).value?.args, ["hanging"]);
      assertEquals(await register.stop(), 0);
      await assertRejects(() => results.next());
    });
    // The sanitizers see child processes that are left.
  });
});

Deno.test("router serves several realms, and a Unix socket", POSIX, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = joinPath(folder, "socket");
    const router = new Running(["router", "--port", "0", "--unix", path, "--realm", "a", "--realm", "b"]);
    await router.line(router.printed, /^Realms: a, b$/);
    const url = `unix:${path}`;
    await router.line(router.printed, new RegExp(`^Listening on ${url}$`));
    for (const realm of ["a", "b"]) {
      const { code, printed } = await runMain(["call", "wamp.session.count", "--url", url, "--realm", realm]);
      assertEquals([code, printed], [0, ["1"]]);
    }
    assertEquals(await router.stop(), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("register --exec answers with an error where its command cannot be run", async () => {
  await withRouter(async ({ session, start }) => {
    const register = start("register", "com.test.run", "--exec", "/nonexistent/viaduct-command");
    await register.line(register.reported, /^Registered/);
    const error = await session.call("com.test.run").catch((error: unknown) => error);
    assert(error instanceof ApplicationError);
    assertEquals(error.uri, "wamp.error.runtime_error");
    assertEquals(await register.stop(), 0);
  });
});

Deno.test("router lets in pages of the origins given, and reports connections with --verbose", async () => {
  const router = new Running(["router", "--port", "0", "--origin", "https://app.example", "--verbose"]);
  const [, url = ""] = await router.line(router.printed, /^Listening on (ws:\S+)$/);
  const session = await join(url, { realm: "realm1", headers: { origin: "https://app.example" } });
  await session.leave();
  await assertRejects(() => join(url, { realm: "realm1", headers: { origin: "https://other.example" } }));
  await assertRejects(() => join(url, { realm: "realm2", headers: { origin: "https://app.example" } }));
  await router.line(router.reported, /^\S+ info Session refused .*wamp\.error\.no_such_realm/);
  assertEquals(await router.stop(), 0);
});

const MISUSES: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
  "no URI": [["call"], /^viaduct: A URI must be given$/],
  "a keyword without a value": [["publish", "a", "--kwarg", "x"], /--kwarg must be like name=value, received "x"$/],
  "an unknown serializer": [
    ["call", "a", "--serializer", "xml"],
    /--serializer must be one of cbor, .*received "xml"$/,
  ],
  "an unknown scheme": [["call", "a", "--url", "http://b"], /--url must be like ws:.*received http:\/\/b$/],
  "an unknown match": [["subscribe", "a", "--match", "regex"], /--match must be one of exact, .*received "regex"$/],
  "an unknown policy": [["register", "a", "--invoke", "all"], /--invoke must be one of single, .*received "all"$/],
  "a count that is none": [["subscribe", "a", "--count", "x"], /--count must be a whole number/],
  "arguments to subscribe": [["subscribe", "a", "b"], /Command subscribe takes 1 operands, received a b$/],
  "a command that is missing": [["register", "a", "--exec"], /--exec must be followed by a command$/],
  "a port that is none": [["router", "--port", "65536"], /--port must be at most 65535, received 65536$/],
  "a realm that is none": [["router", "--realm", "a b"], /--realm must be a URI, received "a b"$/],
  "a path that is none": [["router", "--path", "ws"], /--path must begin with \/, received "ws"$/],
};

Deno.test("the commands of WAMP end with 2 where the arguments cannot be understood, and say why", async (t) => {
  for (const [what, [args, message]] of Object.entries(MISUSES)) {
    await t.step(what, async () => {
      const { code, printed, reported } = await runMain(args);
      assertEquals([code, printed, reported.length], [2, [], 1]);
      assertMatch(reported[0]!, message);
    });
  }
});

Deno.test("the program routes and answers in processes of their own, until SIGTERM", POSIX, async () => {
  const command = [Deno.execPath(), "run", "--no-prompt", "--allow-net", joinPath(ROOT, "cli/main.ts")];
  const router = new Process("router", [...command, "router", "--port", "0"]);
  try {
    const [, url = ""] = await router.line(/^Listening on (ws:\S+)$/, 60_000);
    const register = new Process("register", [...command, "register", "com.test.echo", "--url", url]);
    await register.line(/^Registered com\.test\.echo$/, 60_000);
    const call = await runMain(["call", "com.test.echo", "hello", "--url", url]);
    assertEquals([call.code, call.printed], [0, ['"hello"']]);
    await register.line(/"args":\["hello"\]/, 60_000);
    const session = await join(url, { realm: "realm1" });
    Deno.kill(register.pid, "SIGTERM");
    assertEquals((await register.status).code, 0);
    Deno.kill(router.pid, "SIGTERM");
    const { reason, wasClean, by } = await session.closed;
    assertEquals([reason, wasClean, by], ["wamp.close.system_shutdown", true, "peer"]);
    assertEquals((await router.status).code, 0);
  } finally {
    await router.stop();
  }
});
