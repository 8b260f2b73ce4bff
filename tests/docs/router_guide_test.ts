import { join as joinPath } from "node:path";
import { join } from "../../wamp/mod.ts";
import { ticket } from "../../wamp/auth/mod.ts";
import { assert, assertEquals, assertRejects } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { Process } from "../support/processes.ts";
import { POSIX } from "../support/systems.ts";
import { codeBlocks } from "../support/code_blocks.ts";

const guide = await Deno.readTextFile(joinPath(ROOT, "docs", "guides", "router.md"));
/** A failsafe for what takes a second, in milliseconds. */
const LIMIT = 30_000;

function blockOf(language: string): string {
  const [text] = codeBlocks(guide, language);
  assert(text !== undefined, `The guide must have a block of ${language}`);
  return text;
}

/** The command of the unit: its words behind the path of Deno. */
function commandOfUnit(): string[] {
  const [, command = ""] = /^ExecStart=\S+\/deno (.*)$/m.exec(blockOf("ini")) ?? [];
  return command.split(" ");
}

/** The configuration and the command, for a temporary folder instead of /etc and /run, and ports that are free. */
async function prepare(folder: string): Promise<{ readonly args: string[]; readonly config: string }> {
  const config = joinPath(folder, "viaduct.json");
  const moved = (text: string): string => text.replaceAll(/\/(?:etc|run)\/viaduct/g, folder);
  await Deno.writeTextFile(config, moved(blockOf("json")).replaceAll(/"port": \d+/g, '"port": 0'));
  const cli = joinPath(ROOT, "cli", "main.ts");
  const args = commandOfUnit().map((word) => word.startsWith("jsr:") ? cli : moved(word));
  return { args, config };
}

Deno.test(
  "the router guide's unit and configuration run as they stand: listen, reload, log in, stop",
  POSIX,
  async () => {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "viaduct-unit-" }));
    const { args, config } = await prepare(folder);
    const env = { JOE_TICKET: "example", NO_COLOR: "1" };
    const router = new Process("router", [Deno.execPath(), ...args], { env });
    const timer = setTimeout(() => void router.stop(), LIMIT);
    try {
      const [, url = ""] = await router.line(/"?(ws:\/\/127\.0\.0\.1:\d+\/ws)/, LIMIT);
      await using backend = await join(`unix:${folder}/router.sock`, { realm: "realm1" });
      assertEquals(backend.authrole, "backend");
      await backend.register("com.example.ping", () => "pong");
      await assertRejects(() => join(url, { realm: "realm1" }));
      const auth = [ticket({ authid: "joe", ticket: "example" })];
      await using user = await join(url, { realm: "realm1", auth });
      assertEquals(await user.call("com.example.ping"), "pong");
      await assertRejects(() => user.register("com.example.mine", () => {}));

      const text = await Deno.readTextFile(config);
      assert(text.includes('"maxOpenCalls": 100'));
      await Deno.writeTextFile(config, text.replace('"maxOpenCalls": 100', '"maxOpenCalls": 200'));
      Deno.kill(router.pid, "SIGHUP");
      await router.line(/Configuration reloaded/, LIMIT);
      assertEquals(await user.call("com.example.ping"), "pong");

      Deno.kill(router.pid, "SIGTERM");
      assertEquals((await user.closed).reason, "wamp.close.system_shutdown");
      assertEquals((await router.status).code, 0, router.tail);
    } finally {
      clearTimeout(timer);
      await router.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("the router guide's container runs what its unit runs", () => {
  const [, command = ""] = /^CMD (\[.*\])$/m.exec(blockOf("dockerfile")) ?? [];
  assertEquals(JSON.parse(command), commandOfUnit());
});
