/**
 * One scenario through the meta API of a router: sessions that register, subscribe, leave and are ended, what every
 * procedure answers meanwhile, and what every topic tells.
 *
 * @module
 */

import { ApplicationError, type Dict, SessionClosedError } from "../../../wamp/errors.ts";
import type {
  RegisterOptions,
  Registration,
  Session,
  SubscribeOptions,
  Subscription,
} from "../../../wamp/session_api.ts";
import { Ref, Words } from "./meta_words.ts";
import { within } from "./scenario.ts";

/** What a router said, in words: the answers of procedures by call, and the events by part of the scenario and topic. */
export type MetaRecord = ReadonlyMap<string, unknown>;

/** How sessions join the realm of the scenario: as nobody in particular, and as the observer, who has another role. */
export interface MetaGuests {
  anonymous(): Promise<Session>;
  observer(): Promise<Session>;
}

const TOPICS = [
  ...["on_join", "on_leave"].map((name) => `wamp.session.${name}`),
  ...["on_create", "on_register", "on_unregister", "on_delete"].map((name) => `wamp.registration.${name}`),
  ...["on_create", "on_subscribe", "on_unsubscribe", "on_delete"].map((name) => `wamp.subscription.${name}`),
];
const FENCE = "com.example.fence";
const WILL = "com.example.will";
/** How often an event goes round before those before it are taken to have come. */
const ROUNDS = 5;
/** An id that nothing has. */
const NOTHING = new Ref(1_234_567, "nothing");
/** How long one call may take, in milliseconds. */
const TIMEOUT = 10_000;

/** A session and what it is called. */
interface Guest {
  readonly session: Session;
  readonly id: Ref;
  readonly authid: Ref;
}

interface TopicEvent {
  readonly topic: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Dict>;
}

/** A registration or subscription and what it is called. */
type Named<Value> = Value & { readonly ref: Ref };

/** Plays the scenario and takes notes. */
class Scenario {
  readonly #guests: MetaGuests;
  readonly #words = new Words();
  readonly #record = new Map<string, unknown>();
  #events: TopicEvent[] = [];
  #observer!: Guest;
  #passed = (): void => {};

  constructor(guests: MetaGuests) {
    this.#guests = guests;
  }

  async play(): Promise<MetaRecord> {
    this.#observer = this.#name("observer", await this.#guests.observer());
    await this.#observe();
    const [a, b] = [await this.#join("a"), await this.#join("b")];
    await this.#register(a, b);
    await this.#subscribe(a, b);
    await this.#askAboutSessions(a);
    await this.#testaments(b);
    await this.#killById();
    await this.#killByName();
    await this.#killAll();
    await this.#observer.session.leave();
    return this.#record;
  }

  async #join(name: string): Promise<Guest> {
    return this.#name(name, await this.#guests.anonymous());
  }

  #name(name: string, session: Session): Guest {
    const id = this.#words.name("session", session.id, name);
    return { session, id, authid: this.#words.name("authid", session.authid ?? "", `${name}'s`) };
  }

