/**
 * The committed table of the WAMP clients and routers that must interoperate: a cell or check that a run does not report
 * has failed. What a peer cannot do stands in {@linkcode LIMITS}, with the reason.
 *
 * @module
 */

import type { SerializerName } from "../../../wamp/serializers/serializer.ts";
import { CROSSBAR_EXCEPTIONS, SESSION_SUITE } from "../../wamp/suite/suite.ts";
import type { Runtime } from "../cells.ts";
import { AGREEMENT_CHECKS } from "../serializers/run.ts";
import type { WampPeer } from "./install.ts";
import { OWN_CHECKS, PAIR_CHECKS } from "./scenario.ts";

/** What carries a session here. */
export type WampTransport = "websocket" | "rawsocket";

/** A runtime on a server. */
export type ServerRuntime = Exclude<Runtime, `chromium${string}`>;

/** One way for a client to a router. */
export interface WampCell {
  /**
   * The client: a peer, with two sessions of Viaduct to call; Viaduct's own, which does the same with itself, or runs the
   * session suite; or no client, but the serializers of Autobahn|Python.
   */
  readonly client: WampPeer | "viaduct" | "session suite" | "serializers";
  readonly router: "viaduct" | "crossbar" | "none";
  /** Where Viaduct's client runs, over that runtime's own WebSocket. @default {Deno} */
  readonly runtime?: ServerRuntime;
  readonly transport: WampTransport | "none";
  readonly serializer: SerializerName;
  /** How Viaduct's session on the same router gets there that shares neither transport nor serializer. */
  readonly mixed?: { readonly transport: WampTransport; readonly serializer: SerializerName };
  /** The checks that the cell must pass, `CHECK: WHO`. */
  readonly checks: readonly string[];
}

/** A check that is not asked of a client, and why. */
export interface Limit {
  readonly client: WampPeer;
  readonly check: string;
  /** The side that lacks something. */
  readonly as: "caller" | "callee" | "alone";
  /** Only with these serializers. @default {all} */
  readonly serializers?: readonly SerializerName[];
  /** Only through this router. @default {both} */
  readonly router?: WampCell["router"];
  readonly reason: string;
}

const NO_BYTES = "its JSON has no bytes";
const NO_INTERRUPT = "it neither announces call canceling as a callee nor knows INTERRUPT";
const NO_SKIP =
  "Crossbar.io takes a cancellation for skip where the callee cannot be interrupted, and then never answers";
const CALLS_ONLY = "it has neither CANCEL nor progressive results";

/** Everything that is not asked. */
export const LIMITS: readonly Limit[] = [
  { client: "autobahn-js", check: "binary", as: "caller", serializers: ["json"], reason: NO_BYTES },
  { client: "autobahn-js", check: "interrupt", as: "callee", reason: NO_INTERRUPT },
  { client: "autobahn-js", check: "cancel", as: "callee", router: "crossbar", reason: NO_SKIP },
  { client: "wampy", check: "binary", as: "caller", serializers: ["json"], reason: NO_BYTES },
  { client: "wampy", check: "interrupt", as: "callee", reason: NO_INTERRUPT },
  { client: "wampy", check: "cancel", as: "callee", router: "crossbar", reason: NO_SKIP },
  {
    client: "wampy",
    check: "publish without acknowledge",
    as: "caller",
    reason: "it always asks for an acknowledgement",
  },
  { client: "wampy", check: "no publisher exclusion", as: "alone", reason: "it sends exclude_me only as true" },
  { client: "xconn", check: "binary", as: "caller", serializers: ["json"], reason: NO_BYTES },
  { client: "xconn", check: "progressive results", as: "caller", reason: CALLS_ONLY },
  { client: "xconn", check: "progressive results", as: "callee", reason: CALLS_ONLY },
  { client: "xconn", check: "cancel", as: "caller", reason: CALLS_ONLY },
  { client: "xconn", check: "cancel", as: "callee", router: "crossbar", reason: NO_SKIP },
  { client: "xconn", check: "interrupt", as: "caller", reason: CALLS_ONLY },
  { client: "xconn", check: "interrupt", as: "callee", reason: NO_INTERRUPT },
  { client: "xconn", check: "error", as: "callee", reason: "its errors have no keyword arguments on the wire" },
];

/** The serializers that each client has, by transport. */
const SERIALIZERS: Readonly<Record<WampPeer, Readonly<Record<WampTransport, readonly SerializerName[]>>>> = {
  "autobahn-js": { websocket: ["json", "msgpack", "cbor"], rawsocket: ["json"] },
  // It has no RawSocket.
  "wampy": { websocket: ["json", "msgpack", "cbor"], rawsocket: [] },
  "autobahn-python": {
    // Its batches of JSON end in 0x18, `\30` in octal, where the specification says 0x1e (WAMP, Message Batching).
    websocket: ["json", "msgpack", "cbor", "ubjson", "msgpack.batched", "cbor.batched", "ubjson.batched"],
    rawsocket: ["json", "msgpack", "cbor", "ubjson"],
  },
  "xconn": { websocket: ["json", "msgpack", "cbor"], rawsocket: ["json", "msgpack", "cbor"] },
};

/** All serializers; a committed list, so that one that is lost fails. */
const SERIALIZER_NAMES: readonly SerializerName[] = [
  "json",
  "msgpack",
  "cbor",
  "ubjson",
  "json.batched",
  "msgpack.batched",
  "cbor.batched",
  "ubjson.batched",
];

/** What Viaduct's other session speaks. */
const OTHER: Readonly<Record<string, SerializerName>> = {
  json: "msgpack",
  msgpack: "cbor",
  cbor: "json",
  ubjson: "cbor",
};

