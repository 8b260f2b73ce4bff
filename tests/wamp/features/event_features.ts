/**
 * Features of the broker.
 *
 * @module
 */

import type { Dict } from "../../../wamp/errors.ts";
import { MESSAGE } from "../../../wamp/messages.ts";
import type { Session, SessionEvent } from "../../../wamp/session_api.ts";
import { assert, assertEquals } from "../../std.ts";
import { assertFails, Inbox } from "../suite/checking.ts";
import {
  announcing,
  type FeatureTest,
  type FeatureWorld,
  HISTORY,
  HISTORY_LIMIT,
  opaquePayload,
  runSuite,
  TRUST_LEVEL,
} from "./feature.ts";

const PASSTHRU = { ppt_scheme: "mqtt", ppt_serializer: "native" };

interface HistoryEvent {
  readonly timestamp: string;
  readonly subscription: number;
  readonly publication: number;
  readonly details: Dict;
  readonly args?: readonly unknown[];
  readonly kwargs?: Dict;
}

function values(events: readonly HistoryEvent[]): unknown[] {
  return events.map(({ args }) => args?.[0]);
}

/** What a publication with some options reaches: of alice (admin), bob and carol (staff). */
const LISTS: readonly (readonly [options: Dict, receivers: string])[] = [
  [{ eligible_authid: ["alice", "bob"] }, "alice bob"],
  [{ exclude_authid: ["alice"] }, "bob carol"],
  [{ eligible_authrole: ["staff"] }, "bob carol"],
  [{ exclude_authrole: ["staff"] }, "alice"],
  [{ eligible_authrole: ["staff"], exclude_authid: ["bob"] }, "carol"],
  [{ eligible_authid: ["alice"], exclude_authrole: ["admin"] }, ""],
  [{ eligible: [] }, ""],
];

async function checkLists(world: FeatureWorld): Promise<void> {
  const topic = world.uri("listed");
  const names = ["alice", "bob", "carol"] as const;
  const inboxes = names.map(() => new Inbox());
  for (const [index, name] of names.entries()) {
    await (await world.joinAs(name)).subscribe(topic, inboxes[index]!.take);
  }
  for (const [options, receivers] of LISTS) {
    await world.caller.publish(topic, [receivers], { options, acknowledge: true });
    await world.caller.publish(topic, ["marker"], { acknowledge: true });
    for (const [index, name] of names.entries()) {
      const value = await inboxes[index]!.nextValue();
      assertEquals(value, receivers.includes(name) ? receivers : "marker", `${name}: ${JSON.stringify(options)}`);
      if (value !== "marker") assertEquals(await inboxes[index]!.nextValue(), "marker");
    }
  }
}

async function checkPublisherIdentification(world: FeatureWorld): Promise<void> {
  const topic = world.uri("identified");
  const inbox = new Inbox();
  await world.callee.subscribe(topic, inbox.take);
  const alice = await world.joinAs("alice");
  await alice.publish(topic, [], { acknowledge: true });
  assertEquals((await inbox.next()).details.publisher, undefined);
  await alice.publish(topic, [], { discloseMe: true });
  const { publisher, publisher_authid, publisher_authrole } = (await inbox.next()).details;
  assertEquals([publisher, publisher_authid, publisher_authrole], [alice.id, "alice", "admin"]);
}

async function checkTrustLevel(world: FeatureWorld): Promise<void> {
  const topic = world.uri("trusted");
  const inbox = new Inbox();
  const [subscriber, publisher] = [await world.joinGraded(), await world.joinGraded()];
  await subscriber.subscribe(topic, inbox.take);
  await publisher.publish(topic);
  assertEquals((await inbox.next()).details.trustlevel, TRUST_LEVEL);
  await world.callee.subscribe(topic, inbox.take);
  await world.caller.publish(topic);
  assertEquals((await inbox.next()).details.trustlevel, undefined, "where nobody says how far it is trusted");
}

