/**
 * Runs AutobahnTestsuite against Viaduct in both roles and judges the reports: `deno task conformance`.
 *
 * The cases are split into the parts in specs/, since the suite is one process that mostly computes: parts of both
 * roles run side by side, each with a suite and a testee of its own.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { failureMessage } from "../../internal/log.ts";
import { emptyFolder, readTextIfPresent, ROOT } from "../support/folders.ts";
import { freePort, type Process, ProcessGroup, untilListening } from "../support/processes.ts";
import expected from "./expected.json" with { type: "json" };
import { installSuite, type Suite } from "./install.ts";
import { countCases, type Expectations, judge, selectCases, type Verdict } from "./judge.ts";
import parts from "./specs/parts.json" with { type: "json" };

/** The testee's name in the reports. */
const AGENT = "viaduct";
/** How long a suite or a testee may take to listen, in milliseconds. */
const START_TIMEOUT = 30_000;
/** How often a line of progress is printed, in milliseconds. */
const PROGRESS_INTERVAL = 15_000;
/** How long the suite may take to write its report once the testee has asked for it, in milliseconds. */
const REPORT_TIMEOUT = 20_000;
/** How often the report is looked for, in milliseconds. */
const RETRY = 100;
const CASE_LINE = /Running test case ID (\S+) /;

const USAGE = `Usage: deno task conformance [options]
  --role server|client|both  the testee's role (both)
  --cases PATTERNS           only these cases, such as 1.*,12.1.*
  --jobs N                   parts that run side by side (2)
  --timeout SECONDS          ends the run; cases not reported by then fail (2400)
  --docker                   use the suite's public image instead of Python 2.7
  --kosoku                   a quick stand-in for the suite while developing
  --testee COMMAND           another testee; gets "server|client --url URL [--agent NAME]"`;

type Role = "server" | "client";

/** What the command line asks for. */
interface Settings {
  readonly roles: readonly Role[];
  readonly patterns: readonly string[] | undefined;
  readonly jobs: number;
  readonly timeout: number;
  readonly suite: "python" | "docker" | "kosoku";
  readonly testee: readonly string[];
}

/** One part of the cases in one role. */
interface Job {
  readonly role: Role;
  readonly part: string;
  readonly cases: readonly string[];
}

/** What the jobs share. */
interface Run {
  readonly suite: Suite;
  readonly settings: Settings;
  readonly processes: ProcessGroup;
  readonly progress: Progress;
}

function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      role: { type: "string", default: "both" },
      cases: { type: "string" },
      jobs: { type: "string", default: "2" },
      timeout: { type: "string", default: "2400" },
      docker: { type: "boolean", default: false },
      kosoku: { type: "boolean", default: false },
      testee: { type: "string" },
    },
  });
  const roles = ({ server: ["server"], client: ["client"], both: ["server", "client"] } as const)[values.role];
  const [jobs, seconds] = [Number(values.jobs), Number(values.timeout)];
  if (roles === undefined) throw new RangeError(`--role must be server, client or both, received "${values.role}"`);
  if (!Number.isInteger(jobs) || jobs < 1) throw new RangeError(`--jobs must be 1 or more, received "${values.jobs}"`);
  if (!(seconds > 0)) throw new RangeError(`--timeout must be above 0, received "${values.timeout}"`);
  return {
    roles,
    patterns: values.cases?.split(","),
    jobs,
    timeout: seconds * 1_000,
    suite: values.docker ? "docker" : values.kosoku ? "kosoku" : "python",
    testee: values.testee?.split(" ") ?? [Deno.execPath(), "run", "-A", join(ROOT, "cli", "main.ts"), "testee"],
  };
}

/** Counts the cases that have begun and says so on standard error. */
class Progress {
  readonly #total: number;
  readonly #started = performance.now();
  readonly #latest: Map<string, string> = new Map();
  readonly #timer: ReturnType<typeof setInterval>;
  #count = 0;

  constructor(total: number) {
    this.#total = total;
    this.#timer = setInterval(() => this.print(), PROGRESS_INTERVAL);
  }

  /** Takes a line of the suite's output. */
  take(job: string, line: string): void {
    const id = CASE_LINE.exec(line)?.[1];
    if (id === undefined) return;
    this.#count++;
    this.#latest.set(job, id);
  }

  /** Says that a job has ended. */
  end(job: string, result: string): void {
    this.#latest.delete(job);
    this.print(`${job} ${result}`);
  }

