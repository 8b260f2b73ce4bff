/**
 * What a test of a feature is, and what it stands on.
 *
 * @module
 */

import type { Roles } from "../../../wamp/messages.ts";
import { Payload } from "../../../wamp/payload.ts";
import { CBOR_FORMAT } from "../../../wamp/serializers/cbor.ts";
import type { Session } from "../../../wamp/session_api.ts";
import { assert } from "../../std.ts";
import type { World } from "../suite/checking.ts";
import { SESSION_SUITE } from "../suite/suite.ts";
import type { RawPeer } from "./raw_peer.ts";

/** Who can join with a ticket, and in which role. */
export const USERS = { alice: "admin", bob: "staff", carol: "staff" } as const;

/** How far the realm `graded` trusts its sessions. */
export const TRUST_LEVEL = 3;

/** Topics below it are kept: the last {@linkcode HISTORY_LIMIT}. */
export const HISTORY = "com.example.history.";
export const HISTORY_LIMIT = 5;

/** A router with everything that features need, over one transport and serializer. */
export interface FeatureWorld extends World {
  /** Joins `realm1` as one of the users. What joins ends with the test. */
  joinAs(authid: keyof typeof USERS): Promise<Session>;
  /** Joins a realm whose authorizer says how far sessions are trusted. */
  joinGraded(): Promise<Session>;
  /** Joins `realm1` with roles of the test's choice. */
  joinRaw(roles?: Roles): Promise<RawPeer>;
  /** A number that no other test has. */
  readonly number: number;
}

/** The tests of one feature. */
export interface FeatureTest {
  readonly role: "broker" | "dealer";
  /** As it is announced. */
  readonly feature: string;
  /** The heading of its section in the specification. */
  readonly section: string;
  run(world: FeatureWorld): Promise<void>;
}

/** The features of a role for {@linkcode Roles}. */
export function announcing(...features: readonly string[]): { readonly features: Readonly<Record<string, boolean>> } {
  return { features: Object.fromEntries(features.map((name) => [name, true])) };
}

/** The bytes 1, 2, 255 in place of arguments. */
export function opaquePayload(): Payload {
  return Payload.opaque(CBOR_FORMAT, Uint8Array.of(0x43, 1, 2, 255), 0, 4);
}

/** Runs the checks of the session suite that are about a feature. */
export async function runSuite(world: FeatureWorld, feature: string): Promise<void> {
  const checks = SESSION_SUITE.filter(({ needs = [] }) => needs.includes(feature));
  assert(checks.length > 0, `No check of the session suite needs ${feature}`);
  for (const check of checks) await check.run(world);
}
