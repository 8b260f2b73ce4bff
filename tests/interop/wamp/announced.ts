/**
 * Whether Crossbar.io announces what docs/features.md says of it.
 *
 * @module
 */

import { join } from "../../../wamp/join.ts";
import { readFeatureTable } from "../../wamp/features/feature_table.ts";

/** Joins, and compares the features of WELCOME with the table. */
export async function checkAnnounced(url: string, realm: string): Promise<void> {
  const table = (await readFeatureTable()).filter(({ crossbar }) => crossbar);
  const expected = table.map(({ role, feature }) => `${role}.${feature}`).sort();
  await using session = await join(url, { realm });
  const announced = Object.entries(session.roles).flatMap(([role, { features = {} }]) => {
    return Object.keys(features).map((feature) => `${role}.${feature}`);
  }).sort();
  if (announced.join() === expected.join()) return;
  throw new Error(`Must announce ${expected.join(", ")}, announces ${announced.join(", ")}`);
}
