/**
 * Compares what two routers said in one scenario.
 *
 * @module
 */

import type { MetaRecord } from "./meta_scenario.ts";

function isDict(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

/** Every place in which two values differ, down to where their shapes do: `PATH: Viaduct VALUE, Crossbar.io VALUE`. */
function differencesAt(path: string, viaduct: unknown, crossbar: unknown): string[] {
  if (text(viaduct) === text(crossbar)) return [];
  if (Array.isArray(viaduct) && Array.isArray(crossbar) && viaduct.length === crossbar.length) {
    return viaduct.flatMap((item, index) => differencesAt(`${path}[${index}]`, item, crossbar[index]));
  }
  if (isDict(viaduct) && isDict(crossbar)) {
    const keys = [...new Set([...Object.keys(viaduct), ...Object.keys(crossbar)])];
    return keys.flatMap((key) => differencesAt(`${path}.${key}`, viaduct[key], crossbar[key]));
  }
  return [`${path}: Viaduct ${text(viaduct)}, Crossbar.io ${text(crossbar)}`];
}

/** The differences between what Viaduct and Crossbar.io said. */
export function differencesOf(viaduct: MetaRecord, crossbar: MetaRecord): readonly string[] {
  const steps = new Set([...viaduct.keys(), ...crossbar.keys()]);
  return [...steps].flatMap((step) => differencesAt(step, viaduct.get(step), crossbar.get(step)));
}
