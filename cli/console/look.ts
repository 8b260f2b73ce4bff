/**
 * What the console's page is told each time that it looks.
 *
 * @module
 */

import type { RealmInspection, RealmMetrics, RouterMetrics } from "../../wamp/router/mod.ts";
import type { Incident } from "./incidents.ts";

/** A realm, its counts, and what is in it. @internal */
export interface Look extends RealmInspection, Pick<RouterMetrics, "startedAt" | "transports" | "refusals" | "aborts"> {
  /** All realms of the router. */
  readonly realms: readonly string[];
  /** The one that is looked at. */
  readonly realm: string;
  /** The router's time, in milliseconds since 1970. */
  readonly now: number;
  /** The counts of the realm. */
  readonly counts: RealmMetrics;
  /** What went wrong since the page looked before, the oldest first. */
  readonly incidents: readonly Incident[];
}
