import { acceptAnonymous, acceptTicket, ticket } from "../../../wamp/auth/mod.ts";
import { CLIENT_ROLES } from "../../../wamp/features.ts";
import { join, type JoinOptions } from "../../../wamp/join.ts";
import type { Roles } from "../../../wamp/messages.ts";
import type { RouterServer } from "../../../wamp/router/mod.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import type { RoleOptions, Router } from "../../../wamp/router/router_api.ts";
import { HISTORY_ROLES, ROUTER_ROLES } from "../../../wamp/router/router_roles.ts";
import { serveRouter } from "../../../wamp/router/server.ts";
import type { SerializerName } from "../../../wamp/serializers/serializer.ts";
import type { Session } from "../../../wamp/session_api.ts";
import { assert, assertEquals } from "../../std.ts";
import { createWorld } from "../suite/suite.ts";
import { type FeatureTest, type FeatureWorld, HISTORY, HISTORY_LIMIT, TRUST_LEVEL, USERS } from "./feature.ts";
import { FEATURES } from "./mod.ts";
import { RawPeer } from "./raw_peer.ts";

const SERIALIZER_NAMES: readonly SerializerName[] = ["json", "msgpack", "cbor"];
/** How long one feature may take over one transport, in milliseconds: a message that never comes must not end as silence. */
const TIMEOUT = 10_000;

let worlds = 0;

/** Everything, the meta API included, which would else be for reading only. */
const EVERYTHING: RoleOptions = {
  permissions: [
    { uri: "", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } },
    { uri: "wamp.", match: "prefix", allow: { call: true, subscribe: true } },
  ],
};

function routerOf(): Router {
  const users = Object.entries(USERS).map(([authid, role]) => [authid, { ticket: `of ${authid}`, role }] as const);
  return createRouter({
    realms: [{
      uri: "realm1",
      auth: [acceptAnonymous(), acceptTicket({ principals: Object.fromEntries(users) })],
      roles: { anonymous: EVERYTHING, admin: EVERYTHING, staff: EVERYTHING },
      eventStores: [{ uri: HISTORY, match: "prefix", limit: HISTORY_LIMIT }],
    }, {
      uri: "graded",
      authorize: () => ({ allow: true, trustlevel: TRUST_LEVEL }),
    }],
  });
}

/** Runs with a world that ends afterwards, with all that joined. */
async function withWorld(
  url: string,
  serializer: SerializerName,
  run: (world: FeatureWorld) => Promise<void>,
): Promise<void> {
  const sessions: Session[] = [];
  const options = { serializers: [serializer] };
  const joining = async (choices: Partial<JoinOptions> = {}): Promise<Session> => {
    const session = await join(url, { realm: "realm1", ...options, ...choices });
    sessions.push(session);
    return session;
  };
  const peers: RawPeer[] = [];
  try {
    await run({
      ...await createWorld(joining),
      joinAs: (authid) => joining({ auth: [ticket({ authid, ticket: `of ${authid}` })] }),
      joinGraded: () => joining({ realm: "graded" }),
      joinRaw: async (roles: Roles = {}) => {
        const peer = await RawPeer.join(url, options, roles);
        peers.push(peer);
        return peer;
      },
      number: ++worlds,
    });
  } finally {
    await Promise.all([...sessions.map((session) => session.leave()), ...peers.map((peer) => peer.end())]);
  }
}

async function within(promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Timed out after ${TIMEOUT} ms`)), TIMEOUT);
  });
  await Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

async function testFeature({ role, feature, run }: FeatureTest, t: Deno.TestContext): Promise<void> {
  await using router = routerOf();
  const listening = { hostname: "127.0.0.1", port: 0, rawsocket: { hostname: "127.0.0.1", port: 0 } };
  await using server: RouterServer = await serveRouter(router, listening);
  for (const [transport, url] of [["WebSocket", server.url], ["RawSocket", server.rawsocketUrl]] as const) {
    for (const serializer of SERIALIZER_NAMES) {
      await t.step(`over ${transport} with ${serializer}`, async () => {
        await withWorld(url, serializer, async (world) => {
          assertEquals(world.caller.roles[role]?.features?.[feature], true, "is announced in WELCOME");
          await within(run(world));
        });
      });
    }
  }
}

for (const test of FEATURES) {
  Deno.test(`${test.section} (WAMP): ${test.role}.${test.feature} works`, (t) => testFeature(test, t));
}

function announced(roles: Roles): string[] {
  return Object.entries(roles).flatMap(([role, { features = {} }]) => {
    return Object.keys(features).map((feature) => `${role}.${feature}`);
  });
}

Deno.test("what the router announces is what has a test, no more and no less (WAMP, Feature Announcement)", () => {
  const tested = FEATURES.map(({ role, feature }) => `${role}.${feature}`);
  assertEquals(new Set(tested).size, tested.length);
  assertEquals([...new Set([...announced(ROUTER_ROLES), ...announced(HISTORY_ROLES)])].sort(), tested.sort());
});

Deno.test("a realm without event stores does not announce their history (WAMP, Event History)", () => {
  const difference = announced(HISTORY_ROLES).filter((name) => !announced(ROUTER_ROLES).includes(name));
  assertEquals(difference, ["broker.event_history"]);
});

Deno.test("what the client announces has a test of the router that uses it (WAMP, Feature Announcement)", () => {
  const tested = new Set(FEATURES.map(({ feature }) => feature));
  for (const name of announced(CLIENT_ROLES)) assert(tested.has(name.split(".")[1] ?? ""), name);
});
