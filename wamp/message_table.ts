/**
 * One table of all messages: the order and kind of their fields, what may stand in their Options or Details, and who
 * sends them. It drives parsing, validation and writing.
 * Sans-I/O.
 *
 * @module
 */

import type { Dict } from "./errors.ts";
import { isId } from "./ids.ts";
import { MESSAGE, type Message, type MessageCode } from "./messages.ts";
import type { Payload } from "./payload.ts";

/** What a field holds. `reference` is an id, or 0 where a router means none (a revocation). @internal */
export type FieldKind = "id" | "reference" | "integer" | "string" | "uri" | "dict";

/** One field between the message's code and its payload. @internal */
export interface FieldSpec {
  /** The property of the message object. */
  readonly name: string;
  readonly kind: FieldKind;
  /** Whether it may be absent, as the last one of a message without payload. */
  readonly optional: boolean;
}

/** Which values a known key of Options or Details may have. @internal */
export interface ValueRule {
  /** What is expected, for error messages. */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

/** Who may send a message. @internal */
export type Sender = "client" | "router" | "both";

/** Everything about one message. @internal */
export interface MessageSpec {
  readonly code: MessageCode;
  readonly name: string;
  readonly sender: Sender;
  readonly fields: readonly FieldSpec[];
  /** Whether arguments may follow the fields. */
  readonly hasPayload: boolean;
  /** The known keys of its dictionary; others are accepted and kept. */
  readonly keys: ReadonlyMap<string, ValueRule>;
  /** Makes the message of its fields. */
  readonly create: (fields: readonly unknown[], payload: Payload) => Message;
}

const STRING: ValueRule = { expected: "a string", accepts: (value) => typeof value === "string" };
const BOOL: ValueRule = { expected: "a boolean", accepts: (value) => typeof value === "boolean" };
const DICT: ValueRule = { expected: "a dictionary", accepts: isDict };
const ID: ValueRule = { expected: "an id from 1 to 2^53", accepts: isId };
const COUNT: ValueRule = {
  expected: "a non-negative integer",
  accepts: (value) => typeof value === "number" && value >= 0 && Number.isSafeInteger(value),
};
const IDS = listOf(ID, "a list of ids");
const STRINGS = listOf(STRING, "a list of strings");
const ROLES: ValueRule = { expected: "a dictionary of dictionaries, by role", accepts: isRoles };
const MATCH = oneOf("exact", "prefix", "wildcard");
const CANCEL_MODE = oneOf("skip", "kill", "killnowait");

function isDict(value: unknown): value is Dict {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function isRoles(value: unknown): boolean {
  return isDict(value) &&
    Object.values(value).every((role) => isDict(role) && (role.features === undefined || isDict(role.features)));
}

function listOf(rule: ValueRule, expected: string): ValueRule {
  return { expected, accepts: (value) => Array.isArray(value) && value.every(rule.accepts) };
}

function oneOf(...values: readonly string[]): ValueRule {
  return {
    expected: values.map((value) => `"${value}"`).join(", "),
    accepts: (value) => typeof value === "string" && values.includes(value),
  };
}

// WAMP, Payload Passthru Mode, and its forerunner
const PASSTHRU = {
  ppt_scheme: STRING,
  ppt_serializer: STRING,
  ppt_cipher: STRING,
  ppt_keyid: STRING,
  enc_algo: STRING,
  enc_key: STRING,
  enc_serializer: STRING,
};

/** A message's code, its name and its form: `Request|id`, a `?` behind what may be absent. */
type Form = readonly `${string}|${FieldKind}${"" | "?"}`[];

function spec<Fields extends readonly unknown[]>(
  code: MessageCode,
  name: string,
  sender: Sender,
  form: Form,
  create: (fields: Fields, payload: Payload) => unknown,
  options: { readonly payload?: true; readonly keys?: Readonly<Record<string, ValueRule>> } = {},
): MessageSpec {
  const fields = form.map((field): FieldSpec => {
    const [name = "", kind = ""] = field.split("|");
    return { name, kind: kind.replace("?", "") as FieldKind, optional: kind.endsWith("?") };
  });
  return {
    code,
    name,
    sender,
    fields,
    hasPayload: options.payload ?? false,
    keys: new Map(Object.entries(options.keys ?? {})),
    // What `create` takes is checked, field by field, before it is called.
    create: create as MessageSpec["create"],
  };
}

type RequestId = readonly [request: number];
type Acknowledge = readonly [request: number, id: number];
type Request = readonly [request: number, dictionary: Dict, uri: string];
type Reply = readonly [request: number, dictionary: Dict];

const SPECS: readonly MessageSpec[] = [
  spec<readonly [string, Dict]>(
    MESSAGE.HELLO,
    "HELLO",
    "client",
    ["realm|uri", "details|dict"],
    ([realm, details]) => ({ type: MESSAGE.HELLO, realm, details }),
    {
      keys: {
        roles: ROLES,
        agent: STRING,
        authmethods: STRINGS,
        authid: STRING,
        authrole: STRING,
        authextra: DICT,
        resumable: BOOL,
      },
    },
  ),
  spec<readonly [number, Dict]>(
    MESSAGE.WELCOME,
    "WELCOME",
    "router",
    ["session|id", "details|dict"],
    ([session, details]) => ({ type: MESSAGE.WELCOME, session, details }),
    {
      keys: {
        roles: ROLES,
        realm: STRING,
        agent: STRING,
        authid: STRING,
        authrole: STRING,
        authmethod: STRING,
        authprovider: STRING,
        authextra: DICT,
      },
    },
  ),
  spec<readonly [Dict, string]>(
    MESSAGE.ABORT,
    "ABORT",
    "both",
    ["details|dict", "reason|uri"],
    ([details, reason], payload) => ({ type: MESSAGE.ABORT, details, reason, payload }),
    { payload: true, keys: { message: STRING } },
  ),
  spec<readonly [string, Dict]>(
    MESSAGE.CHALLENGE,
    "CHALLENGE",
    "router",
    ["authmethod|string", "extra|dict"],
    ([authmethod, extra]) => ({ type: MESSAGE.CHALLENGE, authmethod, extra }),
  ),
  spec<readonly [string, Dict]>(
    MESSAGE.AUTHENTICATE,
    "AUTHENTICATE",
    "client",
    ["signature|string", "extra|dict"],
    ([signature, extra]) => ({ type: MESSAGE.AUTHENTICATE, signature, extra }),
  ),
  spec<readonly [Dict, string]>(
    MESSAGE.GOODBYE,
    "GOODBYE",
    "both",
    ["details|dict", "reason|uri"],
    ([details, reason]) => ({ type: MESSAGE.GOODBYE, details, reason }),
    { keys: { message: STRING } },
  ),
  spec<readonly [number, number, Dict, string]>(
    MESSAGE.ERROR,
    "ERROR",
    "both",
    ["requestType|integer", "request|id", "details|dict", "error|uri"],
    ([requestType, request, details, error], payload) => ({
      type: MESSAGE.ERROR,
      requestType,
      request,
      details,
      error,
      payload,
    }),
    { payload: true, keys: PASSTHRU },
  ),
  spec<Request>(
    MESSAGE.PUBLISH,
    "PUBLISH",
    "client",
    ["request|id", "options|dict", "topic|uri"],
    ([request, options, topic], payload) => ({ type: MESSAGE.PUBLISH, request, options, topic, payload }),
    {
      payload: true,
      keys: {
        acknowledge: BOOL,
        exclude_me: BOOL,
        disclose_me: BOOL,
        exclude: IDS,
        exclude_authid: STRINGS,
        exclude_authrole: STRINGS,
        eligible: IDS,
        eligible_authid: STRINGS,
        eligible_authrole: STRINGS,
        retain: BOOL,
        ...PASSTHRU,
      },
    },
  ),
  spec<Acknowledge>(
    MESSAGE.PUBLISHED,
    "PUBLISHED",
    "router",
    ["request|id", "publication|id"],
    ([request, publication]) => ({ type: MESSAGE.PUBLISHED, request, publication }),
  ),
  spec<Request>(
    MESSAGE.SUBSCRIBE,
    "SUBSCRIBE",
    "client",
    ["request|id", "options|dict", "topic|uri"],
    ([request, options, topic]) => ({ type: MESSAGE.SUBSCRIBE, request, options, topic }),
    { keys: { match: MATCH, get_retained: BOOL } },
  ),
  spec<Acknowledge>(
    MESSAGE.SUBSCRIBED,
    "SUBSCRIBED",
    "router",
    ["request|id", "subscription|id"],
    ([request, subscription]) => ({ type: MESSAGE.SUBSCRIBED, request, subscription }),
  ),
  spec<Acknowledge>(
    MESSAGE.UNSUBSCRIBE,
    "UNSUBSCRIBE",
    "client",
    ["request|id", "subscription|id"],
    ([request, subscription]) => ({ type: MESSAGE.UNSUBSCRIBE, request, subscription }),
  ),
  spec<readonly [number, Dict?]>(
    MESSAGE.UNSUBSCRIBED,
    "UNSUBSCRIBED",
    "router",
    ["request|reference", "details|dict?"],
    ([request, details]) => ({ type: MESSAGE.UNSUBSCRIBED, request, ...(details && { details }) }),
    { keys: { subscription: ID, reason: STRING } },
  ),
  spec<readonly [number, number, Dict]>(
    MESSAGE.EVENT,
    "EVENT",
    "router",
    ["subscription|id", "publication|id", "details|dict"],
    ([subscription, publication, details], payload) => ({
      type: MESSAGE.EVENT,
      subscription,
      publication,
      details,
      payload,
    }),
    {
      payload: true,
      keys: {
        topic: STRING,
        publisher: ID,
        publisher_authid: STRING,
        publisher_authrole: STRING,
        trustlevel: COUNT,
        retained: BOOL,
        ...PASSTHRU,
      },
    },
  ),
  spec<Request>(
    MESSAGE.CALL,
    "CALL",
    "client",
    ["request|id", "options|dict", "procedure|uri"],
    ([request, options, procedure], payload) => ({ type: MESSAGE.CALL, request, options, procedure, payload }),
    {
      payload: true,
      keys: { timeout: COUNT, receive_progress: BOOL, progress: BOOL, disclose_me: BOOL, ...PASSTHRU },
    },
  ),
  spec<Reply>(
    MESSAGE.CANCEL,
    "CANCEL",
    "client",
    ["request|id", "options|dict"],
    ([request, options]) => ({ type: MESSAGE.CANCEL, request, options }),
    { keys: { mode: CANCEL_MODE } },
  ),
  spec<Reply>(
    MESSAGE.RESULT,
    "RESULT",
    "router",
    ["request|id", "details|dict"],
    ([request, details], payload) => ({ type: MESSAGE.RESULT, request, details, payload }),
    { payload: true, keys: { progress: BOOL, ...PASSTHRU } },
  ),
  spec<Request>(
    MESSAGE.REGISTER,
    "REGISTER",
    "client",
    ["request|id", "options|dict", "procedure|uri"],
    ([request, options, procedure]) => ({ type: MESSAGE.REGISTER, request, options, procedure }),
    {
      keys: {
        match: MATCH,
        invoke: STRING,
        concurrency: COUNT,
        disclose_caller: BOOL,
        forward_timeout: BOOL,
        force_reregister: BOOL,
      },
    },
  ),
  spec<Acknowledge>(
    MESSAGE.REGISTERED,
    "REGISTERED",
    "router",
    ["request|id", "registration|id"],
    ([request, registration]) => ({ type: MESSAGE.REGISTERED, request, registration }),
  ),
  spec<Acknowledge>(
    MESSAGE.UNREGISTER,
    "UNREGISTER",
    "client",
    ["request|id", "registration|id"],
    ([request, registration]) => ({ type: MESSAGE.UNREGISTER, request, registration }),
  ),
  spec<readonly [number, Dict?]>(
    MESSAGE.UNREGISTERED,
    "UNREGISTERED",
    "router",
    ["request|reference", "details|dict?"],
    ([request, details]) => ({ type: MESSAGE.UNREGISTERED, request, ...(details && { details }) }),
    { keys: { registration: ID, reason: STRING } },
  ),
  spec<readonly [number, number, Dict]>(
    MESSAGE.INVOCATION,
    "INVOCATION",
    "router",
    ["request|id", "registration|id", "details|dict"],
    ([request, registration, details], payload) => ({
      type: MESSAGE.INVOCATION,
      request,
      registration,
      details,
      payload,
    }),
    {
      payload: true,
      keys: {
        procedure: STRING,
        caller: ID,
        caller_authid: STRING,
        caller_authrole: STRING,
        trustlevel: COUNT,
        timeout: COUNT,
        receive_progress: BOOL,
        progress: BOOL,
        ...PASSTHRU,
      },
    },
  ),
  spec<Reply>(
    MESSAGE.INTERRUPT,
    "INTERRUPT",
    "router",
    ["request|id", "options|dict"],
    ([request, options]) => ({ type: MESSAGE.INTERRUPT, request, options }),
    { keys: { mode: STRING, reason: STRING } },
  ),
  spec<Reply>(
    MESSAGE.YIELD,
    "YIELD",
    "client",
    ["request|id", "options|dict"],
    ([request, options], payload) => ({ type: MESSAGE.YIELD, request, options, payload }),
    { payload: true, keys: { progress: BOOL, ...PASSTHRU } },
  ),
];

const BY_CODE: readonly (MessageSpec | undefined)[] = Array.from(
  { length: 1 + Math.max(...SPECS.map(({ code }) => code)) },
  (_, code) => SPECS.find((spec) => spec.code === code),
);

/** All messages, by code upwards. @internal */
export const MESSAGE_SPECS: readonly MessageSpec[] = SPECS;

/** The message with a code, `undefined` where the specification has none. @internal */
export function specOf(code: number): MessageSpec | undefined {
  return BY_CODE[code];
}

/** The name of a message's code, for logs and errors. @internal */
export function messageName(code: number): string {
  return BY_CODE[code]?.name ?? `type ${code}`;
}
