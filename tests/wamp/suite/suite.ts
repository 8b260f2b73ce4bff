/**
 * The suite that a session must pass over every transport and serializer, on every router and in every runtime.
 *
 * @module
 */

import { failureMessage } from "../../../internal/log.ts";
import { hasFeature } from "../../../wamp/features.ts";
import type { Session } from "../../../wamp/session_api.ts";
import { assert, type SessionCheck, type World } from "./checking.ts";
import { EVENT_CHECKS } from "./event_checks.ts";
import { RPC_CHECKS } from "./rpc_checks.ts";
import { SESSION_CHECKS } from "./session_checks.ts";
import { STREAM_CHECKS } from "./stream_checks.ts";

/** All checks. @internal */
export const SESSION_SUITE: readonly SessionCheck[] = [
  ...SESSION_CHECKS,
  ...RPC_CHECKS,
  ...STREAM_CHECKS,
  ...EVENT_CHECKS,
];

/** What a router does otherwise: a check's name and why. @internal */
export type Exceptions = Readonly<Record<string, string>>;

/** What Crossbar.io does otherwise. @internal */
export const CROSSBAR_EXCEPTIONS: Exceptions = {
  "the parts of a progressive invocation reach the handler in order": "no progressive invocations",
  "parts and progressive results cross each other in one call": "no progressive invocations",
  "a callee may answer before the last part; parts behind that are dropped": "no progressive invocations",
  "a timeout fails the call with wamp.error.timeout and interrupts the callee":
    "timeouts are not announced, and counted in seconds",
};

/** How one check ended. @internal */
export interface SuiteResult {
  readonly check: string;
  readonly error?: string;
}

/** How long a check may take, in milliseconds: a message that never comes must not end as silence. */
const TIMEOUT = 10_000;
let worlds = 0;

/** Makes a world of a way to join. @internal */
export async function createWorld(join: () => Promise<Session>): Promise<World> {
  const base = `com.example.suite${++worlds}`;
  let uris = 0;
  const [callee, caller, third] = [await join(), await join(), await join()];
  return { join, callee, caller, third, uri: (name) => `${base}.n${++uris}.${name}` };
}

/** Leaves with all sessions that the checks shared. */
async function leaveWorld({ callee, caller, third }: World): Promise<void> {
  await Promise.all([callee.leave(), caller.leave(), third.leave()]);
}

/**
 * Runs the suite.
 *
 * @param join Joins one session of the realm `realm1`.
 * @param exceptions The checks to leave out, with the reasons.
 *
 * @internal
 */
export async function runSessionSuite(
  join: () => Promise<Session>,
  exceptions: Exceptions = {},
): Promise<SuiteResult[]> {
  const unknown = Object.keys(exceptions).filter((name) => SESSION_SUITE.every((check) => check.name !== name));
  assert(unknown.length === 0, `Exceptions must be checks, received ${unknown.join(", ")}`);
  const world = await createWorld(join);
  const results: SuiteResult[] = [];
  for (const check of SESSION_SUITE) {
    if (Object.hasOwn(exceptions, check.name)) continue;
    results.push(await runCheck(check, world));
  }
  await leaveWorld(world);
  return results;
}

async function runCheck(check: SessionCheck, world: World): Promise<SuiteResult> {
  try {
    for (const need of check.needs ?? []) {
      const [role = "", feature = ""] = need.split(".");
      assert(hasFeature(world.caller.roles, role, feature), `Router must announce ${need}`);
    }
    await within(check.run(world));
    return { check: check.name };
  } catch (error) {
    return { check: check.name, error: failureMessage(error) };
  }
}

async function within(promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Timed out after ${TIMEOUT} ms`)), TIMEOUT);
  });
  await Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
