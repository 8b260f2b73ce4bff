/**
 * Puts the ids and times in answers and events of the meta API in words, so that those of two routers can be compared.
 *
 * @module
 */

/** What an id stands for. */
export type IdKind = "session" | "registration" | "subscription";

const OF_REGISTRATIONS: readonly IdKind[] = ["session", "registration"];
const OF_SUBSCRIPTIONS: readonly IdKind[] = ["session", "subscription"];

/** The ids among the positional results of procedures and arguments of events; none elsewhere. */
const KINDS: Readonly<Record<string, readonly IdKind[]>> = {
  "wamp.session.list": ["session"],
  "wamp.session.get": ["session"],
  "wamp.session.kill_by_authid": ["session"],
  "wamp.session.kill_by_authrole": ["session"],
  "wamp.session.on_join": ["session"],
  "wamp.session.on_leave": ["session"],
  ...Object.fromEntries(["list", "lookup", "match", "get"].flatMap((name) => [
    [`wamp.registration.${name}`, ["registration"]],
    [`wamp.subscription.${name}`, ["subscription"]],
  ])),
  "wamp.registration.list_callees": ["session"],
  "wamp.subscription.list_subscribers": ["session"],
  "wamp.registration.on_create": OF_REGISTRATIONS,
  "wamp.registration.on_register": OF_REGISTRATIONS,
  "wamp.registration.on_unregister": OF_REGISTRATIONS,
  "wamp.registration.on_delete": OF_REGISTRATIONS,
  "wamp.subscription.on_create": OF_SUBSCRIPTIONS,
  "wamp.subscription.on_subscribe": OF_SUBSCRIPTIONS,
  "wamp.subscription.on_unsubscribe": OF_SUBSCRIPTIONS,
  "wamp.subscription.on_delete": OF_SUBSCRIPTIONS,
};

/** From here on, a number is taken for an id, or for something else that differs each time. */
const COUNTS_END = 1_000;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** A name in place of an id or an authid, with its value. */
export class Ref {
  readonly value: number | string;
  readonly name: string;

  constructor(value: number | string, name: string) {
    this.value = value;
    this.name = name;
  }
}

/** The names of ids. */
export class Words {
  readonly #names = new Map<string, string>();

  /** Names an id, or an authid. */
  name(kind: IdKind | "authid", value: number | string, name: string): Ref {
    this.#names.set(`${kind} ${value}`, name);
    return new Ref(value, name);
  }

  /** The positional results of a procedure or arguments of an event, in words. */
  of(uri: string, values: readonly unknown[]): readonly unknown[] {
    return values.map((value, index) => this.#inWords(value, KINDS[uri]?.[index]));
  }

  #inWords(value: unknown, kind: IdKind | undefined): unknown {
    if (typeof value === "bigint") return this.#inWords(Number(value), kind);
    if (typeof value === "number") return this.#number(value, kind);
    if (typeof value === "string") return this.#names.get(`authid ${value}`) ?? (TIME.test(value) ? "a time" : value);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#inWords(item, kind));
      // "Order undefined", says the specification of lists of ids.
      return kind === undefined ? items : items.sort();
    }
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#entry(key, item, kind)]));
  }

  #number(value: number, kind: IdKind | undefined): unknown {
    return this.#names.get(`${kind} ${value}`) ?? (value < COUNTS_END ? value : "some number");
  }

  #entry(key: string, value: unknown, kind: IdKind | undefined): unknown {
    // "Optional, implementation defined information about the WAMP transport"
    if (key === "transport" && typeof value === "object") return "implementation defined";
    return this.#inWords(value, key === "session" ? "session" : kind);
  }
}