/** Who the two sessions of Viaduct in a cell are in the names of checks. */
export const TARGETS = ["Viaduct", "Viaduct, mixed"] as const;

interface Way {
  readonly client: WampPeer;
  readonly router: "viaduct" | "crossbar";
  readonly transport: WampTransport;
  readonly serializer: SerializerName;
}

for (const { check } of LIMITS) {
  // A name that is misspelt would limit nothing.
  if (!(check in PAIR_CHECKS || check in OWN_CHECKS)) throw new RangeError(`There is no check called ${check}`);
}

function allows({ client, router, serializer }: Way, as: Limit["as"], check: string): boolean {
  return !LIMITS.some((limit) =>
    limit.client === client && limit.as === as && limit.check === check &&
    (limit.serializers?.includes(serializer) ?? true) && (limit.router ?? router) === router
  );
}

/** The checks of one pair; the error without keywords stands in for the other where a callee has none. */
function pairChecks(way: Way, who: string, sides: readonly ("caller" | "callee")[]): string[] {
  const withKeywords = !sides.includes("callee") || allows(way, "callee", "error");
  return Object.keys(PAIR_CHECKS)
    .filter((check) => sides.every((side) => allows(way, side, check)))
    .filter((check) => check !== "error without keywords" || !withKeywords)
    .map((check) => `${check}: ${who}`);
}

function checksOf(way: Way): string[] {
  const own = Object.keys(OWN_CHECKS).filter((check) => allows(way, "alone", check)).map((check) => `${check}: alone`);
  return [
    ...pairChecks(way, "itself", ["caller", "callee"]),
    ...TARGETS.flatMap((target) => pairChecks(way, `to ${target}`, ["caller"])),
    ...TARGETS.flatMap((target) => pairChecks(way, `by ${target}`, ["callee"])),
    ...own,
    "nothing is left behind: alone",
  ];
}

function peerCell(way: Way): WampCell {
  const transport = way.transport === "websocket" ? "rawsocket" : "websocket";
  const serializer = OTHER[way.serializer.split(".")[0] ?? ""] ?? "json";
  return { ...way, mixed: { transport, serializer }, checks: checksOf(way) };
}

const PEERS = Object.keys(SERIALIZERS) as WampPeer[];

const THROUGH_VIADUCT = PEERS.flatMap((client) =>
  (["websocket", "rawsocket"] as const).flatMap((transport) =>
    SERIALIZERS[client][transport].map((serializer) => peerCell({ client, router: "viaduct", transport, serializer }))
  )
);

// Wampy's other serializers write options that are undefined, which Crossbar.io refuses.
const THROUGH_CROSSBAR = ([
  ["autobahn-js", "websocket", "json"],
  ["wampy", "websocket", "json"],
  ["autobahn-python", "rawsocket", "cbor"],
  ["xconn", "websocket", "msgpack"],
] as const).map(([client, transport, serializer]) => peerCell({ client, router: "crossbar", transport, serializer }));

const VIADUCT_ALONE = [
  ...Object.keys(PAIR_CHECKS).filter((check) => check !== "error without keywords").map((check) => `${check}: itself`),
  ...Object.keys(OWN_CHECKS).map((check) => `${check}: alone`),
];

/** What Viaduct speaks with Crossbar.io, which stands on Autobahn|Python and so has its batches of JSON. */
const CROSSBAR_WAYS = [
  ...(["json", "msgpack", "cbor", "ubjson"] as const).map((serializer) => ["rawsocket", serializer] as const),
  ...(["json", "msgpack", "cbor", "ubjson", "msgpack.batched", "cbor.batched", "ubjson.batched"] as const)
    .map((serializer) => ["websocket", serializer] as const),
].map(([transport, serializer]) => ({ router: "crossbar", transport, serializer } as const));

const CROSSBAR_SUITE = SESSION_SUITE.map(({ name }) => name).filter((name) =>
  !Object.hasOwn(CROSSBAR_EXCEPTIONS, name)
);

const VIADUCT_THROUGH_CROSSBAR = CROSSBAR_WAYS.flatMap((way): WampCell[] => [
  { ...way, client: "viaduct", checks: VIADUCT_ALONE },
  { ...way, client: "session suite", checks: CROSSBAR_SUITE },
]);

// In Deno, the tests run it over every transport and serializer.
const SUITE_IN_RUNTIMES = (["node 22", "node 24", "bun"] as const).flatMap((runtime) =>
  SERIALIZER_NAMES.map((serializer): WampCell => ({
    client: "session suite",
    router: "viaduct",
    runtime,
    transport: "websocket",
    serializer,
    checks: SESSION_SUITE.map(({ name }) => name),
  }))
);

const AGREEMENT = SERIALIZER_NAMES.map((serializer): WampCell => ({
  client: "serializers",
  router: "none",
  transport: "none",
  serializer,
  checks: AGREEMENT_CHECKS,
}));

/** Every cell of the matrix. */
export const WAMP_CELLS: readonly WampCell[] = [
  ...THROUGH_VIADUCT,
  ...THROUGH_CROSSBAR,
  ...VIADUCT_THROUGH_CROSSBAR,
  ...SUITE_IN_RUNTIMES,
  ...AGREEMENT,
];

/** A cell's columns: client, router, transport, serializer. */
export function wampCellColumns({ client, router, runtime, transport, serializer }: WampCell): readonly string[] {
  return [runtime === undefined ? client : `${client} in ${runtime}`, router, transport, serializer];
}

/** A cell's name. */
export function wampCellName(cell: WampCell): string {
  const [client, router, transport, serializer] = wampCellColumns(cell);
  return `${client} / ${router} router / ${transport} / ${serializer}`;
}
