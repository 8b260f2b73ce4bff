/**
 * What every WAMP client does against every other: a contract that each registers under a prefix of its own, and checks
 * that call it. Written for any client, by {@linkcode Party}; runs in Deno and, with its types erased, in Node.
 *
 * @module
 */

/** Arguments of a call, a result, an event or an error. */
export interface Payload {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** An ERROR, whatever class a client has for it. */
export class Failure extends Error {
  readonly uri: string;
  readonly payload: Payload;

  constructor(uri: string, args: readonly unknown[] = [], kwargs: Readonly<Record<string, unknown>> = {}) {
    super(`${uri} ${JSON.stringify(comparable(args))} ${JSON.stringify(comparable(kwargs))}`);
    this.uri = uri;
    this.payload = { args, kwargs };
  }
}

/** How a URI is matched. */
export type Match = "exact" | "prefix" | "wildcard";

/** An invocation. */
export interface Called extends Payload {
  readonly procedure: string;
  /** Absent where the caller takes no progressive results. */
  readonly progress: ((args: readonly unknown[]) => unknown) | undefined;
  /** Resolves when the call is interrupted; never where the client cannot tell. */
  readonly interrupted: Promise<void>;
}

/** A client's session, as the checks use it. */
export interface Party {
  readonly id: number;
  call(procedure: string, args: readonly unknown[], kwargs?: Payload["kwargs"]): Promise<Payload>;
  /** Calls and gives each progressive result to `onProgress`. */
  callProgressive(procedure: string, args: readonly unknown[], onProgress: (part: Payload) => void): Promise<Payload>;
  /** Calls, and cancels when `cancel` resolves. */
  callAndCancel(procedure: string, args: readonly unknown[], cancel: Promise<void>): Promise<unknown>;
  publish(topic: string, args: readonly unknown[], options: PublishOptions): Promise<unknown>;
  /** Returns what unsubscribes. */
  subscribe(
    topic: string,
    match: Match,
    handler: (event: Payload & { readonly topic: string }) => void,
  ): Promise<() => Promise<unknown>>;
  /** Returns what unregisters. */
  register(
    procedure: string,
    match: Match,
    handler: (called: Called) => Promise<Payload>,
    invoke?: string,
  ): Promise<() => Promise<unknown>>;
  leave(): Promise<unknown>;
}

/** How an event is published. */
export interface PublishOptions {
  readonly kwargs?: Payload["kwargs"];
  readonly acknowledge?: boolean;
  readonly excludeMe?: boolean;
}

/** How long one step of a check may take, in milliseconds. */
const STEP = 10_000;
const LARGE = 300_000;
const MANY = 200;
const FAIL_ARGS = ["Must be at most 100", 130];
const FAIL_KWARGS = { field: "age" };

/** Makes values comparable as JSON text: keys in order, bytes as hex, safe bigints as numbers. */
function comparable(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}n`;
  if (value === undefined || value === null || typeof value !== "object") return value ?? null;
  if (value instanceof ArrayBuffer) return comparable(new Uint8Array(value));
  if (value instanceof Uint8Array) {
    return { bytes: Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  }
  if (Array.isArray(value)) return value.map(comparable);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  entries.sort(([a], [b]) => String(a) < String(b) ? -1 : 1);
  return Object.fromEntries(entries.map(([key, item]) => [key, comparable(item)]));
}

function expectSame(actual: unknown, expected: unknown, what: string): void {
  const [a, e] = [JSON.stringify(comparable(actual)), JSON.stringify(comparable(expected))];
  if (a !== e) throw new Error(`${what} must be ${e?.slice(0, 300)}, received ${a?.slice(0, 300)}`);
}

/** Gives up on a step that takes too long. */
export async function within<Value>(step: Promise<Value>, what: string): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${STEP} ms`)), STEP);
  });
  try {
    return await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Holds what was recorded under tags until it is asked for. */
class Notes {
  readonly #items = new Map<string, unknown[]>();
  #wake: (() => void)[] = [];

  add(tag: string, item: unknown): void {
    this.#items.set(tag, [...this.#items.get(tag) ?? [], item]);
    const wake = this.#wake;
    this.#wake = [];
    wake.forEach((resolve) => resolve());
  }

  async take(tag: string, count: number): Promise<unknown[]> {
    for (;;) {
      const items = this.#items.get(tag) ?? [];
      if (items.length >= count) return items;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

const result = (...args: unknown[]): Payload => ({ args, kwargs: {} });

/** Registers and subscribes what the checks call and publish to. */
export async function provide(party: Party, prefix: string): Promise<void> {
  const events = new Notes();
  const interrupts = new Notes();
  const note = ({ topic, args, kwargs }: Payload & { readonly topic: string }): void =>
    events.add(String(args[0]), [topic, args, kwargs]);
  await party.subscribe(`${prefix}.topic`, "exact", note);
  await party.subscribe(`${prefix}.news`, "prefix", note);
  await party.subscribe(`${prefix}..here`, "wildcard", note);
  await party.register(`${prefix}.echo`, "exact", ({ args, kwargs }) => Promise.resolve({ args, kwargs }));
  await party.register(`${prefix}.fail`, "exact", () => {
    return Promise.reject(new Failure("com.example.error.too_old", FAIL_ARGS, FAIL_KWARGS));
  });
  await party.register(`${prefix}.stream`, "exact", async ({ args, progress }) => {
    for (let i = 0; i < Number(args[0]); i++) await progress?.([i, `part ${i}`]);
    return result("end", progress !== undefined);
  });
  await party.register(`${prefix}.hang`, "exact", async ({ args, interrupted }) => {
    await interrupted;
    interrupts.add(String(args[0]), true);
    throw new Failure("wamp.error.canceled");
  });
  await party.register(`${prefix}.interrupts`, "exact", async ({ args }) => {
    return result((await interrupts.take(String(args[0]), 1)).length);
  });
  await party.register(`${prefix}.events`, "exact", async ({ args }) => {
    return result(await events.take(String(args[0]), Number(args[1])));
  });
  await party.register(`${prefix}.files`, "prefix", ({ procedure }) => Promise.resolve(result(procedure)));
  await party.register(`${prefix}..size`, "wildcard", ({ procedure }) => Promise.resolve(result(procedure)));
}

let tags = 0;

/** What publishing leads to at the subscriber. */
async function publishAndAsk(
  { party, prefix }: Way,
  topic: string,
  options: PublishOptions,
): Promise<void> {
  const tag = `event ${party.id} ${++tags}`;
  await within(party.publish(topic, [tag, 1], { ...options, kwargs: { n: 2 } }), "Publishing");
  const { args } = await within(party.call(`${prefix}.events`, [tag, 1]), "Asking for events");
  expectSame(args, [[[topic, [tag, 1], { n: 2 }]]], "Events");
}

async function expectFailure(step: Promise<unknown>, uri: string | RegExp, payload?: Payload): Promise<void> {
  const failure = await within(step.then(() => undefined, (error: unknown) => error), "Failing");
  if (!(failure instanceof Failure)) throw new Error(`Call must fail with ${uri}, received ${failure}`);
  if (uri instanceof RegExp ? !uri.test(failure.uri) : uri !== failure.uri) {
    throw new Error(`Call must fail with ${uri}, received ${failure.message}`);
  }
  if (payload !== undefined) expectSame(failure.payload, payload, "Error");
}

async function cancel({ party, prefix }: Way): Promise<string> {
  const tag = `cancel ${party.id} ${++tags}`;
  // What comes back through the callee says that it has the call that is cancelled.
  const sent = party.call(`${prefix}.echo`, []).then(() => party.call(`${prefix}.echo`, [])).then(() => {});
  await expectFailure(party.callAndCancel(`${prefix}.hang`, [tag], sent), /^wamp\.error\.cancell?ed$/);
  return tag;
}

/** Who calls whom. */
export interface Way {
  readonly party: Party;
  /** The prefix of the contract that is called. */
  readonly prefix: string;
}

/** The checks of one client calling another, by name. */
export const PAIR_CHECKS: Readonly<Record<string, (way: Way) => Promise<void>>> = {
  async "call"({ party, prefix }) {
    const args = [1, "text é 😀", null, true, false, 1.5, -7, 65_536, 2 ** 40, [1, [2, []]], { a: { b: [] } }, ""];
    const kwargs = { n: 1, s: "x", nested: { list: [1, 2] } };
    expectSame(await within(party.call(`${prefix}.echo`, args, kwargs), "Calling"), { args, kwargs }, "Result");
    expectSame(await within(party.call(`${prefix}.echo`, []), "Calling"), { args: [], kwargs: {} }, "Result");
  },
  async "binary"({ party, prefix }) {
    const bytes = new Uint8Array(256).map((_, i) => i);
    const { args } = await within(party.call(`${prefix}.echo`, [bytes, new Uint8Array(0)]), "Calling");
    expectSame(args, [bytes, new Uint8Array(0)], "Result");
  },
  async "large payload"({ party, prefix }) {
    const text = "0123456789".repeat(LARGE / 10);
    expectSame((await within(party.call(`${prefix}.echo`, [text]), "Calling")).args, [text], "Result");
  },
  async "many calls"({ party, prefix }) {
    const numbers = Array.from({ length: MANY }, (_, i) => i);
    const calls = Promise.all(numbers.map((i) => party.call(`${prefix}.echo`, [i])));
    expectSame((await within(calls, "Calling")).map(({ args }) => args[0]), numbers, "Results");
  },
  async "error"({ party, prefix }) {
    const payload = { args: FAIL_ARGS, kwargs: FAIL_KWARGS };
    await expectFailure(party.call(`${prefix}.fail`, []), "com.example.error.too_old", payload);
  },
  async "error without keywords"({ party, prefix }) {
    await expectFailure(party.call(`${prefix}.fail`, []), "com.example.error.too_old", { args: FAIL_ARGS, kwargs: {} });
  },
  async "missing procedure"({ party, prefix }) {
    await expectFailure(party.call(`${prefix}.missing`, []), "wamp.error.no_such_procedure");
  },
  async "progressive results"({ party, prefix }) {
    const parts: unknown[] = [];
    const onProgress = ({ args }: Payload): unknown => parts.push(args);
    const { args } = await within(party.callProgressive(`${prefix}.stream`, [5], onProgress), "Calling");
    expectSame(args, ["end", true], "Result");
    expectSame(parts, [0, 1, 2, 3, 4].map((i) => [i, `part ${i}`]), "Progressive results");
  },
  async "no progressive results unasked"({ party, prefix }) {
    const { args } = await within(party.call(`${prefix}.stream`, [5]), "Calling");
    expectSame(args, ["end", false], "Result");
  },
  async "cancel"(way) {
    await cancel(way);
  },
  async "interrupt"(way) {
    const tag = await cancel(way);
    const { args } = await within(way.party.call(`${way.prefix}.interrupts`, [tag]), "Asking for interrupts");
    expectSame(args, [1], "Interrupts");
  },
  async "prefix procedure"({ party, prefix }) {
    const procedure = `${prefix}.files.by.name`;
    expectSame((await within(party.call(procedure, []), "Calling")).args, [procedure], "Procedure");
  },
  async "wildcard procedure"({ party, prefix }) {
    const procedure = `${prefix}.anything.size`;
    expectSame((await within(party.call(procedure, []), "Calling")).args, [procedure], "Procedure");
  },
  async "publish"(way) {
    await publishAndAsk(way, `${way.prefix}.topic`, { acknowledge: true });
  },
  async "publish without acknowledge"(way) {
    await publishAndAsk(way, `${way.prefix}.topic`, {});
  },
  async "prefix topic"(way) {
    await publishAndAsk(way, `${way.prefix}.news.of.today`, { acknowledge: true });
  },
  async "wildcard topic"(way) {
    await publishAndAsk(way, `${way.prefix}.anybody.here`, { acknowledge: true });
  },
};

/** How a client joins. */
export type Join = (realm: string) => Promise<Party>;

/** What the checks of one client by itself need. */
export interface Alone {
  readonly join: Join;
  readonly party: Party;
  readonly other: Party;
  readonly realm: string;
  readonly prefix: string;
}

const twice = (): Promise<Payload> => Promise.resolve(result(2));

/** The checks of one client by itself, by name. */
export const OWN_CHECKS: Readonly<Record<string, (alone: Alone) => Promise<void>>> = {
  async "refused realm"({ join }) {
    const refused = join("com.example.nowhere").then(() => undefined, (error: unknown) => error);
    const failure = await within(refused, "Joining");
    if (!String(failure).includes("no_such_realm")) throw new Error(`Joining must be refused, received ${failure}`);
  },
  async "registered twice"({ party, prefix }) {
    // By another session than the one that has it: some clients would not even ask.
    await expectFailure(party.register(`${prefix}.echo`, "exact", twice), "wamp.error.procedure_already_exists");
  },
  async "unregister"({ party, other, prefix }) {
    const unregister = await within(other.register(`${prefix}.brief`, "exact", twice), "Registering");
    expectSame((await within(party.call(`${prefix}.brief`, []), "Calling")).args, [2], "Result");
    await within(unregister(), "Unregistering");
    await expectFailure(party.call(`${prefix}.brief`, []), "wamp.error.no_such_procedure");
  },
  async "unsubscribe"({ party, other, prefix }) {
    const received: unknown[] = [];
    const events = new Notes();
    const stop = await within(
      other.subscribe(`${prefix}.ending`, "exact", ({ args }) => received.push(args[0])),
      "Subscribing",
    );
    await within(
      other.subscribe(`${prefix}.lasting`, "exact", ({ args }) => events.add("last", args[0])),
      "Subscribing",
    );
    await within(party.publish(`${prefix}.ending`, [1], { acknowledge: true }), "Publishing");
    await within(party.publish(`${prefix}.lasting`, [1], { acknowledge: true }), "Publishing");
    await within(events.take("last", 1), "Receiving");
    await within(stop(), "Unsubscribing");
    await within(party.publish(`${prefix}.ending`, [2], { acknowledge: true }), "Publishing");
    await within(party.publish(`${prefix}.lasting`, [2], { acknowledge: true }), "Publishing");
    await within(events.take("last", 2), "Receiving");
    expectSame(received, [1], "Events");
  },
  async "publisher exclusion"({ party, other, prefix }) {
    const events = new Notes();
    const topic = `${prefix}.exclusion`;
    await within(party.subscribe(topic, "exact", ({ args }) => events.add("all", args[0])), "Subscribing");
    await within(party.publish(topic, ["its own"], { acknowledge: true }), "Publishing");
    await within(other.publish(topic, ["another's"], { acknowledge: true }), "Publishing");
    expectSame(await within(events.take("all", 1), "Receiving"), ["another's"], "Events");
  },
  async "no publisher exclusion"({ party, prefix }) {
    const events = new Notes();
    const topic = `${prefix}.inclusion`;
    await within(party.subscribe(topic, "exact", ({ args }) => events.add("all", args[0])), "Subscribing");
    await within(party.publish(topic, ["its own"], { acknowledge: true, excludeMe: false }), "Publishing");
    expectSame(await within(events.take("all", 1), "Receiving"), ["its own"], "Events");
  },
  async "shared registration"({ party, other, join, realm, prefix }) {
    const third = await within(join(realm), "Joining");
    await other.register(`${prefix}.shared`, "exact", () => Promise.resolve(result("a")), "roundrobin");
    await third.register(`${prefix}.shared`, "exact", () => Promise.resolve(result("b")), "roundrobin");
    const names: unknown[] = [];
    for (let i = 0; i < 4; i++) names.push((await within(party.call(`${prefix}.shared`, []), "Calling")).args[0]);
    await within(third.leave(), "Leaving");
    expectSame([...names].sort(), ["a", "a", "b", "b"], "Results, sorted,");
    if (names[0] === names[1]) throw new Error(`Calls must take turns, received ${names}`);
  },
  async "session meta API"({ party, other }) {
    const { args: [ids] } = await within(party.call("wamp.session.list", []), "Calling");
    if (!Array.isArray(ids) || !comparableIncludes(ids, other.id)) {
      throw new Error(`The list of sessions must have ${other.id}, received ${JSON.stringify(comparable(ids))}`);
    }
    const { args: [details] } = await within(party.call("wamp.session.get", [other.id]), "Calling");
    expectSame((details as { session?: unknown }).session, other.id, "Session");
  },
  async "leave"({ join, realm, party }) {
    const guest = await within(join(realm), "Joining");
    const { id } = guest;
    await within(guest.leave(), "Leaving");
    await expectFailure(party.call("wamp.session.get", [id]), "wamp.error.no_such_session");
  },
};

function comparableIncludes(ids: readonly unknown[], id: number): boolean {
  return ids.some((item) => Number(item) === id);
}

/** The result of one check; `error` only where it failed. */
export interface CheckResult {
  readonly check: string;
  readonly error?: string;
}

/** Runs one check. */
export async function runCheck(name: string, check: (() => Promise<void>) | undefined): Promise<CheckResult> {
  try {
    if (check === undefined) throw new RangeError(`There is no check called ${name}`);
    await check();
    return { check: name };
  } catch (error) {
    return { check: name, error: error instanceof Error ? error.message : String(error) };
  }
}

/** What to check. */
export interface Plan {
  readonly realm: string;
  /** The prefix of the client's own contract. */
  readonly prefix: string;
  /** The prefixes of Viaduct's contracts, by the words that name them in checks. */
  readonly targets: Readonly<Record<string, string>>;
  /** The checks to run, `CHECK: WHO`. */
  readonly checks: readonly string[];
}

/** What a peer's program is told. */
export interface PeerArguments extends Plan {
  readonly url: string;
  readonly serializer: string;
  /** A file in the folder that has the program's libraries. */
  readonly modules: string;
}

/** Runs what a peer's program does: its own checks, those against Viaduct, and then Viaduct's against it. */
export async function runChecks(
  { realm, prefix, targets, checks }: Plan,
  join: Join,
  report: (result: CheckResult) => void,
): Promise<void> {
  const other = await within(join(realm), "Joining");
  await within(provide(other, prefix), "Registering");
  const party = await within(join(realm), "Joining");
  const prefixes: Readonly<Record<string, string>> = { ...targets, itself: prefix };
  for (const name of checks) {
    const [check = "", who = ""] = name.split(": ");
    const pair = PAIR_CHECKS[check], own = OWN_CHECKS[check], called = prefixes[who];
    const run = who === "alone"
      ? own && (() => own({ join, party, other, realm, prefix }))
      : called === undefined
      ? undefined
      : pair && (() => pair({ party, prefix: called }));
    report(await runCheck(name, run));
  }
  // Viaduct's turn: it answers when it has run its checks.
  for (const target of Object.values(targets)) await party.call(`${target}.check`, [prefix]);
  await within(other.leave(), "Leaving");
  await within(party.leave(), "Leaving");
}

/** The same, in a program of its own: prints a line of JSON for each check. */
export async function runPeer(given: PeerArguments, join: Join): Promise<void> {
  await runChecks(given, join, (result) => console.log(JSON.stringify(result)));
}
