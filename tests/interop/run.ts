/**
 * Runs Viaduct against clients and servers of others: `deno task interop`.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { failureMessage } from "../../internal/log.ts";
import { STRANGER_CHECKS, walk } from "../stranger/run.ts";
import { MIGRATION_PAGES } from "../docs/migrating_pages.ts";
import { ROOT } from "../support/folders.ts";
import { ProcessGroup } from "../support/processes.ts";
import { runBrowser } from "./browser.ts";
import { type Cell, cellName, CELLS, type CheckResult, placeOf } from "./cells.ts";
import {
  type Certificates,
  installChromium,
  installPrometheusClient,
  installWebsockets,
  installWs,
  makeCertificates,
  type PeerPrograms,
  platformPrograms,
} from "./install.ts";
import { type ClaimPeer, CLAIMS, runClaims } from "./claims/claims.ts";
import { runConsolePage } from "./console_page.ts";
import { runDemoPage } from "./demo_page.ts";
import { EXAMPLE_CELLS } from "./examples.ts";
import { runMetrics } from "./metrics.ts";
import { MIGRATING_CHECKS, runMigrating } from "./migrating.ts";
import { PACKAGE_CHECKS, PACKAGE_RUNTIMES, runPackageIn } from "./npm_package.ts";
import { ROUTER_GUIDE_CHECKS, runRouterGuide } from "./router_guide.ts";
import { runClientIn, runSuiteIn } from "./runtimes.ts";
import { WAMP_CELLS, wampCellColumns, wampCellName } from "./wamp/cells.ts";
import { COMPONENT_CELLS, componentCellColumns, componentCellName, runComponentCell } from "./wamp/component_run.ts";
import { installAhead } from "./wamp/install.ts";
import { LOGIN_CELLS, loginCellColumns, loginCellName } from "./wamp/login_cells.ts";
import { runLoginCell } from "./wamp/login_run.ts";
import { META_CELLS, META_CHECKS, metaCellColumns, metaCellName, runMetaCell } from "./wamp/meta_run.ts";
import { runWampCell } from "./wamp/run.ts";

const USAGE = `Usage: deno task interop [options]
  --only TEXT         only the cells whose name contains TEXT
  --without-viaduct   puts Node's ws where Viaduct would be, WAMP left out: says whether a peer or Viaduct is to blame
  --chat COMMAND      another chat for the browser`;

/** How long a server may take to listen, in milliseconds. */
const START_TIMEOUT = 30_000;
/** How long a client may take for all its checks, in milliseconds. */
const CLIENT_TIMEOUT = 180_000;

/** The demo, by its task. */
const DEMO = [Deno.execPath(), "task", "--cwd", ROOT, "demo", "--port", "0"];

/** What the cells share. */
interface Run {
  readonly processes: ProcessGroup;
  readonly withoutViaduct: boolean;
  readonly chat: readonly string[];
}

/** How a cell's two sides meet. */
interface Meeting {
  readonly cell: Cell;
  readonly certificates?: Certificates;
  /** The path of a Unix socket. */
  readonly unix?: string;
}

/** A server that runs. */
interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

const installing = new Map<string, Promise<PeerPrograms>>();
/** Rejections that nobody handled since the cell began. */
const uncaught: unknown[] = [];
let certificates: Promise<Certificates> | undefined;

/** Installs a library once, however many cells want it. */
function programsOf(
  peer: Exclude<Cell["peer"], "prometheus" | "chromium" | "demo page" | "console" | "itself">,
): Promise<PeerPrograms> {
  let programs = installing.get(peer);
  if (programs === undefined) {
    const install = { ws: installWs, websockets: installWebsockets, platform: platformPrograms }[peer];
    installing.set(peer, programs = Promise.resolve(install()));
  }
  return programs;
}

function serverArguments({ cell, certificates, unix }: Meeting): string[] {
  return [
    ...(cell.peer === "platform" ? [] : ["--deflate", cell.deflate]),
    ...(certificates === undefined ? [] : ["--cert", certificates.cert, "--key", certificates.key]),
    ...(unix === undefined ? [] : ["--unix", unix]),
  ];
}

function clientArguments({ cell, certificates, unix }: Meeting, url: string): string[] {
  return [
    "--url",
    url,
    ...(cell.peer === "platform" ? [] : ["--deflate", cell.deflate]),
    ...(certificates === undefined ? [] : ["--ca", certificates.ca]),
    ...(unix === undefined ? [] : ["--unix", unix]),
  ];
}

async function startPeerServer(program: readonly string[], meeting: Meeting, run: Run): Promise<RunningServer> {
  const server = run.processes.start("server", [...program, ...serverArguments(meeting)]);
  const [, url = ""] = await server.line(/^listening (\S+)/, START_TIMEOUT);
  return { url, stop: () => server.stop() };
}

