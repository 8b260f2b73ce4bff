/**
 * What goes on in a realm, as numbers with a line that shows the last minute.
 *
 * @module
 */

/// <reference lib="dom" />

import type { Look } from "../look.ts";
import { byId, make } from "./dom.ts";

/** So many values are in a line. */
const KEPT = 60;
const HEIGHT = 20;
const SVG = "http://www.w3.org/2000/svg";

/** A value at a look, given the look before. */
type Measure = (look: Look, before: Look) => number;

/** What is measured, by the name that is shown; and how it is written. */
const MEASURES: readonly (readonly [name: string, measure: Measure, format: (value: number) => string])[] = [
  ["Sessions", ({ counts }) => counts.sessions, formatCount],
  ["Received/s", rateOf(({ counts }) => sumOf(counts.received)), formatCount],
  ["Sent/s", rateOf(({ counts }) => sumOf(counts.sent)), formatCount],
  ["Calls/s", rateOf(({ counts }) => counts.received.CALL ?? 0), formatCount],
  ["Events/s", rateOf(({ counts }) => counts.sent.EVENT ?? 0), formatCount],
  ["Errors/s", rateOf(({ counts }) => sumOf(counts.errors)), formatCount],
  ["Call time", callTime, (value) => value === 0 ? "–" : `${value.toPrecision(2)} ms`],
  ["Waiting", ({ counts }) => counts.waitingBytes, formatBytes],
];

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function rateOf(count: (look: Look) => number): Measure {
  return (look, before) => perSecond(count(look) - count(before), look, before);
}

/** How many there were in a second, between two looks. @internal */
export function perSecond(more: number, look: Look, before: Look): number {
  return look.now > before.now ? Math.max(0, 1_000 * more / (look.now - before.now)) : 0;
}

/** The mean of the calls that were timed since the look before, in milliseconds. */
function callTime({ counts: { callDurations } }: Look, { counts: { callDurations: before } }: Look): number {
  const calls = callDurations.counts.reduce((sum, count, index) => sum + count - (before.counts[index] ?? 0), 0);
  return calls > 0 ? 1_000 * (callDurations.sum - before.sum) / calls : 0;
}

/** Writes a count or a rate, short. @internal */
export function formatCount(value: number): string {
  if (value >= 10_000) {
    return new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 }).format(value);
  }
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}

/** Writes a number of bytes, short. @internal */
export function formatBytes(value: number): string {
  const power = value < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10));
  return `${(value / 1024 ** power).toFixed(power === 0 || value / 1024 ** power >= 10 ? 0 : 1)} ${
    "B KiB MiB GiB TiB".split(" ")[power]
  }`;
}

/** One number and its line. */
class Rate {
  readonly element: HTMLElement;
  readonly #value = make("b", "", "–");
  readonly #line = document.createElementNS(SVG, "polyline");
  #values: number[] = [];

  constructor(name: string) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${KEPT - 1} ${HEIGHT}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    svg.append(this.#line);
    this.element = make("div", "rate", make("span", "", name), this.#value, svg);
  }

  add(value: number, text: string): void {
    this.#value.textContent = text;
    this.#values.push(value);
    if (this.#values.length > KEPT) this.#values.shift();
    const most = Math.max(...this.#values, 1e-9);
    const start = KEPT - this.#values.length;
    const points = this.#values.map((each, index) => {
      return `${start + index},${(HEIGHT - 1 - (HEIGHT - 2) * each / most).toFixed(2)}`;
    });
    this.#line.setAttribute("points", points.join(" "));
  }

  clear(): void {
    this.#values = [];
    this.#value.textContent = "–";
    this.#line.setAttribute("points", "");
  }
}

/** All that is measured. @internal */
export class Rates {
  readonly #section = byId("rates", HTMLElement);
  readonly #rates = MEASURES.map(([name]) => new Rate(name));

  /** Puts them on the page. */
  constructor() {
    this.#section.replaceChildren(...this.#rates.map(({ element }) => element));
  }

  /** Shows what has changed since the look before. */
  show(look: Look, before: Look): void {
    for (const [index, [, measure, format]] of MEASURES.entries()) {
      const value = measure(look, before);
      this.#rates[index]?.add(value, format(value));
    }
  }

  /** Begins anew: another realm. */
  clear(): void {
    for (const rate of this.#rates) rate.clear();
  }
}
