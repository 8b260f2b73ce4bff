/**
 * The cell of docs/guides/router.md: nginx by the configuration of the guide, as it stands but for ports and certificate,
 * in front of a router.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join as joinPath } from "node:path";
import { join, type Session, TransportError } from "../../wamp/mod.ts";
import { createRouter, serveRouter } from "../../wamp/router/mod.ts";
import { emptyFolder, ROOT } from "../support/folders.ts";
import { freePort, type ProcessGroup, untilListening } from "../support/processes.ts";
import { createTlsFixture, type TlsFixture } from "../tls_fixture.ts";
import type { CheckResult } from "./cells.ts";
import { installNginx } from "./nginx.ts";
import { runSteps } from "./page_steps.ts";

/** The checks of the cell. */
export const ROUTER_GUIDE_CHECKS: readonly string[] = ["program", "page of the host", "page of another host", "pings"];

const START_TIMEOUT = 30_000;

/** Writes nginx' files into a folder. */
async function configure(inside: URL, port: number, { server }: TlsFixture): Promise<string> {
  const folder = await emptyFolder(".cache", "interop", "nginx_guide");
  const guide = await Deno.readTextFile(joinPath(ROOT, "docs", "guides", "router.md"));
  let [, text = ""] = /^```nginx\n([^]*?)^```$/m.exec(guide) ?? [];
  const changes = [
    ["listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`],
    ["http://127.0.0.1:8080;", `http://127.0.0.1:${inside.port};`],
    ["/etc/ssl/example.com.crt;", "server.pem;"],
    ["/etc/ssl/example.com.key;", "server.key;"],
    ["proxy_read_timeout 60s;", "proxy_read_timeout 1s;"],
  ] as const;
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), `The guide must have ${from}`);
    text = text.replace(from, to);
  }
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path temp;\n`);
  const files = {
    "viaduct.conf": text,
    "nginx.conf": `daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {}\n` +
      `http {\naccess_log off;\n${temporary.join("")}include viaduct.conf;\n}\n`,
    "server.pem": server.cert,
    "server.key": server.key,
  };
  for (const [name, content] of Object.entries(files)) await Deno.writeTextFile(joinPath(folder, name), content);
  return folder;
}

/** Runs the checks. */
export async function runRouterGuide(processes: ProcessGroup): Promise<readonly CheckResult[]> {
  const program = await installNginx();
  await using router = createRouter();
  // The guide's 20 seconds of keepalive and 60 of nginx, at the same ratio in less time.
  const keepalive = { interval: 300, timeout: 5_000 };
  await using server = await serveRouter(router, { port: 0, hostname: "127.0.0.1", keepalive });
  const [fixture, port] = [createTlsFixture(), freePort()];
  const folder = await configure(new URL(server.url), port, fixture);
  const nginx = processes.start("nginx", [program, "-p", folder, "-c", "nginx.conf", "-e", "stderr"]);
  try {
    await untilListening(port, nginx, START_TIMEOUT);
    return await drive(`127.0.0.1:${port}`, fixture);
  } finally {
    await nginx.stop();
  }
}

async function drive(host: string, { caCert }: TlsFixture): Promise<CheckResult[]> {
  const enter = (headers: Readonly<Record<string, string>> = {}): Promise<Session> =>
    join(`wss://${host}/ws`, { realm: "realm1", tls: { caCerts: [caCert] }, headers, keepalive: false });
  const leaves = async (session: Session): Promise<void> => assert.ok((await session.leave()).wasClean);
  return await runSteps({
    "program": async () => await leaves(await enter()),
    "page of the host": async () => await leaves(await enter({ origin: `https://${host}` })),
    "page of another host": async () => {
      const isRefused = (error: unknown): boolean => error instanceof TransportError && /403/.test(error.message);
      await assert.rejects(enter({ origin: "https://evil.example" }), isRefused);
    },
    "pings": async () => {
      const session = await enter();
      const longer = AbortSignal.timeout(2_500);
      const ended = await Promise.race([
        session.closed,
        new Promise<undefined>((resolve) => longer.addEventListener("abort", () => resolve(undefined))),
      ]);
      assert.equal(ended, undefined);
      await leaves(session);
    },
  });
}
