/**
 * What `deno task load wamp` compares, and what Viaduct has to reach there.
 *
 * @module
 */

/** The routers; routers.ts knows how each is started. */
export type RouterName = "viaduct" | "crossbar" | "stub";

/** A router with the library of its clients and their serializer. */
export interface System {
  readonly router: RouterName;
  readonly client: "autobahn-js" | "viaduct";
  readonly serializer: "json" | "msgpack" | "cbor";
  readonly transport: "websocket" | "rawsocket";
}

/** The systems, by name. The last column of the tables says what each is there for. */
export const SYSTEMS = {
  "AutobahnJS + Crossbar.io": { router: "crossbar", client: "autobahn-js", serializer: "json", transport: "websocket" },
  "AutobahnJS + Viaduct": { router: "viaduct", client: "autobahn-js", serializer: "json", transport: "websocket" },
  "AutobahnJS + canned answers": { router: "stub", client: "autobahn-js", serializer: "json", transport: "websocket" },
  "Viaduct + Crossbar.io": { router: "crossbar", client: "viaduct", serializer: "json", transport: "websocket" },
  "Viaduct + Viaduct, JSON": { router: "viaduct", client: "viaduct", serializer: "json", transport: "websocket" },
  "Viaduct + Viaduct, CBOR": { router: "viaduct", client: "viaduct", serializer: "cbor", transport: "websocket" },
  "Viaduct + Viaduct, MessagePack, RawSocket": {
    router: "viaduct",
    client: "viaduct",
    serializer: "msgpack",
    transport: "rawsocket",
  },
} as const satisfies Record<string, System>;

/** A system's name. */
export type SystemName = keyof typeof SYSTEMS;

/** Calls with some in flight, or events from one publisher to some sessions in one process. */
export type Traffic =
  | { readonly kind: "calls"; readonly inFlight: number }
  | { readonly kind: "events"; readonly sessions: number };

/** One comparison. */
export interface Scenario {
  readonly name: string;
  readonly traffic: Traffic;
  readonly targets: readonly Target[];
}

/** The least ratio wanted of one system's rate to another's; `orCeiling` is enough as well: a share of that system's rate. */
export interface Target {
  readonly system: SystemName;
  readonly peer: SystemName;
  readonly atLeast: number;
  readonly orCeiling?: { readonly of: SystemName; readonly share: number };
}

const BASE: SystemName = "AutobahnJS + Crossbar.io";
const CANNED = { of: "AutobahnJS + canned answers", share: 0.95 } as const;

function scenario(name: string, traffic: Traffic, router: number, both: number): Scenario {
  return {
    name,
    traffic,
    targets: [
      { system: "AutobahnJS + Viaduct", peer: BASE, atLeast: router, orCeiling: CANNED },
      { system: "Viaduct + Viaduct, JSON", peer: BASE, atLeast: both },
      { system: "Viaduct + Viaduct, CBOR", peer: BASE, atLeast: both },
      { system: "Viaduct + Viaduct, MessagePack, RawSocket", peer: BASE, atLeast: both },
      { system: "Viaduct + Crossbar.io", peer: BASE, atLeast: 1 },
    ],
  };
}

/** All comparisons: a name, the traffic, and the least ratio of our router under AutobahnJS, and of ours on both sides. */
export const SCENARIOS: readonly Scenario[] = [
  scenario("calls, 1 in flight", { kind: "calls", inFlight: 1 }, 2.5, 4),
  scenario("calls, 64 in flight", { kind: "calls", inFlight: 64 }, 5, 25),
  scenario("events, 1 to 1", { kind: "events", sessions: 1 }, 6, 25),
  scenario("events, 1 to 10", { kind: "events", sessions: 10 }, 6, 12),
];