async function startViaductServer({ cell, certificates, unix }: Meeting): Promise<RunningServer> {
  const { startServer } = await import("./viaduct_server.ts");
  const server = await startServer({
    deflate: cell.deflate,
    ...(certificates === undefined ? {} : { certificates }),
    ...(unix === undefined ? {} : { unix }),
  });
  const url = unix === undefined ? server.url.replace(/\/$/, "") : "ws://localhost";
  return { url, stop: () => server.shutdown({ timeout: 1_000 }) };
}

async function runPeerClient(
  program: readonly string[],
  meeting: Meeting,
  url: string,
  run: Run,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const onLine = (line: string): void => {
    if (line.startsWith("{")) results.push(JSON.parse(line));
  };
  const client = run.processes.start("client", [...program, ...clientArguments(meeting, url)], { onLine });
  const timer = setTimeout(() => void client.stop(), CLIENT_TIMEOUT);
  const status = await client.status;
  clearTimeout(timer);
  if (!status.success) console.log(`client ended with ${status.code}\n${client.tail}`);
  return results;
}

async function runViaductClient(
  { cell, certificates, unix }: Meeting,
  url: string,
  run: Run,
): Promise<CheckResult[]> {
  const { runClient } = await import("./viaduct_client.ts");
  const ca = certificates === undefined ? {} : { ca: await Deno.readTextFile(certificates.ca) };
  const way = { url, deflate: cell.deflate, ...ca, ...(unix === undefined ? {} : { unix }) };
  if (cell.runtime !== undefined) return await runClientIn(cell.runtime, way, cell.checks, run.processes);
  return await runClient(way, cell.checks);
}

/** Runs a cell's checks: a server on one side, a client on the other. */
async function runCell(cell: Cell, run: Run): Promise<readonly CheckResult[]> {
  if (cell.peer === "chromium") return await runBrowser(await installChromium(), run.chat, run.processes);
  if (cell.peer === "demo page") return await runDemoPage(await installChromium(), DEMO, run.processes);
  if (cell.peer === "prometheus") return await runMetrics(await installPrometheusClient());
  if (cell.peer === "console") return await runConsolePage(await installChromium(), run.processes);
  if (cell.peer === "itself") return await runSuiteIn(cell.runtime, run.processes);
  const programs = await programsOf(cell.peer);
  const substitute = run.withoutViaduct ? await programsOf("ws") : undefined;
  const folder = cell.transport === "unix" ? await Deno.makeTempDir({ prefix: "viaduct-interop-" }) : undefined;
  const meeting: Meeting = {
    cell,
    ...(cell.transport === "tls" ? { certificates: await (certificates ??= makeCertificates()) } : {}),
    ...(folder === undefined ? {} : { unix: join(folder, "socket") }),
  };
  const serverProgram = cell.role === "client" ? programs.server : substitute?.server;
  const clientProgram = cell.role === "server" ? programs.client : substitute?.client;
  const server = serverProgram === undefined
    ? await startViaductServer(meeting)
    : await startPeerServer(serverProgram, meeting, run);
  try {
    return clientProgram === undefined
      ? await runViaductClient(meeting, server.url, run)
      : await runPeerClient(clientProgram, meeting, server.url, run);
  } finally {
    await server.stop();
    if (folder !== undefined) await Deno.remove(folder, { recursive: true });
  }
}

/** One line of a matrix. */
interface Row {
  readonly name: string;
  /** The line's words before its figures. */
  readonly columns: string;
  readonly checks: readonly string[];
  run(run: Run): Promise<readonly CheckResult[]>;
}

/** A matrix and its heading. */
interface Matrix {
  readonly heading: string;
  readonly rows: readonly Row[];
}

function matrixOf(
  heading: readonly string[],
  widths: readonly number[],
  rows: readonly (Omit<Row, "columns"> & {
    readonly words: readonly string[];
  })[],
): Matrix {
  const line = (words: readonly string[]): string => words.map((word, i) => word.padEnd(widths[i] ?? 0)).join("  ");
  return { heading: line(heading), rows: rows.map(({ words, ...row }) => ({ ...row, columns: line(words) })) };
}

