/** Tests of whole releases, of going on after a failure, and of the tool's command line. */

import { basename, dirname, join } from "node:path";
import { STEPS } from "../../_tools/release/steps.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { Process } from "../support/processes.ts";
import { MiniProject } from "./mini_project.ts";

const TOOL = join(ROOT, "_tools", "release.ts");
const FOLDER = "reports/release/0.1.0";
const TODAY = new Date().toISOString().slice(0, 10);
/** How long a tool may take to say or do something, in milliseconds. */
const PATIENCE = 30_000;

function passedSteps(text: string): string[] {
  return [...text.matchAll(/^pass (\w+),/gm)].map(([, name = ""]) => name);
}

/** The tool shall not ask GitHub for commits that only a test has. */
const NOWHERE = { GITHUB_REPOSITORY: "", GH_TOKEN: "", GITHUB_TOKEN: "" };

async function runTool(...args: string[]): Promise<{ code: number; text: string }> {
  const options: Deno.CommandOptions = { args: ["run", "-A", TOOL, ...args], stdin: "null", env: NOWHERE };
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** The entries of an archive, by the system's own tar. */
async function listArchive(path: string): Promise<string[]> {
  // GNU's tar takes a path with a drive's letter for one on another machine.
  const options: Deno.CommandOptions = { args: ["-tzf", basename(path)], cwd: dirname(path) };
  const { stdout } = await new Deno.Command("tar", options).output();
  return new TextDecoder().decode(stdout).trim().split(/\r?\n/);
}

Deno.test("a dry run goes through all steps, shows the commit, and changes and pushes nothing", async () => {
  await using project = await MiniProject.make();
  const before = await project.state();
  const { isPassed, text } = await project.release("0.1.0");
  assert(isPassed, text);
  assertEquals(passedSteps(text), STEPS.map(({ name }) => name));
  assertEquals(await project.state(), before);
  for (
    const words of [
      "the first release",
      "deno task test: 1,203 passed, 1 skipped",
      "CI's own runs were not asked: the remote is not on GitHub",
      "AutobahnTestsuite: 4 cases passed in both roles",
      "[Unreleased]: Fixed, Added",
      `| +## [0.1.0] - ${TODAY}`,
      "| +| 0.1  | `main` | everything     |",
      'would commit "Release 0.1.0" and tag v0.1.0',
      "would push main and v0.1.0 to origin",
      "Package to JSR",
      "release: 12 passed, 0 failed",
      "a dry run: nothing was changed or pushed",
    ]
  ) assertStringIncludes(text, words);
  assertStringIncludes(await project.read(`${FOLDER}/logs/docs.log`), "--require-reports");
});

Deno.test("a dry run leaves artifacts that fit their checksums, and the announcement", async () => {
  await using project = await MiniProject.make();
  assert((await project.release("0.1.0")).isPassed);
  const sums = await project.read(`${FOLDER}/SHA256SUMS`);
  const names = sums.trim().split("\n").map((line) => line.split("  ")[1] ?? "");
  assertEquals(names, ["mini-0.1.0.tar.gz", "mini-0.1.0-docs.tar.gz", "mini-0.1.0-conformance.tar.gz"]);
  for (const name of names) {
    const bytes = await Deno.readFile(join(project.root, FOLDER, name));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    assertStringIncludes(sums, `${hash}  ${name}\n`);
  }
  const [source = "", , conformance = ""] = names.map((name) => join(project.root, FOLDER, name));
  const published = ["CHANGELOG.md", "LICENSE", "README.md", "deno.json", "mod.ts"];
  assertEquals(await listArchive(source), published.map((file) => `mini-0.1.0/${file}`));
  assertEquals(await listArchive(conformance), ["mini-0.1.0-conformance/server/index.html"]);

  const announcement = await project.read(`${FOLDER}/announcement.md`);
  assertEquals(
    announcement.slice(0, announcement.indexOf("## Checked")),
    "# Mini 0.1.0\n\n```sh\ndeno add jsr:@mini/mini@0.1.0\nnpx jsr add @mini/mini@0.1.0\n```\n\n" +
      "## Added\n\n- `one`, a number.\n\n## Fixed\n\n- `one` is a one.\n\n",
  );
  for (
    const words of ["- deno task interop: 3 passed, 1 skipped\n", "- AutobahnTestsuite: 4 cases", "mini-0.1.0.tar.gz"]
  ) {
    assertStringIncludes(announcement, words);
  }
});

Deno.test("a release commits what the dry run showed, tags it, and pushes both", async () => {
  await using project = await MiniProject.make();
  await project.write({ "deno.json": (await project.read("deno.json")).replace('"0.1.0"', '"0.0.9"') });
  await project.commit("Name a version that was not chosen yet");
  const { isPassed, text } = await project.release("0.1.0", { isDryRun: false });
  assert(isPassed, text);
  assertStringIncludes(text, "1 commit ahead of origin/main");
  assertEquals(await project.git("status", "--porcelain"), "");
  assertEquals(await project.git("log", "-1", "--format=%an: %s"), "Mini: Release 0.1.0");
  const changed = await project.git("show", "--name-only", "--format=", "HEAD");
  assertEquals(changed.split("\n"), ["CHANGELOG.md", "SECURITY.md", "api/released.txt", "deno.json"]);
  assertMatch(await project.read("deno.json"), /^ {2}"version": "0\.1\.0",$/m);
  assertStringIncludes(await project.read("CHANGELOG.md"), `## [Unreleased]\n\n## [0.1.0] - ${TODAY}\n\n### Fixed\n`);
  assertEquals(await project.read("api/released.txt"), "version 0.1.0\n");

  assertEquals(await project.git("cat-file", "-t", "v0.1.0"), "tag");
  const message = await project.git("for-each-ref", "--format=%(contents)", "refs/tags/v0.1.0");
  assertEquals(message, (await project.read(`${FOLDER}/announcement.md`)).trim());
  const commit = await project.git("rev-parse", "HEAD");
  const remote = await project.git("ls-remote", "origin", "refs/heads/main", "refs/tags/v0.1.0^{}");
  assertEquals(remote.split("\n"), [`${commit}\trefs/heads/main`, `${commit}\trefs/tags/v0.1.0^{}`]);

  const again = await project.release("0.1.0");
  assertStringIncludes(again.text, "FAIL version");
});

Deno.test("a release after the first follows it, also from a branch of its line", async () => {
  await using project = await MiniProject.make();
  assert((await project.release("0.1.0", { isDryRun: false })).isPassed);
  await project.git("switch", "--quiet", "--create", "release/0.1");
  await project.git("push", "--quiet", "--set-upstream", "origin", "release/0.1");
  const text = await project.read("CHANGELOG.md");
  await project.write({ "CHANGELOG.md": text.replace("[Unreleased]\n", "[Unreleased]\n\n### Security\n\n- One.\n") });
  await project.commit("Mend it");
  const outcome = await project.release("0.1.1", { isDryRun: false });
  assert(outcome.isPassed, outcome.text);
  assertStringIncludes(outcome.text, "follows 0.1.0");
  const changed = await project.git("show", "--name-only", "--format=", "HEAD");
  assertEquals(changed.split("\n"), ["CHANGELOG.md", "api/released.txt", "deno.json"], "SECURITY.md is main's");
});

Deno.test("artifacts come out the same when they are built again, also by CI from the tag", async () => {
  await using project = await MiniProject.make();
  assert((await project.release("0.1.0", { isDryRun: false })).isPassed);
  const sums = await project.read(`${FOLDER}/SHA256SUMS`);
  for (const path of ["mod.ts", "reports/site/index.html"]) await Deno.utime(join(project.root, path), 1, 1);
  await Deno.remove(join(project.root, FOLDER), { recursive: true });
  const { code, text } = await runTool("--root", project.root, "--artifacts");
  assertEquals(code, 0, text);
  assertEquals(await project.read(`${FOLDER}/SHA256SUMS`), sums);
});

Deno.test("--from goes on without the long gates that passed on this very commit", async () => {
  await using project = await MiniProject.make({}, { "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n" });
  assertStringIncludes((await project.release("0.1.0")).text, "FAIL changelog");

  const early = await project.release("0.1.0", { from: "package" });
  assertStringIncludes(early.text, "changelog has not passed on");

  const { isPassed, text } = await project.release("0.1.0", { from: "changelog" });
  assert(!isPassed);
  assertEquals(passedSteps(text), ["version", "branch"], "quick gates are run again");
  assertStringIncludes(text, "release: 2 passed, 1 failed, 6 not run");

  await project.write({ "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- One.\n" });
  await project.commit("Say what is new");
  await project.git("push", "--quiet");
  const other = await project.release("0.1.0", { from: "changelog" });
  assertStringIncludes(other.text, "No earlier gate is known to have passed on");
  assert(!other.isPassed);
});

Deno.test("--from write makes the release after a dry run, with what its gates found", async () => {
  await using project = await MiniProject.make();
  assert((await project.release("0.1.0")).isPassed);
  assertStringIncludes((await project.release("0.1.0", { from: "push", isDryRun: false })).text, "was not written yet");
  const { isPassed, text } = await project.release("0.1.0", { from: "write", isDryRun: false });
  assert(isPassed, text);
  const long = STEPS.filter(({ isLong }) => isLong).map(({ name }) => name);
  assertEquals(passedSteps(text), STEPS.map(({ name }) => name).filter((name) => !long.includes(name)));
  assertStringIncludes(await project.read(`${FOLDER}/announcement.md`), "deno task test: 1,203 passed");
});

Deno.test("--from does not take what a dry run would push for pushed", async () => {
  await using project = await MiniProject.make();
  assert((await project.release("0.1.0")).isPassed);
  await project.git("config", "remote.origin.pushurl", join(project.root, "nowhere.git"));
  assertStringIncludes((await project.release("0.1.0", { from: "write", isDryRun: false })).text, "FAIL push");
  const publish = { from: "publish", isDryRun: false };
  assertStringIncludes((await project.release("0.1.0", publish)).text, "push has not passed on");
  await project.git("config", "--unset", "remote.origin.pushurl");
  assert((await project.release("0.1.0", { from: "push" })).isPassed);
  assertStringIncludes((await project.release("0.1.0", publish)).text, "push has not passed on");
});

Deno.test("a commit that cannot be tagged is taken back", async () => {
  await using project = await MiniProject.make();
  const before = await project.state();
  await project.git("config", "tag.gpgSign", "true");
  await project.git("config", "gpg.program", join(project.root, "nowhere"));
  const { text } = await project.release("0.1.0", { isDryRun: false });
  assertStringIncludes(text, "FAIL write");
  assertEquals(await project.state(), before);
  await project.git("config", "tag.gpgSign", "false");
  assert((await project.release("0.1.0", { from: "write", isDryRun: false })).isPassed);
});

Deno.test({
  name: "--from push goes on after a push that failed",
  // The hook is a script of the shell.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using project = await MiniProject.make();
    const hook = join(project.origin, "hooks", "pre-receive");
    await Deno.mkdir(join(project.origin, "hooks"), { recursive: true });
    await Deno.writeTextFile(hook, "#!/bin/sh\necho closed for today\nexit 1\n", { mode: 0o755 });
    const { isPassed, text } = await project.release("0.1.0", { isDryRun: false });
    assert(!isPassed);
    assertStringIncludes(text, "FAIL push");
    assertStringIncludes(text, "closed for today");
    assertEquals(await project.git("ls-remote", "origin", "refs/tags/v0.1.0"), "", "neither branch nor tag is there");

    await Deno.remove(hook);
    const second = await project.release("0.1.0", { from: "push", isDryRun: false });
    assert(second.isPassed, second.text);
    assertEquals(passedSteps(second.text), ["push", "publish", "announcement"]);
    assertStringIncludes(await project.git("ls-remote", "origin", "refs/tags/v0.1.0"), "refs/tags/v0.1.0");
  },
});

