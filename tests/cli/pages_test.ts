import { join, JoinError } from "@viaduct/viaduct/wamp";
import { acceptTicket, ticket } from "@viaduct/viaduct/wamp/auth";
import { main } from "@viaduct/viaduct/cli";
import { createRouter } from "@viaduct/viaduct/wamp/router";
import { RouterPages } from "../../cli/pages.ts";
import { parsePrometheus } from "../prometheus.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../std.ts";
import { runMain } from "./running.ts";

/** A router that runs by the command line. */
class RunningRouter implements AsyncDisposable {
  readonly printed: string[] = [];
  readonly reported: string[] = [];
  readonly #stop = new AbortController();
  #ended: Promise<number> | undefined;

  static async start(...args: readonly string[]): Promise<RunningRouter> {
    const running = new RunningRouter();
    const ready = Promise.withResolvers<void>();
    const print = (line: string): void => {
      running.printed.push(line);
      // The last line of a router with a console.
      if (line.startsWith("Console at") || line.startsWith("Realms:") && args.includes("--config")) ready.resolve();
    };
    const report = (line: string): void => void running.reported.push(line);
    running.#ended = main(["router", ...args], { print, report }, running.#stop.signal);
    void running.#ended.then((code) => ready.reject(new Error(`${code}: ${running.reported.join("\n")}`)));
    await ready.promise;
    return running;
  }

  /** What a line says behind these words. */
  address(words: string): string {
    const line = this.printed.find((line) => line.startsWith(words));
    assert(line !== undefined, `${words} must be among ${this.printed.join(", ")}`);
    return line.slice(words.length).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

Deno.test("router --console and --metrics-port serve their pages on this machine, and say where", async () => {
  await using router = await RunningRouter.start("--port", "0", "--console-port", "0", "--metrics-port", "0");
  const console = router.address("Console at");
  assertMatch(console, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assertMatch(await (await fetch(console)).text(), /<title>Viaduct console<\/title>/);
  const metrics = router.address("Metrics at");
  assertMatch(metrics, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  await using session = await join(router.address("Listening on"), { realm: "realm1" });
  const families = parsePrometheus(await (await fetch(metrics)).text());
  assertEquals(families.get("viaduct_realm_sessions")?.samples[0]?.value, 1);
  const ready = await fetch(new URL("/readyz", metrics));
  assertEquals([ready.status, await ready.text()], [200, "ready\n"]);
  const other = await fetch(new URL("/other", metrics));
  assertEquals([other.status, await other.text()], [404, "Not found\n"]);
  assertEquals(session.realm, "realm1");
});

/** Writes a configuration; gives its path. */
async function withConfig(config: object, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, JSON.stringify(config));
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

const CONFIG = {
  realms: [
    { uri: "realm1" },
    { uri: "realm2", auth: [{ method: "ticket", principals: { ada: { ticket: "secret", role: "admin" } } }] },
  ],
  transports: [{ type: "websocket", port: 0 }],
  metrics: { port: 0, path: "/numbers" },
  console: { port: 0, role: "admin", realm: "realm2" },
};

Deno.test("a configuration has pages too: the console behind a role of one of its realms", async () => {
  await withConfig(CONFIG, async (path) => {
    await using router = await RunningRouter.start("--config", path);
    parsePrometheus(await (await fetch(router.address("Metrics at"))).text());
    const socket = new URL("/ws", router.address("Console at").replace(/^http/, "ws"));
    const options = (secret: string) => ({
      realm: "viaduct.console",
      auth: [ticket({ authid: "ada", ticket: secret })],
    });
    await assertRejects(() => join(socket, options("wrong")));
    await using session = await join(socket, options("secret"));
    const { kwargs } = await session.callResult("viaduct.console.look", [null, "", 0]);
    assertEquals(kwargs.realms, ["realm1", "realm2"]);
  });
});

Deno.test("a configuration's console must be on loopback or behind a role that a realm knows", async () => {
  for (
    const [console, problem] of [
      [{ port: 0, hostname: "0.0.0.0" }, /console\.hostname.* must be loopback where there is no role/],
      [{ port: 0, realm: "realm1" }, /console\.realm.* cannot be given without a role/],
      [{ port: 0, role: "admin", realm: "none" }, /console\.realm/],
    ] as const
  ) {
    await withConfig({ ...CONFIG, console }, async (path) => {
      const { code, reported } = await runMain(["router", "--config", path, "--check-config"]);
      assertEquals(code, 2, reported.join("\n"));
      assertMatch(reported.join("\n"), problem);
    });
  }
});

Deno.test("a router that drains is not ready, and lives", async () => {
  await using router = createRouter();
  const printed: string[] = [];
  const output = { print: (line: string) => printed.push(line), report() {} };
  const options = { metrics: { port: 0 }, console: undefined, realms: [], output };
  await using pages = await RouterPages.start(router, options);
  const at = (path: string): URL => new URL(path, printed[0]?.replace("Metrics at ", ""));
  const status = async (path: string): Promise<number> => {
    const response = await fetch(at(path));
    await response.body?.cancel();
    return response.status;
  };
  assertEquals([await status("/healthz"), await status("/readyz")], [200, 200]);
  pages.drain();
  assertEquals([await status("/healthz"), await status("/readyz")], [200, 503]);
  // The second has the port of the first, and leaves nothing open.
  const port = Number(at("/").port);
  await assertRejects(() => RouterPages.start(router, { ...options, metrics: { port } }), Deno.errors.AddrInUse);
});

Deno.test("pages follow the realms: whoever proved a role by one that is gone cannot any more", async () => {
  await using router = createRouter();
  const printed: string[] = [];
  const output = { print: (line: string) => printed.push(line), report() {} };
  const auth = [acceptTicket({ principals: { ada: { ticket: "secret", role: "admin" } } })];
  const console = { port: 0, role: "admin", realm: "realm2" };
  const realms = [{ uri: "realm1" }, { uri: "realm2", auth }];
  await using pages = await RouterPages.start(router, { metrics: undefined, console, realms, output });
  const socket = new URL("/ws", printed[0]?.replace("Console at http", "ws"));
  const options = { realm: "viaduct.console", auth: [ticket({ authid: "ada", ticket: "secret" })] };
  await using session = await join(socket, options);
  pages.update([{ uri: "realm1" }]);
  await assertRejects(() => join(socket, options), JoinError);
  assertEquals(session.state, "open");
});