  /** Prints where the run is. */
  print(event?: string): void {
    const seconds = Math.round((performance.now() - this.#started) / 1_000);
    const now = [...this.#latest].map(([job, id]) => `${job} ${id}`).join(", ");
    console.error(`[${seconds} s] ${this.#count} of ${this.#total} cases begun: ${event ?? now}`);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Runs one part and returns its report; `undefined` where the suite wrote none. */
async function runJob(job: Job, run: Run): Promise<unknown> {
  const name = `${job.role}/${job.part}`;
  const folder = await emptyFolder("reports", "autobahn", job.role, job.part);
  const port = freePort();
  const url = `ws://127.0.0.1:${port}`;
  const mode = job.role === "server" ? "fuzzingclient" : "fuzzingserver";
  const command = await run.suite.prepare({ mode, folder, url, agent: AGENT, cases: job.cases });
  const startSuite = (): Process =>
    run.processes.start(`${name} suite`, command, {
      cwd: folder,
      log: join(folder, "suite.log"),
      onLine: (line) => run.progress.take(name, line),
    });
  const startTestee = (...args: string[]): Process =>
    run.processes.start(`${name} testee`, [...run.settings.testee, job.role, "--url", url, ...args], {
      log: join(folder, "testee.log"),
    });
  const index = join(folder, "index.json");
  if (job.role === "server") await driveServer(startSuite, startTestee, port);
  else await driveClient(startSuite, () => startTestee("--agent", AGENT), port, index);
  const text = await readTextIfPresent(index);
  return text === undefined ? undefined : run.suite.readIndex(text, AGENT);
}

/** The suite is the client: it ends when it has run its cases. */
async function driveServer(startSuite: () => Process, startTestee: () => Process, port: number): Promise<void> {
  const testee = startTestee();
  try {
    await untilListening(port, testee, START_TIMEOUT);
    // Its exit status says nothing that the report does not say better.
    await untilFirstEnds(startSuite(), testee);
  } finally {
    await testee.stop();
  }
}

/** The suite is the server: the testee runs all cases, asks for the report and ends. */
async function driveClient(
  startSuite: () => Process,
  startTestee: () => Process,
  port: number,
  index: string,
): Promise<void> {
  const suite = startSuite();
  try {
    await untilListening(port, suite, START_TIMEOUT);
    const status = await untilFirstEnds(startTestee(), suite);
    if (!status.success) throw new Error(`The testee ended with ${status.code}`);
    await untilWritten(index);
  } finally {
    await suite.stop();
  }
}

/** Waits for the report: the suite may write it after it has let the testee go. */
async function untilWritten(index: string): Promise<void> {
  const deadline = performance.now() + REPORT_TIMEOUT;
  while (performance.now() < deadline) {
    try {
      JSON.parse(await Deno.readTextFile(index));
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) && !(error instanceof SyntaxError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
}

/** Waits for the one that leads; that the other ends before it is an error. */
async function untilFirstEnds(leader: Process, follower: Process): Promise<Deno.CommandStatus> {
  const ended = await Promise.race([leader.status.then(() => leader), follower.status.then(() => follower)]);
  const status = await ended.status;
  if (ended === leader) return status;
  await leader.stop();
  throw new Error(`${ended.name} ended with ${status.code} in the middle of the run\n${ended.tail}`);
}

/** Runs all jobs, some side by side, and gathers the reports by role. */
async function runJobs(jobs: readonly Job[], run: Run): Promise<Record<Role, unknown[]>> {
  const reports: Record<Role, unknown[]> = { server: [], client: [] };
  const queue = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const name = `${job.role}/${job.part}`;
      try {
        const report = await runJob(job, run);
        if (report !== undefined) reports[job.role].push(report);
        run.progress.end(name, report === undefined ? "ended without a report" : "done");
      } catch (error) {
        // The cases of this part are missing from the reports, and so they fail.
        run.progress.end(name, `failed: ${failureMessage(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: run.settings.jobs }, work));
  return reports;
}

/** The parts of all roles, longest first, so that none starts late and is waited for alone. */
function planJobs(settings: Settings): Job[] {
  const { patterns } = settings;
  const chosen = patterns === undefined ? parts : [{ part: "selection", seconds: 0, cases: patterns }];
  const jobs = settings.roles.flatMap((role) => chosen.map((part) => ({ role, ...part })));
  return jobs.sort((a, b) => b.seconds - a.seconds);
}

function printVerdict(role: Role, verdict: Verdict): void {
  console.log(`\nViaduct as ${role}`);
  const rows = verdict.groups.map(({ group, name, passed, failed }) => [group, name, `${passed}`, `${failed}`]);
  rows.unshift(["group", "", "passed", "failed"]);
  rows.push(["all", "", `${verdict.passed}`, `${verdict.failed}`]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    console.log(row.map((cell, i) => i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)).join("  "));
  }
  for (const problem of verdict.problems) console.log(`FAIL ${role} ${problem}`);
}

async function install(settings: Settings): Promise<Suite | undefined> {
  console.error("Installing the suite where it is not yet");
  try {
    return await installSuite(settings.suite);
  } catch (error) {
    console.error(failureMessage(error));
    return undefined;
  }
}

async function main(): Promise<boolean> {
  const settings = readSettings(Deno.args);
  const expectations: Expectations = settings.patterns === undefined
    ? expected
    : selectCases(expected, settings.patterns);
  if (countCases(expectations) === 0) throw new RangeError(`No case matches ${settings.patterns?.join(",")}`);
  await using processes = new ProcessGroup();
  processes.stopOnSignals();
  const suite = await install(settings);
  if (suite === undefined) {
    console.log(`conformance: 0 passed, ${countCases(expectations) * settings.roles.length} failed`);
    return false;
  }
  const started = performance.now();
  const progress = new Progress(countCases(expectations) * settings.roles.length);
  const timer = setTimeout(() => {
    progress.print(`the time is up after ${settings.timeout / 1_000} s`);
    void processes.stop();
  }, settings.timeout);
  const reports = await runJobs(planJobs(settings), { suite, settings, processes, progress });
  clearTimeout(timer);
  progress.stop();
  const verdicts = settings.roles.map((role) => [role, judge(expectations, reports[role], AGENT)] as const);
  for (const [role, verdict] of verdicts) printVerdict(role, verdict);
  const seconds = Math.round((performance.now() - started) / 1_000);
  console.log(`\n${suite.name}, ${seconds} s; reports in reports/autobahn`);
  const [passed, failed] = [sum(verdicts, "passed"), sum(verdicts, "failed")];
  console.log(`conformance: ${passed} passed, ${failed} failed`);
  return failed === 0;
}

function sum(verdicts: readonly (readonly [Role, Verdict])[], key: "passed" | "failed"): number {
  return verdicts.reduce((total, [, verdict]) => total + verdict[key], 0);
}

if (Deno.args.includes("--help")) console.log(USAGE);
else Deno.exit(await main() ? 0 : 1);
