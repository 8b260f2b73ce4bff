/**
 * In which order a component may tell its states.
 *
 * @module
 */

import type { ComponentStatus } from "../../wamp/component_api.ts";

type State = ComponentStatus["state"];

/** What may follow a state. */
export const NEXT_STATES: Readonly<Record<State, readonly State[]>> = {
  closed: ["connecting"],
  connecting: ["joining", "lost", "fatal", "closed"],
  joining: ["open", "lost", "fatal", "closed"],
  open: ["open", "lost", "fatal", "closed"],
  lost: ["connecting", "closed"],
  fatal: [],
};
