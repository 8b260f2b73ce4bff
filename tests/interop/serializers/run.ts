/**
 * Exchanges generated messages with the serializers of Autobahn|Python, both ways, and compares values and bytes.
 *
 * `deno run -A tests/interop/serializers/run.ts` runs it by itself; `deno task interop` has it as cells.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Message } from "../../../wamp/messages.ts";
import { MESSAGE_SPECS } from "../../../wamp/message_table.ts";
import { type Serializer, serializerFor, type SerializerName, SERIALIZERS } from "../../../wamp/serializers/mod.ts";
import { decodeBase64, encodeBase64 } from "../../std.ts";
import { listOf } from "../../wamp/serializers/samples.ts";
import type { CheckResult } from "../cells.ts";
import { programOf, type WampProgram } from "../wamp/install.ts";
import { DIFFERENCES, explain } from "./differences.ts";
import { type Sample, samplesOf } from "./samples.ts";
import { tag, type Tagged } from "./tagged.ts";

const PROGRAM = fileURLToPath(new URL("autobahn_serializers.py", import.meta.url));
/** How many failures of one check are told. */
const TOLD = 3;

// WAMP, Message Batching has 0x1E, decimal 30. Autobahn wrote it in octal digits and ends the messages of its batches of
// JSON by 0x18. We read that; what it reads gets its separator here.
const RECORD_SEPARATOR = 0x1e;
const AUTOBAHN_SEPARATOR = 0x18;

/** What has to hold for each serializer. */
export const AGREEMENT_CHECKS: readonly string[] = [
  "every message type occurs",
  "Autobahn reads ours",
  "Autobahn takes ours for the same message",
  "we read what Autobahn writes",
  "we read what Autobahn makes of its messages",
  "bytes are the same, or differ for a known reason",
];

/** What came out for one serializer. */
export interface AgreementResult {
  readonly serializer: SerializerName;
  /** How many messages went each way. */
  readonly messages: number;
  readonly checks: readonly CheckResult[];
  /** How often the bytes differed, by reason. */
  readonly differences: ReadonlyMap<string, number>;
}

/** An error of Autobahn's. */
interface Refusal {
  readonly error: string;
}

/** What Autobahn answers; the tagged values of what it read, and base64 of what it wrote. */
interface Answer {
  readonly read: Tagged | Refusal;
  readonly written: string | Refusal;
  readonly parsed?: Tagged | Refusal;
  readonly serialized?: string | Refusal;
}

/** Runs the Python program over all requests. */
async function ask({ command, env }: WampProgram, requests: readonly object[]): Promise<Answer[]> {
  const [python = ""] = command;
  const piped = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(python, { args: [PROGRAM], env: { ...env }, ...piped }).spawn();
  const output = child.output();
  const lines = requests.map((request) => `${JSON.stringify(request)}\n`).join("");
  // If the program ended early, its own words say why.
  const written = new Blob([lines]).stream().pipeTo(child.stdin).catch((error: unknown) => error);
  const { success, stdout, stderr } = await output;
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Autobahn's serializers failed\n${decoder.decode(stderr)}`, { cause: await written });
  return decoder.decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
}

function toAutobahn(serializer: Serializer, message: Message): Uint8Array {
  const bytes = serializer.encode(message).slice();
  if (serializer.isBatched && serializer.isText && bytes.at(-1) === RECORD_SEPARATOR) {
    bytes[bytes.length - 1] = AUTOBAHN_SEPARATOR;
  }
  return bytes;
}

function fromAutobahn(serializer: Serializer, base64: string): Tagged {
  const lists: Tagged[] = [];
  serializer.decode(decodeBase64(base64), (message) => lists.push(tag(listOf(message))));
  if (lists.length !== 1) throw new Error(`${lists.length} messages`);
  return lists[0]!;
}

/** The same dictionary in one order: Autobahn keeps features in a set. */
function inOrder(value: Tagged): Tagged {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== "object" || !("d" in value)) return value;
  const entries = value.d.map(([key, item]) => [key, inOrder(item)] as const);
  return { d: entries.sort(([a], [b]) => a < b ? -1 : 1) };
}

/** Compares one serializer. */
class Agreement {
  readonly serializer: Serializer;
  readonly differences: Map<string, number> = new Map();
  readonly #failures: Map<string, string[]> = new Map();

  constructor(serializer: Serializer) {
    this.serializer = serializer;
  }