async function checkSubscriptionMeta({ callee, caller, third, uri }: FeatureWorld): Promise<void> {
  const topic = uri("described");
  const inbox = new Inbox();
  const topics = ["on_create", "on_subscribe", "on_unsubscribe", "on_delete"];
  // Of its own subscriptions it hears too.
  const take = (event: SessionEvent): void => event.args[0] === callee.id ? inbox.take(event) : undefined;
  for (const name of topics) await third.subscribe(`wamp.subscription.${name}`, take);
  const subscription = await callee.subscribe(topic, () => {}, { match: "prefix" });
  const { id } = subscription;
  const details = await caller.call<{ readonly created: string }>("wamp.subscription.get", [id]);
  assertEquals({ ...details, created: "" }, { id, created: "", uri: topic, match: "prefix" });
  assert(!Number.isNaN(Date.parse(details.created)), details.created);
  assertEquals([(await inbox.next()).args, (await inbox.next()).args], [[callee.id, details], [callee.id, id]]);
  const lists = await caller.call<Record<string, number[]>>("wamp.subscription.list");
  assert(lists.prefix?.includes(id));
  assertEquals(await caller.call("wamp.subscription.lookup", [topic, { match: "prefix" }]), id);
  assertEquals(await caller.call("wamp.subscription.lookup", [topic]), null);
  assertEquals(await caller.call("wamp.subscription.match", [`${topic}.below`]), [id]);
  assertEquals(await caller.call("wamp.subscription.list_subscribers", [id]), [callee.id]);
  assertEquals(await caller.call("wamp.subscription.count_subscribers", [id]), 1);
  await subscription.unsubscribe();
  assertEquals([(await inbox.next()).args, (await inbox.next()).args], [[callee.id, id], [callee.id, id]]);
  await assertFails(caller.call("wamp.subscription.get", [id]), "wamp.error.no_such_subscription");
}

/** The example of the section, by prefix and exactly: what was published before anybody subscribed is there. */
async function checkHistory(world: FeatureWorld): Promise<void> {
  const { caller, callee, number } = world;
  const topics = [`${HISTORY}auth.n${number}`, `${HISTORY}basket.n${number}`] as const;
  const publications: unknown[] = [];
  for (let index = 0; index < HISTORY_LIMIT + 1; index++) {
    publications.push(await caller.publish(topics[index % 2]!, [index], { acknowledge: true, kwargs: { index } }));
  }
  const id = await caller.call<number>("wamp.subscription.lookup", [HISTORY, { match: "prefix" }]);
  const get = (kwargs: Dict = {}, subscription = id): Promise<readonly HistoryEvent[]> => {
    return caller.call<readonly HistoryEvent[]>("wamp.subscription.get_events", [subscription], { kwargs });
  };
  const events = await get();
  assertEquals(events.map(({ publication }) => publication), publications.slice(1), "the oldest is gone");
  const [first] = events;
  assert(first !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(first.timestamp));
  const { subscription, details, args, kwargs } = first;
  assertEquals([subscription, details, args, kwargs], [id, { topic: topics[1] }, [1], { index: 1 }]);
  assertEquals(values(await get({ reverse: true, limit: 2 })), [5, 4]);
  assertEquals(values(await get({ topic: topics[0] })), [2, 4]);
  assertEquals(values(await get({ from_publication: publications[3] })), [3, 4, 5]);
  assertEquals(values(await get({ after_publication: publications[3], limit: 1 })), [4]);
  assertEquals(values(await get({ before_publication: publications[3] })), [1, 2]);
  assertEquals(values(await get({ until_publication: publications[3] })), [1, 2, 3]);
  assertEquals(values(await get({ from_time: first.timestamp, until_time: events.at(-1)?.timestamp })), [
    1,
    2,
    3,
    4,
    5,
  ]);
  assertEquals(values(await get({ after_time: "2999-01-01T00:00:00Z" })), []);
  assertEquals(values(await get({ before_time: "1999-01-01T00:00:00Z" })), []);
  const exact = await callee.subscribe(topics[0], () => {});
  assertEquals(values(await get({}, exact.id)), [2, 4]);
}

