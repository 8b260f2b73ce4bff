/**
 * The faults, and a plan of them that a seed decides.
 *
 * @module
 */

import type { Direction } from "./proxy.ts";
import type { RouterKind } from "./routers.ts";

/** What can go wrong. Links and processes of components are given by their numbers, times in milliseconds. */
export type Fault =
  | { readonly kind: "kill" | "terminate"; readonly downtime: number }
  | { readonly kind: "freeze"; readonly duration: number }
  | { readonly kind: "cut"; readonly links: readonly number[] }
  /** Cuts one after the other, with these pauses: attempts are cut wherever they have got to. */
  | { readonly kind: "burst"; readonly links: readonly number[]; readonly pauses: readonly number[] }
  | { readonly kind: "cutOneWay" | "truncate"; readonly links: readonly number[]; readonly direction: Direction }
  | { readonly kind: "delay"; readonly links: readonly number[]; readonly by: number; readonly duration: number }
  | {
    readonly kind: "silence";
    readonly links: readonly number[];
    readonly directions: readonly Direction[];
    readonly duration: number;
  }
  | { readonly kind: "refuse"; readonly links: readonly number[]; readonly duration: number }
  | { readonly kind: "pause"; readonly process: number; readonly duration: number };

/** A kind of fault. */
export type FaultKind = Fault["kind"];

/** How often each kind comes, relative to the others. Crossbar.io takes seven seconds for a start. */
const WEIGHTS: Readonly<Record<RouterKind, Readonly<Record<FaultKind, number>>>> = {
  viaduct: {
    ...{ kill: 8, terminate: 8, freeze: 12, cut: 10, burst: 10, cutOneWay: 12 },
    ...{ delay: 8, truncate: 12, silence: 10, refuse: 6, pause: 4 },
  },
  crossbar: {
    ...{ kill: 1, terminate: 1, freeze: 14, cut: 12, burst: 12, cutOneWay: 14 },
    ...{ delay: 10, truncate: 14, silence: 12, refuse: 6, pause: 4 },
  },
};

/** What faults can strike. */
export interface FaultTargets {
  /** How many links there are. */
  readonly links: number;
  /** How many processes of components. */
  readonly processes: number;
}

/** Makes a plan: every kind by its weight, in any order, or only of one kind. */
export function planFaults(
  router: RouterKind,
  { count, only }: { readonly count: number; readonly only?: string | undefined },
  targets: FaultTargets,
  random: () => number,
): readonly Fault[] {
  const kinds = shuffle(kindsOf(router, count, only), random);
  return kinds.map((kind) => makeFault(kind, targets, random));
}

/** A fault in a few words. */
export function describeFault(fault: Fault): string {
  const { kind, ...rest } = fault;
  return [kind, ...Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`)].join(", ");
}

function kindsOf(router: RouterKind, count: number, only: string | undefined): FaultKind[] {
  const all = Object.entries(WEIGHTS[router]) as readonly [FaultKind, number][];
  const weights = all.filter(([kind]) => only === undefined || kind === only);
  if (weights.length === 0) throw new TypeError(`There is no kind of fault ${only}: ${all.map(([kind]) => kind)}`);
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  const kinds: FaultKind[] = [];
  let due = 0;
  // The kinds one after the other, each as long as its share.
  for (const [kind, weight] of weights) {
    due += weight / sum * count;
    while (kinds.length < Math.round(due)) kinds.push(kind);
  }
  return kinds;
}

function shuffle<Value>(values: readonly Value[], random: () => number): Value[] {
  const rest = [...values];
  return values.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0]!);
}

function makeFault(kind: FaultKind, targets: FaultTargets, random: () => number): Fault {
  const between = (from: number, to: number): number => Math.round(from + random() * (to - from));
  const links = chooseLinks(targets.links, random);
  const direction: Direction = random() < 0.5 ? "toRouter" : "toClient";
  switch (kind) {
    case "kill":
    case "terminate":
      return { kind, downtime: between(0, 600) };
    case "freeze":
      // Shorter than a keepalive waits, or longer.
      return { kind, duration: random() < 0.4 ? between(50, 100) : between(1_200, 1_600) };
    case "cut":
      return { kind, links };
    case "burst":
      return { kind, links, pauses: Array.from({ length: between(4, 12) }, () => between(0, 120)) };
    case "cutOneWay":
    case "truncate":
      return { kind, links, direction };
    case "delay":
      return { kind, links, by: between(10, 60), duration: between(300, 900) };
    case "silence":
      return { kind, links, directions: chooseDirections(direction, random), duration: between(1_000, 1_300) };
    case "refuse":
      return { kind, links, duration: between(200, 1_000) };
    case "pause":
      return { kind, process: Math.floor(random() * targets.processes), duration: between(800, 1_200) };
  }
}

function chooseDirections(direction: Direction, random: () => number): readonly Direction[] {
  return random() < 0.5 ? ["toRouter", "toClient"] : [direction];
}

/** One link, some, or all. */
function chooseLinks(count: number, random: () => number): readonly number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  const share = random();
  const many = share < 0.5 ? 1 : share < 0.85 ? 1 + Math.floor(random() * count) : count;
  return shuffle(all, random).slice(0, many).sort((one, other) => one - other);
}