const MATRICES: readonly Matrix[] = [
  matrixOf(
    ["peer", "Viaduct", "via", "deflate", "checks"],
    [10, 23, 6, 9],
    CELLS.map((cell) => ({
      name: cellName(cell),
      words: [cell.peer, placeOf(cell), cell.transport, cell.deflate],
      checks: cell.checks,
      run: (run) => runCell(cell, run),
    })),
  ),
  matrixOf(
    ["WAMP client", "router", "via", "serializer", "checks"],
    [24, 8, 9, 15],
    WAMP_CELLS.map((cell) => ({
      name: wampCellName(cell),
      words: wampCellColumns(cell),
      checks: cell.checks,
      run: ({ processes }) => runWampCell(cell, processes),
    })),
  ),
  matrixOf(
    ["WAMP login of", "router", "via", "serializer", "checks"],
    [24, 8, 9, 15],
    LOGIN_CELLS.map((cell) => ({
      name: loginCellName(cell),
      words: loginCellColumns(cell),
      checks: cell.logins.map(({ check }) => check),
      run: ({ processes }) => runLoginCell(cell, processes),
    })),
  ),
  matrixOf(
    ["WAMP meta API", "router", "via", "serializer", "checks"],
    [24, 8, 9, 15],
    META_CELLS.map((cell) => ({
      name: metaCellName(cell),
      words: metaCellColumns(cell),
      checks: META_CHECKS,
      run: ({ processes }) => runMetaCell(cell, processes),
    })),
  ),
  matrixOf(
    ["WAMP component in", "router", "via", "socket", "checks"],
    [24, 8, 9, 15],
    COMPONENT_CELLS.map((cell) => ({
      name: componentCellName(cell),
      words: componentCellColumns(cell),
      checks: cell.checks,
      run: ({ processes }) => runComponentCell(cell, processes),
    })),
  ),
  matrixOf(
    ["claims about", "checks"],
    [24],
    (Object.entries(CLAIMS) as [ClaimPeer, readonly string[]][]).map(([peer, checks]) => ({
      name: `claims about ${peer}`,
      words: [peer],
      checks,
      run: ({ processes }) => runClaims(peer, processes),
    })),
  ),
  matrixOf(
    ["example", "with", "checks"],
    [24, 17],
    EXAMPLE_CELLS.map(({ example, peer, checks, run }) => ({
      name: `example ${example} / ${peer}`,
      words: [example, peer],
      checks,
      run: ({ processes }) => run(processes),
    })),
  ),
  matrixOf(
    ["documentation", "in", "checks"],
    [24, 17],
    [
      ...PACKAGE_RUNTIMES.map((runtime) => ({
        name: `npm package in ${runtime}`,
        words: ["npm package", runtime],
        checks: PACKAGE_CHECKS,
        run: ({ processes }: Run) => runPackageIn(runtime, processes),
      })),
      ...MIGRATION_PAGES.map((page) => ({
        name: `migrating from ${page}`,
        words: ["migrating from", page],
        checks: MIGRATING_CHECKS,
        run: () => runMigrating(page),
      })),
      {
        name: "router guide",
        words: ["router guide", "nginx"],
        checks: ROUTER_GUIDE_CHECKS,
        run: ({ processes }: Run) => runRouterGuide(processes),
      },
      { name: "stranger", words: ["stranger", "Node alone"], checks: STRANGER_CHECKS, run: () => walk() },
    ],
  ),
];

/** Compares what a row reported with the checks that the table asks of it; returns a line for each failure. */
function failuresOf({ checks }: Row, results: readonly CheckResult[]): string[] {
  return checks.flatMap((check) => {
    const result = results.find((result) => result.check === check);
    if (result === undefined) return [`${check}: not reported`];
    return result.error === undefined ? [] : [`${check}: ${result.error}`];
  });
}

/** Runs one row and prints its line of the matrix; returns how many checks failed. */
async function report(row: Row, run: Run): Promise<number> {
  const started = performance.now();
  let failures: string[];
  uncaught.length = 0;
  try {
    failures = failuresOf(row, await row.run(run));
    // A rejection that nobody handles would have ended a user's program: no check of this row counts.
    if (uncaught.length > 0) throw new AggregateError(uncaught, "Unhandled rejection", { cause: uncaught[0] });
  } catch (error) {
    failures = row.checks.map((check) => `${check}: ${failureMessage(error)}`);
  }
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const total = row.checks.length;
  const verdict = failures.length === 0 ? "ok" : "FAILED";
  console.log(`${row.columns}  ${total - failures.length}/${total}  ${seconds.padStart(5)} s  ${verdict}`);
  for (const failure of failures) console.log(`  FAIL ${failure}`);
  return failures.length;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      only: { type: "string", default: "" },
      "without-viaduct": { type: "boolean", default: false },
      chat: { type: "string" },
    },
  });
  const matrices = (values["without-viaduct"] ? MATRICES.slice(0, 1) : MATRICES).map(({ heading, rows }) => ({
    heading,
    rows: rows.filter(({ name }) => name.includes(values.only)),
  })).filter(({ rows }) => rows.length > 0);
  if (matrices.length === 0) throw new RangeError(`No cell's name contains "${values.only}"`);
  await using processes = new ProcessGroup();
  processes.stopOnSignals();
  const run: Run = {
    processes,
    withoutViaduct: values["without-viaduct"],
    chat: values.chat?.split(" ") ??
      [Deno.execPath(), "run", "--allow-net", join(ROOT, "examples", "chat", "main.ts"), "--port", "0"],
  };
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    uncaught.push(event.reason);
  });
  // What WAMP's peers need is installed while others run.
  if (values.only === "") installAhead();
  let total = 0, failed = 0;
  for (const { heading, rows } of matrices) {
    console.log(heading);
    for (const row of rows) {
      failed += await report(row, run);
      total += row.checks.length;
    }
  }
  console.log(`interop: ${total - failed} passed, ${failed} failed`);
  return failed === 0;
}

if (Deno.args.includes("--help")) console.log(USAGE);
else Deno.exit(await main() ? 0 : 1);
