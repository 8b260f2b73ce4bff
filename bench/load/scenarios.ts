/**
 * What `deno task load` measures, and what Viaduct has to reach there.
 *
 * @module
 */

import type { Kind, Traffic } from "./workload.ts";

/** The echo servers; servers.ts knows how each is started. */
export const SERVER_NAMES = ["viaduct-handler", "viaduct-iterate", "deno", "bun", "ws"] as const;

/** An echo server. */
export type ServerName = typeof SERVER_NAMES[number];

/** The least ratio of messages/s wanted of one server to another. */
export interface Target {
  readonly server: ServerName;
  readonly peer: ServerName;
  readonly atLeast: number;
}

/** One comparison. */
export interface Scenario {
  readonly name: string;
  readonly traffic: Traffic;
  readonly servers: readonly ServerName[];
  readonly targets: readonly Target[];
}

const KIB = 1024;
const MIB = 1024 * KIB;

const KIND_NAMES: Readonly<Record<Kind, string>> = {
  "binary": "binary",
  "json": "JSON",
  "json-deflate": "JSON deflate",
  "json-deflate-context": "JSON deflate with context",
};

type Shape = readonly [size: number, connections: number, inFlight: number];

/** Shape · ratios to Deno's own WebSocket of the handler form and of `for await` · ratio to Bun of the handler form. */
const PLAIN: readonly (readonly [shape: Shape, handler: number, iterate: number, bun?: number])[] = [
  [[64, 1, 64], 5, 4],
  [[1 * KIB, 10, 16], 5, 4],
  [[64 * KIB, 4, 1], 1.25, 0.95, 1],
  [[1 * MIB, 2, 1], 1.2, 0.85, 1],
  [[64, 1, 1], 0.95, 0.95],
  [[64, 50, 1], 0.95, 0.95],
  [[64, 200, 1], 0.95, 0.95],
];

/** Shape of JSON text · ratios to ws of the handler form, without and with context takeover. */
const COMPRESSED: readonly (readonly [shape: Shape, stateless: number, context: number])[] = [
  [[1 * KIB, 1, 32], 3, 2],
  [[128, 1, 32], 3, 2],
  [[1 * KIB, 20, 4], 1.5, 1.5],
  [[128, 20, 4], 1.5, 1.5],
];

/** All comparisons. */
export const SCENARIOS: readonly Scenario[] = [
  ...PLAIN.map(([shape, handler, iterate, bun]): Scenario => ({
    ...named(shape, "binary"),
    servers: SERVER_NAMES,
    targets: [
      { server: "viaduct-handler", peer: "deno", atLeast: handler },
      { server: "viaduct-iterate", peer: "deno", atLeast: iterate },
      ...(bun === undefined ? [] : [{ server: "viaduct-handler", peer: "bun", atLeast: bun } as const]),
    ],
  })),
  ...COMPRESSED.map(([shape, atLeast]) => compressed(shape, "json-deflate", atLeast)),
  ...COMPRESSED.map(([shape, , atLeast]) => compressed(shape, "json-deflate-context", atLeast)),
];

/** Deno's own WebSocket cannot compress, so ws is the peer. */
function compressed(shape: Shape, kind: Kind, atLeast: number): Scenario {
  return {
    ...named(shape, kind),
    servers: ["viaduct-handler", "viaduct-iterate", "ws"],
    targets: [{ server: "viaduct-handler", peer: "ws", atLeast }],
  };
}

function named([size, connections, inFlight]: Shape, kind: Kind): { name: string; traffic: Traffic } {
  const amount = size >= MIB ? `${size / MIB} MiB` : size >= KIB ? `${size / KIB} KiB` : `${size} B`;
  return {
    name: `${KIND_NAMES[kind]} ${amount}, ${connections} conn x ${inFlight}`,
    traffic: { kind, size, connections, inFlight },
  };
}
