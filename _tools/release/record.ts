/**
 * What a release has behind it, kept in a file, so that a run that stopped can go on without its long gates.
 *
 * @module
 */

import { join } from "node:path";

/** What is written down of a release. */
export interface ReleaseRecord {
  /** The commit that the gates looked at. */
  readonly commit: string;
  /** The commit that was made for the release; absent before. */
  readonly released?: string;
  /** What each gate found, by step. */
  readonly facts: Readonly<Record<string, readonly string[]>>;
}

/** The file of the record, in the folder of the release. */
const FILE = "gates.json";

/**
 * Reads the record.
 *
 * @param folder The folder of the release.
 * @returns The record; undefined when there is none that can be read.
 */
export async function readRecord(folder: string): Promise<ReleaseRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(join(folder, FILE)));
    return isRecord(value) ? value : undefined;
  } catch (error) {
    // Without a record every gate is run, which is right whatever became of it.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Writes the record.
 *
 * @param folder The folder of the release, which is there.
 * @param record The record.
 */
export async function writeRecord(folder: string, record: ReleaseRecord): Promise<void> {
  await Deno.writeTextFile(join(folder, FILE), `${JSON.stringify(record, undefined, 2)}\n`);
}

function isRecord(value: unknown): value is ReleaseRecord {
  if (typeof value !== "object" || value === null) return false;
  if (!("commit" in value) || typeof value.commit !== "string") return false;
  if ("released" in value && typeof value.released !== "string") return false;
  if (!("facts" in value) || typeof value.facts !== "object" || value.facts === null) return false;
  return Object.values(value.facts).every((facts) => Array.isArray(facts));
}
