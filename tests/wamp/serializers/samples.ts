/**
 * Messages and values, made by a seeded generator: the same seed gives the same row.
 *
 * @module
 */

import type { Dict } from "../../../wamp/errors.ts";
import type { Message } from "../../../wamp/messages.ts";
import { type FieldSpec, MESSAGE_SPECS, type MessageSpec } from "../../../wamp/message_table.ts";
import { Payload } from "../../../wamp/payload.ts";
import { seededRandom } from "../../cuts.ts";

/** What the generated values may hold, beyond what every format has. */
export interface SampleOptions {
  /** Floats that are no number: NaN and the infinities. */
  readonly nonFinite?: boolean;
  readonly dates?: boolean;
  /** The least and the greatest bigint. */
  readonly bigints?: readonly [bigint, bigint];
}

/** Draws the values of messages. */
export class Sampler {
  readonly #random: () => number;
  readonly #options: SampleOptions;

  constructor(seed: number, options: SampleOptions = {}) {
    this.#random = seededRandom(seed);
    this.#options = options;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** An integer of any size up to 2^53, often at the edge of a width. */
  integer(): number {
    const edge = 2 ** this.pick([3, 4, 5, 7, 8, 15, 16, 31, 32, 48]);
    const value = this.pick([0, 1, edge - 1, edge, edge + 1, this.below(2 ** 53), Number.MAX_SAFE_INTEGER]);
    return this.below(3) === 0 && value > 0 ? -value : value;
  }

  float(): number {
    const special = this.#options.nonFinite === true ? [NaN, Infinity, -Infinity] : [];
    return this.pick([0.5, -1.25, 3.141592653589793, 1e-7, 1e300, 5e-324, this.#random(), ...special]);
  }

  text(): string {
    const samples = [
      "",
      "a",
      "hello",
      "ä",
      "日本語",
      "😀 and more",
      'quote " and \\ \n',
      "\u0001\u001f\u007f",
      "\u{10ffff}",
    ];
    const length = this.pick([1, 23, 24, 31, 32, 39, 40, 41, 255, 256, 300]);
    return this.pick([...samples, this.pick(["x", "é", "€", "😀"]).repeat(length)]);
  }

  bytes(): Uint8Array {
    const length = this.pick([0, 1, 3, 23, 24, 255, 256, 300]);
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** Any value: lists and dictionaries up to `depth` levels. */
  value(depth = 3): unknown {
    const { dates, bigints } = this.#options;
    const kinds = ["null", "boolean", "integer", "integer", "float", "text", "text", "bytes"];
    if (dates === true) kinds.push("date");
    if (bigints !== undefined) kinds.push("bigint");
    if (depth > 0) kinds.push("list", "dict", "list", "dict");
    switch (this.pick(kinds)) {
      case "boolean":
        return this.below(2) === 1;
      case "integer":
        return this.integer();
      case "float":
        return this.float();
      case "text":
        return this.text();
      case "bytes":
        return this.bytes();
      case "date":
        return new Date(
          this.pick([0, 1_400_000_000_000, -1_000_000_000_000, 20_000_000_000_000]) + this.below(100_000),
        );
      case "bigint":
        return this.pick([...(bigints ?? []), 2n ** 53n + 1n, -(2n ** 60n)]);
      case "list":
        return this.list(depth);
      case "dict":
        return this.dict(depth);
      default:
        return null;
    }
  }

  list(depth: number): unknown[] {
    return Array.from(
      { length: this.pick([0, 1, 2, 3, 17, 30]) >> (3 - Math.min(depth, 3)) },
      () => this.value(depth - 1),
    );
  }

  dict(depth: number): Dict {
    const dict: Dict = {};
    for (let left = this.below(5); left > 0; left--) dict[`${this.text().slice(0, 40)}${left}`] = this.value(depth - 1);
    return dict;
  }

  id(): number {
    return this.pick([1, 23, 24, 255, 256, 65_536, 2 ** 32, 2 ** 53, 1 + this.below(2 ** 53)]);
  }

  uri(): string {
    return this.pick(["com.example.add", "a", "com.myapp.ünïcode", `com.${"long.".repeat(10)}end`]);
  }

  payload(): Payload {
    const shape = this.below(3);
    if (shape === 0) return Payload.EMPTY;
    return Payload.of(this.list(3), shape === 1 ? undefined : this.dict(3));
  }

  /** A message of a type, with some of its known keys, and unknown ones where `extra` says so. */
  message(spec: MessageSpec, extra = true): Message {
    const fields = spec.fields.map((field) => this.#field(spec, field, extra));
    return spec.create(fields, spec.hasPayload ? this.payload() : Payload.EMPTY);
  }

  /** A message of every type, in turn. */
  *messages(count: number, extra = true): Generator<Message> {
    for (let index = 0; index < count; index++) yield this.message(MESSAGE_SPECS[index % MESSAGE_SPECS.length]!, extra);
  }

  #field(spec: MessageSpec, field: FieldSpec, extra: boolean): unknown {
    switch (field.kind) {
      case "id":
        return this.id();
      case "reference":
        return this.pick([0, this.id()]);
      case "integer":
        return this.pick([32, 34, 48, 64, 68]);
      case "uri":
        return this.uri();
      case "string":
        return this.text();
      case "dict":
        return field.optional && this.below(2) === 0 ? undefined : this.#keys(spec, extra);
    }
  }

  /** Options or Details: each known key has the first of some values that its rule accepts. */
  #keys(spec: MessageSpec, extra: boolean): Dict {
    const dict: Dict = {};
    for (const [key, rule] of spec.keys) {
      if (this.below(3) > 0) continue;
      const values = [this.below(2) === 1, this.id(), `text${this.below(10)}`, ["one", "two"], [this.id()], {
        caller: { features: { call_canceling: true } },
      }];
      const enums = ["exact", "prefix", "wildcard", "skip", "kill", "killnowait"];
      const accepted = [...values, ...enums].filter((value) => rule.accepts(value));
      if (accepted.length > 0) dict[key] = this.pick(accepted);
    }
    if (extra && this.below(2) === 0) dict[`x_${this.pick(["one", "two"])}`] = this.value(2);
    return dict;
  }
}

/** A message as its list, for comparing. */
export function listOf(message: Message): unknown[] {
  const spec = MESSAGE_SPECS.find(({ code }) => code === message.type)!;
  const values: object = message;
  const list: unknown[] = [message.type];
  for (const { name } of spec.fields) {
    const value = (values as Readonly<Dict>)[name];
    if (value !== undefined) list.push(value);
  }
  if ("payload" in message && message.payload.count > 0) {
    list.push(message.payload.args);
    if (message.payload.count === 2) list.push(message.payload.kwargs);
  }
  return list;
}
