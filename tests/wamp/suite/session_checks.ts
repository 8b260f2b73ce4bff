/**
 * Checks of sessions as a whole: joining and leaving, and what the router tells of itself.
 *
 * @module
 */

import type { Session } from "../../../wamp/session_api.ts";
import { assert, assertEquals, assertFails, Inbox, rejection, type SessionCheck } from "./checking.ts";

/** @internal */
export const SESSION_CHECKS: readonly SessionCheck[] = [
  {
    name: "a session knows its id, its realm and the router's roles",
    run({ callee, caller }) {
      assert(callee.id > 0 && callee.id !== caller.id, "Ids must differ");
      assertEquals([callee.realm, callee.state], ["realm1", "open"]);
      assertEquals(Object.keys(callee.roles).filter((role) => ["broker", "dealer"].includes(role)).sort(), [
        "broker",
        "dealer",
      ]);
      assert(typeof callee.authid === "string" && typeof callee.authrole === "string", "Must have authid and authrole");
      return Promise.resolve();
    },
  },
  {
    name: "leaving says GOODBYE both ways, and ends everything",
    async run(world) {
      const session = await world.join();
      const procedure = world.uri("left");
      const registration = await session.register(procedure, () => 1);
      const closed = await session.leave("wamp.close.normal", "bye");
      assertEquals([closed.reason, closed.wasClean, closed.by], ["wamp.close.normal", true, "us"]);
      assertEquals([session.state, registration.active], ["closed", false]);
      assert(await session.closed === closed && await session.leave() === closed, "Must end once");
      assertEquals(((await rejection(session.call(procedure))) as Error).name, "SessionClosedError");
      await registration.unregister();
      await assertFails(world.caller.call(procedure), "wamp.error.no_such_procedure");
    },
  },
  {
    name: "open calls fail when their caller leaves",
    async run(world) {
      const session = await world.join();
      const procedure = world.uri("open");
      const registration = await world.callee.register(procedure, ({ signal }) => {
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      });
      const call = rejection(session.call(procedure));
      await session.leave();
      assertEquals((await call as Error).name, "SessionClosedError");
      await registration.unregister();
    },
  },
  {
    name: "disposing of a session leaves",
    async run(world) {
      const session = await world.join();
      await session[Symbol.asyncDispose]();
      assertEquals((await session.closed).wasClean, true);
    },
  },
  {
    name: "a session that is killed learns why",
    needs: ["broker.session_meta_api"],
    async run(world) {
      const session = await world.join();
      const options = { kwargs: { reason: "com.example.enough", message: "Enough" } };
      await world.caller.call("wamp.session.kill", [session.id], options);
      const { reason, by } = await session.closed;
      assertEquals([reason, by, session.state], ["com.example.enough", "peer", "closed"]);
    },
  },
  {
    name: "wamp.session procedures count, list and describe the sessions",
    needs: ["broker.session_meta_api"],
    async run(world) {
      const session = await world.join();
      const ids = await world.caller.call<number[]>("wamp.session.list");
      assert(ids.includes(session.id) && ids.includes(world.caller.id), "Must list both sessions");
      assert(await world.caller.call<number>("wamp.session.count") >= 4, "Must count at least four");
      const details = await world.caller.call<Record<string, unknown>>("wamp.session.get", [session.id]);
      assertEquals([details.session, details.authid], [session.id, session.authid]);
      await session.leave();
      await assertFails(world.caller.call("wamp.session.get", [session.id]), "wamp.error.no_such_session");
    },
  },
  {
    name: "wamp.session events tell who joins and leaves",
    needs: ["broker.session_meta_api"],
    async run(world) {
      const inboxes = [new Inbox(), new Inbox()] as const;
      const subscriptions = [
        await world.caller.subscribe("wamp.session.on_join", inboxes[0].take),
        await world.caller.subscribe("wamp.session.on_leave", inboxes[1].take),
      ];
      const session = await world.join();
      assertEquals(await nextOf(inboxes[0], session, (value) => (value as { session: number }).session), session.id);
      await session.leave();
      assertEquals(await nextOf(inboxes[1], session, Number), session.id);
      for (const subscription of subscriptions) await subscription.unsubscribe();
    },
  },
  {
    name: "wamp.registration procedures find a registration",
    needs: ["dealer.registration_meta_api"],
    async run({ callee, caller, uri }) {
      const procedure = uri("meta");
      const registration = await callee.register(procedure, () => 1);
      assertEquals(await caller.call("wamp.registration.lookup", [procedure]), registration.id);
      assertEquals(await caller.call("wamp.registration.match", [procedure]), registration.id);
      assertEquals(await caller.call("wamp.registration.list_callees", [registration.id]), [callee.id]);
      const found = await caller.call<Record<string, unknown>>("wamp.registration.get", [registration.id]);
      assertEquals([found.uri, found.match, found.invoke], [procedure, "exact", "single"]);
      await registration.unregister();
    },
  },
  {
    name: "wamp.subscription procedures find a subscription",
    needs: ["broker.subscription_meta_api"],
    async run({ callee, caller, uri }) {
      const topic = uri("meta");
      const subscription = await callee.subscribe(topic, () => {});
      assertEquals(await caller.call("wamp.subscription.lookup", [topic]), subscription.id);
      assertEquals(await caller.call("wamp.subscription.list_subscribers", [subscription.id]), [callee.id]);
      assertEquals(await caller.call("wamp.subscription.count_subscribers", [subscription.id]), 1);
      await subscription.unsubscribe();
    },
  },
];

/** The event about a session; there may be others about sessions of other checks. */
async function nextOf(inbox: Inbox, { id }: Session, idOf: (value: unknown) => number): Promise<number> {
  for (;;) {
    const found = idOf(await inbox.nextValue());
    if (found === id) return found;
  }
}
