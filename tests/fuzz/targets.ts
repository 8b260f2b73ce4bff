/**
 * Everything that is fuzzed.
 *
 * @module
 */

import { CONFIG_TARGETS } from "./config_targets.ts";
import type { Target } from "./fuzzing.ts";
import { WAMP_TARGETS } from "./wamp_targets.ts";
import { WEBSOCKET_TARGETS } from "./websocket_targets.ts";

/** All targets. */
export const TARGETS: readonly Target[] = [...WEBSOCKET_TARGETS, ...WAMP_TARGETS, ...CONFIG_TARGETS];
