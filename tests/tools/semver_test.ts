import { assertEquals, assertThrows } from "../std.ts";
import {
  compareVersions,
  formatVersion,
  parseVersion,
  requiredVersion,
  type Step,
  stepBetween,
} from "../../_tools/semver.ts";

Deno.test("parseVersion reads the numbers, the prerelease and the build", () => {
  assertEquals(parseVersion("1.20.3"), { major: 1, minor: 20, patch: 3, prerelease: [], build: [] });
  assertEquals(parseVersion("0.1.0-rc.1.x-2+2026.01"), {
    major: 0,
    minor: 1,
    patch: 0,
    prerelease: ["rc", 1, "x-2"],
    build: ["2026", "01"],
  });
});

for (
  const text of [
    ...[
      "",
      "1",
      "1.2",
      "1.2.3.4",
      "v1.2.3",
      "01.2.3",
      "1.02.3",
      "1.2.3-",
      "1.2.3-01",
      "1.2.3-a..b",
      "1.2.3+",
      " 1.2.3",
    ],
    ...["1.2.3\n", "1.2.3-ü", "-1.2.3", "1.2.x", "99999999999999999.0.0"],
  ]
) {
  Deno.test(`parseVersion throws SyntaxError for ${JSON.stringify(text)}`, () => {
    assertThrows(() => parseVersion(text), SyntaxError, `received ${JSON.stringify(text)}`);
  });
}

Deno.test("formatVersion writes what parseVersion reads", () => {
  for (const text of ["0.0.0", "1.20.3", "1.0.0-rc.1", "1.0.0-0.a+b.01", "1.0.0+x"]) {
    assertEquals(formatVersion(parseVersion(text)), text);
  }
});

Deno.test("compareVersions has the order of Semantic Versioning, 11", () => {
  const ordered = [
    ...["0.0.0", "0.0.9", "0.0.10", "0.9.0", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1"],
    ...["1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0"],
  ];
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries()) {
      assertEquals(compareVersions(parseVersion(a), parseVersion(b)), Math.sign(i - j), `${a} and ${b}`);
    }
  }
});

Deno.test("compareVersions leaves out the build (Semantic Versioning, 10)", () => {
  assertEquals(compareVersions(parseVersion("1.0.0+a"), parseVersion("1.0.0+b")), 0);
});

const STEPS: readonly (readonly [from: string, to: string, step: Step | undefined])[] = [
  ["1.2.3", "2.0.0", "major"],
  ["1.2.3", "3.4.5", "major"],
  ["1.2.3", "1.3.0", "minor"],
  ["1.2.3", "1.2.4", "patch"],
  ["0.1.0", "0.2.0", "minor"],
  ["1.0.0-rc.1", "1.0.0", "patch"],
  ["1.0.0-rc.1", "1.0.0-rc.2", "patch"],
  ["1.2.3", "2.0.0-rc.1", "major"],
  ["1.2.3", "1.2.3", undefined],
  ["1.2.3", "1.2.3+build", undefined],
  ["1.2.3", "1.2.2", undefined],
  ["2.0.0", "1.9.9", undefined],
  ["1.0.0", "1.0.0-rc.1", undefined],
];

for (const [from, to, step] of STEPS) {
  Deno.test(`stepBetween says ${step ?? "nothing"} from ${from} to ${to}`, () => {
    assertEquals(stepBetween(parseVersion(from), parseVersion(to)), step);
  });
}

const REQUIRED: readonly (readonly [released: string, major: string, minor: string, patch: string])[] = [
  ["1.2.3", "2.0.0", "1.3.0", "1.2.4"],
  ["1.2.3+build", "2.0.0", "1.3.0", "1.2.4"],
  ["0.3.4", "0.4.0", "0.3.5", "0.3.5"],
  ["0.0.0", "0.1.0", "0.0.1", "0.0.1"],
  ["2.0.0-rc.1", "2.0.0", "2.0.0", "2.0.0"],
  ["2.1.0-rc.1", "3.0.0", "2.1.0", "2.1.0"],
  ["2.1.1-rc.1", "3.0.0", "2.2.0", "2.1.1"],
  ["0.2.0-rc.1", "0.2.0", "0.2.0", "0.2.0"],
  ["0.2.1-rc.1", "0.3.0", "0.2.1", "0.2.1"],
];

for (const [released, ...versions] of REQUIRED) {
  Deno.test(`requiredVersion says ${versions.join(", ")} after ${released}`, () => {
    const steps: readonly Step[] = ["major", "minor", "patch"];
    assertEquals(steps.map((step) => formatVersion(requiredVersion(parseVersion(released), step))), versions);
  });
}
