/**
 * A stranger's path, on a machine with nothing but Node: clone, the commands that the README begins with, and the
 * pages that get one started. What is cloned is what has been committed.
 *
 * ```sh
 * deno run -A tests/stranger/run.ts
 * ```
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { failureMessage } from "../../internal/log.ts";
import type { CheckResult } from "../interop/cells.ts";
import { ROOT } from "../support/folders.ts";
import { Machine } from "./machine.ts";
import { type FirstCommands, readFirstCommands } from "./readme.ts";

/** How long npx may take to fetch Deno and to start a task, in milliseconds. */
const START_TIMEOUT = 180_000;
/** How long a command may take in all, in milliseconds. */
const TIMEOUT = 300_000;
const PAGES_TEST = "tests/docs/getting_started_test.ts";

/** The stranger. */
class Stranger {
  readonly #machine: Machine;
  readonly #clone: string;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#clone = join(machine.folder, "viaduct");
  }

  async clone(): Promise<void> {
    await this.#machine.type(`git clone --quiet '${ROOT}' viaduct`, this.#machine.folder).end(TIMEOUT);
  }

  async demo(): Promise<void> {
    const { demo } = await this.#commands();
    const running = this.#machine.type(demo, this.#clone);
    const [, url = ""] = await running.line(/^ *Viaduct's demo is at (http:\S+)$/, START_TIMEOUT);
    const response = await fetch(url);
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    const page = await response.text();
    const [, script = ""] = /<script type="module" src="([^"]+)"/.exec(page) ?? [];
    const { status } = await fetch(new URL(script, url));
    assert.equal(status, 200);
    // It may not come to say "Bye": who runs the task may pass the signal on, and a second one ends it at once.
    await running.interrupt();
    await assert.rejects(fetch(url), TypeError);
  }

  async once(): Promise<void> {
    const { demo } = await this.#commands();
    const running = this.#machine.type(`${demo} --once`, this.#clone);
    await running.end(TIMEOUT);
    assert.equal(running.lines.at(-1), "The exchange is over");
  }

  async pages(): Promise<void> {
    const { test } = await this.#commands();
    const running = this.#machine.type(`${test} ${PAGES_TEST}`, this.#clone);
    await running.end(TIMEOUT);
    const sum = running.lines.findLast((line) => /^ok \|/.test(line)) ?? "";
    assert.match(sum, /^ok \| [1-9]\d* passed \| 0 failed/);
    assert(running.lines.some((line) => /getting_started\/wamp\.md .* ok/.test(line)), running.lines.join("\n"));
  }

  async #commands(): Promise<FirstCommands> {
    return readFirstCommands(await Deno.readTextFile(join(this.#clone, "README.md")));
  }
}

const STEPS: Readonly<Record<string, (stranger: Stranger) => Promise<void>>> = {
  "clone": (stranger) => stranger.clone(),
  "the README's first command shows the demo's page": (stranger) => stranger.demo(),
  "the demo's scripted exchange": (stranger) => stranger.once(),
  "each page that gets one started, by the README's second command": (stranger) => stranger.pages(),
};

/** The steps, by name. */
export const STRANGER_CHECKS: readonly string[] = Object.keys(STEPS);

/** Walks the path; what comes after a step that failed is tried all the same. */
export async function walk(onResult: (result: CheckResult) => void = () => {}): Promise<CheckResult[]> {
  await using machine = await Machine.create();
  const stranger = new Stranger(machine);
  const results: CheckResult[] = [];
  for (const [check, step] of Object.entries(STEPS)) {
    const result = await step(stranger).then(() => ({ check }), (error) => ({ check, error: failureMessage(error) }));
    results.push(result);
    onResult(result);
  }
  return results;
}

if (import.meta.main) {
  // The machine's own listeners come later, and end what runs in it.
  for (const [signal, number] of [["SIGINT", 2], ["SIGTERM", 15]] as const) {
    Deno.addSignalListener(signal, () => setTimeout(() => Deno.exit(128 + number)));
  }
  const results = await walk(({ check, error }) => {
    console.log(error === undefined ? `pass ${check}` : `FAIL ${check}: ${error}`);
  });
  const failed = results.filter(({ error }) => error !== undefined).length;
  console.log(`stranger: ${results.length - failed} passed, ${failed} failed`);
  Deno.exitCode = failed === 0 ? 0 : 1;
}
