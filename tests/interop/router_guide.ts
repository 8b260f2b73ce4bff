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
import { codeBlocks } from "../support/code_blocks.ts";
import { ROOT } from "../support/folders.ts";
import type { ProcessGroup } from "../support/processes.ts";
import { createTlsFixture, type TlsFixture } from "../tls_fixture.ts";
import type { CheckResult } from "./cells.ts";
import { installNginx, startNginx } from "./nginx.ts";
import { runSteps } from "./page_steps.ts";

/** The checks of the cell. */
export const ROUTER_GUIDE_CHECKS: readonly string[] = ["program", "page of the host", "page of another host", "pings"];

/** The configuration in the guide. */
async function readGuide(): Promise<string> {
  const guide = await Deno.readTextFile(joinPath(ROOT, "docs", "guides", "router.md"));
  return codeBlocks(guide, "nginx")[0] ?? "";
}

/** Runs the checks. */
export async function runRouterGuide(processes: ProcessGroup): Promise<readonly CheckResult[]> {
  const program = await installNginx();
  await using router = createRouter();
  // The guide's 20 seconds of keepalive and 60 of nginx, at the same ratio in less time.
  const keepalive = { interval: 300, timeout: 5_000 };
  await using server = await serveRouter(router, { port: 0, hostname: "127.0.0.1", keepalive });
  const fixture = createTlsFixture();
  const nginx = await startNginx(program, processes, {
    config: await readGuide(),
    listen: "443 ssl",
    inside: new URL(server.url),
    changes: [
      ["/etc/ssl/example.com.crt;", "server.pem;"],
      ["/etc/ssl/example.com.key;", "server.key;"],
      ["proxy_read_timeout 60s;", "proxy_read_timeout 1s;"],
    ],
    files: { "server.pem": fixture.server.cert, "server.key": fixture.server.key },
  });
  try {
    return await drive(`127.0.0.1:${nginx.port}`, fixture);
  } finally {
    await nginx.process.stop();
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