Deno.test({
  name: "a commit that a hook changes is taken back",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using project = await MiniProject.make();
    const before = await project.state();
    const hook = join(project.root, ".git", "hooks", "pre-commit");
    await Deno.mkdir(join(project.root, ".git", "hooks"), { recursive: true });
    await Deno.writeTextFile(hook, "#!/bin/sh\necho more >>README.md\ngit add README.md\n", { mode: 0o755 });
    const { text } = await project.release("0.1.0", { isDryRun: false });
    assertStringIncludes(text, "FAIL write");
    assertStringIncludes(text, "holds other files than the gates looked at");
    assertEquals(await project.state(), before);
  },
});

Deno.test("the tool says its steps and its options, and refuses what it does not understand", async () => {
  const list = await runTool("--list");
  assertEquals(list.code, 0);
  assertEquals(list.text.match(/^ *\d+ (\w+): /gm)?.length, STEPS.length);
  assertMatch((await runTool("--help")).text, /^Usage: deno task release \[options\] VERSION/);
  for (const args of [[], ["0.1.0", "0.2.0"], ["--from", "lunch", "0.1.0"], ["--fast", "0.1.0"]]) {
    const { code, text } = await runTool(...args);
    assertEquals(code, 2, text);
    assertStringIncludes(text, "Usage: ");
  }
});

