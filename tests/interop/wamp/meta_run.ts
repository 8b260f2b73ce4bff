/**
 * Runs the scenario of the meta API on Viaduct and on Crossbar.io, and compares what the two said.
 *
 * @module
 */

import { acceptAnonymous, ticket } from "../../../wamp/auth/mod.ts";
import { join } from "../../../wamp/join.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import type { RoleOptions } from "../../../wamp/router/router_api.ts";
import { serveRouter } from "../../../wamp/router/server.ts";
import type { SerializerName } from "../../../wamp/serializers/serializer.ts";
import type { ProcessGroup } from "../../support/processes.ts";
import { ACCOUNTS, ROLE, viaductAuth } from "./accounts.ts";
import { checkAnnounced } from "./announced.ts";
import type { WampTransport } from "./cells.ts";
import { META_REALM, type RouterUrls, sharedCrossbar } from "./crossbar.ts";
import { differencesOf } from "./meta_compare.ts";
import { COMPARED, EXPLANATIONS } from "./meta_differences.ts";
import { type MetaRecord, playMetaScenario } from "./meta_scenario.ts";
import { type CheckResult, runCheck } from "./scenario.ts";

/** How sessions get to both routers. */
export interface MetaCell {
  readonly transport: WampTransport;
  readonly serializer: SerializerName;
}

/** Every cell: what is compared has no transport of its own, and is written by each serializer. */
export const META_CELLS: readonly MetaCell[] = [
  { transport: "websocket", serializer: "cbor" },
  { transport: "rawsocket", serializer: "json" },
];

/** As in the configuration of Crossbar.io; what acts upon other sessions Viaduct allows only where it is named. */
const EVERYTHING: RoleOptions = {
  permissions: [
    { uri: "", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } },
    { uri: "wamp.", match: "prefix", allow: { call: true, subscribe: true } },
  ],
};

const SAME = "every other answer is the same";
const COMPLETE = `${COMPARED} answers are compared`;

const ANNOUNCED = "Crossbar.io announces what docs/features.md says";

/** The checks of a cell. */
export const META_CHECKS: readonly string[] = [
  ...EXPLANATIONS.map(({ title }) => `explained: ${title}`),
  SAME,
  COMPLETE,
  ANNOUNCED,
];

/** A cell's columns. */
export function metaCellColumns({ transport, serializer }: MetaCell): readonly string[] {
  return ["the same scenario", "both", transport, serializer];
}

/** A cell's name. */
export function metaCellName({ transport, serializer }: MetaCell): string {
  return `meta API / both routers / ${transport} / ${serializer}`;
}

async function playOn({ transport, serializer }: MetaCell, open: RouterUrls, guarded: RouterUrls): Promise<MetaRecord> {
  const options = { realm: META_REALM, serializers: [serializer] };
  const { authid, secret } = ACCOUNTS.ticket;
  return await playMetaScenario({
    anonymous: () => join(open[transport], options),
    observer: () => join(guarded[transport], { ...options, auth: [ticket({ authid, ticket: secret })] }),
  });
}

async function playOnViaduct(cell: MetaCell): Promise<MetaRecord> {
  const auth = [acceptAnonymous(), ...await viaductAuth()];
  const roles = { anonymous: EVERYTHING, [ROLE]: EVERYTHING };
  const router = createRouter({ realms: [{ uri: META_REALM, auth, roles }] });
  await using server = await serveRouter(router, { port: 0, hostname: "127.0.0.1", rawsocket: { port: 0 } });
  const urls = { websocket: server.url, rawsocket: server.rawsocketUrl ?? "" };
  return await playOn(cell, urls, urls);
}

/** Whether a difference is one that a pattern stands for. */
function matches(pattern: string, difference: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(difference);
}

/** Runs a cell. */
export async function runMetaCell(cell: MetaCell, processes: ProcessGroup): Promise<readonly CheckResult[]> {
  const { urls, guarded } = await sharedCrossbar(processes);
  const ours = await playOnViaduct(cell);
  const differences = differencesOf(ours, await playOn(cell, urls, guarded));
  const patterns = EXPLANATIONS.flatMap((explanation) => explanation.differences);
  const checks: [string, () => void][] = EXPLANATIONS.map((explanation) => [
    `explained: ${explanation.title}`,
    () => {
      const gone = explanation.differences.filter((pattern) => !differences.some((line) => matches(pattern, line)));
      if (gone.length > 0) throw new Error(`Explained differences must occur, missing ${gone.join("\n    ")}`);
    },
  ]);
  checks.push([SAME, () => {
    const unexplained = differences.filter((line) => !patterns.some((pattern) => matches(pattern, line)));
    if (unexplained.length > 0) throw new Error(`Differences must be explained, found ${unexplained.join("\n    ")}`);
  }]);
  checks.push([COMPLETE, () => {
    if (ours.size !== COMPARED) throw new Error(`Answers must be ${COMPARED}, received ${ours.size}`);
  }]);
  const results: CheckResult[] = [];
  for (const [name, check] of checks) results.push(await runCheck(name, () => Promise.resolve().then(check)));
  results.push(await runCheck(ANNOUNCED, () => checkAnnounced(urls[cell.transport], META_REALM)));
  return results;
}
