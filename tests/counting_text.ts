/**
 * A text that counts how often it is looked at: shows that a scanner takes linear time without a clock.
 *
 * @module
 */

import type { Characters } from "../websocket/headers.ts";

/** Stands in for a string; `steps` counts the code units read one by one and those copied. @internal */
export class CountingText implements Characters {
  readonly #text: string;
  /** What was read so far. */
  steps = 0;

  /** Creates a text. */
  constructor(text: string) {
    this.#text = text;
  }

  /** See `String`. */
  get length(): number {
    return this.#text.length;
  }

  /** See `String`. */
  charCodeAt(index: number): number {
    this.steps++;
    return this.#text.charCodeAt(index);
  }

  /** See `String`. */
  slice(start: number, end: number): string {
    this.steps += end - start;
    return this.#text.slice(start, end);
  }
}

/** Texts of `length` code units that catch scanners which look back or ahead. @internal */
export function hostileLists(length: number): string[] {
  const spaces = " ".repeat(length - 1);
  return [
    ",".repeat(length),
    `${spaces},`,
    `,${spaces}`,
    `${spaces}a`,
    `a${spaces}`,
    ", ".repeat(length / 2),
    "a, ".repeat(length / 3),
    "a\t ".repeat(length / 3),
    "a;b ,".repeat(length / 5),
    'a;b="'.repeat(length / 5),
    `a;b="${"c".repeat(length - 5)}`,
    `a;b="${"\\c".repeat((length - 6) / 2)}"`,
    "; ".repeat(length / 2),
    "a;b=c;".repeat(length / 6),
    "=".repeat(length),
  ];
}
