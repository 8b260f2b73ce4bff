/**
 * Viaduct as npm has it: packed, installed into an empty folder, and run by the programs of docs/runtimes.md, in Node
 * and Bun.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { emptyFolder, ROOT } from "../support/folders.ts";
import { freePort, type ProcessGroup, runCommand } from "../support/processes.ts";
import type { CheckResult, Runtime } from "./cells.ts";
import { WS } from "./install.ts";
import { runSteps } from "./page_steps.ts";
import { executableOf } from "./runtimes.ts";

/** Where the package runs. */
export type PackageRuntime = Exclude<Runtime, `chromium${string}`>;

/** The runtimes of the matrix. */
export const PACKAGE_RUNTIMES: readonly PackageRuntime[] = ["node 22", "node 24", "bun"];

/** The checks of each runtime, by name. */
export const PACKAGE_CHECKS: readonly string[] = [
  "router listens",
  "client calls",
  "a socket without a subprotocol is refused",
  "router ends",
];

/** How long a program may take to start or to end, in milliseconds. */
const TIMEOUT = 30_000;
const PORT = /\b8080\b/g;

let installing: Promise<string> | undefined;

/** Packs this clone, installs the package as npm does, and saves the programs beside it. */
async function install(): Promise<string> {
  const folder = await emptyFolder(".cache", "interop", "npm_package");
  const archive = join(folder, "viaduct.tgz");
  await runCommand([Deno.execPath(), "pack", "--quiet", "--allow-dirty", "--output", archive], { cwd: ROOT });
  await Deno.writeTextFile(join(folder, "package.json"), '{ "private": true }\n');
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  await runCommand(["npm", "install", ...options, archive, `ws@${WS}`], { cwd: folder });
  return folder;
}

/** The programs of the page, by name. */
async function readPrograms(): Promise<Map<string, string>> {
  const page = await Deno.readTextFile(join(ROOT, "docs", "runtimes.md"));
  const blocks = page.matchAll(/^Save this as `([^`]+)`:\n\n```js ignore\n([^]*?)^```$/gm);
  return new Map([...blocks].map(([, name = "", text = ""]) => [name, text]));
}

/** Runs the page's router and client in a runtime. */
export async function runPackageIn(runtime: PackageRuntime, processes: ProcessGroup): Promise<CheckResult[]> {
  const folder = await (installing ??= install());
  const executable = await executableOf(runtime);
  const port = String(freePort());
  for (const [name, text] of await readPrograms()) {
    await Deno.writeTextFile(join(folder, name), text.replace(PORT, port));
  }
  const program = runtime === "bun" ? "router_in_bun.mjs" : "router_in_node.mjs";
  const router = processes.start("router", [executable, program], { cwd: folder });
  try {
    return await runSteps({
      "router listens": async () => void await router.line(/^Listening at ws:/, TIMEOUT),
      "client calls": async () => {
        const printed = await runCommand([executable, "client.mjs"], { cwd: folder, timeout: TIMEOUT });
        assert.equal(printed, "20 + 22 = 42");
      },
      "a socket without a subprotocol is refused": () => assertRefused(`ws://127.0.0.1:${port}/ws`),
      "router ends": async () => {
        Deno.kill(router.pid, "SIGINT");
        const timer = setTimeout(() => void router.stop(), TIMEOUT);
        const { code } = await router.status;
        clearTimeout(timer);
        assert.deepEqual([code, router.tail.split("\n").length], [0, 1]);
      },
    });
  } finally {
    await router.stop();
  }
}

/** The handshake fails, or the connection is closed at once with 1002. */
async function assertRefused(url: string): Promise<void> {
  const socket = new WebSocket(url);
  const closed = Promise.withResolvers<number>();
  socket.addEventListener("close", ({ code }) => closed.resolve(code));
  const timer = setTimeout(() => closed.reject(new Error("The socket was neither refused nor closed")), TIMEOUT);
  const code = await closed.promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
  assert([1002, 1006].includes(code) || code === 0, `Socket must be refused, closed with ${code}`);
}
