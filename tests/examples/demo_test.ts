import { ApplicationError, join, type Session } from "@viaduct/viaduct/wamp";
import { assert, assertEquals, assertMatch, assertRejects } from "../std.ts";
import { POSIX } from "../support/systems.ts";
import { interrupt, LIMIT, runExample, startExample } from "./example.ts";

/** A running demo. */
interface RunningDemo {
  readonly page: string;
  readonly url: string;
  /** Waits for a line. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ends it, as Ctrl+C does, and gives its exit code. */
  interrupt(): Promise<number>;
}

async function withDemo(use: (demo: RunningDemo) => Promise<void>): Promise<void> {
  const process = await startExample("demo/main.ts", ["--port", "0"]);
  try {
    const [, page = ""] = await process.line(/^ {2}Viaduct's demo is at (http:\S+)$/, LIMIT);
    const [, url = ""] = await process.line(/^ {2}router +(ws:\S+) and rs:\S+, realm realm1/, LIMIT);
    const line = (pattern: RegExp) => process.line(pattern, LIMIT);
    await use({ page, url, line, interrupt: () => interrupt(process) });
  } finally {
    await process.stop();
  }
}

/** Follows the imports of a served script; gives the paths and what is served there. */
async function loadScripts(entry: URL, entries: Readonly<Record<string, string>>): Promise<Map<string, string>> {
  const scripts = new Map<string, string>();
  const urls = [entry];
  for (let url = urls.pop(); url !== undefined; url = urls.pop()) {
    if (scripts.has(url.pathname)) continue;
    const response = await fetch(url);
    const text = await response.text();
    assertEquals([response.status, response.headers.get("content-type")], [200, "text/javascript; charset=utf-8"]);
    scripts.set(url.pathname, text);
    for (const [, specifier = ""] of text.matchAll(/^(?:import|export|\}).* from "([^"]+)";$/gm)) {
      urls.push(new URL(entries[specifier] ?? specifier, url));
    }
  }
  return scripts;
}

