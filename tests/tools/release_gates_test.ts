/** Tests of the release's gates: each is broken once, and stops the release before anything after it is run. */

import { assert, assertEquals, assertStringIncludes } from "../std.ts";
import { MiniProject } from "./mini_project.ts";

/** A gate that is broken. */
interface Broken {
  /** What is wrong. */
  readonly rule: string;
  /** The step that stops. */
  readonly gate: string;
  /** What it says of it, and of what to do. */
  readonly says: readonly string[];
  readonly version?: string;
  readonly tasks?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Breaks what was committed and pushed. */
  readonly spoil?: (project: MiniProject) => Promise<void>;
}

const RELEASED = "# Changelog\n\n## [0.1.0] - 2026-11-22\n\n### Added\n\n- One.\n";

const BROKEN: readonly Broken[] = [
  { rule: "a version that is none", gate: "version", version: "1.0", says: ["MAJOR.MINOR.PATCH", "such as 1.2.3"] },
  { rule: "a version with a v", gate: "version", version: "v1.0.0", says: ["MAJOR.MINOR.PATCH", "without a v"] },
  { rule: "a version with a build", gate: "version", version: "0.1.0+1", says: ["no build", "received 0.1.0+1"] },
  {
    rule: "a version that is tagged already",
    gate: "version",
    says: ["v0.1.0 is there already", "Choose the next version"],
    spoil: async (project) => void await project.git("tag", "v0.1.0"),
  },
  {
    rule: "a version that is tagged at the remote only",
    gate: "version",
    says: ["v0.1.0 is there already"],
    spoil: async (project) => {
      await project.git("tag", "v0.1.0");
      await project.git("push", "--quiet", "origin", "v0.1.0");
      await project.git("tag", "--delete", "v0.1.0");
    },
  },
  {
    rule: "a version below the last",
    gate: "version",
    says: ["0.1.0 is not above 0.10.0", "Choose one above 0.10.0"],
    spoil: async (project) => {
      for (const tag of ["v0.9.0", "v0.10.0", "vendor"]) await project.git("tag", tag);
    },
  },
  {
    rule: "a step that does not fit the API",
    gate: "version",
    version: "0.0.1",
    says: ["does not fit the changes of the public API", "api: needs 0.1.0 or above", "Choose the version it asks for"],
  },
  {
    rule: "another branch",
    gate: "branch",
    says: ["main or release/X.Y, this is feature", "git switch main"],
    spoil: async (project) => void await project.git("switch", "--quiet", "--create", "feature"),
  },
  {
    rule: "no branch",
    gate: "branch",
    says: ["this is no branch"],
    spoil: async (project) => void await project.git("switch", "--quiet", "--detach"),
  },
  {
    rule: "a branch of another line",
    gate: "branch",
    says: ["0.1.0 is not of the line 0.2", "Choose 0.2.Z"],
    spoil: async (project) => void await project.git("switch", "--quiet", "--create", "release/0.2"),
  },
  {
    rule: "a file that is not committed",
    gate: "branch",
    says: ["1 path not as committed", "?? new.ts", "Commit or remove"],
    spoil: async (project) => void await project.write({ "new.ts": "" }),
  },
  {
    rule: "a branch behind its remote",
    gate: "branch",
    says: ["main is 1 commit behind origin/main", "git pull --ff-only"],
    spoil: async (project) => {
      await project.git("commit", "--quiet", "--allow-empty", "-m", "Go on");
      await project.git("push", "--quiet");
      await project.git("reset", "--quiet", "--hard", "HEAD~1");
    },
  },
  {
    rule: "no remote",
    gate: "branch",
    says: ["main has no remote", "git remote add origin"],
    spoil: async (project) => void await project.git("remote", "remove", "origin"),
  },
  {
    rule: "a branch that the remote does not have",
    gate: "branch",
    says: ["origin/release/0.1 is not there", "git push -u origin release/0.1"],
    spoil: async (project) => void await project.git("switch", "--quiet", "--create", "release/0.1"),
  },
  {
    rule: "a test that fails",
    gate: "ci",
    tasks: { test: "echo 'FAILED | 2 passed | 1 failed (1s)' && exit 1" },
    says: ["deno task test ended badly, with 2 passed, 1 failed", "see `deno task test` pass"],
  },
  {
    rule: "a failure in a task that ends well",
    gate: "ci",
    tasks: { ok: "echo 'ok: 1 passed, 1 failed'" },
    says: ["deno task ok ended with 1 passed, 1 failed"],
  },
  {
    rule: "a task that ends badly after a good summary",
    gate: "ci",
    tasks: { ok: "echo 'ok: 2 passed, 0 failed' && exit 3" },
    says: ["deno task ok ended badly, with 2 passed"],
  },
  {
    rule: "a task without a summary",
    gate: "ci",
    tasks: { interop: "echo 'nothing to do'" },
    says: ["deno task interop ended without a summary", "| nothing to do"],
  },
  {
    rule: "a task that passed nothing",
    gate: "ci",
    tasks: { interop: "echo 'interop: 0 passed, 0 failed, 9 skipped'" },
    says: ["deno task interop passed nothing"],
  },
  {
    rule: "a conformance case that fails",
    gate: "conformance",
    tasks: { conformance: "echo 'conformance: 3 passed, 1 failed' && exit 1" },
    says: ["deno task conformance ended badly, with 3 passed, 1 failed"],
  },
  {
    rule: "conformance cases that are missing",
    gate: "conformance",
    tasks: { conformance: "echo 'conformance: 3 passed, 0 failed'" },
    says: ["ran 3 cases, 4 are expected", "tests/autobahn/expected.json"],
  },
  {
    rule: "documentation that does not build",
    gate: "docs",
    tasks: { docs: "echo 'docs: 4 passed, 1 failed' && exit 1 && echo" },
    says: ["deno task docs ended badly, with 4 passed, 1 failed"],
  },
  {
    rule: "documentation that is built elsewhere",
    gate: "docs",
    tasks: { docs: "echo 'docs: 5 passed, 0 failed'" },
    says: ["reports/site has no index.html"],
  },
  {
    rule: "documentation of an earlier build",
    gate: "docs",
    tasks: { docs: "echo 'docs: 5 passed, 0 failed'" },
    spoil: async (project) => await project.write({ "reports/site/index.html": "<p>Old</p>" }),
    says: ["reports/site has no index.html"],
  },
  {
    rule: "a changelog with nothing new",
    gate: "changelog",
    files: { "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n### Added\n" },
    says: ["[Unreleased] of the changelog is empty", "Write what changed"],
  },
  {
    rule: "a changelog without a place for it",
    gate: "changelog",
    files: { "CHANGELOG.md": "# Changelog\n" },
    says: ["neither [0.1.0] nor [Unreleased]"],
  },
  {
    rule: "a changelog with two places for it",
    gate: "changelog",
    files: { "CHANGELOG.md": `${RELEASED}\n## [Unreleased]\n\n### Added\n\n- Two.\n` },
    says: ["both [0.1.0] and [Unreleased]", "Move them"],
  },
  {
    rule: "a changelog of another form",
    gate: "changelog",
    files: { "CHANGELOG.md": "# Changelog\n\n## 0.1.0\n" },
    says: ["Line 3 of the changelog", "Mend the heading"],
  },
  {
    rule: "a package that is not as it should be",
    gate: "package",
    files: { "_tools/check_package.ts": 'console.log("package: a.map is no source");\nDeno.exit(1);\n' },
    says: ["The package is not as it should be", "a.map is no source"],
  },
  {
    rule: "a package that cannot be published",
    gate: "package",
    files: { "mod.ts": "export const one = Math.max(1);\n" },
    says: ["The package cannot be published", "slow type"],
  },
  {
    rule: "conformance reports that are not there",
    gate: "artifacts",
    tasks: { conformance: "echo 'conformance: 4 passed, 0 failed'" },
    says: ["reports/autobahn is empty", "--from conformance"],
  },
  {
    rule: "files that a gate has changed",
    gate: "write",
    tasks: {
      docs: "mkdir -p reports/site && echo a > reports/site/index.html && echo b > mod.ts && echo '1 passed, 0 failed'",
    },
    says: ["changed while the gates were run", "M mod.ts", "from its first step"],
  },
  {
    rule: "a workflow that is missing",
    gate: "push",
    spoil: async (project) => {
      await project.git("rm", "--quiet", ".github/workflows/release.yml");
      await project.commit("Publish by hand");
    },
    says: ["release.yml is missing", "Restore it"],
  },
  {
    rule: "a remote that is gone",
    gate: "version",
    spoil: async (project) => void await Deno.remove(project.origin, { recursive: true }),
    says: ["git fetch", "origin.git"],
  },
];

for (const { rule, gate, version = "0.1.0", says, tasks, files, spoil } of BROKEN) {
  Deno.test(`the ${gate} gate stops a release for ${rule}`, async () => {
    await using project = await MiniProject.make(tasks, files);
    await spoil?.(project);
    const { isPassed, text } = await project.release(version);
    assert(!isPassed, text);
    const [, stopped] = /^FAIL (\w+),/m.exec(text) ?? [];
    assertEquals(stopped, gate, text);
    for (const words of says) assertStringIncludes(text, words);
    assertStringIncludes(text, "\n  -> ");
    // What comes after it was not run.
    assert(text.split(`FAIL ${gate}`)[1]?.includes("pass ") === false, text);
  });
}
