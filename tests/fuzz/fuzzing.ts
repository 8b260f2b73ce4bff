/**
 * Fuzzing without instruments: inputs are mutated, what a target says of an input tells whether that was something new,
 * and new inputs are mutated again. Everything follows from the seed.
 *
 * @module
 */

import { seededRandom } from "../cuts.ts";

/** What is fuzzed: a function of bytes, and the promises it keeps whatever the bytes are. */
export interface Target {
  readonly name: string;
  /** What holds for every input, in a line. */
  readonly promise: string;
  /** Inputs to start from: valid ones reach deepest. */
  readonly seeds: readonly Uint8Array[];
  /** Pieces that mutations insert, beside bytes. @default {none} */
  readonly tokens?: readonly Uint8Array[];
  /**
   * Tries one input.
   *
   * @returns What came of it, coarsely: inputs that come to something new are kept.
   * @throws {unknown} A promise is broken.
   */
  check(input: Uint8Array<ArrayBuffer>): string | Promise<string>;
}

/** An input that breaks a promise. */
export interface Finding {
  readonly target: string;
  readonly input: Uint8Array<ArrayBuffer>;
  readonly error: unknown;
}

/** How far fuzzing has come. */
export interface FuzzCount {
  readonly runs: number;
  /** How many different outcomes were seen. */
  readonly outcomes: number;
}

/** What came of fuzzing a target. */
export interface FuzzResult extends FuzzCount {
  readonly finding: Finding | undefined;
}

/** The longest input that mutations make. */
const MAX_INPUT = 4_096;
/** How many inputs are kept to be mutated. */
const MAX_CORPUS = 2_000;
const INTERESTING = [0x00, 0x01, 0x1e, 0x20, 0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0xc0, 0xff];

/** Random choices, each from the same generator. */
export class Choices {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** An integer from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  /** One of some, of which there must be one. */
  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }
}

/** A number for bytes: equal for equal ones (FNV-1a). */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function splice(bytes: Uint8Array, at: number, remove: number, piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(bytes.length - remove + piece.length);
  made.set(bytes.subarray(0, at));
  made.set(piece, at);
  made.set(bytes.subarray(at + remove), at + piece.length);
  return made;
}

type Mutation = (bytes: Uint8Array<ArrayBuffer>, choices: Choices, other: Uint8Array) => Uint8Array<ArrayBuffer>;

const EMPTY = new Uint8Array(0);

const MUTATIONS: readonly Mutation[] = [
  // Another bit, another byte, a byte that means something.
  (bytes, choices) => {
    if (bytes.length > 0) bytes[choices.below(bytes.length)]! ^= 1 << choices.below(8);
    return bytes;
  },
  (bytes, choices) => {
    if (bytes.length > 0) bytes[choices.below(bytes.length)] = choices.below(256);
    return bytes;
  },
  (bytes, choices) => {
    if (bytes.length > 0) bytes[choices.below(bytes.length)] = choices.of(INTERESTING);
    return bytes;
  },
  // Less, more, the same again, elsewhere.
  (bytes, choices) => {
    const at = choices.below(bytes.length + 1);
    return splice(bytes, at, Math.min(bytes.length - at, 1 + choices.below(8)), EMPTY);
  },
  (bytes, choices) => {
    const piece = Uint8Array.from({ length: 1 + choices.below(4) }, () => choices.below(256));
    return splice(bytes, choices.below(bytes.length + 1), 0, piece);
  },
  (bytes, choices) => {
    const at = choices.below(bytes.length + 1);
    return splice(bytes, choices.below(bytes.length + 1), 0, bytes.slice(at, at + 1 + choices.below(32)));
  },
  (bytes, choices) => bytes.slice(0, choices.below(bytes.length + 1)),
  // The beginning of one input and the end of another.
  (bytes, choices, other) => {
    const at = choices.below(bytes.length + 1);
    return splice(bytes, at, bytes.length - at, other.subarray(choices.below(other.length + 1)));
  },
];

/** Changes a copy of an input, once or several times. */
export function mutate(
  input: Uint8Array,
  other: Uint8Array,
  tokens: readonly Uint8Array[],
  choices: Choices,
): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer> = Uint8Array.from(input);
  for (let left = 1 + choices.below(4); left > 0; left--) {
    const insertsToken = tokens.length > 0 && choices.below(4) === 0;
    bytes = insertsToken
      ? splice(bytes, choices.below(bytes.length + 1), 0, choices.of(tokens))
      : choices.of(MUTATIONS)(bytes, choices, other);
  }
  return bytes.length > MAX_INPUT ? bytes.slice(0, MAX_INPUT) : bytes;
}

/** Tries an input: what came of it, or what is wrong. */
async function attempt(target: Target, input: Uint8Array): Promise<{ outcome: string } | { error: unknown }> {
  try {
    return { outcome: await target.check(Uint8Array.from(input)) };
  } catch (error) {
    return { error };
  }
}

/**
 * Makes an input that breaks a promise smaller for as long as it breaks one.
 *
 * @param target The target.
 * @param finding The input and what was wrong.
 * @returns A finding that no removal of a piece makes smaller.
 */
export async function minimize(target: Target, finding: Finding): Promise<Finding> {
  let { input, error } = finding;
  for (let size = input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= input.length;) {
      const smaller = splice(input, at, size, EMPTY);
      const result = await attempt(target, smaller);
      if ("error" in result) [input, error] = [smaller, result.error];
      else at += size;
    }
  }
  return { target: target.name, input, error };
}

/**
 * Fuzzes a target until something breaks, or `goesOn` says that it is enough.
 *
 * @param target The target.
 * @param seed Where the generator starts: the same seed tries the same inputs.
 * @param goesOn Asked before each input.
 * @returns How much was tried, and the first finding, made small.
 */
export async function fuzz(target: Target, seed: number, goesOn: (count: FuzzCount) => boolean): Promise<FuzzResult> {
  const { seeds, tokens = [] } = target;
  const choices = new Choices(seed);
  const corpus: Uint8Array[] = [];
  const outcomes = new Set<string>();
  let runs = 0;
  while (goesOn({ runs, outcomes: outcomes.size })) {
    const input = runs < seeds.length
      ? Uint8Array.from(seeds[runs]!)
      : mutate(choices.of(corpus), choices.of(corpus), tokens, choices);
    runs++;
    const result = await attempt(target, input);
    if ("error" in result) {
      const finding = await minimize(target, { target: target.name, input, error: result.error });
      return { runs, outcomes: outcomes.size, finding };
    }
    const isNew = !outcomes.has(result.outcome);
    outcomes.add(result.outcome);
    if (runs <= seeds.length || (isNew && corpus.length < MAX_CORPUS)) corpus.push(input);
  }
  return { runs, outcomes: outcomes.size, finding: undefined };
}
