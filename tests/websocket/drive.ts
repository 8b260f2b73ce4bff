/**
 * Runs a {@linkcode Protocol} over bytes cut in every way of tests/cuts.ts, as drivers do it.
 *
 * @module
 */

import { BufferPool } from "../../internal/buffer_pool.ts";
import { Protocol, type ProtocolEvent, type ProtocolOptions } from "../../websocket/protocol.ts";
import { cuttings } from "../cuts.ts";
import { assertEquals, encodeHex } from "../std.ts";
import { joined, KEY_NUMBER } from "./frames.ts";

/** A pool that spoils what is given back, so that a view kept too long shows. @internal */
export class PoisonPool extends BufferPool {
  override give(buffer: Uint8Array<ArrayBuffer>): void {
    buffer.fill(0xaa);
    super.give(buffer);
  }
}

/** Options for tests: what is not under test stands still. @internal */
export function protocol(role: "client" | "server", options: Partial<ProtocolOptions> = {}, now = 0): Protocol {
  return new Protocol({ role, nextMaskingKey: () => KEY_NUMBER, pool: new PoisonPool(), ...options }, now);
}

/** Takes all output, as if it were written at once. @internal */
export function takeAll(core: Protocol): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (let bytes = core.takeOutput(); bytes !== undefined; bytes = core.takeOutput()) {
    parts.push(bytes.slice());
    core.outputWritten();
  }
  return joined(...parts);
}

/** An event in a form that is easy to compare. @internal */
export function told(event: ProtocolEvent): string {
  switch (event.type) {
    case "message":
      return event.isText ? `text ${new TextDecoder().decode(event.data)}` : `binary ${encodeHex(event.data)}`;
    case "fragment":
      return `${event.first ? "first " : ""}${event.isText ? "text" : "binary"} ${encodeHex(event.data)}${
        event.fin ? " fin" : ""
      }`;
    case "close":
      return `close ${event.code} ${event.reason}`.trimEnd();
    case "fail":
      return `fail ${event.error.closeCode} ${event.error.code}`;
    default:
      return `${event.type} ${encodeHex(event.data)}`.trimEnd();
  }
}

/** Gives a core a chunk, by its own buffer where it asks for that, and collects the events. @internal */
export function give(core: Protocol, chunk: Uint8Array, direct: boolean, now = 0): ProtocolEvent[] {
  const events: ProtocolEvent[] = [];
  for (let at = 0; at < chunk.length;) {
    const target = direct ? core.receiveTarget() : undefined;
    if (target === undefined) {
      const bytes = chunk.slice(at);
      core.receive(bytes, now);
      events.push(...core.takeEvents());
      bytes.fill(0xaa);
      return events;
    }
    const length = Math.min(target.length, chunk.length - at);
    target.set(chunk.subarray(at, at + length));
    core.receivedInTarget(length, now);
    events.push(...core.takeEvents());
    at += length;
  }
  return events;
}

/** What came of a run. @internal */
export interface Outcome {
  readonly core: Protocol;
  readonly events: ProtocolEvent[];
}

/** Runs a fresh core for each cutting of the bytes, with and without reading into its buffer. @internal */
export function* runs(make: () => Protocol, bytes: Uint8Array): Generator<Outcome> {
  for (const direct of [false, true]) {
    for (const chunks of cuttings(bytes)) {
      const core = make();
      const events: ProtocolEvent[] = [];
      for (const chunk of chunks) events.push(...give(core, chunk, direct));
      yield { core, events };
    }
  }
}

/** Asserts the events, in the words of {@linkcode told}, and the output, at every cutting. @internal */
export function assertRun(
  make: () => Protocol,
  bytes: Uint8Array,
  expected: readonly string[],
  output?: Uint8Array,
): void {
  for (const { core, events } of runs(make, bytes)) {
    assertEquals(events.map(told), expected);
    if (output !== undefined) assertEquals(encodeHex(takeAll(core)), encodeHex(output));
  }
}
