/**
 * Starts Crossbar.io with one realm that lets anybody do anything.
 *
 * @module
 */

import { join } from "node:path";
import { emptyFolder } from "../../support/folders.ts";
import { freePort, type ProcessGroup } from "../../support/processes.ts";
import { installCrossbar } from "./install.ts";

/** How long it may take to listen, in milliseconds. It needs seven seconds on a quiet machine. */
const START_TIMEOUT = 60_000;
const SERIALIZERS = ["cbor", "msgpack", "ubjson", "json"];

/** A router that runs. */
export interface RunningRouter {
  /** The URLs of its transports. */
  readonly urls: Readonly<Record<"websocket" | "rawsocket", string>>;
  /** The process started; Crossbar.io's routing is done by a child of it. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Installs and starts it. */
export async function startCrossbar(processes: ProcessGroup): Promise<RunningRouter> {
  const { command, env } = await installCrossbar();
  const folder = await emptyFolder(".cache", "interop", "crossbar_node");
  const port = freePort();
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(configuration(port), null, 2));
  // Its keys and caches go into the folder too, not into the user's home.
  const options = { env: { ...env, HOME: folder } };
  const crossbar = processes.start("crossbar", [...command, "start", "--cbdir", folder], options);
  await crossbar.line(/NODE_BOOT_COMPLETE/, START_TIMEOUT);
  return {
    urls: { websocket: `ws://127.0.0.1:${port}/ws`, rawsocket: `rs://127.0.0.1:${port}` },
    pid: crossbar.pid,
    stop: () => crossbar.stop(),
  };
}

function configuration(port: number): unknown {
  const everything = {
    uri: "",
    match: "prefix",
    allow: { call: true, register: true, publish: true, subscribe: true },
    disclose: { caller: true, publisher: true },
    cache: true,
  };
  const transport = {
    type: "universal",
    endpoint: { type: "tcp", interface: "127.0.0.1", port },
    rawsocket: { serializers: SERIALIZERS },
    websocket: { ws: { type: "websocket", serializers: SERIALIZERS } },
    web: { paths: { "/": { type: "nodeinfo" } } },
  };
  const realm = { name: "realm1", roles: [{ name: "anonymous", permissions: [everything] }] };
  return { version: 2, workers: [{ type: "router", realms: [realm], transports: [transport] }] };
}
