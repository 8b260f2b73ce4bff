/**
 * What producers publish, and what the page keeps of it. Nothing here needs a browser.
 *
 * @module
 */

/** Topics of samples begin with this; the name of the producer follows. */
export const SAMPLE_PREFIX = "dashboard.sample.";
/** Procedures that put a producer under load begin with this; its name follows. */
export const SURGE_PREFIX = "dashboard.surge.";
/** How much of the past is shown, in milliseconds. */
export const WINDOW = 60_000;

/** Something measured. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

/** What a producer publishes: all that it measured at a time. */
export interface Sample {
  /** The producer. */
  readonly producer: string;
  /** In milliseconds since 1970. */
  readonly time: number;
  readonly metrics: readonly Metric[];
  /** Whether there is a procedure that puts it under load. */
  readonly canSurge: boolean;
}

/** An event of a sample, live or from the history. */
export interface SampleEvent {
  readonly topic: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** The keyword arguments of a sample. */
export function writeSample({ time, metrics, canSurge }: Omit<Sample, "producer">): Record<string, unknown> {
  return { time, metrics, canSurge };
}

/** Reads what was published; `undefined` where it is no sample. */
export function readSample({ topic, kwargs: { time, metrics, canSurge } }: SampleEvent): Sample | undefined {
  if (!topic.startsWith(SAMPLE_PREFIX) || typeof time !== "number" || !Array.isArray(metrics)) return undefined;
  if (!metrics.every(isMetric)) return undefined;
  return { producer: topic.slice(SAMPLE_PREFIX.length), time, metrics, canSurge: canSurge === true };
}

function isMetric(value: unknown): value is Metric {
  if (typeof value !== "object" || value === null) return false;
  const { name, unit, value: number } = value as Record<string, unknown>;
  return typeof name === "string" && typeof unit === "string" && Number.isFinite(number);
}

/** A value at a time. */
export interface Point {
  readonly time: number;
  readonly value: number;
}

/** The values of one metric, in the order of their times. */
export class Series {
  readonly unit: string;
  #points: Point[] = [];

  constructor(unit: string) {
    this.unit = unit;
  }

  get points(): readonly Point[] {
    return this.#points;
  }

  get last(): Point | undefined {
    return this.#points.at(-1);
  }

  /**
   * Adds a value, wherever its time belongs: what comes from the history may be older. A time that is there stays. What
   * is no longer shown goes, also where nobody draws: a page in the background takes samples as well.
   */
  add(point: Point): void {
    let index = this.#points.length;
    while (index > 0 && this.#points[index - 1]!.time > point.time) index--;
    if (this.#points[index - 1]?.time !== point.time) this.#points.splice(index, 0, point);
    this.forget(this.#points.at(-1)!.time - WINDOW);
  }

  /** Forgets what is before a time, but for the last value before it, from which the line comes in. */
  forget(before: number): void {
    const first = this.#points.findIndex(({ time }) => time >= before);
    const count = first < 0 ? this.#points.length - 1 : first - 1;
    if (count > 0) this.#points.splice(0, count);
  }

  /** A round number, at least 1, that is a little above all values: the top of the chart. */
  get top(): number {
    const least = this.#points.reduce((most, { value }) => Math.max(most, 1.05 * value), 1);
    const power = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5].map((step) => step * power).find((round) => round >= least) ?? 10 * power;
  }
}

/** The size of a chart, in the units of its SVG. */
export const CHART = { width: 300, height: 80 } as const;

/** The line of a series up to now, as the path of an SVG; `""` where there is none. */
export function linePath(series: Series, now: number): string {
  const { top } = series;
  return series.points.map(({ time, value }, index) => {
    const x = CHART.width * (1 - (now - time) / WINDOW);
    const y = CHART.height * (1 - Math.max(0, value) / top);
    return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }).join("");
}

/** The area below that line. */
export function areaPath(series: Series, now: number): string {
  const { points } = series;
  if (points.length < 2) return "";
  const x = (time: number): string => (CHART.width * (1 - (now - time) / WINDOW)).toFixed(1);
  const bottom = CHART.height;
  return `${linePath(series, now)}L${x(points.at(-1)!.time)} ${bottom}L${x(points[0]!.time)} ${bottom}Z`;
}

/** Writes a value, short. */
export function formatValue(value: number): string {
  if (value >= 10_000) return new Intl.NumberFormat("en", { notation: "compact" }).format(value);
  return value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
}
