/**
 * A page that logs in, and joins the router with a ticket of its own: who may read notes, and who may write some, the
 * router decides by role.
 *
 * ```sh
 * deno run --allow-net --allow-read=examples/browser_ticket/page,cli/console/page,internal,wamp,websocket examples/browser_ticket/main.ts --port 8080
 * ```
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import process from "node:process";
import { parseArgs } from "node:util";
import { acceptTicket } from "@viaduct/viaduct/wamp/auth";
import { createRouter } from "@viaduct/viaduct/wamp/router";
import { Accounts, type Role } from "./accounts.ts";
import { ROLES, serveBoard } from "./board.ts";
import { createSite } from "./site.ts";

const REALM = "realm1";
const PEOPLE: Readonly<Record<string, Role>> = { ada: "editor", bob: "reader" };

const { values } = parseArgs({
  args: Deno.args,
  options: {
    port: { type: "string", default: "8080" }, // 0 takes a free one
    hostname: { type: "string", default: "127.0.0.1" },
  },
});

const accounts = new Accounts();
const auth = [acceptTicket({ verify: (authid, ticket) => accounts.redeem(authid, ticket) })];
const router = createRouter({ realms: [{ uri: REALM, auth, roles: ROLES }] });
const backend = await router.join(REALM);
await serveBoard(backend);

const endSessions = async (name: string): Promise<void> => {
  await backend.call("wamp.session.kill_by_authid", [name], { kwargs: { reason: "board.close.logged_out" } });
};
const site = createSite({ router, accounts, endSessions });
const server = Deno.serve({ hostname: values.hostname, port: Number(values.port), onListen() {} }, site);
console.log(`Notes at http://${values.hostname}:${server.addr.port}/ (Ctrl+C ends it)`);

for (const [name, role] of Object.entries(PEOPLE)) {
  const password = randomBytes(6).toString("base64url");
  await accounts.add(name, role, password);
  console.log(`Log in as ${name}, ${role}, password ${password}`);
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await router.shutdown({ timeout: 1_000 });
    await server.shutdown();
  });
}
await server.finished;
console.log("Bye");
