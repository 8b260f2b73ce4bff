/** Tests of maintenance branches and of the table of supported lines. */

import { join } from "node:path";
import { GateError } from "../../_tools/release/gate.ts";
import { maintain } from "../../_tools/release/maintain.ts";
import { addMaintainedLine, nameMainLine, readSupportedLines } from "../../_tools/release/supported_lines.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { MiniProject } from "./mini_project.ts";

const TABLE = `# Security

| line | branch | what is mended |
| ---- | ------ | -------------- |
| next | \`main\` | everything     |

Report it.
`;

Deno.test("the project's own SECURITY.md has a table of supported lines that begins with main", async () => {
  const lines = readSupportedLines(await Deno.readTextFile(join(ROOT, "SECURITY.md")));
  assertEquals([lines[0]?.branch, lines[0]?.fixes], ["main", "everything"]);
});

Deno.test("a release from main names its line, and leaves the others", () => {
  const text = nameMainLine(addMaintainedLine(nameMainLine(TABLE, "0.1"), "0.1"), "0.2");
  assertEquals(readSupportedLines(text), [
    { line: "0.2", branch: "main", fixes: "everything" },
    { line: "0.1", branch: "release/0.1", fixes: "security, and what breaks programs" },
  ]);
  assertEquals(nameMainLine(text, "0.2"), text);
});

Deno.test("a line that gets a branch stands below newer ones, in a table with even columns", () => {
  const text = ["0.9", "0.10", "1.0"].reduce(
    (table, line) => addMaintainedLine(table, line),
    nameMainLine(TABLE, "1.0"),
  );
  assertEquals(
    text,
    `# Security

| line | branch         | what is mended                     |
| ---- | -------------- | ---------------------------------- |
| next | \`main\`         | everything                         |
| 1.0  | \`release/1.0\`  | security, and what breaks programs |
| 0.10 | \`release/0.10\` | security, and what breaks programs |
| 0.9  | \`release/0.9\`  | security, and what breaks programs |

Report it.
`,
  );
});

Deno.test("a line is entered once, and only where there is a table", () => {
  assertThrows(() => addMaintainedLine(addMaintainedLine(TABLE, "0.1"), "0.1"), GateError, "names release/0.1 already");
  assertThrows(() => nameMainLine("# Security\n", "0.1"), GateError, "no table of supported lines");
  assertThrows(() => readSupportedLines(TABLE.replace("main", "trunk")), GateError, "no table of supported lines");
});

/** Releases 0.1.0 and 0.1.1 from main, which goes on. */
async function releasedProject(): Promise<MiniProject> {
  const project = await MiniProject.make();
  assert((await project.release("0.1.0", { isDryRun: false })).isPassed);
  await project.git("tag", "--annotate", "-m", "Later", "v0.1.10");
  await project.git("tag", "--annotate", "-m", "Before", "v0.1.11-rc.1");
  await project.git("tag", "--annotate", "-m", "In between", "v0.1.9");
  await project.git("commit", "--quiet", "--allow-empty", "-m", "Go on");
  await project.git("push", "--quiet", "--tags", "origin", "main");
  return project;
}

Deno.test("maintain makes the branch at the line's last release, names it on main, and pushes both", async () => {
  await using project = await releasedProject();
  const said: string[] = [];
  await maintain({ root: project.root, line: "0.1", isDryRun: false, say: (line) => said.push(line) });
  assertStringIncludes(said.join("\n"), "release/0.1 stands at v0.1.10");
  assertEquals(await project.git("branch", "--show-current"), "main");
  assertEquals(await project.git("log", "-1", "--format=%s"), "Maintain 0.1 on release/0.1");
  assertEquals(await project.git("status", "--porcelain"), "");
  assertStringIncludes(await project.read("SECURITY.md"), "| next | `main`        | everything");
  const heads = await project.git("ls-remote", "origin", "refs/heads/*");
  const commits = await project.git("rev-parse", "main", "v0.1.10^{commit}");
  assertEquals(heads.split("\n").map((line) => line.split("\t")[0]), commits.split("\n"));

  const again = maintain({ root: project.root, line: "0.1", isDryRun: false, say: () => {} });
  await assertRejects(() => again, GateError, "release/0.1 is there already");
});

Deno.test("maintain leaves everything as it was where it cannot push", async () => {
  await using project = await releasedProject();
  const before = await project.state();
  await project.git("config", "remote.origin.pushurl", join(project.root, "nowhere.git"));
  const options = { root: project.root, line: "0.1", isDryRun: false, say: () => {} };
  await assertRejects(() => maintain(options), GateError, "git push");
  assertEquals(await project.state(), before);
  await project.git("config", "--unset", "remote.origin.pushurl");
  await maintain(options);
});

Deno.test("maintain shows in a dry run what it would do, and does nothing", async () => {
  await using project = await releasedProject();
  const before = await project.state();
  const said: string[] = [];
  await maintain({ root: project.root, line: "0.1", isDryRun: true, say: (line) => said.push(line) });
  assertStringIncludes(said.join("\n"), "would make release/0.1 at v0.1.10");
  assertStringIncludes(said.join("\n"), "| 0.1  | `release/0.1` |");
  assertEquals(await project.state(), before);
});

for (
  const [rule, line, message, spoil] of [
    ["a line that was not released", "0.2", "No version 0.2.Z was released", () => Promise.resolve("")],
    ["a version in place of a line", "0.1.0", "A line is X.Y, received 0.1.0", () => Promise.resolve("")],
    ["another branch", "0.1", "this is topic", (project: MiniProject) => project.git("switch", "-qc", "topic")],
    ["what is not committed", "0.1", "main differs from its commit", async (project: MiniProject) => {
      await project.write({ "mod.ts": "" });
    }],
    [
      "a main that is behind",
      "0.1",
      "main is 1 commit behind",
      (project: MiniProject) => project.git("reset", "--quiet", "--hard", "HEAD~1"),
    ],
    [
      "a remote that has the branch",
      "0.1",
      "origin/release/0.1 is there already",
      (project: MiniProject) => project.git("push", "--quiet", "origin", "main:release/0.1"),
    ],
  ] as const
) {
  Deno.test(`maintain refuses ${rule}`, async () => {
    await using project = await releasedProject();
    await spoil(project);
    await assertRejects(
      () => maintain({ root: project.root, line, isDryRun: false, say: () => {} }),
      GateError,
      message,
    );
  });
}
