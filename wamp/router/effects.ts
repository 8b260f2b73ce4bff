/**
 * What broker and dealer want done: messages with their recipients, as data.
 * Sans-I/O.
 *
 * @module
 */

import { WampProtocolError } from "../errors.ts";
import { type Event, MESSAGE, type MessageCode, type PassthruOptions, type RouterMessage } from "../messages.ts";
import { Payload } from "../payload.ts";

/** A session as broker and dealer know it. @internal */
export interface Member {
  readonly id: number;
  readonly authid: string;
  readonly authrole: string;
  /** May use `wamp.` URIs. */
  readonly isTrusted: boolean;
  /** What its roles announced that matters to the router, resolved at HELLO. */
  readonly features: MemberFeatures;
}

/** The features of a member that change what the router sends it. @internal */
export interface MemberFeatures {
  /** As caller. */
  readonly callerProgressiveInvocations: boolean;
  readonly callerPassthru: boolean;
  readonly callerTransparency: boolean;
  /** As callee. */
  readonly calleeCanceling: boolean;
  readonly calleeProgressiveInvocations: boolean;
  readonly calleeProgressiveResults: boolean;
  readonly calleeTimeout: boolean;
  readonly calleePassthru: boolean;
  readonly calleeTransparency: boolean;
  readonly calleeReroute: boolean;
  readonly calleeRevocation: boolean;
  /** As publisher. */
  readonly publisherPassthru: boolean;
  readonly publisherTransparency: boolean;
  /** As subscriber. */
  readonly subscriberRevocation: boolean;
  readonly subscriberTransparency: boolean;
}

/** What the permission for a request says beyond that it is given. @internal */
export interface Grant {
  /**
   * Whether the others are told who calls or publishes: always, never (who asks for it is refused), or, where it is
   * undefined, on request (WAMP, Caller Identification, Publisher Identification).
   */
  readonly disclose?: boolean | undefined;
  /** How far the sender is trusted (WAMP, Call Trust Levels, Publication Trust Levels). */
  readonly trustlevel?: number | undefined;
  /** Why the request is refused: then it is no permission, and nothing else counts. */
  readonly refusal?: Refusal | undefined;
}

/** A permission that says nothing more. @internal */
export const PLAIN_GRANT: Grant = Object.freeze({});

/** A message for one session. @internal */
export interface SendEffect {
  readonly kind: "send";
  readonly to: Member;
  readonly message: RouterMessage;
}

/** An event for many sessions: encoded once for each serializer. @internal */
export interface EventEffect {
  readonly kind: "event";
  readonly to: Iterable<Member>;
  /** How many `to` has, `except` included. */
  readonly count: number;
  /** Who does not get it: the publisher. */
  readonly except: Member | undefined;
  /** Leaves out more of them: black- and whitelists. */
  readonly accepts: ((member: Member) => boolean) | undefined;
  readonly message: Event;
}

/** The session broke the protocol: ABORT, and its transport is closed. @internal */
export interface AbortEffect {
  readonly kind: "abort";
  readonly to: Member;
  readonly error: WampProtocolError;
}

/** Something the meta API tells: a topic of `wamp.` with its arguments. @internal */
export interface MetaEffect {
  readonly kind: "meta";
  readonly topic: string;
  readonly args: readonly unknown[];
}

/** Anything broker and dealer want done, in order. @internal */
export type Effect = SendEffect | EventEffect | AbortEffect | MetaEffect;

/** A dictionary with nothing in it, for all messages that have nothing to say. @internal */
export const NOTHING: PassthruOptions = Object.freeze({});

/** Ends a session that broke the protocol. @internal */
export function abort(to: Member, code: "invalid_id" | "unexpected_message", text: string): AbortEffect {
  return { kind: "abort", to, error: new WampProtocolError(code, text) };
}

/** Why a request is refused: the error, and what happened, for a person. @internal */
export type Refusal = readonly [error: string, text: string];

/**
 * The answer to a request that cannot be done.
 *
 * @param to Who asked.
 * @param requestType The code of the request.
 * @param request The id of the request.
 * @param error Which error.
 * @param text What happened, for a person.
 *
 * @internal
 */
export function refusal(
  to: Member,
  requestType: MessageCode,
  request: number,
  error: string,
  text: string,
): SendEffect {
  return {
    kind: "send",
    to,
    message: { type: MESSAGE.ERROR, requestType, request, details: NOTHING, error, payload: Payload.of([text]) },
  };
}

/** Whether a payload is to be passed through (WAMP, Payload Passthru Mode, ppt_scheme Attribute). @internal */
export function usesPassthru({ ppt_scheme }: PassthruOptions): boolean {
  return ppt_scheme !== undefined && ppt_scheme !== "";
}

/**
 * What a payload asks of those whom it reaches: nothing, payload passthru mode, or payload transparency, as Autobahn and
 * Crossbar.io call what that was before: bytes in place of the arguments.
 *
 * @internal
 */
export type PayloadKind = "arguments" | "passthru" | "opaque";

/** The kind of a payload. @internal */
export function payloadKind(options: PassthruOptions, payload: Payload): PayloadKind {
  if (payload.isOpaque) return "opaque";
  return usesPassthru(options) ? "passthru" : "arguments";
}

/** Whether a session has announced a kind of payload as caller, callee or publisher. @internal */
export function takesKind(
  features: MemberFeatures,
  role: "caller" | "callee" | "publisher",
  kind: PayloadKind,
): boolean {
  if (kind === "arguments") return true;
  const isOpaque = kind === "opaque";
  switch (role) {
    case "caller":
      return isOpaque ? features.callerTransparency : features.callerPassthru;
    case "callee":
      return isOpaque ? features.calleeTransparency : features.calleePassthru;
    case "publisher":
      return isOpaque ? features.publisherTransparency : features.publisherPassthru;
  }
}

/** What is wrong with a payload of a kind that its sender did not announce. @internal */
export function unannounced(message: string, kind: PayloadKind): string {
  const what = kind === "opaque" ? "bytes in place of arguments" : "a ppt_scheme";
  return `${message} with ${what} without having announced the feature`;
}

/**
 * The keys of payload passthru mode in Options, which go on into Details as they are (WAMP, Payload Passthru Mode).
 * Nothing else of a peer's Options ever does.
 *
 * @internal
 */
export function passthruOf(options: PassthruOptions): PassthruOptions | undefined {
  const { ppt_scheme, ppt_serializer, ppt_cipher, ppt_keyid, enc_algo, enc_key, enc_serializer } = options;
  if ((ppt_scheme ?? ppt_serializer ?? ppt_cipher ?? ppt_keyid ?? enc_algo) === undefined) return undefined;
  return {
    ...(ppt_scheme !== undefined && { ppt_scheme }),
    ...(ppt_serializer !== undefined && { ppt_serializer }),
    ...(ppt_cipher !== undefined && { ppt_cipher }),
    ...(ppt_keyid !== undefined && { ppt_keyid }),
    ...(enc_algo !== undefined && { enc_algo }),
    ...(enc_algo !== undefined && enc_key !== undefined && { enc_key }),
    ...(enc_algo !== undefined && enc_serializer !== undefined && { enc_serializer }),
  };
}
