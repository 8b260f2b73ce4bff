/**
 * A scenario for tests of what is made of measurements.
 *
 * @module
 */

import type { Scenario } from "../../bench/load/scenarios.ts";

/** Two servers, and a target of one against a third that is not there. */
export const SCENARIO: Scenario = {
  name: "small",
  traffic: { kind: "binary", size: 64, connections: 1, inFlight: 1 },
  servers: ["viaduct-handler", "deno"],
  targets: [
    { server: "viaduct-handler", peer: "deno", atLeast: 2 },
    { server: "viaduct-handler", peer: "bun", atLeast: 1 },
  ],
};
