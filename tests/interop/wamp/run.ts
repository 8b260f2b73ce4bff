/**
 * Runs one cell of the WAMP matrix: a peer's program and two sessions of Viaduct on one router.
 *
 * @module
 */

import { createRouter } from "../../../wamp/router/router.ts";
import { serveRouter } from "../../../wamp/router/server.ts";
import type { ProcessGroup } from "../../support/processes.ts";
import { join as joinSession } from "../../../wamp/join.ts";
import { CROSSBAR_EXCEPTIONS, runSessionSuite } from "../../wamp/suite/suite.ts";
import { runSessionsIn } from "../runtimes.ts";
import { runSerializerAgreement } from "../serializers/run.ts";
import { TARGETS, type WampCell } from "./cells.ts";
import { type RouterUrls, sharedCrossbar } from "./crossbar.ts";
import { programOf, type WampPeer, type WampProgram } from "./install.ts";
import {
  type CheckResult,
  type Join,
  PAIR_CHECKS,
  type Party,
  type PeerArguments,
  provide,
  runCheck,
  runChecks,
} from "./scenario.ts";
import { joinParty } from "./viaduct.ts";
import { OPEN_REALM } from "../../wamp/open_realm.ts";

const REALM = "realm1";
/** How long a peer's program may take, in milliseconds. */
const TIMEOUT = 60_000;

let cells = 0;

/** A router for one cell. */
interface CellRouter extends AsyncDisposable {
  readonly urls: RouterUrls;
  /** Says what sessions left in it, where it can be asked. */
  leftovers(): Promise<string>;
}

async function startViaduct(): Promise<CellRouter> {
  const router = createRouter({ realms: [OPEN_REALM] });
  const server = await serveRouter(router, { port: 0, hostname: "127.0.0.1", rawsocket: { port: 0 } });
  return {
    urls: { websocket: server.url, rawsocket: server.rawsocketUrl ?? "" },
    leftovers: async () => {
      // A session that has left by GOODBYE is forgotten before its peer's transport is closed.
      const { sessions, registrations, subscriptions, openCalls } = router.statistics(REALM);
      const left = { sessions, registrations, subscriptions, openCalls };
      await Promise.resolve();
      return Object.values(left).some((count) => count !== 0) ? JSON.stringify(left) : "";
    },
    [Symbol.asyncDispose]: () => server.shutdown({ timeout: 1_000 }),
  };
}

async function routerOf(cell: WampCell, processes: ProcessGroup): Promise<CellRouter> {
  if (cell.router === "viaduct") return await startViaduct();
  const { urls } = await sharedCrossbar(processes);
  // It runs on for the other cells, and answers nothing that a cell's end could be told from.
  return { urls, leftovers: () => Promise.resolve(""), [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** Runs a cell's checks. */
export async function runWampCell(cell: WampCell, processes: ProcessGroup): Promise<readonly CheckResult[]> {
  if (cell.client === "serializers") return await runAgreement(cell);
  await using router = await routerOf(cell, processes);
  if (cell.client === "session suite") return await runSuite(cell, router, processes);
  const unique = `com.example.cell${++cells}`;
  if (cell.client === "viaduct") return await runViaduct(cell, router, unique);
  return await runPeerCell(cell, cell.client, router, unique, processes);
}

async function runAgreement({ serializer }: WampCell): Promise<readonly CheckResult[]> {
  return (await runSerializerAgreement([serializer])).flatMap(({ checks }) => checks);
}

/** The session suite, here or in another's runtime. */
async function runSuite(cell: WampCell, router: CellRouter, processes: ProcessGroup): Promise<readonly CheckResult[]> {
  const { runtime, router: kind, serializer } = cell;
  const url = urlOf(cell, router);
  if (runtime !== undefined) return await runSessionsIn(runtime, { url, serializer }, processes);
  const exceptions = kind === "crossbar" ? CROSSBAR_EXCEPTIONS : {};
  return await runSessionSuite(() => joinSession(url, { realm: REALM, serializers: [serializer] }), exceptions);
}

function urlOf({ transport }: Pick<WampCell, "transport">, { urls }: CellRouter): string {
  if (transport === "none") throw new TypeError("A session needs a transport");
  return urls[transport];
}

/** Viaduct's client against itself through another's router. */
async function runViaduct(cell: WampCell, router: CellRouter, prefix: string): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const plan = { realm: REALM, prefix, targets: {}, checks: cell.checks };
  await runChecks(plan, joinWay(router, cell), (result) => results.push(result));
  return results;
}

function joinWay(router: CellRouter, way: Pick<WampCell, "transport" | "serializer">): Join {
  const url = urlOf(way, router);
  return (realm) => joinParty(url, { realm, serializers: [way.serializer] });
}

/** Two sessions of Viaduct with the contract, and with what a peer calls when it wants to be called. */
async function joinTargets(
  cell: WampCell,
  router: CellRouter,
  unique: string,
  report: (result: CheckResult) => void,
): Promise<{ readonly parties: readonly Party[]; readonly prefixes: Record<string, string> }> {
  const ways = [cell, cell.mixed ?? cell];
  const prefixes: Record<string, string> = {};
  const parties: Party[] = [];
  for (const [i, way] of ways.entries()) {
    const target = TARGETS[i]!;
    const prefix = prefixes[`to ${target}`] = `${unique}.viaduct${i}`;
    const party = await joinWay(router, way)(REALM);
    parties.push(party);
    await provide(party, prefix);
    await party.register(`${prefix}.check`, "exact", async ({ args: [peer] }) => {
      for (const name of cell.checks.filter((name) => name.endsWith(`: by ${target}`))) {
        const check = PAIR_CHECKS[name.split(": ")[0] ?? ""];
        report(await runCheck(name, check && (() => check({ party, prefix: String(peer) }))));
      }
      return { args: [], kwargs: {} };
    });
  }
  return { parties, prefixes };
}

async function runPeerCell(
  cell: WampCell,
  peer: WampPeer,
  router: CellRouter,
  unique: string,
  processes: ProcessGroup,
): Promise<readonly CheckResult[]> {
  const program = await programOf(peer);
  const results: CheckResult[] = [];
  const { parties, prefixes } = await joinTargets(cell, router, unique, (result) => results.push(result));
  const given: PeerArguments = {
    url: urlOf(cell, router),
    realm: REALM,
    serializer: cell.serializer,
    prefix: `${unique}.peer`,
    targets: prefixes,
    checks: cell.checks.filter((name) => !/: by |^nothing is left/.test(name)),
    modules: program.modules,
  };
  results.push(...await runProgram(peer, program, given, processes));
  for (const party of parties) await party.leave();
  results.push(
    await runCheck("nothing is left behind: alone", async () => {
      const left = await router.leftovers();
      if (left !== "") throw new Error(`No session must leave anything behind, received ${left}`);
    }),
  );
  return results;
}

/** Runs a peer's program to its end; says what it printed where that is not as it should be. */
export async function runProgram(
  peer: WampPeer,
  program: WampProgram,
  given: object,
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const onLine = (line: string): void => {
    if (line.startsWith('{"check"')) results.push(JSON.parse(line));
  };
  const process = processes.start(peer, [...program.command, JSON.stringify(given)], { env: program.env, onLine });
  const timer = setTimeout(() => void process.stop(), TIMEOUT);
  const status = await process.status;
  clearTimeout(timer);
  if (!status.success) console.log(`${process.name} ended with ${status.code}\n${process.tail}`);
  return results;
}
