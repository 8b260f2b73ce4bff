/**
 * The messages of the basic and the advanced profile: their types.
 * Sans-I/O.
 *
 * What may stand in Options and Details, and in which order the fields go, is in message_table.ts.
 *
 * @module
 */

import type { Dict } from "./errors.ts";
import type { Payload } from "./payload.ts";
import type { MatchPolicy } from "./uris.ts";

/** Message codes (WAMP, Message Codes and Direction). @internal */
export const MESSAGE = {
  HELLO: 1,
  WELCOME: 2,
  ABORT: 3,
  CHALLENGE: 4,
  AUTHENTICATE: 5,
  GOODBYE: 6,
  ERROR: 8,
  PUBLISH: 16,
  PUBLISHED: 17,
  SUBSCRIBE: 32,
  SUBSCRIBED: 33,
  UNSUBSCRIBE: 34,
  UNSUBSCRIBED: 35,
  EVENT: 36,
  CALL: 48,
  CANCEL: 49,
  RESULT: 50,
  REGISTER: 64,
  REGISTERED: 65,
  UNREGISTER: 66,
  UNREGISTERED: 67,
  INVOCATION: 68,
  INTERRUPT: 69,
  YIELD: 70,
} as const;

/** The code of any message. @internal */
export type MessageCode = typeof MESSAGE[keyof typeof MESSAGE];

/**
 * How a call is cancelled (WAMP, Call Canceling).
 *
 * @public
 */
export type CancelMode = "skip" | "kill" | "killnowait";

/**
 * Which of several callees gets a call (WAMP, Shared Registration).
 *
 * @public
 */
export type InvocationPolicy = "single" | "first" | "last" | "random" | "roundrobin";

/**
 * What a role announces.
 *
 * @public
 */
export interface RoleFeatures {
  /** The features, by name. */
  readonly features?: Readonly<Record<string, boolean>>;
}

/**
 * The roles a peer announces, by name.
 *
 * @public
 */
export type Roles = Readonly<Record<string, RoleFeatures>>;

/**
 * Keys of payload passthru mode (WAMP, Payload Passthru Mode), and of what it was before it came into the specification:
 * the transparency of Autobahn and Crossbar.io, where the payload stands as bytes in place of the arguments.
 *
 * @internal
 */
export interface PassthruOptions extends Dict {
  readonly ppt_scheme?: string;
  readonly ppt_serializer?: string;
  readonly ppt_cipher?: string;
  readonly ppt_keyid?: string;
  readonly enc_algo?: string;
  readonly enc_key?: string;
  readonly enc_serializer?: string;
}

/** `[HELLO, Realm|uri, Details|dict]` @internal */
export interface Hello {
  readonly type: typeof MESSAGE.HELLO;
  readonly realm: string;
  readonly details: Dict & {
    readonly roles?: Roles;
    readonly agent?: string;
    readonly authmethods?: readonly string[];
    readonly authid?: string;
    readonly authrole?: string;
    readonly authextra?: Dict;
    readonly resumable?: boolean;
  };
}

/** `[WELCOME, Session|id, Details|dict]` @internal */
export interface Welcome {
  readonly type: typeof MESSAGE.WELCOME;
  readonly session: number;
  readonly details: Dict & {
    readonly roles?: Roles;
    readonly realm?: string;
    readonly agent?: string;
    readonly authid?: string;
    readonly authrole?: string;
    readonly authmethod?: string;
    readonly authprovider?: string;
    readonly authextra?: Dict;
  };
}

/** `[ABORT, Details|dict, Reason|uri (, Arguments|list (, ArgumentsKw|dict))]` @internal */
export interface Abort {
  readonly type: typeof MESSAGE.ABORT;
  readonly details: Dict & { readonly message?: string };
  readonly reason: string;
  readonly payload: Payload;
}

/** `[CHALLENGE, AuthMethod|string, Extra|dict]` @internal */
export interface Challenge {
  readonly type: typeof MESSAGE.CHALLENGE;
  readonly authmethod: string;
  readonly extra: Dict;
}

/** `[AUTHENTICATE, Signature|string, Extra|dict]` @internal */
export interface Authenticate {
  readonly type: typeof MESSAGE.AUTHENTICATE;
  readonly signature: string;
  readonly extra: Dict;
}

