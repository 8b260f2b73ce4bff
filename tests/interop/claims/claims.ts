/**
 * What docs/comparison.md says of others, each tried with what they publish. The committed table: a claim that a run
 * does not report has failed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "../../../websocket/mod.ts";
import type { Session } from "../../../wamp/session_api.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import { serveRouter } from "../../../wamp/router/server.ts";
import { Link, sleep } from "../../chaos/proxy.ts";
import { type ProcessGroup, runCommand } from "../../support/processes.ts";
import type { CheckResult } from "../cells.ts";
import { installWs } from "../install.ts";
import { runSteps } from "../page_steps.ts";
import { installCrossbar, programOf, type WampPeer } from "../wamp/install.ts";

/** Whom something is claimed of. */
export type ClaimPeer = "ws" | Exclude<WampPeer, "xconn"> | "crossbar";

const COMES_BACK = "comes back, and registers again";
const ANNOUNCES_NO_PARTS = "announces no progressive invocations";

/** All claims, by peer. */
export const CLAIMS: Readonly<Record<ClaimPeer, readonly string[]>> = {
  "ws": [
    "needs no other package",
    "throws in a browser",
    "lets pages of other origins in",
    "takes messages of 100 MiB unless told otherwise",
    "calls back when a message is written",
    "pauses receiving",
    "sends a message in parts, and gives it whole",
    "answers pings, and pings where a program does",
    "stays closed when the server goes",
  ],
  "autobahn-js": ["needs 4 other packages", COMES_BACK, ANNOUNCES_NO_PARTS],
  "wampy": ["needs 7 other packages", COMES_BACK, "has progressive invocations for callers"],
  "autobahn-python": ["needs 7 other packages", COMES_BACK, ANNOUNCES_NO_PARTS],
  "crossbar": ["has MQTT", "has HTTP long-poll", "links routers", "runs as a program of its own"],
};

/** How long a client may take to join, and to come back, in milliseconds. */
const PATIENCE = 30_000;
const PROCEDURE = "com.example.hello";

/** Tries all claims about one peer. */
export async function runClaims(peer: ClaimPeer, processes: ProcessGroup): Promise<CheckResult[]> {
  if (peer === "ws") {
    const { server: [node = "node", program = ""] } = await installWs();
    return await printed([node, beside("ws.mjs"), join(dirname(program), "package.json")]);
  }
  if (peer === "crossbar") {
    const { command: [crossbar = ""], env } = await installCrossbar();
    return await printed([join(dirname(crossbar), "python"), beside("crossbar_claims.py"), crossbar], env);
  }
  return await runClient(peer, processes);
}

function beside(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** Runs a program that prints a line of JSON for each claim. */
async function printed(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CheckResult[]> {
  const lines = (await runCommand(command, { env, timeout: PATIENCE })).split("\n");
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

async function runClient(peer: Exclude<ClaimPeer, "ws" | "crossbar">, processes: ProcessGroup): Promise<CheckResult[]> {
  const { command, env, modules } = await programOf(peer);
  const isPython = peer === "autobahn-python";
  const program = [command[0]!, beside(`${peer.replace("-", "_")}.${isPython ? "py" : "mjs"}`), modules];
  const start = (url: string) => processes.start(peer, [...program, url], { env });
  const steps = await runSteps({
    [COMES_BACK]: () => assertComesBack(start),
    ...(CLAIMS[peer].includes(ANNOUNCES_NO_PARTS) ? { [ANNOUNCES_NO_PARTS]: () => assertNoParts(start) } : {}),
  });
  return [...steps, ...await printed([...program, "facts"], env)];
}

type Start = (url: string) => { stop(): Promise<void> };

/** Cuts the client's connection, and sees its procedure again. */
async function assertComesBack(start: Start): Promise<void> {
  await using router = createRouter();
  await using server = await serveRouter(router, { port: 0, hostname: "127.0.0.1" });
  const session = await router.join("realm1");
  const link = new Link(Number(new URL(server.url).port));
  const client = start(`ws://127.0.0.1:${link.port}/ws`);
  try {
    const before = await registrationOf(session, undefined);
    link.cut();
    await registrationOf(session, before);
    assert.equal(await session.call(PROCEDURE), "hello");
    assert(link.accepted >= 2, "The client must have connected again");
  } finally {
    await client.stop();
    await link.refuse();
  }
}

/** Waits until the client's procedure is registered, by another id than before. */
async function registrationOf(session: Session, before: unknown): Promise<unknown> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(50)) {
    const id = await session.call("wamp.registration.lookup", [PROCEDURE]);
    if (id !== null && id !== before) return id;
  }
  throw new Error(`${PROCEDURE} is not registered${before === undefined ? "" : " again"}`);
}

/** Reads what a client announces in HELLO, which nobody answers. */
async function assertNoParts(start: Start): Promise<void> {
  const hello = Promise.withResolvers<string>();
  await using server = serve({
    port: 0,
    hostname: "127.0.0.1",
    subprotocols: ["wamp.2.json"],
    message: (_, bytes) => hello.resolve(new TextDecoder().decode(bytes)),
  });
  const client = start(server.url);
  const timer = setTimeout(() => hello.reject(new Error("No HELLO came")), PATIENCE);
  try {
    const [type, , { roles }] = JSON.parse(await hello.promise);
    assert.equal(type, 1);
    for (const role of ["caller", "callee"]) {
      assert(roles[role].features.progressive_call_results, `${role} must announce progressive results`);
      assert.equal(roles[role].features.progressive_call_invocations, undefined, role);
    }
  } finally {
    clearTimeout(timer);
    await client.stop();
  }
}
