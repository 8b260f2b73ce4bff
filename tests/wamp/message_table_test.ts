import { MESSAGE } from "../../wamp/messages.ts";
import { MESSAGE_SPECS, messageName, specOf } from "../../wamp/message_table.ts";
import { Payload } from "../../wamp/payload.ts";
import { assert, assertEquals } from "../std.ts";

/** WAMP, Message Codes and Direction; the forms are those of WAMP, Message Definitions. */
const FORMS: readonly (readonly [number, string, string, string])[] = [
  [1, "HELLO", "client", "realm|uri, details|dict"],
  [2, "WELCOME", "router", "session|id, details|dict"],
  [3, "ABORT", "both", "details|dict, reason|uri, payload"],
  [4, "CHALLENGE", "router", "authmethod|string, extra|dict"],
  [5, "AUTHENTICATE", "client", "signature|string, extra|dict"],
  [6, "GOODBYE", "both", "details|dict, reason|uri"],
  [8, "ERROR", "both", "requestType|integer, request|id, details|dict, error|uri, payload"],
  [16, "PUBLISH", "client", "request|id, options|dict, topic|uri, payload"],
  [17, "PUBLISHED", "router", "request|id, publication|id"],
  [32, "SUBSCRIBE", "client", "request|id, options|dict, topic|uri"],
  [33, "SUBSCRIBED", "router", "request|id, subscription|id"],
  [34, "UNSUBSCRIBE", "client", "request|id, subscription|id"],
  [35, "UNSUBSCRIBED", "router", "request|reference, details|dict?"],
  [36, "EVENT", "router", "subscription|id, publication|id, details|dict, payload"],
  [48, "CALL", "client", "request|id, options|dict, procedure|uri, payload"],
  [49, "CANCEL", "client", "request|id, options|dict"],
  [50, "RESULT", "router", "request|id, details|dict, payload"],
  [64, "REGISTER", "client", "request|id, options|dict, procedure|uri"],
  [65, "REGISTERED", "router", "request|id, registration|id"],
  [66, "UNREGISTER", "client", "request|id, registration|id"],
  [67, "UNREGISTERED", "router", "request|reference, details|dict?"],
  [68, "INVOCATION", "router", "request|id, registration|id, details|dict, payload"],
  [69, "INTERRUPT", "router", "request|id, options|dict"],
  [70, "YIELD", "client", "request|id, options|dict, payload"],
];

Deno.test("the table has every message in its form (WAMP, Message Codes and Direction)", () => {
  const found = MESSAGE_SPECS.map(({ code, name, sender, fields, hasPayload }) => {
    const form = fields.map(({ name, kind, optional }) => `${name}|${kind}${optional ? "?" : ""}`);
    return [code, name, sender, [...form, ...hasPayload ? ["payload"] : []].join(", ")];
  });
  assertEquals(found, FORMS.map((row) => [...row]));
  assertEquals(FORMS.map(([code]) => code), Object.values(MESSAGE));
});

Deno.test("specOf and messageName know the codes, and nothing of others", () => {
  for (const spec of MESSAGE_SPECS) {
    assert(specOf(spec.code) === spec);
    assertEquals(messageName(spec.code), spec.name);
  }
  for (const code of [0, 7, 9, 71, 1000, -1, 1.5, NaN, 2 ** 53]) {
    assertEquals(specOf(code), undefined);
    assertEquals(messageName(code), `type ${code}`);
  }
});

Deno.test("each message is made with its code and its fields by name", () => {
  for (const spec of MESSAGE_SPECS) {
    const fields = spec.fields.map((_, index) => ({ index }));
    const message: object = spec.create(fields, Payload.EMPTY);
    const expected = {
      type: spec.code,
      ...Object.fromEntries(spec.fields.map(({ name }, index) => [name, { index }])),
      ...spec.hasPayload ? { payload: Payload.EMPTY } : {},
    };
    assertEquals({ ...message }, expected as object);
  }
});

Deno.test("an optional field that is absent is no property of the message", () => {
  for (const spec of MESSAGE_SPECS.filter(({ fields }) => fields.at(-1)?.optional)) {
    const present = spec.fields.filter(({ optional }) => !optional).map((_, index) => index + 1);
    assertEquals(Object.keys(spec.create(present, Payload.EMPTY)), ["type", "request"]);
  }
});

/** Values that a rule refuses; every rule refuses a symbol. */
const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  "a string": [1, [], {}, true],
  "a boolean": [0, 1, "true", []],
  "a dictionary": [[], "a", 1, new Uint8Array(1)],
  "an id from 1 to 2^53": [0, -1, 1.5, 2 ** 53 + 2, "1", 1n],
  "a non-negative integer": [-1, 0.5, Infinity, "1", 2 ** 60, 1n],
  "a list of ids": [1, [0], ["1"], {}, [1, null]],
  "a list of strings": ["a", [1], ["a", 1], {}],
  "a dictionary of dictionaries, by role": [[], { a: 1 }, { a: null }, { a: { features: [] } }, { a: [] }, "a"],
  '"exact", "prefix", "wildcard"': ["Exact", "", 1, ["exact"]],
  '"skip", "kill", "killnowait"': ["abort", "", 1],
};
const ACCEPTED: Readonly<Record<string, readonly unknown[]>> = {
  "a string": ["", "a"],
  "a boolean": [true, false],
  "a dictionary": [{}, { a: 1 }],
  "an id from 1 to 2^53": [1, 2 ** 53],
  "a non-negative integer": [0, 5000],
  "a list of ids": [[], [1, 2]],
  "a list of strings": [[], ["a"]],
  "a dictionary of dictionaries, by role": [{}, { a: {}, b: { features: { c: true } } }],
  '"exact", "prefix", "wildcard"': ["exact", "prefix", "wildcard"],
  '"skip", "kill", "killnowait"': ["skip", "kill", "killnowait"],
};

Deno.test("each key of Options and Details accepts what it says and nothing else", () => {
  const seen = new Set<string>();
  for (const { keys, name } of MESSAGE_SPECS) {
    for (const [key, { expected, accepts }] of keys) {
      seen.add(expected);
      const refused = REFUSED[expected];
      const accepted = ACCEPTED[expected];
      assert(refused !== undefined && accepted !== undefined, expected);
      for (const value of [...refused, Symbol("s")]) assert(!accepts(value), `${name}.${key} accepts ${String(value)}`);
      for (const value of accepted) assert(accepts(value), `${name}.${key} refuses ${String(value)}`);
    }
  }
  assertEquals([...seen].sort(), Object.keys(REFUSED).sort());
});