  /** Subscribes to every topic; what that causes is the first part of the events. */
  async #observe(): Promise<void> {
    for (const topic of [...TOPICS, WILL]) {
      await this.#listen(this.#observer, topic, {}, ({ args, kwargs }) => this.#events.push({ topic, args, kwargs }));
    }
    await this.#listen(this.#observer, FENCE, {}, () => this.#passed());
    await this.#endPart("observing");
  }

  /** Waits for the events that are under way, and puts those since the last time into the record. */
  async #endPart(part: string): Promise<void> {
    for (let i = 0; i < ROUNDS; i++) {
      const passed = new Promise<void>((resolve) => this.#passed = resolve);
      await this.#observer.session.publish(FENCE, [], { excludeMe: false, acknowledge: true });
      await passed;
    }
    const events = this.#events;
    this.#events = [];
    this.#record.set(`${part}: order of events`, events.map(({ topic }) => topic));
    for (const topic of new Set(events.map((event) => event.topic))) {
      const payloads = events.filter((event) => event.topic === topic).map(({ args, kwargs }) => {
        const words = this.#words.of(topic, args);
        return Object.keys(kwargs).length === 0 ? words : [...words, kwargs];
      });
      this.#record.set(`${part}: ${topic}`, payloads);
    }
  }

  /** Calls a meta procedure, and takes down what it answers. */
  async #ask(
    procedure: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Dict> = {},
    { session }: Guest = this.#observer,
  ): Promise<void> {
    const said = [...args.map((arg) => arg instanceof Ref ? arg.name : JSON.stringify(arg)), ...wordsOf(kwargs)];
    let step = `${procedure}(${said.join(", ")})`;
    for (let i = 2; this.#record.has(step); i++) step = `${procedure}(${said.join(", ")}) again, ${i}`;
    this.#record.set(step, await this.#answer(session, procedure, args.map(valueOf), kwargs));
  }

  async #answer(
    session: Session,
    procedure: string,
    args: readonly unknown[],
    kwargs: Readonly<Dict>,
  ): Promise<unknown> {
    try {
      const result = await session.callResult(procedure, args, { kwargs, signal: AbortSignal.timeout(TIMEOUT) });
      const words = this.#words.of(procedure, result.args);
      return Object.keys(result.kwargs).length === 0 ? words : [...words, result.kwargs];
    } catch (error) {
      // The specification names errors by URI; what they carry is text for people.
      if (error instanceof ApplicationError) return `error ${error.uri}`;
      if (error instanceof SessionClosedError) return `the caller is ended by ${error.reason}`;
      throw error;
    }
  }

  async #provide({ session }: Guest, procedure: string, options: RegisterOptions = {}): Promise<Named<Registration>> {
    const registration = await session.register(procedure, () => 1, options);
    return Object.assign(registration, { ref: this.#words.name("registration", registration.id, procedure) });
  }

  async #listen(
    { session }: Guest,
    topic: string,
    options: SubscribeOptions = {},
    take: (event: TopicEvent) => void = () => {},
  ): Promise<Named<Subscription>> {
    const subscription = await session.subscribe(topic, take, options);
    return Object.assign(subscription, { ref: this.#words.name("subscription", subscription.id, topic) });
  }

  async #register(a: Guest, b: Guest): Promise<void> {
    const exact = await this.#provide(a, "com.example.add");
    const prefix = await this.#provide(a, "com.example.files", { match: "prefix" });
    const wildcard = await this.#provide(a, "com..size", { match: "wildcard" });
    const shared = await this.#provide(a, "com.example.shared", { invoke: "roundrobin" });
    const sharedByB = await this.#provide(b, "com.example.shared", { invoke: "roundrobin" });
    await this.#endPart("registering");
    await this.#ask("wamp.registration.list");
    await this.#ask("wamp.registration.lookup", ["com.example.add"]);
    await this.#ask("wamp.registration.lookup", ["com.example.files"]);
    await this.#ask("wamp.registration.lookup", ["com.example.files", { match: "prefix" }]);
    await this.#ask("wamp.registration.lookup", ["com..size", { match: "wildcard" }]);
    await this.#ask("wamp.registration.lookup", ["com.example.shared", { match: "exact", invoke: "roundrobin" }]);
    await this.#ask("wamp.registration.lookup", ["com.example.add", { match: "regex" }]);
    for (const uri of ["com.example.add", "com.example.files.a", "com.x.size", "com.example.nothing"]) {
      await this.#ask("wamp.registration.match", [uri]);
    }
    for (const { ref } of [exact, prefix, wildcard, shared, { ref: NOTHING }]) {
      for (const name of ["get", "list_callees", "count_callees"]) await this.#ask(`wamp.registration.${name}`, [ref]);
    }
    await this.#askWrongly("registration", ["lookup", "match", "get", "list_callees", "count_callees"]);
    await this.#ask("wamp.registration.remove_callee", [exact.ref, a.id]);
    await this.#ask("wamp.registration.remove_callee", [exact.ref, a.id]);
    await this.#ask("wamp.registration.remove_callee", [shared.ref, NOTHING]);
    await sharedByB.unregister();
    await this.#ask("wamp.registration.count_callees", [shared.ref]);
    await shared.unregister();
    await this.#ask("wamp.registration.get", [shared.ref]);
    await prefix.unregister();
    await this.#endPart("unregistering");
  }

  async #subscribe(a: Guest, b: Guest): Promise<void> {
    const exact = await this.#listen(a, "com.example.topic");
    const exactByB = await this.#listen(b, "com.example.topic");
    const prefix = await this.#listen(a, "com.example.news", { match: "prefix" });
    const wildcard = await this.#listen(b, "com..topic", { match: "wildcard" });
    await this.#endPart("subscribing");
    await this.#ask("wamp.subscription.list");
    await this.#ask("wamp.subscription.lookup", ["com.example.topic"]);
    await this.#ask("wamp.subscription.lookup", ["com.example.news"]);
    await this.#ask("wamp.subscription.lookup", ["com.example.news", { match: "prefix" }]);
    await this.#ask("wamp.subscription.lookup", ["com..topic", { match: "wildcard" }]);
    await this.#ask("wamp.subscription.lookup", ["com.example.topic", { match: "regex" }]);
    for (const uri of ["com.example.topic", "com.example.news.a", "com.x.topic", "com.example.nothing"]) {
      await this.#ask("wamp.subscription.match", [uri]);
    }
    for (const { ref } of [exact, prefix, wildcard, { ref: NOTHING }]) {
      for (const name of ["get", "list_subscribers", "count_subscribers"]) {
        await this.#ask(`wamp.subscription.${name}`, [ref]);
      }
    }
    await this.#askWrongly("subscription", ["lookup", "match", "get", "list_subscribers", "count_subscribers"]);
    await this.#ask("wamp.subscription.remove_subscriber", [prefix.ref, a.id]);
    await this.#ask("wamp.subscription.remove_subscriber", [prefix.ref, a.id]);
    await this.#ask("wamp.subscription.remove_subscriber", [exact.ref, NOTHING]);
    await exactByB.unsubscribe();
    await this.#ask("wamp.subscription.count_subscribers", [exact.ref]);
    await exact.unsubscribe();
    await this.#ask("wamp.subscription.get", [exact.ref]);
    await this.#endPart("unsubscribing");
  }

  /** Leaves out the argument, and gives one of another type. */
  async #askWrongly(family: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.#ask(`wamp.${family}.${name}`);
      await this.#ask(`wamp.${family}.${name}`, [{}]);
    }
  }

  async #askAboutSessions(a: Guest): Promise<void> {
    for (const name of ["count", "list"]) {
      await this.#ask(`wamp.session.${name}`);
      for (const roles of [["anonymous"], ["nobody"], ["user", "anonymous"], [], "anonymous"]) {
        await this.#ask(`wamp.session.${name}`, [roles]);
      }
    }
    await this.#ask("wamp.session.get", [a.id]);
    await this.#ask("wamp.session.get", [NOTHING]);
    await this.#askWrongly("session", ["get", "kill", "kill_by_authid", "kill_by_authrole"]);
    // What it has registered ends with it.
    await a.session.leave();
    await this.#endPart("leaving");
  }

  async #testaments(b: Guest): Promise<void> {
    const add = (args: readonly unknown[], kwargs: Readonly<Dict> = {}): Promise<void> =>
      this.#ask("wamp.session.add_testament", args, kwargs, b);
    await add([WILL, ["flushed"], {}]);
    await this.#ask("wamp.session.flush_testaments", [], {}, b);
    await this.#ask("wamp.session.flush_testaments", [], { scope: "detached" }, b);
    await this.#ask("wamp.session.flush_testaments", [], { scope: "never" }, b);
    await add([WILL, ["second"], { a: 1 }], { scope: "destroyed" });
    await add([WILL, ["first"], {}], { scope: "detached" });
    await add([WILL, ["no"], {}], { scope: "never" });
    await add([WILL, 1, {}]);
    await add([]);
    await b.session.leave();
    await this.#endPart("executing testaments");
  }

  async #takeDownEnd(name: string, { session }: Guest): Promise<void> {
    const { reason, message } = await within(session.closed, `Ending ${name}`);
    this.#record.set(`what ${name} is told`, { reason, message });
  }

  async #killById(): Promise<void> {
    const guests = [await this.#join("c"), await this.#join("d"), await this.#join("e")] as const;
    const [c, d, e] = guests;
    const words = { reason: "com.example.enough", message: "Good night" };
    await this.#ask("wamp.session.kill", [NOTHING]);
    await this.#ask("wamp.session.kill", [c.id], words);
    await this.#takeDownEnd("c", c);
    await this.#ask("wamp.session.kill", [c.id], words);
    await this.#ask("wamp.session.kill", [d.id]);
    await this.#takeDownEnd("d", d);
    await this.#ask("wamp.session.kill", [e.id], { reason: "no uri" });
    await e.session.leave();
    await this.#askToEndItself("f", (f) => ["wamp.session.kill", [f.id]]);
    await this.#endPart("killing by id");
  }

  async #killByName(): Promise<void> {
    const [g, h, i] = [await this.#join("g"), await this.#join("h"), await this.#join("i")] as const;
    const words = { reason: "com.example.enough", message: "Good night" };
    await this.#ask("wamp.session.kill_by_authid", ["nobody"]);
    await this.#ask("wamp.session.kill_by_authid", [g.authid], words);
    await this.#takeDownEnd("g", g);
    await this.#ask("wamp.session.kill_by_authid", [h.authid], { reason: "no uri" });
    await h.session.leave();
    await this.#askToEndItself("j", (j) => ["wamp.session.kill_by_authid", [j.authid]]);
    await this.#endPart("killing by authid");
    await this.#ask("wamp.session.kill_by_authrole", ["nobody"]);
    await this.#ask("wamp.session.kill_by_authrole", ["anonymous"], words);
    await this.#takeDownEnd("i", i);
    await this.#askToEndItself("k", () => ["wamp.session.kill_by_authrole", ["anonymous"]]);
    await this.#endPart("killing by authrole");
  }

  async #killAll(): Promise<void> {
    const l = await this.#join("l");
    await this.#ask("wamp.session.kill_all", [], { reason: "com.example.closing", message: "Good night" });
    await this.#ask("wamp.session.count");
    await l.session.leave();
    await this.#takeDownEnd("l", l);
    await this.#endPart("killing all");
  }

  /** A session asks for what would end it. */
  async #askToEndItself(name: string, call: (caller: Guest) => readonly [string, readonly unknown[]]): Promise<void> {
    const caller = await this.#join(name);
    const [procedure, args] = call(caller);
    await this.#ask(`${procedure}`, args, {}, caller);
    await caller.session.leave();
  }
}

function valueOf(arg: unknown): unknown {
  return arg instanceof Ref ? arg.value : arg;
}

function wordsOf(kwargs: Readonly<Dict>): string[] {
  return Object.entries(kwargs).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
}

/** Plays the scenario in a realm that has nobody else in it. */
export async function playMetaScenario(guests: MetaGuests): Promise<MetaRecord> {
  return await new Scenario(guests).play();
}
