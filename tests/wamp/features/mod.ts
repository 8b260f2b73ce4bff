/**
 * The tests of all features that the router announces, by the sections of the specification.
 *
 * @module
 */

import { CALL_FEATURES } from "./call_features.ts";
import { EVENT_FEATURES } from "./event_features.ts";
import type { FeatureTest } from "./feature.ts";
import { REGISTRATION_FEATURES } from "./registration_features.ts";

/** One entry for each feature that is announced. */
export const FEATURES: readonly FeatureTest[] = [...CALL_FEATURES, ...REGISTRATION_FEATURES, ...EVENT_FEATURES];
