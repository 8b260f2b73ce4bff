/**
 * The committed table of what must interoperate: a cell or check that a run does not report has failed.
 *
 * @module
 */

import { SUITE_CHECKS } from "../runtimes/suite.ts";

/** How permessage-deflate is used: not at all, without context takeover, or with it. */
export type Deflate = "off" | "stateless" | "context";

/** What carries the connection. */
export type Transport = "tcp" | "tls" | "unix" | "memory";

/** Where Viaduct runs, if not in Deno. */
export type Runtime = "node 22" | "node 24" | "bun" | "chromium" | "chromium worker";

/** One peer against Viaduct in one role. */
export interface Cell {
  readonly peer: "ws" | "websockets" | "platform" | "prometheus" | "chromium" | "demo page" | "console" | "itself";
  /** Viaduct's role. */
  readonly role: "server" | "client" | "both";
  /** Where Viaduct runs. @default {Deno} */
  readonly runtime?: Runtime;
  readonly transport: Transport;
  readonly deflate: Deflate;
  /** The checks that the cell must pass, by name. */
  readonly checks: readonly string[];
}

/** The result of one check; `error` only where it failed. */
export interface CheckResult {
  readonly check: string;
  readonly error?: string;
}

/** A cell's name. */
export function cellName(cell: Cell): string {
  return `${cell.peer} / Viaduct ${placeOf(cell)} / ${cell.transport} / ${cell.deflate}`;
}

/** Viaduct's role, and its runtime if that is not Deno. */
export function placeOf({ role, runtime }: Cell): string {
  return runtime === undefined ? role : `${role} in ${runtime}`;
}

const MESSAGES = ["text", "binary", "large", "order"];
const COMMON = [...MESSAGES, "close, sent", "close, received", "subprotocol", "refused"];
const FULL = [
  ...COMMON,
  "fragmented, sent",
  "fragmented, received",
  "ping, sent",
  "ping, received",
  "headers",
  "extensions",
];
const WS = [...FULL, "close, sent without status", "size on the wire"];
const BROWSER = [
  "page connects",
  "pages chat with each other",
  "text that looks like markup stays text",
  "no console errors",
  "screenshot",
  "page notices that the server has gone",
];
const DEMO_PAGE = [
  "page joins",
  "page shows what is in the realm",
  "page shows events as they come",
  "page calls",
  "page takes progressive results",
  "page cancels",
  "page shows errors",
  "page publishes to other pages",
  "page subscribes by pattern",
  "no console errors",
  "screenshot",
  "page notices that the router has gone",
];
const CONSOLE_PAGE = [
  "console joins",
  "console sees a session join",
  "console shows registrations and subscriptions",
  "console shows rates",
  "console calls",
  "console publishes",
  "console shows events",
  "console shows what went wrong",
  "text of sessions that looks like markup stays text",
  "console filters",
  "console shows another realm",
  "console ends a session",
  "no console errors",
  "screenshot",
  "a foreign name for this machine shows nothing",
  "a page of another origin gets no socket",
  "console behind a role asks who it is",
  "console notices that the router has gone",
];
const METRICS = ["content type", "names, types and help", "values", "escaped labels", "histogram"];

/** The ways each library is driven. */
const WAYS: readonly { readonly transport: Transport; readonly deflate: Deflate }[] = [
  { transport: "tcp", deflate: "off" },
  { transport: "tcp", deflate: "stateless" },
  { transport: "tcp", deflate: "context" },
  { transport: "tls", deflate: "off" },
  { transport: "tls", deflate: "context" },
  { transport: "unix", deflate: "off" },
];

function cellsOf(peer: "ws" | "websockets", checks: readonly string[]): Cell[] {
  return (["server", "client"] as const).flatMap((role) => WAYS.map((way) => ({ peer, role, ...way, checks })));
}

/** Viaduct in runtimes of others: the suite over streams in memory, and its client over their sockets. */
function cellsIn(runtime: Runtime): Cell[] {
  const suite = { peer: "itself", role: "both", transport: "memory", checks: SUITE_CHECKS, runtime } as const;
  if (runtime.startsWith("chromium")) return [{ ...suite, deflate: "off" }];
  const client = { peer: "ws", role: "client", checks: WS, runtime } as const;
  return [
    { ...suite, deflate: "context" },
    { ...client, transport: "tcp", deflate: "stateless" },
    { ...client, transport: "tls", deflate: "context" },
    { ...client, transport: "unix", deflate: "off" },
  ];
}

/** Every cell of the matrix. */
export const CELLS: readonly Cell[] = [
  ...cellsOf("ws", WS),
  ...cellsOf("websockets", FULL),
  {
    peer: "platform",
    role: "server",
    transport: "tcp",
    deflate: "off",
    // Its client sends no fragments, pings or header fields of the program's.
    checks: [...COMMON, "fragmented, received", "ping, received"],
  },
  {
    peer: "platform",
    role: "client",
    transport: "tcp",
    deflate: "off",
    // Its server sends neither fragments nor pings of the program's.
    checks: [...COMMON, "fragmented, sent", "ping, sent", "headers", "extensions"],
  },
  { peer: "chromium", role: "server", transport: "tcp", deflate: "off", checks: BROWSER },
  { peer: "demo page", role: "both", transport: "tcp", deflate: "off", checks: DEMO_PAGE },
  { peer: "console", role: "both", transport: "tcp", deflate: "off", checks: CONSOLE_PAGE },
  { peer: "prometheus", role: "server", transport: "tcp", deflate: "off", checks: METRICS },
  ...(["node 22", "node 24", "bun", "chromium", "chromium worker"] as const).flatMap(cellsIn),
];
