import { assertEquals } from "../std.ts";
import expected from "./expected.json" with { type: "json" };
import { countCases, type Expectations, judge, type Outcome, selectCases } from "./judge.ts";

const AGENT = "viaduct";
const OK: Outcome = { behavior: "OK", behaviorClose: "OK" };
const INFORMATIONAL: Outcome = { behavior: "INFORMATIONAL", behaviorClose: "INFORMATIONAL" };

const expectations: Expectations = {
  suite: "a suite",
  groups: [
    { group: "1", name: "Framing", cases: { "1.1.1": OK, "1.1.2": OK } },
    { group: "7", name: "Close handling", cases: { "7.1.6": INFORMATIONAL } },
  ],
};

/** A report in which all is as expected but for the changes; `undefined` leaves a case out. */
function report(changes: Readonly<Record<string, unknown>> = {}): unknown {
  const cases = Object.assign({}, ...expectations.groups.map((group) => group.cases), changes);
  return { [AGENT]: Object.fromEntries(Object.entries(cases).filter(([, outcome]) => outcome !== undefined)) };
}

Deno.test("judge passes a report in which every case is as expected", () => {
  assertEquals(judge(expectations, [report()], AGENT), {
    passed: 3,
    failed: 0,
    groups: [
      { group: "1", name: "Framing", passed: 2, failed: 0 },
      { group: "7", name: "Close handling", passed: 1, failed: 0 },
    ],
    problems: [],
  });
});

Deno.test("judge joins the reports of a run that was split", () => {
  const first = { [AGENT]: { "1.1.1": OK } };
  const second = { [AGENT]: { "1.1.2": OK, "7.1.6": INFORMATIONAL } };
  assertEquals(judge(expectations, [first, second], AGENT).failed, 0);
  assertEquals(judge(expectations, [first], AGENT).failed, 2);
});

const OUTCOMES = [
  "NON-STRICT",
  "UNIMPLEMENTED",
  "FAILED",
  "WRONG CODE",
  "UNCLEAN",
  "FAILED BY CLIENT",
  "INFORMATIONAL",
];
for (const outcome of OUTCOMES) {
  Deno.test(`judge fails a case whose behavior or close behavior is ${outcome}`, () => {
    for (const key of ["behavior", "behaviorClose"]) {
      const verdict = judge(expectations, [report({ "1.1.2": { ...OK, [key]: outcome } })], AGENT);
      assertEquals([verdict.passed, verdict.failed], [2, 1]);
      assertEquals(verdict.problems, [`1.1.2: ${key} is ${outcome}, expected OK`]);
    }
  });
}

Deno.test("judge fails an informational case that is anything else", () => {
  const verdict = judge(expectations, [report({ "7.1.6": OK })], AGENT);
  assertEquals(verdict.problems, ["7.1.6: behavior is OK, expected INFORMATIONAL"]);
});

Deno.test("judge fails a missing case", () => {
  const verdict = judge(expectations, [report({ "1.1.1": undefined })], AGENT);
  assertEquals([verdict.passed, verdict.failed, verdict.problems], [2, 1, ["1.1.1: missing from the report"]]);
});

Deno.test("judge fails every case where there is no report", () => {
  assertEquals(judge(expectations, [], AGENT).failed, 3);
});

Deno.test("judge fails a case without an outcome", () => {
  const partial = judge(expectations, [report({ "1.1.1": { behavior: "OK" } })], AGENT);
  assertEquals(partial.problems, ["1.1.1: behaviorClose is undefined, expected OK"]);
  assertEquals(judge(expectations, [report({ "1.1.1": null })], AGENT).failed, 1);
});

Deno.test("judge fails an unknown case, whatever its outcome", () => {
  const verdict = judge(expectations, [report({ "1.9.9": OK })], AGENT);
  assertEquals([verdict.passed, verdict.failed], [3, 1]);
  assertEquals(verdict.problems, ["1.9.9: not a case that was asked for"]);
});

Deno.test("judge fails a case that failed in one of two reports", () => {
  const bad = { [AGENT]: { "1.1.1": { ...OK, behavior: "FAILED" } } };
  assertEquals(judge(expectations, [report(), bad], AGENT).failed, 1);
  assertEquals(judge(expectations, [bad, report()], AGENT).failed, 1);
});

Deno.test("judge fails another agent's report and one that is not an object", () => {
  const other = { other: { "1.1.1": OK } };
  assertEquals(judge(expectations, [report(), other], AGENT).failed, 1);
  assertEquals(judge(expectations, [report(), null], AGENT).failed, 1);
  assertEquals(judge(expectations, [other], AGENT).failed, 4);
});

Deno.test("selectCases keeps what the patterns name and reads a dot as a dot", () => {
  assertEquals(countCases(selectCases(expectations, ["1.*"])), 2);
  assertEquals(countCases(selectCases(expectations, ["1.1.2", "7.*"])), 2);
  assertEquals(countCases(selectCases(expectations, ["*"])), 3);
  assertEquals(countCases(selectCases(expectations, ["1"])), 0);
  assertEquals(countCases(selectCases(expectations, ["1.1x2"])), 0);
});

Deno.test("the expected results name all 517 cases, three of them informational", () => {
  const sizes = expected.groups.map((group) => [group.group, Object.keys(group.cases).length]);
  const groups = { 1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 9: 54, 10: 1, 12: 90, 13: 126 };
  assertEquals(Object.fromEntries(sizes), Object.fromEntries(Object.entries(groups)));
  assertEquals(countCases(expected), 517);
  const cases = expected.groups.flatMap((group) => Object.entries<Outcome>(group.cases));
  const others = cases.filter(([, { behavior, behaviorClose }]) => behavior !== "OK" || behaviorClose !== "OK");
  assertEquals(others, ["7.1.6", "7.13.1", "7.13.2"].map((id) => [id, INFORMATIONAL]));
});
