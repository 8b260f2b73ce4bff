/**
 * Crossbar.io as the router of a measurement: one worker, anonymous, everything allowed, no compression.
 *
 * @module
 */

import { join } from "node:path";
const installCrossbar=()=>({crossbar:"/work/main/.cache/interop/crossbar/bin/crossbar"});
import { emptyFolder } from "../../../tests/support/folders.ts";
import { freePort, Process } from "../../../tests/support/processes.ts";
import type { Router } from "./processes.ts";

const START_TIMEOUT = 60_000;

function configuration(port: number): unknown {
  return {
    version: 2,
    workers: [{
      type: "router",
      realms: [{
        name: "realm1",
        roles: [{
          name: "anonymous",
          permissions: [{
            uri: "",
            match: "prefix",
            allow: { call: true, register: true, publish: true, subscribe: true },
          }],
        }],
      }],
      transports: [{
        type: "universal",
        endpoint: { type: "tcp", port, interface: "127.0.0.1" },
        rawsocket: { serializers: ["cbor", "msgpack", "json"] },
        websocket: { ws: { type: "websocket", serializers: ["cbor", "msgpack", "json"] } },
      }],
    }],
  };
}

/** Starts it and waits until its transport listens. */
export async function startCrossbar(): Promise<Router> {
  const { crossbar } = await installCrossbar();
  const port = freePort();
  const folder = await emptyFolder(".cache", "load", "crossbar");
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(configuration(port)));
  const process = new Process("Crossbar.io", [crossbar, "start", "--color", "false", "--cbdir", folder]);
  await process.line(/NODE_BOOT_COMPLETE/, START_TIMEOUT);
  const urls = { websocket: `ws://127.0.0.1:${port}/ws`, rawsocket: `rs://127.0.0.1:${port}` };
  return { pid: workerOf(process.pid), urls, stop: () => process.stop() };
}

/** The process that routes: the controller's only child. */
function workerOf(pid: number): number {
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").map(Number);
  const worker = children.at(-1);
  if (worker === undefined || Number.isNaN(worker)) throw new Error("Cannot find Crossbar.io's worker process");
  return worker;
}
