/**
 * Checks of publishing and subscribing.
 *
 * @module
 */

import type { SessionEvent } from "../../../wamp/session_api.ts";
import { assert, assertEquals, assertFails, Inbox, Later, type SessionCheck } from "./checking.ts";

/** @internal */
export const EVENT_CHECKS: readonly SessionCheck[] = [
  {
    name: "an event reaches its subscribers with its arguments and its topic",
    async run({ callee, caller, third, uri }) {
      const topic = uri("topic");
      const inboxes = [new Inbox(), new Inbox()] as const;
      const subscriptions = [
        await callee.subscribe(topic, inboxes[0].take),
        await third.subscribe(topic, inboxes[1].take),
      ];
      const publication = await caller.publish(topic, [1, "two"], { kwargs: { three: 3 }, acknowledge: true });
      for (const inbox of inboxes) {
        const event = await inbox.next();
        assertEquals([event.topic, event.args, event.kwargs], [topic, [1, "two"], { three: 3 }]);
        assertEquals(event.publication, publication);
      }
      for (const subscription of subscriptions) await subscription.unsubscribe();
    },
  },
  {
    name: "bytes, text and nested values arrive as they were",
    async run({ callee, caller, uri }) {
      const topic = uri("values");
      const inbox = new Inbox();
      const subscription = await callee.subscribe(topic, inbox.take);
      const args = [Uint8Array.of(0, 255), "\u2603", { a: [1, null] }, 2n ** 60n];
      await caller.publish(topic, args);
      assertEquals((await inbox.next()).args, args);
      await subscription.unsubscribe();
    },
  },
  {
    name: "events of one publisher arrive in order, without acknowledgement too",
    async run({ callee, caller, uri }) {
      const topic = uri("order");
      const values: unknown[] = [];
      const done = new Later();
      const subscription = await callee.subscribe(topic, ({ args: [value] }) => {
        values.push(value);
        if (value === 499) done.resolve();
      });
      for (let index = 0; index < 500; index++) void caller.publish(topic, [index]);
      await done.promise;
      assertEquals(values, Array.from({ length: 500 }, (_, index) => index));
      await subscription.unsubscribe();
    },
  },
  {
    name: "an acknowledged publication has an id, another has none",
    async run({ caller, uri }) {
      const topic = uri("acknowledge");
      const publication = await caller.publish(topic, [], { acknowledge: true });
      assert(typeof publication === "number" && publication > 0, "Must be an id");
      assertEquals(await caller.publish(topic), undefined);
    },
  },
  {
    name: "a publisher does not get its own event, unless it asks for it",
    needs: ["broker.publisher_exclusion"],
    async run({ caller, uri }) {
      const topic = uri("own");
      const inbox = new Inbox();
      const subscription = await caller.subscribe(topic, inbox.take);
      await caller.publish(topic, ["excluded"], { acknowledge: true });
      await caller.publish(topic, ["included"], { acknowledge: true, excludeMe: false });
      assertEquals(await inbox.nextValue(), "included");
      await subscription.unsubscribe();
    },
  },
  {
    name: "publications go to whom they are eligible for, and not to whom they exclude",
    needs: ["broker.subscriber_blackwhite_listing"],
    async run({ callee, caller, third, uri }) {
      const topic = uri("lists");
      const [first, second] = [new Inbox(), new Inbox()];
      const subscriptions = [await callee.subscribe(topic, first.take), await third.subscribe(topic, second.take)];
      await caller.publish(topic, ["first only"], { eligible: [callee.id] });
      await caller.publish(topic, ["second only"], { exclude: [callee.id] });
      await caller.publish(topic, ["both"]);
      assertEquals([await first.nextValue(), await first.nextValue()], ["first only", "both"]);
      assertEquals([await second.nextValue(), await second.nextValue()], ["second only", "both"]);
      for (const subscription of subscriptions) await subscription.unsubscribe();
    },
  },
  {
    name: "after unsubscribing no event comes",
    async run({ callee, caller, uri }) {
      const [topic, marker] = [uri("ended"), uri("marker")];
      const inbox = new Inbox();
      const subscriptions = [await callee.subscribe(topic, inbox.take), await callee.subscribe(marker, inbox.take)];
      await subscriptions[0]?.unsubscribe();
      await subscriptions[0]?.unsubscribe();
      assertEquals(subscriptions.map(({ active }) => active), [false, true]);
      await caller.publish(topic, ["late"]);
      await caller.publish(marker, ["marker"]);
      assertEquals(await inbox.nextValue(), "marker");
      await subscriptions[1]?.unsubscribe();
    },
  },
  {
    name: "two handlers of one topic both get an event, and each ends by itself",
    async run({ callee, caller, uri }) {
      const topic = uri("twice");
      const inboxes = [new Inbox(), new Inbox()] as const;
      const [first, second] = await Promise.all(inboxes.map((inbox) => callee.subscribe(topic, inbox.take)));
      assert(first !== undefined && second !== undefined, "Both must be subscribed");
      await caller.publish(topic, [1], { acknowledge: true });
      assertEquals([await inboxes[0].nextValue(), await inboxes[1].nextValue()], [1, 1]);
      await first.unsubscribe();
      await caller.publish(topic, [2], { acknowledge: true });
      assertEquals(await inboxes[1].nextValue(), 2);
      await second.unsubscribe();
    },
  },
  {
    name: "subscribing again while unsubscribing leaves one subscribed",
    async run({ callee, caller, uri }) {
      const topic = uri("again");
      const inbox = new Inbox();
      const first = await callee.subscribe(topic, () => {});
      const [second] = await Promise.all([callee.subscribe(topic, inbox.take), first.unsubscribe()]);
      await caller.publish(topic, ["here"], { acknowledge: true });
      assertEquals(await inbox.nextValue(), "here");
      const ended = second.unsubscribe();
      const third = await callee.subscribe(topic, inbox.take);
      await ended;
      await caller.publish(topic, ["again"], { acknowledge: true });
      assertEquals(await inbox.nextValue(), "again");
      await third.unsubscribe();
    },
  },
  {
    name: "a prefix subscription gets every topic below it, and is told which",
    needs: ["broker.pattern_based_subscription"],
    async run({ callee, caller, uri }) {
      const prefix = uri("tree");
      const inbox = new Inbox();
      const subscription = await callee.subscribe(prefix, inbox.take, { match: "prefix" });
      await caller.publish(`${prefix}.one`, [1]);
      await caller.publish(`${prefix}.two.three`, [2]);
      const events: SessionEvent[] = [await inbox.next(), await inbox.next()];
      assertEquals(events.map(({ topic, args }) => [topic, args[0]]), [[`${prefix}.one`, 1], [
        `${prefix}.two.three`,
        2,
      ]]);
      await subscription.unsubscribe();
    },
  },
  {
    name: "a wildcard subscription gets what fits its components",
    needs: ["broker.pattern_based_subscription"],
    async run({ callee, caller, uri }) {
      const base = uri("wild");
      const inbox = new Inbox();
      const subscription = await callee.subscribe(`${base}..changed`, inbox.take, { match: "wildcard" });
      await caller.publish(`${base}.user.removed`, ["no"]);
      await caller.publish(`${base}.user.name.changed`, ["no"]);
      await caller.publish(`${base}.user.changed`, ["yes"]);
      const { topic, args } = await inbox.next();
      assertEquals([topic, args], [`${base}.user.changed`, ["yes"]]);
      await subscription.unsubscribe();
    },
  },
  {
    name: "a handler that throws or rejects harms nobody",
    async run({ callee, caller, uri }) {
      const topic = uri("throws");
      const inbox = new Inbox();
      const subscriptions = [
        await callee.subscribe(topic, () => {
          throw new Error("broken");
        }),
        await callee.subscribe(topic, () => Promise.reject(new Error("broken too"))),
        await callee.subscribe(topic, inbox.take),
      ];
      await caller.publish(topic, [1]);
      await caller.publish(topic, [2]);
      assertEquals([await inbox.nextValue(), await inbox.nextValue()], [1, 2]);
      for (const subscription of subscriptions) await subscription.unsubscribe();
    },
  },
  {
    name: "a bad topic is refused with wamp.error.invalid_uri",
    async run({ callee, caller }) {
      await assertFails(callee.subscribe("white space", () => {}), "wamp.error.invalid_uri");
      await assertFails(caller.publish("com..example", [], { acknowledge: true }), "wamp.error.invalid_uri");
    },
  },
];
