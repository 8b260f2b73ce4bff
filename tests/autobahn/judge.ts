/**
 * Says whether reports of AutobahnTestsuite are strictly green: every case there, each with exactly the outcome that
 * is expected of it. A pure function over the suite's index.json objects.
 *
 * @module
 */

/** How a case ended: `behavior` for the exchange, `behaviorClose` for the closing handshake. */
export interface Outcome {
  readonly behavior: string;
  readonly behaviorClose: string;
}

/** A case group of the suite with what is expected of each of its cases. */
export interface Group {
  readonly group: string;
  readonly name: string;
  readonly cases: Readonly<Record<string, Outcome>>;
}

/** All that is expected of a run. */
export interface Expectations {
  readonly suite: string;
  readonly groups: readonly Group[];
}

/** The verdict on one group. */
export interface GroupVerdict {
  readonly group: string;
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
}

/** The verdict on a run. */
export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly groups: readonly GroupVerdict[];
  /** A line for each case that is not as expected. */
  readonly problems: readonly string[];
}

/**
 * Compares reports with what is expected. A run may be split over several reports; a case that stands in two of them
 * must be as expected in both. Missing cases, unknown cases and unknown agents fail.
 */
export function judge(expectations: Expectations, indexes: readonly unknown[], agent: string): Verdict {
  const problems: string[] = [];
  const reported = collect(indexes, agent, problems);
  const unexpected = problems.length;
  const groups = expectations.groups.map((group) => judgeGroup(group, reported, problems));
  const known = new Set(expectations.groups.flatMap((group) => Object.keys(group.cases)));
  const unknown = [...reported.keys()].filter((id) => !known.has(id));
  problems.push(...unknown.map((id) => `${id}: not a case that was asked for`));
  const failed = groups.reduce((sum, group) => sum + group.failed, unexpected + unknown.length);
  return { passed: groups.reduce((sum, group) => sum + group.passed, 0), failed, groups, problems };
}

/** Keeps the cases that match one of the patterns; `*` stands for anything, as in the suite's own patterns. */
export function selectCases(expectations: Expectations, patterns: readonly string[]): Expectations {
  const matchers = patterns.map((pattern) => {
    const escaped = pattern.replaceAll(/[\\^$.|?+()[\]{}]/g, "\\$&").replaceAll("*", ".*");
    return new RegExp(`^${escaped}$`);
  });
  const groups = expectations.groups.map((group) => {
    const cases = Object.entries(group.cases).filter(([id]) => matchers.some((matcher) => matcher.test(id)));
    return { ...group, cases: Object.fromEntries(cases) };
  });
  return { ...expectations, groups: groups.filter((group) => Object.keys(group.cases).length > 0) };
}

/** The number of cases expected. */
export function countCases(expectations: Pick<Expectations, "groups">): number {
  return expectations.groups.reduce((sum, group) => sum + Object.keys(group.cases).length, 0);
}

/** Gathers the outcomes of each case from all reports. */
function collect(indexes: readonly unknown[], agent: string, problems: string[]): Map<string, unknown[]> {
  const reported = new Map<string, unknown[]>();
  for (const index of indexes) {
    if (!isRecord(index)) {
      problems.push("A report is not an object");
      continue;
    }
    for (const [name, cases] of Object.entries(index)) {
      if (name !== agent || !isRecord(cases)) {
        problems.push(`A report speaks of the agent "${name}": expected an object for "${agent}" only`);
        continue;
      }
      for (const [id, outcome] of Object.entries(cases)) {
        const outcomes = reported.get(id);
        if (outcomes === undefined) reported.set(id, [outcome]);
        else outcomes.push(outcome);
      }
    }
  }
  return reported;
}

function judgeGroup(group: Group, reported: ReadonlyMap<string, unknown[]>, problems: string[]): GroupVerdict {
  let passed = 0;
  let failed = 0;
  for (const [id, expected] of Object.entries(group.cases)) {
    const wrong = judgeCase(expected, reported.get(id) ?? []);
    if (wrong === undefined) passed++;
    else {
      failed++;
      problems.push(`${id}: ${wrong}`);
    }
  }
  return { group: group.group, name: group.name, passed, failed };
}

/** Says what is wrong with a case; `undefined` where nothing is. */
function judgeCase(expected: Outcome, outcomes: readonly unknown[]): string | undefined {
  if (outcomes.length === 0) return "missing from the report";
  for (const outcome of outcomes) {
    if (!isRecord(outcome)) return "not an object in the report";
    for (const key of ["behavior", "behaviorClose"] as const) {
      if (outcome[key] !== expected[key]) return `${key} is ${String(outcome[key])}, expected ${expected[key]}`;
    }
  }
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
