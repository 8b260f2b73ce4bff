/**
 * Installs the WAMP peers into ignored folders of the project.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ignoredFolder, readTextIfPresent } from "../../support/folders.ts";
import { runCommand } from "../../support/processes.ts";
import { findPython } from "../../support/python.ts";
import { executableOf } from "../runtimes.ts";

const NODE_PACKAGES = { autobahn: "26.3.1", wampy: "8.0.2" };
/** The version of Crossbar.io that is installed. */
export const CROSSBAR_VERSION = "26.10.1";

const PYTHON_PACKAGES = ["autobahn[encryption,scram]==26.10.2", "xconn==0.5.1", "py-ubjson==0.16.1"];
/** What computes Argon2id for Viaduct, as a program would bring it along. */
export const ARGON2_PACKAGE = "npm:hash-wasm@4.13.0";
const CROSSBAR = [`crossbar==${CROSSBAR_VERSION}`];
/** The versions of Python that the packages run on, the one that they were tried with first. */
const PYTHONS = ["3.12", "3.13", "3.11"];
/** How long one installation may take, in milliseconds. Crossbar.io takes 46 s on a quiet machine. */
const TIMEOUT = 300_000;
const PEERS = fileURLToPath(new URL("../peers/", import.meta.url));
/** Modules that stand in for others in Python. */
const MODULES = fileURLToPath(new URL("python/", import.meta.url));

/** A client library. */
export type WampPeer = "autobahn-js" | "wampy" | "autobahn-python" | "xconn";

/** How a peer's program is started; one argument follows. */
export interface WampProgram {
  readonly command: readonly string[];
  /** Environment variables beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** A file in the folder that has the program's libraries. */
  readonly modules: string;
}

const installing = new Map<string, Promise<unknown>>();

/** Does a piece of work once, however many cells want it. */
function once<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
  let result = installing.get(name) as Promise<Value> | undefined;
  if (result === undefined) {
    installing.set(name, result = work());
    // Those who wait for it get the error; nobody may be waiting yet.
    result.catch(() => {});
  }
  return result;
}

/** Installs what a peer needs; returns how to start it. */
export function programOf(peer: WampPeer): Promise<WampProgram> {
  return peer === "autobahn-js" || peer === "wampy" ? nodeProgram(peer) : pythonProgram(peer);
}

async function nodeProgram(peer: "autobahn-js" | "wampy"): Promise<WampProgram> {
  const modules = await once("node", installNodePackages);
  // The newest Node erases types by itself; AutobahnJS wants 22 or newer.
  const node = await executableOf("node 24");
  const file = join(PEERS, `wamp_${peer.replace("-", "_")}.mjs`);
  return { command: [node, "--no-warnings", file], env: {}, modules };
}

async function pythonProgram(peer: "autobahn-python" | "xconn"): Promise<WampProgram> {
  const folder = await once("python", () => installPythonPackages("wamp_python", PYTHON_PACKAGES));
  const file = join(PEERS, `wamp_${peer.replace("-", "_")}.py`);
  const env = { PYTHONPATH: MODULES, PYTHONDONTWRITEBYTECODE: "1" };
  return { command: [join(folder, "bin", "python"), file], env, modules: folder };
}

/** Installs Crossbar.io; returns the command and environment that start it. */
export async function installCrossbar(): Promise<Pick<WampProgram, "command" | "env">> {
  const folder = await once("crossbar", () => installPythonPackages("crossbar", CROSSBAR));
  return { command: [join(folder, "bin", "crossbar")], env: { PYTHONPATH: MODULES } };
}

/** Begins to install everything, so that it is there when it is wanted. */
export function installAhead(): void {
  const all = [nodeProgram("wampy"), pythonProgram("xconn"), installCrossbar()];
  // A failure reaches the cells that want what could not be installed.
  for (const work of all) work.catch(() => {});
}

async function installNodePackages(): Promise<string> {
  const folder = await ignoredFolder(".cache", "interop", "wamp_node");
  const manifest = `${JSON.stringify({ private: true, type: "module", dependencies: NODE_PACKAGES }, null, 2)}\n`;
  if (await readTextIfPresent(join(folder, "stamp")) !== manifest) {
    await Deno.writeTextFile(join(folder, "package.json"), manifest);
    // Without install scripts, which would compile what has a slower substitute.
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
    await runCommand(["npm", "install", ...options], { cwd: folder, timeout: TIMEOUT });
    await Deno.writeTextFile(join(folder, "stamp"), manifest);
  }
  return join(folder, "package.json");
}

async function installPythonPackages(name: string, packages: readonly string[]): Promise<string> {
  const folder = await ignoredFolder(".cache", "interop", name);
  if (await readTextIfPresent(join(folder, "stamp")) === packages.join("\n")) return folder;
  const found = await findPython(PYTHONS);
  if (found === undefined) throw new Error(`Cannot install ${packages}: it needs Python ${PYTHONS.join(" or ")}`);
  await runCommand([found, "-m", "venv", "--clear", folder]);
  const pip = [join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  await runCommand([...pip, ...packages], { timeout: TIMEOUT });
  await Deno.writeTextFile(join(folder, "stamp"), packages.join("\n"));
  return folder;
}