  check(sample: Sample, answer: Answer): void {
    const [, ours, parsed, written, serialized] = AGREEMENT_CHECKS as readonly [string, string, string, string, string];
    const expected = sample.ours ?? sample.list;
    if (sample.ours === undefined) this.#compare(ours, answer.read, sample.list);
    this.#compareWritten(written, answer.written, expected, false);
    this.#compareBytes(sample, answer.written);
    if (!sample.isPlain) return;
    this.#compare(parsed, answer.parsed && inOrder(answer.parsed as Tagged), inOrder(sample.list));
    this.#compareWritten(serialized, answer.serialized, inOrder(expected), true);
  }

  fail(check: string, error: string): void {
    const failures = this.#failures.get(check);
    if (failures === undefined) this.#failures.set(check, [error]);
    else failures.push(error);
  }

  result(samples: readonly Sample[]): AgreementResult {
    const [types, , , , , bytes] = AGREEMENT_CHECKS as readonly [string, string, string, string, string, string];
    const seen = new Set(samples.map(({ message }) => message.type));
    for (const { code, name } of MESSAGE_SPECS) if (!seen.has(code)) this.fail(types, name);
    for (const { format, name } of DIFFERENCES) {
      const isStale = format === this.serializer.format.name && !this.differences.has(name);
      if (isStale) this.fail(bytes, `"${name}" is in the table and does not occur`);
    }
    const checks = AGREEMENT_CHECKS.map((check): CheckResult => {
      const failures = this.#failures.get(check);
      if (failures === undefined) return { check };
      return { check, error: `${failures.length} times: ${failures.slice(0, TOLD).join("; ")}` };
    });
    return { serializer: this.serializer.name, messages: samples.length, checks, differences: this.differences };
  }

  #compare(check: string, actual: unknown, expected: Tagged): void {
    const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (found !== wanted) this.fail(check, `${found} instead of ${wanted}`);
  }

  #compareWritten(check: string, written: string | Refusal | undefined, expected: Tagged, isUnordered: boolean): void {
    if (typeof written !== "string") return this.fail(check, written?.error ?? "no answer");
    try {
      const read = fromAutobahn(this.serializer, written);
      this.#compare(check, isUnordered ? inOrder(read) : read, expected);
    } catch (error) {
      this.fail(check, `${error} for ${written}`);
    }
  }

  #compareBytes({ message }: Sample, written: string | Refusal): void {
    const check = AGREEMENT_CHECKS.at(-1)!;
    if (typeof written !== "string") return this.fail(check, written.error);
    const [ours, theirs] = [toAutobahn(this.serializer, message), decodeBase64(written)];
    // In a batch the length in front follows from the rest.
    const skipped = this.serializer.isBatched && !this.serializer.isText ? 4 : 0;
    const found = explain(this.serializer.format.name, ours.subarray(skipped), theirs.subarray(skipped));
    if (found instanceof Error) return this.fail(check, found.message);
    for (const name of found) this.differences.set(name, (this.differences.get(name) ?? 0) + 1);
  }
}

async function agree(serializer: Serializer, program: WampProgram): Promise<AgreementResult> {
  const samples = [...samplesOf(serializer.format.name)];
  const requests = samples.map(({ message, list, isPlain }) => ({
    serializer: serializer.format.name,
    batched: serializer.isBatched,
    bytes: encodeBase64(toAutobahn(serializer, message)),
    list,
    parse: isPlain,
  }));
  const answers = await ask(program, requests);
  if (answers.length !== samples.length) throw new Error(`${answers.length} answers to ${samples.length} requests`);
  const agreement = new Agreement(serializer);
  samples.forEach((sample, index) => agreement.check(sample, answers[index]!));
  return agreement.result(samples);
}

/**
 * Compares serializers with Autobahn's.
 *
 * @param names The serializers to compare. @default {all}
 * @returns A result for each, in their order.
 */
export async function runSerializerAgreement(
  names: readonly SerializerName[] = SERIALIZERS.map(({ name }) => name),
): Promise<readonly AgreementResult[]> {
  const program = await programOf("autobahn-python");
  const results: AgreementResult[] = [];
  for (const name of names) results.push(await agree(serializerFor(name), program));
  return results;
}

if (import.meta.main) {
  const results = await runSerializerAgreement();
  for (const { serializer, messages, checks, differences } of results) {
    const failed = checks.filter(({ error }) => error !== undefined);
    const reasons = Array.from(differences, ([name, count]) => `${name} ${count} times`).join(", ");
    console.log(
      `${serializer.padEnd(15)}  ${messages} messages  ${checks.length - failed.length}/${checks.length}  ` +
        `bytes differ: ${reasons === "" ? "never" : reasons}`,
    );
    for (const { check, error } of failed) console.log(`  FAIL ${check}: ${error?.slice(0, 2_000)}`);
  }
  Deno.exit(results.every(({ checks }) => checks.every(({ error }) => error === undefined)) ? 0 : 1);
}
