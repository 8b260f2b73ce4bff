/**
 * Runs Viaduct itself in runtimes of others: Node and Bun straight from its TypeScript, Chromium from a bundle.
 *
 * @module
 */

import { join } from "node:path";
import { ignoredFolder, readTextIfPresent, ROOT } from "../support/folders.ts";
import { type ProcessGroup, runCommand } from "../support/processes.ts";
import type { ComponentWay } from "../runtimes/component_checks.ts";
import { Browser } from "./cdp.ts";
import type { CheckResult, Runtime } from "./cells.ts";
import { installChromium } from "./install.ts";

/** What carries each runtime's executable in npm, by the name that it is installed as. */
const PACKAGES: Readonly<Record<string, string>> = {
  "node-22": `npm:node-${nodePlatform()}@22.23.3`,
  "node-24": `npm:node-${nodePlatform()}@24.21.0`,
  "bun": `npm:@oven/bun-${bunPlatform()}@1.4.5`,
};
/** How long a runtime may take for all checks of a cell, in milliseconds. */
const TIMEOUT = 120_000;
const SUITE = join(ROOT, "tests", "runtimes");
const PAGE = '<!doctype html><title>Suite</title><script type="module" src="suite.js"></script>';

let installing: Promise<string> | undefined;

function nodePlatform(): string {
  return `${Deno.build.os === "windows" ? "win" : Deno.build.os}-${Deno.build.arch === "aarch64" ? "arm64" : "x64"}`;
}

function bunPlatform(): string {
  return `${Deno.build.os}-${Deno.build.arch === "aarch64" ? "aarch64" : "x64"}`;
}

/** Installs the executables once; without install scripts, which would look for another way to get them. */
async function installRuntimes(): Promise<string> {
  const folder = await ignoredFolder(".cache", "interop", "runtimes");
  const manifest = `${JSON.stringify({ private: true, dependencies: PACKAGES }, null, 2)}\n`;
  if (await readTextIfPresent(join(folder, "stamp")) !== manifest) {
    await Deno.writeTextFile(join(folder, "package.json"), manifest);
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
    await runCommand(["npm", "install", ...options], { cwd: folder });
    await Deno.writeTextFile(join(folder, "stamp"), manifest);
  }
  return join(folder, "node_modules");
}

/** The path of a runtime, installed once. */
export async function executableOf(runtime: Exclude<Runtime, `chromium${string}`>): Promise<string> {
  const folder = await (installing ??= installRuntimes());
  const name = runtime.replace(" ", "-");
  return join(folder, name, "bin", name.startsWith("node") ? "node" : name);
}

/** Runs a program of tests/runtimes/ that prints a line of JSON for each check. */
async function runProgram(
  runtime: Exclude<Runtime, `chromium${string}`> | "deno",
  args: readonly string[],
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const others: string[] = [];
  const onLine = (line: string): void => {
    if (line.startsWith("{")) results.push(JSON.parse(line));
    else others.push(line);
  };
  const command = runtime === "deno"
    ? [Deno.execPath(), "run", "--quiet", "--no-prompt", "--allow-net"]
    : [await executableOf(runtime)];
  const process = processes.start(runtime, [...command, ...args], { onLine });
  const timer = setTimeout(() => void process.stop(), TIMEOUT);
  const { success, code } = await process.status;
  clearTimeout(timer);
  if (!success) throw new Error(`${runtime} ended with ${code}\n${process.tail}`);
  // Node 22 calls erasing types experimental.
  const noise = others.filter((line) => !/ExperimentalWarning: Type Stripping|--trace-warnings/.test(line));
  if (noise.length > 0) throw new Error(`${runtime} printed what no check did\n${noise.join("\n")}`);
  return results;
}

/** Runs the checks of the interoperability client over the sockets of Node or Bun; `way` names its server. */
export async function runClientIn(
  runtime: Runtime | undefined,
  way: object,
  checks: readonly string[],
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  if (runtime === undefined || isBrowser(runtime)) throw new TypeError(`A client cannot run in ${runtime}`);
  return await runProgram(runtime, [join(SUITE, "sockets.ts"), JSON.stringify({ way, checks })], processes);
}

/** Runs the suite of WAMP sessions over the WebSocket of Node or Bun; `way` names the router's URL and the serializer. */
export async function runSessionsIn(
  runtime: Exclude<Runtime, `chromium${string}`>,
  way: object,
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  return await runProgram(runtime, [join(SUITE, "sessions.ts"), JSON.stringify(way)], processes);
}

/** Runs the program of components; `way` names the router's URL and, where it is not ours, the socket. */
export async function runComponentIn(
  runtime: Runtime | "deno",
  way: ComponentWay,
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  if (runtime !== "deno" && isBrowser(runtime)) {
    // The browser tells of every connection that failed.
    const isExpected = (error: string): boolean => /\bWebSocket\b/.test(error);
    const page = { source: "browser_component.ts", query: encodeURIComponent(way.url), isExpected };
    return await runInBrowser(runtime, page, processes);
  }
  return await runProgram(runtime, [join(SUITE, "component.ts"), JSON.stringify(way)], processes);
}

/** Runs the suite that all runtimes must pass. */
export async function runSuiteIn(runtime: Runtime | undefined, processes: ProcessGroup): Promise<CheckResult[]> {
  if (runtime === undefined) throw new TypeError("The suite needs the name of a runtime");
  if (isBrowser(runtime)) return await runInBrowser(runtime, { source: "browser.ts" }, processes);
  return await runProgram(runtime, [join(SUITE, "main.ts")], processes);
}

function isBrowser(runtime: Runtime): runtime is Extract<Runtime, `chromium${string}`> {
  return runtime.startsWith("chromium");
}

/** What a page or a worker runs. */
interface BrowserProgram {
  /** A file of tests/runtimes/. */
  readonly source: string;
  /** The query of its address. @default {""} */
  readonly query?: string;
  /** Whether the page may complain of this. @default {nothing} */
  readonly isExpected?: (error: string) => boolean;
}

async function bundle({ source }: BrowserProgram): Promise<string> {
  const file = join(await ignoredFolder(".cache", "interop", "bundle"), source.replace(/ts$/, "js"));
  const files = [`--output=${file}`, join(SUITE, source)];
  await runCommand([Deno.execPath(), "bundle", "--quiet", "--platform=browser", ...files], { cwd: ROOT });
  return await Deno.readTextFile(file);
}

async function runInBrowser(
  runtime: Extract<Runtime, `chromium${string}`>,
  program: BrowserProgram,
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  const { query = "", isExpected = () => false } = program;
  const script = await bundle(program);
  const answer = (request: Request): Response => {
    const { pathname } = new URL(request.url);
    if (pathname === "/suite.js") return new Response(script, { headers: { "content-type": "text/javascript" } });
    const page = runtime === "chromium" ? PAGE : "<!doctype html><title>Suite</title>";
    return new Response(page, { headers: { "content-type": "text/html" } });
  };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  await using browser = await Browser.start(await installChromium(), processes);
  const page = await browser.open(`http://127.0.0.1:${server.addr.port}/?${query}`);
  const inWorker = `new Promise((resolve, reject) => {
    const worker = new Worker("suite.js" + location.search, { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  })`;
  const results = await page.evaluate(`(${runtime === "chromium" ? "suiteResults" : inWorker}).then(JSON.stringify)`);
  const errors = page.errors.filter((error) => !error.includes("/favicon.ico") && !isExpected(error));
  if (errors.length > 0) throw new Error(`Page must not complain, received ${errors.join("\n")}`);
  return JSON.parse(String(results));
}
