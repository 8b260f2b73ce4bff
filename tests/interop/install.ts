/**
 * Installs the peers into ignored folders of the project.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emptyFolder, ignoredFolder, readTextIfPresent } from "../support/folders.ts";
import { runCommand } from "../support/processes.ts";

/** The version of ws. */
export const WS = "8.23.0";
const WEBSOCKETS = "17.4";
const PROMETHEUS_CLIENT = "0.26.0";
/** The oldest Python that `websockets` runs on here. */
const PYTHON = "import sys; assert sys.version_info >= (3, 10)";
const PEERS = fileURLToPath(new URL("peers/", import.meta.url));

/** The commands that start the programs of one library; arguments follow. */
export interface PeerPrograms {
  readonly client: readonly string[];
  readonly server: readonly string[];
}

/** A certificate authority and a certificate for 127.0.0.1 and localhost, as PEM files. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Installs Node's ws. */
export async function installWs(): Promise<PeerPrograms> {
  const folder = await ignoredFolder(".cache", "interop", "ws");
  const manifest = `${JSON.stringify({ private: true, type: "module", dependencies: { ws: WS } }, null, 2)}\n`;
  if (await readTextIfPresent(join(folder, "stamp")) !== manifest) {
    await Deno.writeTextFile(join(folder, "package.json"), manifest);
    await runCommand(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], { cwd: folder });
    await Deno.writeTextFile(join(folder, "stamp"), manifest);
  }
  // Node looks for ws from where the program lies.
  for (const name of ["ws_client.mjs", "ws_server.mjs", "ws_testee.mjs"]) {
    await Deno.copyFile(join(PEERS, name), join(folder, name));
  }
  return { client: ["node", join(folder, "ws_client.mjs")], server: ["node", join(folder, "ws_server.mjs")] };
}

/** Installs Python's websockets. */
export async function installWebsockets(): Promise<PeerPrograms> {
  const folder = await ignoredFolder(".cache", "interop", "websockets");
  const python = join(folder, "bin", "python");
  if (await readTextIfPresent(join(folder, "stamp")) !== WEBSOCKETS) {
    await runCommand(["python3", "-c", PYTHON]);
    await runCommand(["python3", "-m", "venv", "--clear", folder]);
    await runCommand([python, "-m", "pip", "install", "--quiet", `websockets==${WEBSOCKETS}`]);
    await Deno.writeTextFile(join(folder, "stamp"), WEBSOCKETS);
  }
  return {
    client: [python, join(PEERS, "websockets_client.py")],
    server: [python, join(PEERS, "websockets_server.py")],
  };
}

/** Installs Prometheus' library for Python; gives the command that reads metrics with it. */
export async function installPrometheusClient(): Promise<readonly string[]> {
  const folder = await ignoredFolder(".cache", "interop", "prometheus_client");
  const python = join(folder, "bin", "python");
  if (await readTextIfPresent(join(folder, "stamp")) !== PROMETHEUS_CLIENT) {
    await runCommand(["python3", "-m", "venv", "--clear", folder]);
    await runCommand([python, "-m", "pip", "install", "--quiet", `prometheus_client==${PROMETHEUS_CLIENT}`]);
    await Deno.writeTextFile(join(folder, "stamp"), PROMETHEUS_CLIENT);
  }
  return [python, join(PEERS, "read_metrics.py")];
}

/** The platform's own WebSocket needs no installing. */
export function platformPrograms(): PeerPrograms {
  const run = [Deno.execPath(), "run", "-A"];
  return {
    client: [...run, join(PEERS, "platform_client.ts")],
    server: [...run, join(PEERS, "platform_server.ts")],
  };
}

/** Finds Chromium; installs Debian's where there is none. */
export async function installChromium(): Promise<string> {
  const found = await findChromium();
  if (found !== undefined) return found;
  // Where the user is not root, only somebody else can install it.
  const sudo = Deno.uid() === 0 ? [] : ["sudo", "--non-interactive"];
  await runCommand([...sudo, "apt-get", "update"]);
  await runCommand([...sudo, "apt-get", "install", "-y", "--no-install-recommends", "chromium"]);
  const installed = await findChromium();
  if (installed === undefined) throw new Error("Cannot find chromium on PATH after it was installed");
  return installed;
}

async function findChromium(): Promise<string | undefined> {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      await runCommand([name, "--version"]);
      return name;
    } catch {
      // The next name may do.
    }
  }
  return undefined;
}

const OPENSSL_REQUEST = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/**
 * Makes a throw-away certificate authority and a certificate by it for this machine, and one for each client named, in
 * a folder of its own under `.cache/interop`.
 */
export async function makeCertificates(
  folderName = "certificates",
  clients: readonly string[] = [],
): Promise<Certificates> {
  const folder = await emptyFolder(".cache", "interop", folderName);
  const path = (name: string): string => join(folder, name);
  const authority = ["-x509", "-days", "2", "-subj", "/CN=Viaduct interop CA"];
  await runCommand([...OPENSSL_REQUEST, ...authority, "-keyout", path("ca.key"), "-out", path("ca.pem")]);
  await sign(folder, "", "localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  for (const client of clients) await sign(folder, `${client}.`, client, "");
  return { ca: path("ca.pem"), cert: path("cert.pem"), key: path("key.pem") };
}

async function sign(folder: string, prefix: string, commonName: string, extensions: string): Promise<void> {
  const path = (name: string): string => join(folder, name);
  const [key, request] = [path(`${prefix}key.pem`), path(`${prefix}request.pem`)];
  await runCommand([...OPENSSL_REQUEST, "-subj", `/CN=${commonName}`, "-keyout", key, "-out", request]);
  const constraints = "basicConstraints=critical,CA:FALSE\nauthorityKeyIdentifier=keyid\n";
  await Deno.writeTextFile(path("names.cnf"), `${extensions}${constraints}`);
  const options = ["-req", "-days", "2", "-CAcreateserial", "-extfile", path("names.cnf")];
  const by = ["-CA", path("ca.pem"), "-CAkey", path("ca.key")];
  await runCommand(["openssl", "x509", ...options, ...by, "-in", request, "-out", path(`${prefix}cert.pem`)]);
}