Deno.test("the tool's exit code says whether a gate stopped", async () => {
  await using project = await MiniProject.make();
  assertEquals((await runTool("--root", project.root, "--dry-run", "0.1.0")).code, 0);
  await project.write({ "mod.ts": "" });
  const { code, text } = await runTool("--root", project.root, "--dry-run", "0.1.0");
  assertEquals(code, 1, text);
  assertStringIncludes(text, "FAIL branch");
});

Deno.test({
  name: "a signal ends the task that runs, and the tool",
  // Windows has no SIGTERM.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const wait =
      `Deno.writeTextFileSync("reports/pid.txt", "" + Deno.pid); console.log("waits"); setInterval(() => {}, 1e6)`;
    await using project = await MiniProject.make({ test: "mkdir -p reports && deno run -A wait.ts" }, {
      "wait.ts": wait,
    });
    const log = join(project.root, FOLDER, "logs", "test.log");
    const args = ["run", "-A", TOOL, "--root", project.root, "--dry-run", "0.1.0"];
    const tool = new Process("release", [Deno.execPath(), ...args], { env: NOWHERE });
    await untilWritten(log, "waits", tool);
    const pid = Number(await project.read("reports/pid.txt"));
    await tool.stop();
    assertEquals((await tool.status).code, 1);
    assertStringIncludes(tool.tail, "The release was stopped\n  -> Go on with --from");
    await untilGone(pid);
  },
});

async function untilWritten(path: string, text: string, writer: Process): Promise<void> {
  await poll(async () => {
    if (writer.ended) throw new Error(writer.tail);
    try {
      return (await Deno.readTextFile(path)).includes(text);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  });
}

async function untilGone(pid: number): Promise<void> {
  await poll(() => {
    try {
      Deno.kill(pid, "SIGCONT");
      return false;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return true;
      throw error;
    }
  });
}

async function poll(isDone: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!await isDone()) {
    assert(performance.now() < deadline, "It took too long");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test("docs/releasing.md has the steps, in their order", async () => {
  const text = await Deno.readTextFile(join(ROOT, "docs", "releasing.md"));
  const [, table = ""] = text.split("## The steps");
  assertEquals([...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name), STEPS.map(({ name }) => name));
});
