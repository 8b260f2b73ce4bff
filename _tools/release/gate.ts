/**
 * What a gate of the release stops with, and how a run of a task is read.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";

/** A gate that does not open: what is wrong, and what to do about it. */
export class GateError extends Error {
  override readonly name = "GateError";
  /** What to do. */
  readonly advice: string;

  constructor(problem: string, advice: string, options?: ErrorOptions) {
    super(problem, options);
    this.advice = advice;
  }
}

/** What a task says at its end. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Finds the summary in a task's output: `ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)` of deno test, or
 * `interop: 12 passed, 0 failed, 1 skipped` of our own tools.
 *
 * @param lines What the task printed.
 * @returns The last summary; undefined when there is none.
 */
export function readSummary(lines: readonly string[]): Summary | undefined {
  for (const line of [...lines].reverse()) {
    const text = stripVTControlCharacters(line);
    const [, passed] = /\b(\d+) passed\b/.exec(text) ?? [];
    const [, failed] = /\b(\d+) failed\b/.exec(text) ?? [];
    if (passed === undefined || failed === undefined) continue;
    const [, skipped = 0] = /\b(\d+) (?:skipped|ignored)\b/.exec(text) ?? [];
    return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
  }
  return undefined;
}

/**
 * Says a summary in words.
 *
 * @param summary The summary.
 * @returns Such as `1,034 passed, 2 skipped`.
 */
export function formatSummary({ passed, failed, skipped }: Summary): string {
  const parts = [`${formatCount(passed)} passed`];
  if (failed > 0) parts.push(`${formatCount(failed)} failed`);
  if (skipped > 0) parts.push(`${formatCount(skipped)} skipped`);
  return parts.join(", ");
}

/**
 * Counts something in words.
 *
 * @param count How many there are.
 * @param noun What they are, one of them.
 * @returns Such as `1 path` and `1,034 paths`.
 */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Writes a number with commas between thousands.
 *
 * @param count A whole number.
 * @returns Such as `1,034`.
 */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