Deno.test("demo serves its page and the scripts that it imports, stripped of types, and nothing else", async (t) => {
  await withDemo(async ({ page }) => {
    await t.step("the page loads nothing from elsewhere and lets no injected script run", async () => {
      const response = await fetch(page);
      const html = await response.text();
      assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
      const policy = response.headers.get("content-security-policy") ?? "";
      const [, nonce = ""] = /script-src 'self' 'nonce-([\w-]{36})';/.exec(policy) ?? [];
      assert(html.includes(`<script type="importmap" nonce="${nonce}">`) && !html.includes("NONCE"));
      assertEquals(html.match(/(?:src|href)="(?!data:|\/)/g), null);
    });
    await t.step("scripts are JavaScript", async () => {
      const scripts = await loadScripts(new URL("examples/demo/page/main.ts", page), {
        "@viaduct/viaduct/wamp": "/wamp/mod.ts",
      });
      assert(scripts.size > 20, [...scripts.keys()].join(" "));
      for (const [path, text] of scripts) {
        assert(/^\/(?:examples\/demo\/page|cli\/console\/page|wamp|internal|websocket)\//.test(path), path);
        assertEquals(text.match(/^(?:import type|export type|interface|type) /gm), null, path);
      }
    });
    await t.step("other files stay where they are", async () => {
      const paths = [
        ...[
          "deno.json",
          "mod.ts",
          "cli/main.ts",
          "cli/console/sources.ts",
          "examples/demo/main.ts",
          "examples/demo/page/",
        ],
        ...["wamp/../cli/main.ts", "wamp/%2e%2e/cli/main.ts", "wamp/%2e%2e%2fcli%2fmain.ts"],
        ...[
          "wamp//etc/passwd",
          "wamp/nothing.ts",
          "wamp/mod.ts%00",
          "examples/demo/page/..%2fmain.ts",
          "examples/",
        ],
      ];
      for (const path of paths) {
        const response = await fetch(page + path);
        assertEquals([response.status, await response.text()], [404, "Not found\n"], path);
      }
    });
  });
});

/** What happens next. */
function next(session: Session, topic: string): Promise<{ readonly args: Promise<readonly unknown[]> }> {
  const event = Promise.withResolvers<readonly unknown[]>();
  return session.subscribe(topic, ({ args }) => event.resolve(args)).then(() => ({ args: event.promise }));
}

Deno.test("demo's backend answers, its ticker ticks, and its frontend calls and tells what it got", async () => {
  await withDemo(async ({ url, line }) => {
    await using session = await join(url, { realm: "realm1" });
    const [tick, squared] = await Promise.all([next(session, "demo.tick"), next(session, "demo.squared")]);
    assertEquals(await session.call("demo.add", [20, 22]), 42);
    await line(/^backend +is called: demo\.add \[20,22\]$/);
    assertEquals(await session.call("demo.greet"), "Hello, world!");
    const results: unknown[] = [];
    for await (const { args } of session.callProgressive("demo.countdown", [2])) results.push(args[0]);
    assertEquals(results, [2, 1, "lift-off"]);
    const error = await assertRejects(() => session.call("demo.add", [1, "x"]));
    assert(error instanceof ApplicationError);
    assertEquals([error.uri, error.kwargs], ["demo.error.not_a_number", { received: "x" }]);
    await session.publish("demo.hello", ["there"], { kwargs: { k: 1 } });
    await line(/^frontend +receives: demo\.hello \["there"\] \{"k":1\}$/);
    assertEquals(typeof (await tick.args)[0], "number");
    const [number, square] = await squared.args;
    assertEquals(Number(number) ** 2, square);
  });
});

Deno.test("demo ends by Ctrl+C with GOODBYE for who has joined", POSIX, async () => {
  await withDemo(async ({ url, interrupt }) => {
    const session = await join(url, { realm: "realm1" });
    assertEquals(await interrupt(), 0);
    const { reason, wasClean } = await session.closed;
    assertEquals([reason, wasClean], ["wamp.close.system_shutdown", true]);
  });
});

Deno.test("demo --once loads the page, calls, publishes and receives, and ends", async () => {
  const { code, lines } = await runExample("demo/main.ts", ["--once"]);
  assertMatch(lines[0] ?? "", /^the page has \d+ characters and \d+ scripts$/);
  assertEquals(lines.slice(1).filter((line) => !line.startsWith("frontend")), [
    "visitor joins      realm1",
    "visitor sees       3 sessions, demo.add, demo.countdown, demo.fail, demo.greet, demo.square",
    "visitor calls      demo.add [20,22]",
    "visitor gets       42",
    'visitor calls      demo.greet ["Ada"] {"greeting":"Good morning"}',
    "visitor gets       Good morning, Ada!",
    "visitor calls      demo.countdown [2], taking progressive results",
    "visitor gets       2, more follows",
    "visitor gets       1, more follows",
    "visitor gets       lift-off",
    "visitor calls      demo.fail []",
    'visitor gets error demo.error.on_purpose ["This procedure always fails"] {"see":"demo.add"}',
    'visitor publishes  demo.hello ["from the visitor"]',
    'visitor receives   demo.hello ["from the visitor"]',
    "visitor receives   demo.tick [number]",
    "visitor leaves     wamp.close.normal, cleanly",
    "The exchange is over",
  ]);
  assert(lines.includes('frontend receives  demo.hello ["from the visitor"] {}'), lines.join("\n"));
  assertEquals(code, 0);
});

Deno.test("demo says what is wrong with its arguments", async (t) => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const misuses = [
    [["--port", "70000"], /0 to 65535, received "70000"/],
    [["--prt"], /--prt/],
    [["--port", String(listener.addr.port)], /^AddrInUse/],
  ] as const;
  for (const [args, message] of misuses) {
    await t.step(args.join(" "), async () => {
      const { code, lines } = await runExample("demo/main.ts", args);
      assertEquals(code, 1);
      assertMatch(lines[0]!, message);
      assert(lines.some((line) => line.startsWith("Usage:")));
    });
  }
});
