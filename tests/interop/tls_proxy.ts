/**
 * The cell of the example behind TLS: nginx, by the configuration of the example, in front of its router.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join as joinPath } from "node:path";
import { join, JoinError, type JoinOptions, type Session, TransportError } from "../../wamp/mod.ts";
import { anonymous, certificate } from "../../wamp/auth/mod.ts";
import { ROOT } from "../support/folders.ts";
import type { ProcessGroup } from "../support/processes.ts";
import { createTlsFixture, TestAuthority, type TlsFixture } from "../tls_fixture.ts";
import type { CheckResult } from "./cells.ts";
import { startNginx } from "./nginx.ts";
import { runSteps } from "./page_steps.ts";

const START_TIMEOUT = 30_000;
const TOKEN = "a token for this run";

/** The checks of the cell. */
export const TLS_PROXY_CHECKS: readonly string[] = [
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

/** Starts the router by its command, and nginx before it; a check that is not reached is not reported. */
export async function runTlsProxy(
  program: string,
  command: readonly string[],
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  const router = processes.start("router", [...command, "0"], { env: { PROXY_TOKEN: TOKEN } });
  const [, inside = ""] = await router.line(/^Router at (ws:\S+),/, START_TIMEOUT);
  const fixture = createTlsFixture();
  const { server, caCert } = fixture;
  try {
    const nginx = await startNginx(program, processes, {
      config: await Deno.readTextFile(joinPath(ROOT, "examples", "tls_proxy", "nginx.conf")),
      listen: "8443 ssl",
      inside: new URL(inside),
      changes: [[`"change-this-token"`, `"${TOKEN}"`]],
      files: { "server.pem": server.cert, "server.key": server.key, "ca.pem": caCert },
    });
    try {
      return await drive(new Scene(`wss://127.0.0.1:${nginx.port}/ws`, inside, fixture));
    } finally {
      await nginx.process.stop();
    }
  } finally {
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
