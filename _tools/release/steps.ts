/**
 * The steps of a release, in their order, and how they are gone through.
 *
 * @module
 */

import { failureMessage } from "../../internal/log.ts";
import { GateError } from "./gate.ts";
import {
  checkBranch,
  checkChangelog,
  checkCi,
  checkConformance,
  checkDocs,
  checkPackage,
  checkVersion,
} from "./gates.ts";
import { announce, packArtifacts, push, tellWorkflow, writeVersion } from "./publish.ts";
import { readRecord, writeRecord } from "./record.ts";
import type { Release } from "./release.ts";

/** One step of a release. */
export interface Step {
  readonly name: string;
  /** What it holds or does. */
  readonly title: string;
  /** Whether it takes minutes: it is not run again where it passed on this very commit. */
  readonly isLong?: true;
  /** Throws where it does not pass; returns what it found, a fact a line. */
  readonly run: (release: Release) => Promise<readonly string[]>;
}

/** All steps, in their order. */
export const STEPS: readonly Step[] = [
  { name: "version", title: "is new, above the last one, and step enough for the API's changes", run: checkVersion },
  { name: "branch", title: "is main or release/X.Y, as committed, not behind its remote", run: checkBranch },
  { name: "ci", title: "tests, checks and interoperability pass; CI is green", isLong: true, run: checkCi },
  { name: "conformance", title: "every case of the AutobahnTestsuite passes", isLong: true, run: checkConformance },
  {
    name: "docs",
    title: "the documentation builds, links lead somewhere, words are right",
    isLong: true,
    run: checkDocs,
  },
  { name: "changelog", title: "says what is new", run: checkChangelog },
  { name: "package", title: "can be published and holds only what it should", run: checkPackage },
  { name: "artifacts", title: "packs source, documentation and reports, with checksums", run: packArtifacts },
  { name: "write", title: "writes the version, commits and tags", run: writeVersion },
  { name: "push", title: "pushes branch and tag", run: push },
  { name: "publish", title: "CI publishes package, documentation and reports from the tag", run: tellWorkflow },
  { name: "announcement", title: "is written from the changelog and what the gates found", run: announce },
];

/** The first step that changes something, and the one after it. */
const WRITE = STEPS.findIndex(({ name }) => name === "write");
const AFTER_WRITE = WRITE + 1;

/**
 * Goes through the steps.
 *
 * @param release The release.
 * @param from The step to go on with; the first unless given.
 * @returns Whether all passed.
 */
export async function runSteps(release: Release, from?: string): Promise<boolean> {
  const start = performance.now();
  const first = from === undefined ? 0 : STEPS.findIndex(({ name }) => name === from);
  let passed = 0;
  try {
    const steps = await planSteps(release, first);
    for (const [index, step] of steps.entries()) {
      if (!await runStep(release, step)) {
        release.say(`release: ${passed} passed, 1 failed, ${steps.length - index - 1} not run`);
        return false;
      }
      passed++;
    }
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    release.say(`FAIL ${STEPS[first]?.name}: ${error.message}\n  -> ${error.advice}`);
    release.say("release: 0 passed, 1 failed");
    return false;
  }
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  const what = release.isDryRun ? "a dry run: nothing was changed or pushed" : `${release.tag} is pushed`;
  release.say(`release: ${passed} passed, 0 failed, ${minutes} min; ${what}`);
  return true;
}

/** The steps to run: what passed on this very commit is left out, where it is long or changed something. */
async function planSteps(release: Release, first: number): Promise<readonly Step[]> {
  const commit = await release.git.commit();
  const record = await readRecord(release.folder);
  await Deno.mkdir(release.folder, { recursive: true });
  if (first === 0) {
    release.record = { commit, facts: {} };
    return STEPS;
  }
  const isAfterWrite = first >= AFTER_WRITE && record?.released === commit;
  if (record === undefined || (record.commit !== commit && !isAfterWrite)) {
    throw new GateError(`No earlier gate is known to have passed on ${commit.slice(0, 12)}`, "Begin without --from.");
  }
  if (first >= AFTER_WRITE && !isAfterWrite) {
    throw new GateError(`${release.tag} was not written yet`, "Run the release with --from write.");
  }
  const missing = STEPS.slice(0, first).filter(({ name }) => record.facts[name] === undefined);
  const [missed] = missing;
  if (missed !== undefined) {
    const problem = `${missed.name} has not passed on ${commit.slice(0, 12)}`;
    throw new GateError(problem, `Run the release with --from ${missed.name}, or from its first step.`);
  }
  // From here on this run alone counts.
  const facts = STEPS.slice(0, first).map(({ name }) => [name, record.facts[name] ?? []]);
  release.record = { ...record, facts: Object.fromEntries(facts) };
  if (isAfterWrite) return STEPS.slice(first);
  return STEPS.filter(({ isLong }, index) => index >= first || isLong !== true);
}

async function runStep(release: Release, step: Step): Promise<boolean> {
  const start = performance.now();
  const seconds = (): string => `${((performance.now() - start) / 1_000).toFixed(1)} s`;
  release.say(`${step.name}: ${step.title}`);
  try {
    release.checkStopped();
    const facts = await step.run(release);
    // A dry run would do the steps that change something: none of them is behind it.
    if (!release.isDryRun || STEPS.indexOf(step) < WRITE) {
      release.record = { ...release.record, facts: { ...release.record.facts, [step.name]: facts } };
      await writeRecord(release.folder, release.record);
    }
    for (const fact of facts) release.say(`     ${fact}`);
    release.say(`pass ${step.name}, ${seconds()}`);
    return true;
  } catch (error) {
    const advice = error instanceof GateError ? error.advice : "This is no gate, but a failure of the tool itself.";
    const message = error instanceof GateError ? error.message : failureMessage(error);
    release.say(`FAIL ${step.name}, ${seconds()}: ${message}\n  -> ${advice}`);
    return false;
  }
}
