/**
 * What is exchanged with Autobahn: messages, what each is in values, and what either side may have written.
 *
 * @module
 */

import type { FormatName } from "../../../wamp/format.ts";
import { MESSAGE, type Message } from "../../../wamp/messages.ts";
import { MESSAGE_SPECS } from "../../../wamp/message_table.ts";
import { Payload } from "../../../wamp/payload.ts";
import { listOf, type SampleOptions, Sampler } from "../../wamp/serializers/samples.ts";
import { plainMessages } from "./messages.ts";
import { floatTag, tag, type Tagged } from "./tagged.ts";

/** How often each message type is drawn with random options and arguments. */
const ROUNDS = 25;
const SEED = 20_261_122;

/** One message to exchange. */
export interface Sample {
  /** What we write. */
  readonly message: Message;
  /** What Autobahn writes, and has to read. */
  readonly list: Tagged;
  /** What we have to read of what Autobahn wrote, where that is not `list`. */
  readonly ours?: Tagged;
  /** Whether Autobahn has to take it for a message of its own: its options are all known to it. */
  readonly isPlain: boolean;
}

const INT64 = [-(2n ** 63n), 2n ** 64n - 1n] as const;
const BEYOND = [-(2n ** 70n), 2n ** 64n] as const;

/** What each format holds on both sides. */
const OPTIONS: Readonly<Record<FormatName, SampleOptions>> = {
  json: { bigints: BEYOND },
  msgpack: { bigints: INT64, dates: true, nonFinite: true },
  cbor: { bigints: BEYOND, dates: true, nonFinite: true },
  ubjson: { bigints: BEYOND },
};

function callOf(args: readonly unknown[]): Message {
  return { type: MESSAGE.CALL, request: 1, options: {}, procedure: "com.example.echo", payload: Payload.of(args) };
}

/** Values that change on the way: those that a format has no form for, and floats that JavaScript takes for integers. */
function* converted(format: FormatName): Generator<Sample> {
  if (format === "json" || format === "ubjson") {
    const date = new Date(1_400_000_000_123);
    const list = tag(listOf(callOf([date.toISOString(), null, null])));
    yield { message: callOf([date, NaN, -Infinity]), list, isPlain: true };
  }
  const integers = [0, 5, -3, 127, 128, 1_000, -40_000, 100_000, 2 ** 40, -(2 ** 52)];
  const [type, request, options, procedure] = tag(listOf(callOf([]))) as readonly Tagged[];
  const head = [type!, request!, options!, procedure!];
  const list = [...head, integers.map(floatTag)];
  yield { message: callOf(integers), list, ours: [...head, tag(integers)], isPlain: false };
}

/** The samples of a format. */
export function* samplesOf(format: FormatName): Generator<Sample> {
  const sampler = new Sampler(SEED, OPTIONS[format]);
  const payloads = function* (): Generator<Payload> {
    for (;;) yield sampler.payload();
  };
  const sample = (message: Message, isPlain: boolean): Sample => ({ message, list: tag(listOf(message)), isPlain });
  for (let round = 0; round < 3; round++) {
    for (const message of plainMessages(payloads())) yield sample(message, true);
  }
  for (const message of sampler.messages(MESSAGE_SPECS.length * ROUNDS)) yield sample(message, false);
  yield* converted(format);
}
