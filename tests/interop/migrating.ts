/**
 * The cells of docs/migrating/: what the pages say of the packages of others is there in those, and their programs,
 * run as they stand with those packages and Viaduct's router, print what the pages say.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { acceptTicket } from "../../wamp/auth/mod.ts";
import { createRouter, serveRouter } from "../../wamp/router/mod.ts";
import { type MigrationPage, type MigrationPageName, readMigrationPage } from "../docs/migrating_pages.ts";
import { ROOT } from "../support/folders.ts";
import { runCommand } from "../support/processes.ts";
import type { CheckResult } from "./cells.ts";
import { installWs } from "./install.ts";
import { runSteps } from "./page_steps.ts";
import { executableOf } from "./runtimes.ts";
import { programOf } from "./wamp/install.ts";

/** The checks of each page. */
export const MIGRATING_CHECKS: readonly string[] = ["version", "names", "program before"];

/** How long a program may take, in milliseconds. */
const TIMEOUT = 60_000;
/** Where the programs of the pages look for their router. */
const WRITTEN_URL = "ws://127.0.0.1:8080/ws";

/** A package of others, installed. */
interface Installed {
  /** The folder of its sources. */
  readonly sources: string;
  readonly version: string;
  /** Where its programs lie, so that they find it. */
  readonly folder: string;
  /** What runs a program. */
  readonly interpreter: string;
}

async function installedNode(folder: string, name: string): Promise<Installed> {
  const sources = join(folder, "node_modules", name);
  const { version }: { readonly version: string } = JSON.parse(await Deno.readTextFile(join(sources, "package.json")));
  return { sources, version, folder, interpreter: await executableOf("node 24") };
}

async function installedPython(): Promise<Installed> {
  const { command: [interpreter = ""], modules: folder } = await programOf("autobahn-python");
  const where = "import autobahn; print(autobahn.__version__, autobahn.__path__[0])";
  const [version = "", sources = ""] = (await runCommand([interpreter, "-c", where])).split(" ");
  return { sources, version, folder, interpreter };
}

async function install(page: MigrationPageName): Promise<Installed> {
  if (page === "autobahn_python") return await installedPython();
  if (page === "ws") return await installedNode(dirname((await installWs()).client[1]!), "ws");
  const { modules } = await programOf(page === "wampy" ? "wampy" : "autobahn-js");
  return await installedNode(dirname(modules), page === "wampy" ? "wampy" : "autobahn");
}

/** The version as a page names it: at the end of a line or before a blank. */
function versionPattern(version: string): RegExp {
  return new RegExp(`\\s${version.replaceAll(".", "\\.")}\\s`);
}

/** All words of the sources of a package. */
function wordsIn(folder: string, words: Set<string> = new Set()): Set<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory && name !== "node_modules") wordsIn(path, words);
    if (!/\.(?:[cm]?js|d\.ts|py)$/.test(name)) continue;
    for (const [word] of Deno.readTextFileSync(path).matchAll(/[A-Za-z_$][\w$]*/g)) words.add(word);
  }
  return words;
}

async function checkNames(page: MigrationPageName, { sources }: Installed): Promise<void> {
  const recorded: Readonly<Record<string, { readonly names: readonly string[] }>> = JSON.parse(
    await Deno.readTextFile(join(ROOT, "tests", "docs", "migrating_names.json")),
  );
  const names = recorded[page]?.names ?? [];
  assert(names.length > 40, `There must be names to look for, found ${names.length}`);
  const words = wordsIn(sources);
  assert.deepEqual(names.filter((name) => !words.has(name)), []);
}

async function runBefore({ name, before, printed }: MigrationPage, installed: Installed): Promise<void> {
  const principals = { joe: { ticket: "secret", role: "user" } };
  await using router = createRouter({ realms: [{ uri: "realm1", auth: [acceptTicket({ principals })] }] });
  await using server = await serveRouter(router, { port: 0, hostname: "127.0.0.1" });
  const file = join(installed.folder, `migrating_${name}.${name === "autobahn_python" ? "py" : "mjs"}`);
  await Deno.writeTextFile(file, before.replaceAll(WRITTEN_URL, server.url));
  const output = await runCommand([installed.interpreter, file], { timeout: TIMEOUT });
  // The packages write of their own what goes wrong, as in this program something does.
  assert.deepEqual(output.split("\n").filter((line) => printed.includes(line)), printed, output);
}

/** Runs the checks of one page. */
export async function runMigrating(name: MigrationPageName): Promise<readonly CheckResult[]> {
  const [page, installed] = await Promise.all([readMigrationPage(name), install(name)]);
  return await runSteps({
    "version": () => Promise.resolve().then(() => assert.match(page.text, versionPattern(installed.version))),
    "names": () => checkNames(name, installed),
    "program before": () => runBefore(page, installed),
  });
}