/** "These same rules must also apply to event history requests." */
async function checkHistoryLists(world: FeatureWorld): Promise<void> {
  const { caller, number } = world;
  const [alice, bob] = [await world.joinAs("alice"), await world.joinAs("bob")];
  const topic = `${HISTORY}secret.n${number}`;
  await caller.publish(topic, ["for admins"], { acknowledge: true, options: { eligible_authrole: ["admin"] } });
  await caller.publish(topic, ["by session"], { acknowledge: true, options: { eligible: [alice.id] } });
  const id = await caller.call<number>("wamp.subscription.lookup", [HISTORY, { match: "prefix" }]);
  const expectations: readonly (readonly [Session, unknown[]])[] = [[alice, ["for admins"]], [bob, []]];
  for (const [session, expected] of expectations) {
    const options = { kwargs: { topic } };
    const events = await session.call<readonly HistoryEvent[]>("wamp.subscription.get_events", [id], options);
    assertEquals(values(events), expected);
  }
}

async function checkRetention(world: FeatureWorld): Promise<void> {
  const { caller, callee, uri } = world;
  const topic = uri("retained");
  const retain = { options: { retain: true }, acknowledge: true };
  await caller.publish(topic, ["old"], retain);
  await caller.publish(topic, ["retained"], { ...retain, kwargs: { key: "value" } });
  await caller.publish(topic, ["not retained"], { acknowledge: true });
  const [asking, silent] = [new Inbox(), new Inbox()];
  await callee.subscribe(topic, asking.take, { options: { get_retained: true } });
  const { args, kwargs, details } = await asking.next();
  assertEquals([args, kwargs, details.retained], [["retained"], { key: "value" }, true]);
  await world.third.subscribe(topic, silent.take);
  await caller.publish(topic, ["new"], { acknowledge: true });
  const event = await silent.next();
  assertEquals([event.args, event.details.retained], [["new"], undefined]);
  // "MUST NOT send the Subscriber a Retained Event that they would not be eligible to receive"
  const listed = uri("listed");
  await caller.publish(listed, ["everybody"], retain);
  await caller.publish(listed, ["admins"], { ...retain, options: { retain: true, eligible_authrole: ["admin"] } });
  for (const [name, expected] of [["alice", "admins"], ["bob", "everybody"]] as const) {
    const inbox = new Inbox();
    await (await world.joinAs(name)).subscribe(listed, inbox.take, { options: { get_retained: true } });
    assertEquals(await inbox.nextValue(), expected);
  }
}

async function checkRevocation(world: FeatureWorld): Promise<void> {
  const { callee, caller, uri } = world;
  const topic = uri("revoked");
  const subscription = await callee.subscribe(topic, () => {});
  await caller.call("wamp.subscription.remove_subscriber", [subscription.id, callee.id, "moved"]);
  // The UNSUBSCRIBED was there before the answer to this.
  await callee.call("wamp.session.count");
  assert(!subscription.active);
  await using told = await world.joinRaw({ subscriber: announcing("subscription_revocation") });
  await using untold = await world.joinRaw();
  const id = await told.subscribe(topic);
  assertEquals(await untold.subscribe(topic), id);
  for (const peer of [told, untold]) {
    await caller.call("wamp.subscription.remove_subscriber", [id, peer.id], { kwargs: { reason: "moved" } });
  }
  const { request, details } = await told.expect(MESSAGE.UNSUBSCRIBED);
  assertEquals([request, details], [0, { subscription: id, reason: "moved" }]);
  await caller.publish(topic, [], { acknowledge: true });
  await told.expectNothing();
  await untold.expectNothing();
}

async function checkPassthru(world: FeatureWorld): Promise<void> {
  const feature = announcing("payload_passthru_mode");
  const topic = world.uri("through");
  await using subscriber = await world.joinRaw({ subscriber: feature });
  await using publisher = await world.joinRaw({ publisher: feature });
  await using plain = await world.joinRaw();
  await subscriber.subscribe(topic);
  plain.publish(topic, [], PASSTHRU);
  assertEquals((await plain.expect(MESSAGE.ABORT)).reason, "wamp.error.protocol_violation");
  publisher.publish(topic, [Uint8Array.of(1, 2, 255)], PASSTHRU);
  const { details, payload } = await subscriber.expect(MESSAGE.EVENT);
  assertEquals([details, payload.args], [PASSTHRU, [Uint8Array.of(1, 2, 255)]]);
}

