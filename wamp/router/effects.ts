/**
 * What broker and dealer want done: messages with their recipients, as data.
 * Sans-I/O.
 *
 * @module
 */

import type { WampProtocolError } from "../errors.ts";
import type { Event, RouterMessage } from "../messages.ts";

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
  /** As callee. */
  readonly calleeCanceling: boolean;
  readonly calleeProgressiveInvocations: boolean;
  readonly calleeProgressiveResults: boolean;
  readonly calleeTimeout: boolean;
}

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
