/**
 * A session at the router: who it is, what it understands, and the transport that leads to it.
 *
 * @module
 */

import type { WampProtocolError } from "../errors.ts";
import { hasFeature } from "../features.ts";
import type { Goodbye, Roles } from "../messages.ts";
import type { Transport } from "../transports/transport.ts";
import { noTraffic, type Traffic } from "./counters.ts";
import type { Member, MemberFeatures } from "./effects.ts";
import type { Throttle } from "./throttle.ts";
import type { RememberedVerdicts } from "./verdicts.ts";
import type { WaitingRequests } from "./waiting_requests.ts";

/** Who a session is, as found out when it joined. @internal */
export interface Identity {
  readonly authid: string;
  readonly authrole: string;
  readonly authmethod: string;
  readonly authprovider: string;
  /** What its program calls itself, unproved. */
  readonly agent?: string;
  /** Whether it may use `wamp.` URIs. */
  readonly isTrusted: boolean;
}

/** What can end a session from within the router. @internal */
export interface MemberLink {
  /** The transport that leads to the session. */
  readonly transport: Transport;
  /** Says GOODBYE; the session has left its realm. */
  dismiss(reason: string, details: Goodbye["details"]): void;
  /** Says ABORT: it broke the protocol. */
  violate(error: WampProtocolError): void;
  /** Ends it at once, without a word. */
  cut(reason?: "slow" | "cut"): void;
}

/** A session that has joined. @internal */
export class RouterMember implements Member {
  readonly id: number;
  readonly identity: Identity;
  readonly features: MemberFeatures;
  /** What can end it. */
  readonly link: MemberLink;
  /** Its transport, a step nearer. */
  readonly transport: Transport;
  /** Whether it is still in its realm. */
  isJoined = true;
  /** The last request id, where they must be in sequence. */
  lastRequest = 0;
  /** For how many reasons its transport is paused: sessions that are slow, decisions it waits for, its rate. */
  pauses = 0;
  /** What it may do, as far as that has been decided. */
  verdicts: RememberedVerdicts | undefined;
  /** Its requests that wait for a decision. */
  waiting: WaitingRequests | undefined;
  /** Holds it to the rate of its realm. */
  throttle: Throttle | undefined;
  /** When it joined, in milliseconds since 1970. */
  since = 0;
  /** What went over its transport since it joined. */
  readonly traffic: Traffic = noTraffic();

  /** A session with an id that is free. */
  constructor(id: number, identity: Identity, features: MemberFeatures, link: MemberLink) {
    this.id = id;
    this.identity = identity;
    this.features = features;
    this.link = link;
    this.transport = link.transport;
  }

  get authid(): string {
    return this.identity.authid;
  }

  get authrole(): string {
    return this.identity.authrole;
  }

  get isTrusted(): boolean {
    return this.identity.isTrusted;
  }

  /** Reads no more from it, for one reason more. */
  pause(): void {
    if (this.pauses++ === 0) this.transport.pause();
  }

  /** One reason less not to read from it. */
  resume(): void {
    if (--this.pauses === 0) this.transport.resume();
  }
}

/** The roles that a client can have (WAMP, Client: Role and Feature Announcement). */
const CLIENT_ROLES = ["publisher", "subscriber", "caller", "callee"];

/** Whether a client announces a role, as it must (WAMP, Client: Role and Feature Announcement). @internal */
export function hasClientRole(roles: Roles | undefined): boolean {
  return roles !== undefined && CLIENT_ROLES.some((role) => Object.hasOwn(roles, role));
}

/** Few combinations occur, so that many sessions share one object. */
const known = new Map<number, MemberFeatures>();

/** What matters to the router of the features announced. @internal */
export function resolveFeatures(roles: Roles | undefined): MemberFeatures {
  const announced = [
    hasFeature(roles, "caller", "progressive_call_invocations"),
    hasFeature(roles, "callee", "call_canceling"),
    hasFeature(roles, "callee", "progressive_call_invocations"),
    hasFeature(roles, "callee", "progressive_call_results"),
    hasFeature(roles, "callee", "call_timeout"),
    hasFeature(roles, "caller", "payload_passthru_mode"),
    hasFeature(roles, "callee", "payload_passthru_mode"),
    hasFeature(roles, "publisher", "payload_passthru_mode"),
    hasFeature(roles, "callee", "call_reroute"),
    hasFeature(roles, "callee", "registration_revocation"),
    hasFeature(roles, "subscriber", "subscription_revocation"),
    hasFeature(roles, "caller", "payload_transparency"),
    hasFeature(roles, "callee", "payload_transparency"),
    hasFeature(roles, "publisher", "payload_transparency"),
    hasFeature(roles, "subscriber", "payload_transparency"),
  ];
  const key = announced.reduce<number>((bits, feature, index) => feature ? bits | 1 << index : bits, 0);
  let features = known.get(key);
  if (features === undefined) known.set(key, features = featuresOf(key));
  return features;
}

function featuresOf(key: number): MemberFeatures {
  return Object.freeze({
    callerProgressiveInvocations: (key & 1) !== 0,
    calleeCanceling: (key & 2) !== 0,
    calleeProgressiveInvocations: (key & 4) !== 0,
    calleeProgressiveResults: (key & 8) !== 0,
    calleeTimeout: (key & 16) !== 0,
    callerPassthru: (key & 32) !== 0,
    calleePassthru: (key & 64) !== 0,
    publisherPassthru: (key & 128) !== 0,
    calleeReroute: (key & 256) !== 0,
    calleeRevocation: (key & 512) !== 0,
    subscriberRevocation: (key & 1024) !== 0,
    callerTransparency: (key & 2048) !== 0,
    calleeTransparency: (key & 4096) !== 0,
    publisherTransparency: (key & 8192) !== 0,
    subscriberTransparency: (key & 16384) !== 0,
  });
}