/** What was there before payload passthru mode: other keys, and bytes in place of the arguments. */
async function checkTransparency(world: FeatureWorld): Promise<void> {
  const feature = announcing("payload_transparency");
  const options = { enc_algo: "mqtt", enc_key: "key", enc_serializer: "json" };
  const topic = world.uri("transparent");
  await using subscriber = await world.joinRaw({ subscriber: feature });
  await using publisher = await world.joinRaw({ publisher: feature });
  await using plain = await world.joinRaw();
  for (const peer of [subscriber, plain]) await peer.subscribe(topic);
  publisher.publish(topic, opaquePayload(), options);
  const { details, payload } = await subscriber.expect(MESSAGE.EVENT);
  assertEquals([details, payload.isOpaque, payload.args], [options, true, [Uint8Array.of(1, 2, 255)]]);
  publisher.publish(topic, opaquePayload(), { ...options, eligible: [plain.id, subscriber.id], acknowledge: true });
  await publisher.expect(MESSAGE.PUBLISHED);
  await subscriber.expect(MESSAGE.EVENT);
  // Whoever does not know it is not sent bytes where arguments belong.
  await plain.expectNothing();
  plain.publish(topic, opaquePayload(), options);
  assertEquals((await plain.expect(MESSAGE.ABORT)).reason, "wamp.error.protocol_violation");
}

/** The events of the session meta API: the broker's part. */
async function checkSessionEvents(world: FeatureWorld): Promise<void> {
  const inbox = new Inbox();
  await world.third.subscribe("wamp.session.on_join", inbox.take);
  await world.third.subscribe("wamp.session.on_leave", inbox.take);
  const alice = await world.joinAs("alice");
  const { session, authid, authrole, authmethod } = (await inbox.next()).args[0] as Record<string, unknown>;
  assertEquals([session, authid, authrole, authmethod], [alice.id, "alice", "admin", "ticket"]);
  await alice.leave();
  assertEquals((await inbox.next()).args, [alice.id, "alice", "admin"]);
}

export const EVENT_FEATURES: readonly FeatureTest[] = [
  {
    role: "broker",
    feature: "subscriber_blackwhite_listing",
    section: "Subscriber Black- and Whitelisting",
    async run(world) {
      await runSuite(world, "broker.subscriber_blackwhite_listing");
      await checkLists(world);
    },
  },
  {
    role: "broker",
    feature: "publisher_exclusion",
    section: "Publisher Exclusion",
    run: (world) => runSuite(world, "broker.publisher_exclusion"),
  },
  {
    role: "broker",
    feature: "publisher_identification",
    section: "Publisher Identification",
    run: checkPublisherIdentification,
  },
  { role: "broker", feature: "publication_trustlevels", section: "Publication Trust Levels", run: checkTrustLevel },
  {
    role: "broker",
    feature: "subscription_meta_api",
    section: "Subscriptions Meta API",
    async run(world) {
      await runSuite(world, "broker.subscription_meta_api");
      await checkSubscriptionMeta(world);
    },
  },
  {
    role: "broker",
    feature: "pattern_based_subscription",
    section: "Pattern-based Subscription",
    run: (world) => runSuite(world, "broker.pattern_based_subscription"),
  },
  {
    role: "broker",
    feature: "event_history",
    section: "Event History",
    async run(world) {
      await checkHistory(world);
      await checkHistoryLists(world);
    },
  },
  { role: "broker", feature: "event_retention", section: "Event Retention", run: checkRetention },
  { role: "broker", feature: "subscription_revocation", section: "Subscription Revocation", run: checkRevocation },
  { role: "broker", feature: "payload_passthru_mode", section: "Payload Passthru Mode", run: checkPassthru },
  { role: "broker", feature: "payload_transparency", section: "Payload Passthru Mode", run: checkTransparency },
  {
    role: "broker",
    feature: "session_meta_api",
    section: "Session Meta API",
    async run(world) {
      await runSuite(world, "broker.session_meta_api");
      await checkSessionEvents(world);
    },
  },
];
