/**
 * nginx, as Debian has it, in front of a router.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { emptyFolder, ignoredFolder } from "../support/folders.ts";
import { freePort, type Process, type ProcessGroup, runCommand, untilListening } from "../support/processes.ts";

const START_TIMEOUT = 30_000;
/** Where the part of a configuration that we try says that the router is. */
const ROUTER = "http://127.0.0.1:8080;";
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path temp;\n`);
/** What stands around the part of a configuration that we try. */
const FRAME = `daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {}\n` +
  `http {\naccess_log off;\n${TEMPORARY.join("")}include viaduct.conf;\n}\n`;

/** What nginx is started with. */
export interface NginxOptions {
  /** The part of a configuration that somebody reads. */
  readonly config: string;
  /** What it listens on there, such as `443 ssl`. */
  readonly listen: string;
  /** The router behind it, which the configuration has at port 8080. */
  readonly inside: URL;
  /** What else is changed in it, each from and to. */
  readonly changes: readonly (readonly [from: string, to: string])[];
  /** The files that it names, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** Finds nginx, or unpacks Debian's below the project: it need not be installed, and no service is started. */
export async function installNginx(): Promise<string> {
  for (const name of ["nginx", "/usr/sbin/nginx"]) if (await isThere(name)) return name;
  const folder = await ignoredFolder(".cache", "interop", "nginx");
  const unpacked = join(folder, "usr", "sbin", "nginx");
  if (await isThere(unpacked)) return unpacked;
  try {
    await runCommand(["apt-get", "download", "nginx"], { cwd: folder });
  } catch {
    // Nobody has asked Debian yet what there is.
    await runCommand([...Deno.uid() === 0 ? [] : ["sudo", "--non-interactive"], "apt-get", "update"]);
    await runCommand(["apt-get", "download", "nginx"], { cwd: folder });
  }
  for (const { name } of Deno.readDirSync(folder)) {
    if (name.endsWith(".deb")) await runCommand(["dpkg", "-x", name, "."], { cwd: folder });
  }
  return unpacked;
}

async function isThere(program: string): Promise<boolean> {
  try {
    await runCommand([program, "-v"]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts nginx by a configuration as somebody reads it, but for what has to be changed for the test.
 *
 * @param program nginx.
 * @param processes What it is ended with.
 * @param options Its configuration.
 * @returns The process, and the port on 127.0.0.1 that it listens on.
 */
export async function startNginx(
  program: string,
  processes: ProcessGroup,
  options: NginxOptions,
): Promise<{ readonly process: Process; readonly port: number }> {
  const { listen, inside, changes, files } = options;
  const folder = await emptyFolder(".cache", "interop", "nginx_run");
  const port = freePort();
  const [, way = ""] = listen.split(" ");
  const all = [
    ...changes,
    [`listen ${listen};`, `listen 127.0.0.1:${port} ${way};`] as const,
    [ROUTER, `http://127.0.0.1:${inside.port};`] as const,
  ];
  let config = options.config;
  for (const [from, to] of all) {
    assert.ok(config.includes(from), `The configuration must have ${from}`);
    config = config.replace(from, to);
  }
  for (const [name, text] of Object.entries({ ...files, "viaduct.conf": config, "nginx.conf": FRAME })) {
    await Deno.writeTextFile(join(folder, name), text);
  }
  const process = processes.start("nginx", [program, "-p", folder, "-c", "nginx.conf", "-e", "stderr"]);
  await untilListening(port, process, START_TIMEOUT);
  return { process, port };
}
