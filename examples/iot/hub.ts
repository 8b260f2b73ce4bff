/**
 * The hub: a router that knows its devices. Each of them may publish and register below its own name, and nowhere else.
 *
 * ```sh
 * deno run --allow-net examples/iot/hub.ts --port 8081
 * ```
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { acceptWampcra } from "@viaduct/viaduct/wamp/auth";
import { type AuthorizationRequest, createRouter, type RouterServer, serveRouter } from "@viaduct/viaduct/wamp/router";
import { DEVICES, OPERATOR, REALM } from "./fleet.ts";
import { readPort, runProgram } from "./program.ts";

const USAGE = `Usage: hub.ts [OPTIONS]
  --port PORT      where to listen for RawSocket; 0 takes a free port (default: 8081)
  --hostname HOST  the address to bind; 0.0.0.0 lets other machines in (default: 127.0.0.1)`;

/** A silent connection is asked for a sign of life after so many milliseconds, and given up after as many more. */
const SILENCE = 5_000;
/** How many measurements are kept for a monitor that was away. */
const KEPT = 10_000;

const DEVICE_CALLS = ["wamp.session.add_testament"];
const OPERATOR_CALLS = ["wamp.subscription.get_events"];

/** What sessions may do. The name of a device is its authentication id, so that no device can speak for another. */
function authorize({ action, uri, match, session }: AuthorizationRequest): boolean {
  if (session.authrole === "operator") {
    return action === "subscribe" ? uri.startsWith("iot.") : action === "call" && isOf(uri, "iot.", OPERATOR_CALLS);
  }
  if (action === "call") return DEVICE_CALLS.includes(uri);
  return match === "exact" && uri.startsWith(`iot.${session.authid}.`);
}

function isOf(uri: string, prefix: string, others: readonly string[]): boolean {
  return uri.startsWith(prefix) || others.includes(uri);
}

/** Starts the hub. Shutting the server down ends it. */
export async function startHub(hostname: string, port: number): Promise<RouterServer> {
  const devices = Object.entries(DEVICES).map(([id, secret]) => [id, { secret, role: "device" }] as const);
  const users = Object.fromEntries([...devices, [OPERATOR.authid, { secret: OPERATOR.secret, role: "operator" }]]);
  const router = createRouter({
    realms: [{
      uri: REALM,
      auth: [acceptWampcra({ users })], // The secrets do not go over the network.
      authorize,
      eventStores: [{ uri: "iot..telemetry", match: "wildcard", limit: KEPT }],
    }],
  });
  return await serveRouter(router, {
    rawsocket: { hostname, port },
    // A device that loses its network says no goodbye: this is how its last will gets out.
    keepalive: { interval: SILENCE, timeout: SILENCE },
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      port: { type: "string", default: "8081" },
      hostname: { type: "string", default: "127.0.0.1" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const hub = await startHub(values.hostname, readPort(values.port));
  console.log(`Hub at ${hub.rawsocketUrl} (Ctrl+C ends it)`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void hub.shutdown());
  await hub.finished;
  console.log("Bye");
}

if (import.meta.main) await runProgram(main, USAGE);