/** `[GOODBYE, Details|dict, Reason|uri]` @internal */
export interface Goodbye {
  readonly type: typeof MESSAGE.GOODBYE;
  readonly details: Dict & { readonly message?: string };
  readonly reason: string;
}

/** `[ERROR, REQUEST.Type|int, REQUEST.Request|id, Details|dict, Error|uri (, Arguments|list (, ArgumentsKw|dict))]` @internal */
export interface ErrorMessage {
  readonly type: typeof MESSAGE.ERROR;
  readonly requestType: number;
  readonly request: number;
  readonly details: PassthruOptions;
  readonly error: string;
  readonly payload: Payload;
}

/** `[PUBLISH, Request|id, Options|dict, Topic|uri (, Arguments|list (, ArgumentsKw|dict))]` @internal */
export interface Publish {
  readonly type: typeof MESSAGE.PUBLISH;
  readonly request: number;
  readonly options: PassthruOptions & {
    readonly acknowledge?: boolean;
    readonly exclude_me?: boolean;
    readonly disclose_me?: boolean;
    readonly exclude?: readonly number[];
    readonly exclude_authid?: readonly string[];
    readonly exclude_authrole?: readonly string[];
    readonly eligible?: readonly number[];
    readonly eligible_authid?: readonly string[];
    readonly eligible_authrole?: readonly string[];
    readonly retain?: boolean;
  };
  readonly topic: string;
  readonly payload: Payload;
}

/** `[PUBLISHED, PUBLISH.Request|id, Publication|id]` @internal */
export interface Published {
  readonly type: typeof MESSAGE.PUBLISHED;
  readonly request: number;
  readonly publication: number;
}

/** `[SUBSCRIBE, Request|id, Options|dict, Topic|uri]` @internal */
export interface Subscribe {
  readonly type: typeof MESSAGE.SUBSCRIBE;
  readonly request: number;
  readonly options: Dict & { readonly match?: MatchPolicy; readonly get_retained?: boolean };
  readonly topic: string;
}

/** `[SUBSCRIBED, SUBSCRIBE.Request|id, Subscription|id]` @internal */
export interface Subscribed {
  readonly type: typeof MESSAGE.SUBSCRIBED;
  readonly request: number;
  readonly subscription: number;
}

/** `[UNSUBSCRIBE, Request|id, SUBSCRIBED.Subscription|id]` @internal */
export interface Unsubscribe {
  readonly type: typeof MESSAGE.UNSUBSCRIBE;
  readonly request: number;
  readonly subscription: number;
}

/** `[UNSUBSCRIBED, UNSUBSCRIBE.Request|id (, Details|dict)]`; Request is 0 for a revocation. @internal */
export interface Unsubscribed {
  readonly type: typeof MESSAGE.UNSUBSCRIBED;
  readonly request: number;
  readonly details?: Dict & { readonly subscription?: number; readonly reason?: string };
}

/** `[EVENT, SUBSCRIBED.Subscription|id, PUBLISHED.Publication|id, Details|dict (, Arguments|list (, ArgumentsKw|dict))]` @internal */
export interface Event {
  readonly type: typeof MESSAGE.EVENT;
  readonly subscription: number;
  readonly publication: number;
  readonly details: PassthruOptions & {
    readonly topic?: string;
    readonly publisher?: number;
    readonly publisher_authid?: string;
    readonly publisher_authrole?: string;
    readonly trustlevel?: number;
    readonly retained?: boolean;
    readonly timestamp?: string;
  };
  readonly payload: Payload;
}

/** `[CALL, Request|id, Options|dict, Procedure|uri (, Arguments|list (, ArgumentsKw|dict))]` @internal */
export interface Call {
  readonly type: typeof MESSAGE.CALL;
  readonly request: number;
  readonly options: PassthruOptions & {
    readonly timeout?: number;
    readonly receive_progress?: boolean;
    readonly progress?: boolean;
    readonly disclose_me?: boolean;
  };
  readonly procedure: string;
  readonly payload: Payload;
}

