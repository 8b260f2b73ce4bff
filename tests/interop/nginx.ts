/**
 * The cell of the example behind TLS: nginx, by the configuration of the example, in front of its router.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join as joinPath } from "node:path";
import { join, JoinError, type JoinOptions, type Session, TransportError } from "../../wamp/mod.ts";
import { anonymous, certificate } from "../../wamp/auth/mod.ts";
import { emptyFolder, ignoredFolder, ROOT } from "../support/folders.ts";
import { freePort, type ProcessGroup, runCommand, untilListening } from "../support/processes.ts";
import { createTlsFixture, TestAuthority, type TlsFixture } from "../tls_fixture.ts";
import type { CheckResult } from "./cells.ts";
import { runSteps } from "./page_steps.ts";

const START_TIMEOUT = 30_000;
const TOKEN = "a token for this run";

/** The checks of the cell. */
export const NGINX_CHECKS: readonly string[] = [
  "certificate",
  "guest",
  "certificate of another authority",
  "forged fields",
  "large message",
  "closing",
  "origin of the host",
  "origin of the list",
  "foreign origin",
  "around nginx",
];

/** Finds nginx, or unpacks Debian's below the project: it need not be installed, and no service is started. */
export async function installNginx(): Promise<string> {
  for (const name of ["nginx", "/usr/sbin/nginx"]) if (await isThere(name)) return name;
  const folder = await ignoredFolder(".cache", "interop", "nginx");
  const unpacked = joinPath(folder, "usr", "sbin", "nginx");
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

/** Writes what nginx needs into a folder: the example's configuration, but for ports, token and the rest around it. */
async function configure(router: URL, port: number, { server, caCert }: TlsFixture): Promise<string> {
  const folder = await emptyFolder(".cache", "interop", "nginx_run");
  let text = await Deno.readTextFile(joinPath(ROOT, "examples", "tls_proxy", "nginx.conf"));
  const changes = [
    ["listen 8443 ssl;", `listen 127.0.0.1:${port} ssl;`],
    ["http://127.0.0.1:8080;", `http://127.0.0.1:${router.port};`],
    [`"change-this-token"`, `"${TOKEN}"`],
  ] as const;
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), from);
    text = text.replace(from, to);
  }
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path temp;\n`);
  const files = {
    "viaduct.conf": text,
    "nginx.conf": `daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {}\n` +
      `http {\naccess_log off;\n${temporary.join("")}include viaduct.conf;\n}\n`,
    "server.pem": server.cert,
    "server.key": server.key,
    "ca.pem": caCert,
  };
  for (const [name, content] of Object.entries(files)) await Deno.writeTextFile(joinPath(folder, name), content);
  return folder;
}

/** Starts the router by its command, and nginx before it; a check that is not reached is not reported. */
export async function runNginx(
  program: string,
  command: readonly string[],
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  const router = processes.start("router", [...command, "0"], { env: { PROXY_TOKEN: TOKEN } });
  const [, inside = ""] = await router.line(/^Router at (ws:\S+),/, START_TIMEOUT);
  const fixture = createTlsFixture();
  const port = freePort();
  const folder = await configure(new URL(inside), port, fixture);
  const nginx = processes.start("nginx", [program, "-p", folder, "-c", "nginx.conf", "-e", "stderr"]);
  try {
    await untilListening(port, nginx, START_TIMEOUT);
    return await drive(new Scene(`wss://127.0.0.1:${port}/ws`, inside, fixture));
  } finally {
    await nginx.stop();
    await router.stop();
  }
}

/** What the steps share. */
class Scene {
  readonly url: string;
  readonly inside: string;
  readonly fixture: TlsFixture;

  constructor(url: string, inside: string, fixture: TlsFixture) {
    this.url = url;
    this.inside = inside;
    this.fixture = fixture;
  }

  async join(options: Partial<JoinOptions> = {}): Promise<Session> {
    const tls = { caCerts: [this.fixture.caCert], ...options.tls };
    return await join(this.url, { realm: "realm1", auth: [certificate(), anonymous()], ...options, tls });
  }

  /** Who the router takes a client for. */
  async who(options: Partial<JoinOptions> = {}): Promise<unknown[]> {
    await using session = await this.join(options);
    const { authextra } = session.details;
    return [session.authrole, session.authid?.replace(/^guest-.*/, "guest"), authextra];
  }
}

async function drive(scene: Scene): Promise<CheckResult[]> {
  const address = { address: "127.0.0.1" };
  const tls = scene.fixture.client;
  const guest = ["guest", "guest", address];
  return await runSteps({
    "certificate": async () => assert.deepEqual(await scene.who({ tls }), ["user", "alice", address]),
    "guest": async () => assert.deepEqual(await scene.who(), guest),
    "certificate of another authority": async () => {
      const mallory = new TestAuthority("Viaduct test authority").issue({ commonName: "alice" });
      await assert.rejects(scene.who({ tls: mallory }), TransportError);
    },
    "forged fields": async () => {
      const headers = { "x-client-name": "alice", "x-forwarded-for": "10.0.0.1", "x-proxy-token": "guess" };
      assert.deepEqual(await scene.who({ headers }), guest);
    },
    "large message": async () => {
      await using callee = await scene.join({ tls });
      await callee.register("com.example.echo", ({ args }) => args[0]);
      await using caller = await scene.join();
      const bytes = Uint8Array.from({ length: 3_000_001 }, (_, index) => index * index);
      assert.deepEqual(await caller.call("com.example.echo", [bytes]), bytes);
    },
    "closing": async () => {
      const session = await scene.join();
      assert.equal((await session.leave()).wasClean, true);
    },
    "origin of the host": async () => {
      const { host } = new URL(scene.url);
      assert.deepEqual(await scene.who({ headers: { origin: `https://${host}` } }), guest);
    },
    "origin of the list": async () => {
      assert.deepEqual(await scene.who({ headers: { origin: "https://app.example" } }), guest);
    },
    "foreign origin": async () => {
      await assert.rejects(scene.who({ headers: { origin: "https://evil.example" } }), /received 403/);
    },
    "around nginx": async () => {
      const headers = { "x-client-name": "alice", "x-proxy-token": "guess" };
      const joining = join(scene.inside, { realm: "realm1", auth: [certificate(), anonymous()], headers });
      await assert.rejects(joining, (error) => error instanceof JoinError && /no_matching/.test(error.reason));
    },
  });
}
