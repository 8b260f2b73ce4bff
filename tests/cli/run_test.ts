import { join as joinPath } from "node:path";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
import { assertEquals, assertMatch } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { Process } from "../support/processes.ts";
import { runMain, Running } from "./running.ts";
import { POSIX } from "../support/systems.ts";

const WAMP = import.meta.resolve("../../wamp/mod.ts");

/** A module with components; `@` stands for their options. */
function moduleOf(url: string, text: string): string {
  const options = `{ transports: "${url}", realm: "realm1", retry: { minDelay: 0, maxDelay: 10 } }`;
  return `import { component } from "${WAMP}";\n${text.replaceAll("@", options)}\n`;
}

/** Writes modules to a folder of their own, and gives their paths. */
async function withModules(
  texts: readonly string[],
  use: (...files: readonly string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const files = texts.map((_, index) => joinPath(folder, `module${index}.ts`));
    for (const [index, file] of files.entries()) await Deno.writeTextFile(file, texts[index]!);
    await use(...files);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ONE = 'export default component(@).register("com.test.one", () => 1);';
const TWO = 'export default [component(@).register("com.test.two", () => 2), component(@)];';

Deno.test("run runs the components of all modules until it is stopped, and then ends with 0", async () => {
  await using router = createRouter();
  await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
  await withModules([moduleOf(server.url, ONE), moduleOf(server.url, TWO)], async (one = "", two = "") => {
    const running = new Running(["run", one, two]);
    const session = await router.join("realm1");
    while (running.reported.length < 3) await running.change();
    assertEquals([await session.call("com.test.one"), await session.call("com.test.two")], [1, 2]);
    assertEquals(running.reported.filter((line) => line.startsWith(`${one}: Session `)).length, 1);
    assertEquals(running.reported.filter((line) => line.startsWith(`${two}: Session `)).length, 2);
    assertEquals(await running.stop(), 0);
    assertEquals(router.statistics("realm1").sessions, 1);
    await session.leave();
  });
});

Deno.test("run tells of a lost session, and comes back", async () => {
  await using router = createRouter();
  await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
  await withModules([moduleOf(server.url, ONE)], async (file = "") => {
    const running = new Running(["run", file]);
    const [, id] = await running.line(running.reported, /Session (\d+) at ws:/);
    const session = await router.join("realm1");
    await session.call("wamp.session.kill", [Number(id)]);
    await running.line(running.reported, /^\S+: Not connected; next attempt in \d+ ms: .*killed/);
    while (running.reported.length < 3) await running.change();
    assertMatch(running.reported[2]!, /Session \d+ at ws:/);
    assertEquals(await session.call("com.test.one"), 1);
    assertEquals(await running.stop(), 0);
    await session.leave();
  });
});

Deno.test("run tells what the router refused", async () => {
  await using router = createRouter();
  await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
  const session = await router.join("realm1");
  await session.register("com.test.one", () => 0);
  await withModules([moduleOf(server.url, ONE)], async (file = "") => {
    const running = new Running(["run", file]);
    await running.line(running.reported, /; no registration of com\.test\.one: .*procedure_already_exists/);
    assertEquals(await running.stop(), 0);
  });
  await session.leave();
});

Deno.test("run ends with 3 where a component fails for good, the others with it", async () => {
  await using router = createRouter();
  await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
  const wrong = 'export default [component(@), component({ ...@, realm: "realm2" })];';
  await withModules([moduleOf(server.url, wrong)], async (file = "") => {
    const { code, printed, reported } = await runMain(["run", "--quiet", file], new AbortController().signal);
    assertEquals([code, printed, reported.length], [3, [], 1]);
    assertMatch(reported[0]!, /^viaduct: A component has failed: JoinError: .*no_such_realm/);
    assertEquals(router.statistics("realm1").sessions, 0);
  });
});

Deno.test("run ends with 2 where there is no component, and with 1 where a module cannot be loaded", async () => {
  const texts = [
    "export const component = 1;",
    "export default [];",
    "export default { run: 1 };",
    "throw new Error('Oh');",
  ];
  await withModules(texts, async (...files) => {
    for (const file of files.slice(0, 3)) {
      const { code, reported } = await runMain(["run", file]);
      assertEquals([code, reported], [2, [
        `viaduct: Module ${file} must export a component or a list of components by default`,
      ]]);
    }
    const failed = await runMain(["run", files[3]!]);
    assertEquals([failed.code, failed.reported], [1, [`viaduct: Error: Cannot load ${files[3]}: Error: Oh`]]);
  });
  assertEquals(await runMain(["run"]), { code: 2, printed: [], reported: ["viaduct: A module must be given"] });
  assertEquals((await runMain(["run", "data:text/javascript,export default 1"])).code, 2);
});

Deno.test("run leaves with GOODBYE on SIGINT and SIGTERM", POSIX, async (t) => {
  await using router = createRouter();
  await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await t.step(signal, async () => {
      await withModules([moduleOf(server.url, ONE)], async (file = "") => {
        const command = [
          "run",
          "--no-prompt",
          "--allow-net",
          "--allow-read",
          joinPath(ROOT, "cli/main.ts"),
          "run",
          file,
        ];
        const process = new Process("run", [Deno.execPath(), ...command]);
        await process.line(/: Session \d+ at ws:/, 60_000);
        const left = Promise.withResolvers<void>();
        const session = await router.join("realm1");
        await session.subscribe("wamp.session.on_leave", () => left.resolve());
        Deno.kill(process.pid, signal);
        await left.promise;
        assertEquals((await process.status).code, 0);
        await session.leave();
      });
    });
  }
});
