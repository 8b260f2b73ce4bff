/**
 * A router and its sessions within one program: what needs neither sockets nor anything else of the runtime's.
 *
 * @module
 */

import { acceptTicket, ticket } from "../../wamp/auth/mod.ts";
import { join, JoinError, positional } from "../../wamp/mod.ts";
import { createRouter, type Router } from "../../wamp/router/mod.ts";
import { SERIALIZERS } from "../../wamp/serializers/mod.ts";
import { assert, assertEquals, type Checks, rejection } from "./checking.ts";

async function withRouter(router: Router, use: (router: Router) => Promise<void>): Promise<void> {
  try {
    await use(router);
  } finally {
    await router.shutdown();
  }
}

async function checkCalls(): Promise<void> {
  await withRouter(createRouter({ realms: [{ uri: "realm1" }] }), async (router) => {
    const backend = await router.join("realm1");
    await backend.register("com.example.add", positional((a: number, b: number) => a + b));
    for (const { name } of SERIALIZERS) {
      const session = await join("local:", { realm: "realm1", router, serializers: [name] });
      const heard = new Promise((resolve) => {
        void session.subscribe("com.example.news", ({ args }) => resolve(args))
          .then(() => backend.publish("com.example.news", [name, Uint8Array.of(1, 2)]));
      });
      assertEquals(await session.call("com.example.add", [20, 22]), 42);
      assertEquals(await heard, [name, Uint8Array.of(1, 2)]);
      await session.leave();
    }
  });
}

async function checkTickets(): Promise<void> {
  const auth = [acceptTicket({ principals: { joe: { ticket: "secret", role: "member" } } })];
  await withRouter(createRouter({ realms: [{ uri: "realm1", auth }] }), async (router) => {
    const options = { realm: "realm1", router };
    const joe = await join("local:", { ...options, auth: [ticket({ authid: "joe", ticket: "secret" })] });
    assertEquals([joe.authid, joe.authrole], ["joe", "member"]);
    await joe.leave();
    const error = await rejection(join("local:", { ...options, auth: [ticket({ authid: "joe", ticket: "guessed" })] }));
    assert(error instanceof JoinError, `Must be refused, received ${error}`);
    assertEquals(error.reason, "wamp.error.authentication_denied");
  });
}

/** Checks of a router. @internal */
export const ROUTER_CHECKS: Checks = {
  "a router in the program, in every serializer": checkCalls,
  "a router lets in by ticket": checkTickets,
};