/** `[CANCEL, CALL.Request|id, Options|dict]` @internal */
export interface Cancel {
  readonly type: typeof MESSAGE.CANCEL;
  readonly request: number;
  readonly options: Dict & { readonly mode?: CancelMode };
}

/** `[RESULT, CALL.Request|id, Details|dict (, YIELD.Arguments|list (, YIELD.ArgumentsKw|dict))]` @internal */
export interface Result {
  readonly type: typeof MESSAGE.RESULT;
  readonly request: number;
  readonly details: PassthruOptions & { readonly progress?: boolean };
  readonly payload: Payload;
}

/** `[REGISTER, Request|id, Options|dict, Procedure|uri]` @internal */
export interface Register {
  readonly type: typeof MESSAGE.REGISTER;
  readonly request: number;
  readonly options: Dict & {
    readonly match?: MatchPolicy;
    readonly invoke?: InvocationPolicy;
    readonly concurrency?: number;
    readonly disclose_caller?: boolean;
    readonly forward_timeout?: boolean;
    readonly force_reregister?: boolean;
  };
  readonly procedure: string;
}

/** `[REGISTERED, REGISTER.Request|id, Registration|id]` @internal */
export interface Registered {
  readonly type: typeof MESSAGE.REGISTERED;
  readonly request: number;
  readonly registration: number;
}

/** `[UNREGISTER, Request|id, REGISTERED.Registration|id]` @internal */
export interface Unregister {
  readonly type: typeof MESSAGE.UNREGISTER;
  readonly request: number;
  readonly registration: number;
}

/** `[UNREGISTERED, UNREGISTER.Request|id (, Details|dict)]`; Request is 0 for a revocation. @internal */
export interface Unregistered {
  readonly type: typeof MESSAGE.UNREGISTERED;
  readonly request: number;
  readonly details?: Dict & { readonly registration?: number; readonly reason?: string };
}

/** `[INVOCATION, Request|id, REGISTERED.Registration|id, Details|dict (, Arguments|list (, ArgumentsKw|dict))]` @internal */
export interface InvocationMessage {
  readonly type: typeof MESSAGE.INVOCATION;
  readonly request: number;
  readonly registration: number;
  readonly details: PassthruOptions & {
    readonly procedure?: string;
    readonly caller?: number;
    readonly caller_authid?: string;
    readonly caller_authrole?: string;
    readonly trustlevel?: number;
    readonly timeout?: number;
    readonly receive_progress?: boolean;
    readonly progress?: boolean;
  };
  readonly payload: Payload;
}

/** `[INTERRUPT, INVOCATION.Request|id, Options|dict]` @internal */
export interface Interrupt {
  readonly type: typeof MESSAGE.INTERRUPT;
  readonly request: number;
  readonly options: Dict & { readonly mode?: CancelMode; readonly reason?: string };
}

/** `[YIELD, INVOCATION.Request|id, Options|dict (, Arguments|list (, ArgumentsKw|dict))]` @internal */
export interface Yield {
  readonly type: typeof MESSAGE.YIELD;
  readonly request: number;
  readonly options: PassthruOptions & { readonly progress?: boolean };
  readonly payload: Payload;
}

/** Any message. @internal */
export type Message =
  | Hello
  | Welcome
  | Abort
  | Challenge
  | Authenticate
  | Goodbye
  | ErrorMessage
  | Publish
  | Published
  | Subscribe
  | Subscribed
  | Unsubscribe
  | Unsubscribed
  | Event
  | Call
  | Cancel
  | Result
  | Register
  | Registered
  | Unregister
  | Unregistered
  | InvocationMessage
  | Interrupt
  | Yield;

/** What a client sends. @internal */
export type ClientMessage =
  | Hello
  | Abort
  | Authenticate
  | Goodbye
  | ErrorMessage
  | Publish
  | Subscribe
  | Unsubscribe
  | Call
  | Cancel
  | Register
  | Unregister
  | Yield;

/** What a router sends. @internal */
export type RouterMessage =
  | Welcome
  | Abort
  | Challenge
  | Goodbye
  | ErrorMessage
  | Published
  | Subscribed
  | Unsubscribed
  | Event
  | Result
  | Registered
  | Unregistered
  | InvocationMessage
  | Interrupt;
