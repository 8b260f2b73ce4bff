/**
 * The cards of the page: one for each producer, with a chart for each metric. What others sent goes in as text only.
 *
 * @module
 */

/// <reference lib="dom" />

import { make, makeButton } from "../../../cli/console/page/dom.ts";
import { areaPath, CHART, formatValue, linePath, type Metric, type Sample, Series, WINDOW } from "./samples.ts";

const SVG = "http://www.w3.org/2000/svg";
/** How long a producer may say nothing until it is shown so, in milliseconds. */
const SILENCE = 5_000;
/** Bounds what a producer can put on the page. */
const MAX_CARDS = 50;
const MAX_CHARTS = 8;

function makeSvg<Tag extends "svg" | "path" | "line">(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** A metric: its name, its last value, and its line. */
class Chart {
  readonly element: HTMLElement;
  readonly #name: string;
  readonly #series: Series;
  readonly #value = make("b", "");
  readonly #top = make("span", "top");
  readonly #line = makeSvg("path", { class: "line" });
  readonly #area = makeSvg("path", { class: "area" });
  readonly #svg = makeSvg("svg", {
    viewBox: `0 0 ${CHART.width} ${CHART.height}`,
    preserveAspectRatio: "none",
    role: "img",
  });

  constructor({ name, unit }: Metric) {
    this.#name = name;
    this.#series = new Series(unit);
    const middle = CHART.height / 2;
    this.#svg.append(makeSvg("line", { x1: 0, x2: CHART.width, y1: middle, y2: middle }), this.#area, this.#line);
    const head = make("figcaption", "", make("span", "metric", name), this.#value, make("span", "unit", unit));
    this.element = make("figure", "chart", head, this.#top);
    this.element.append(this.#svg);
  }

  add(point: { readonly time: number; readonly value: number }): void {
    this.#series.add(point);
  }

  draw(now: number): void {
    this.#series.forget(now - WINDOW);
    const { last, top, unit } = this.#series;
    if (last === undefined) return;
    this.#value.textContent = formatValue(last.value);
    this.#top.textContent = formatValue(top);
    this.#line.setAttribute("d", linePath(this.#series, now));
    this.#area.setAttribute("d", areaPath(this.#series, now));
    this.#svg.setAttribute("aria-label", `${this.#name}: ${formatValue(last.value)} ${unit}, at most ${top}`);
  }
}

/** A producer. */
class Card {
  readonly element: HTMLElement;
  readonly #charts = new Map<string, Chart>();
  readonly #state = make("span", "silence");
  readonly #grid = make("div", "charts");
  readonly #button: HTMLButtonElement;
  #lastTime = 0;
  /** How far the producer's clock is ahead of ours, in milliseconds: each card goes by the clock of its producer. */
  #ahead = 0;

  constructor(producer: string, surge: (producer: string) => void) {
    this.#button = makeButton("quiet", "Surge", `Put ${producer} under load for a while`, () => surge(producer));
    const title = make("h2", "", producer);
    this.element = make("article", "card", make("div", "bar", title, this.#state, this.#button), this.#grid);
    this.element.dataset.producer = producer;
  }

  add({ time, metrics, canSurge }: Sample, receivedAt: number | undefined): void {
    this.#lastTime = Math.max(this.#lastTime, time);
    if (receivedAt !== undefined) this.#ahead = time - receivedAt;
    this.#button.hidden = !canSurge;
    for (const metric of metrics.slice(0, MAX_CHARTS)) {
      let chart = this.#charts.get(metric.name);
      if (chart === undefined) {
        if (this.#charts.size >= MAX_CHARTS) continue;
        this.#charts.set(metric.name, chart = new Chart(metric));
        this.#grid.append(chart.element);
      }
      chart.add({ time, value: metric.value });
    }
  }

  draw(ourNow: number): void {
    const now = ourNow + this.#ahead;
    const silence = now - this.#lastTime;
    this.element.classList.toggle("silent", silence > SILENCE);
    this.#button.disabled = silence > SILENCE;
    this.#state.textContent = silence > SILENCE ? `silent for ${Math.round(silence / 1_000)} s` : "";
    for (const chart of this.#charts.values()) chart.draw(now);
  }
}

/** All cards, by the name of the producer. */
export class Board {
  readonly #main: HTMLElement;
  readonly #surge: (producer: string) => void;
  readonly #cards = new Map<string, Card>();

  /** `surge` is called where somebody wants a producer to be put under load. */
  constructor(main: HTMLElement, surge: (producer: string) => void) {
    this.#main = main;
    this.#surge = surge;
  }

  /** How many producers have been seen. */
  get size(): number {
    return this.#cards.size;
  }

  /**
   * Takes a sample; what it changes is seen when the board is drawn.
   *
   * @param receivedAt When a live sample came, by our clock.
   */
  add(sample: Sample, receivedAt?: number): void {
    let card = this.#cards.get(sample.producer);
    if (card === undefined) {
      if (this.#cards.size >= MAX_CARDS) return;
      this.#cards.set(sample.producer, card = new Card(sample.producer, this.#surge));
      const names = [...this.#cards.keys()].sort();
      const next = names[names.indexOf(sample.producer) + 1];
      this.#main.insertBefore(card.element, next === undefined ? null : this.#cards.get(next)?.element ?? null);
    }
    card.add(sample, receivedAt);
  }

  /** Draws everything as it stands. */
  draw(now: number): void {
    for (const card of this.#cards.values()) card.draw(now);
  }
}
