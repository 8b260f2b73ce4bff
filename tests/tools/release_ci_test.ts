/** Tests of what the release asks of GitHub, and of what CI asks of a tag. */

import { join } from "node:path";
import { checkTag } from "../../_tools/release/check_tag.ts";
import { GateError } from "../../_tools/release/gate.ts";
import { readCheckRuns } from "../../_tools/release/check_runs.ts";
import { Release } from "../../_tools/release/release.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { MiniProject } from "./mini_project.ts";

interface Run {
  readonly name: string;
  readonly status: string;
  readonly conclusion: string | null;
}

const GREEN: Run = { name: "test", status: "completed", conclusion: "success" };

/** Asks a stand-in for GitHub that knows some runs of the project's commit, or answers with a status. */
async function askGitHub(answer: readonly Run[] | number): Promise<string> {
  await using project = await MiniProject.make();
  const commit = await project.git("rev-parse", "HEAD");
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { pathname, searchParams } = new URL(request.url);
    assertEquals(pathname, `/repos/mini/mini/commits/${commit}/check-runs`);
    assertEquals(request.headers.get("authorization"), "Bearer secret");
    if (typeof answer === "number") return new Response("no", { status: answer });
    const [size, page] = [Number(searchParams.get("per_page")), Number(searchParams.get("page"))];
    return Response.json({ check_runs: answer.slice((page - 1) * size, page * size) });
  });
  const env = {
    GITHUB_API_URL: `http://127.0.0.1:${server.addr.port}`,
    GITHUB_REPOSITORY: "mini/mini",
    GITHUB_TOKEN: "secret",
  };
  await using release = new Release({ root: project.root, version: "0.1.0", isDryRun: true, env, say: () => {} });
  return await readCheckRuns(release);
}

Deno.test("readCheckRuns takes all green runs of the commit, page by page", async () => {
  const others: Run[] = [{ ...GREEN, conclusion: "skipped" }, { ...GREEN, conclusion: "neutral" }];
  assertMatch(await askGitHub([GREEN, ...others]), /^CI: 3 runs green for [0-9a-f]{12}$/);
  assertMatch(await askGitHub(Array.from({ length: 250 }, () => GREEN)), /^CI: 250 runs green/);
});

for (
  const [rule, answer, message] of [
    ["no run", [], "CI has not run for"],
    ["runs that were skipped, all of them", [{ ...GREEN, conclusion: "skipped" }], "CI has not run for"],
    ["a commit that GitHub does not know", 422, "CI has not run for"],
    ["a run that failed", [GREEN, { name: "ok", status: "completed", conclusion: "failure" }], "ok (failure)"],
    ["a run that still runs", [{ name: "ok", status: "in_progress", conclusion: null }], "ok (in_progress)"],
    ["a failure on the second page", [
      ...Array.from({ length: 100 }, () => GREEN),
      { name: "late", status: "completed", conclusion: "cancelled" },
    ], "late (cancelled)"],
    ["a token that may not read", 403, "GitHub answered 403"],
  ] as const
) {
  Deno.test(`readCheckRuns refuses ${rule}`, async () => {
    await assertRejects(() => askGitHub(answer), GateError, message);
  });
}

Deno.test("readCheckRuns says that the network is away", async () => {
  await using project = await MiniProject.make();
  // Nobody listens at a port that was given back.
  const { addr, shutdown } = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => new Response());
  await shutdown();
  const env = {
    GITHUB_API_URL: `http://127.0.0.1:${addr.port}`,
    GITHUB_REPOSITORY: "mini/mini",
    GITHUB_TOKEN: "secret",
  };
  await using release = new Release({ root: project.root, version: "0.1.0", isDryRun: true, env, say: () => {} });
  await assertRejects(() => readCheckRuns(release), GateError, "GitHub cannot be asked for CI's runs");
});

Deno.test("the ci gate asks GitHub where it can, and stops for a run that is not green", async () => {
  await using project = await MiniProject.make();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => Response.json({ check_runs: [{ name: "windows", status: "completed", conclusion: "failure" }] }),
  );
  const env = {
    GITHUB_API_URL: `http://127.0.0.1:${server.addr.port}`,
    GITHUB_REPOSITORY: "mini/mini",
    GH_TOKEN: "secret",
  };
  const { isPassed, text } = await project.release("0.1.0", { env });
  assert(!isPassed);
  assertStringIncludes(text, "FAIL ci");
  assertStringIncludes(text, "windows (failure)");
});

async function releasedProject(version: string): Promise<MiniProject> {
  const project = await MiniProject.make();
  const { isPassed, text } = await project.release(version, { isDryRun: false });
  assert(isPassed, text);
  return project;
}

Deno.test("checkTag takes what the release tagged, and says what to publish it as", async () => {
  await using project = await releasedProject("0.1.0");
  assertEquals(await checkTag(project.root, "v0.1.0"), { version: "0.1.0", isNewest: true, isPrerelease: false });
  await project.git("tag", "v0.2.0-rc.1");
  assert((await checkTag(project.root, "v0.1.0")).isNewest, "what comes before a release is not above it");
  await project.git("tag", "v0.2.0");
  assert(!(await checkTag(project.root, "v0.1.0")).isNewest);
});

Deno.test("checkTag says of what comes before a release that it is not the newest", async () => {
  await using project = await releasedProject("0.1.0-rc.1");
  const expected = { version: "0.1.0-rc.1", isNewest: false, isPrerelease: true };
  assertEquals(await checkTag(project.root, "v0.1.0-rc.1"), expected);
  assertStringIncludes(await project.read("SECURITY.md"), "| next | `main` |", "it supports no line yet");
});

for (
  const [rule, message, spoil] of [
    [
      "another version than deno.json's",
      "the tag is v0.2.0, but deno.json says 0.1.0",
      () => Promise.resolve("v0.2.0"),
    ],
    ["a tag without annotation", "v0.1.0 is not an annotated tag", async (project: MiniProject) => {
      await project.git("tag", "--force", "v0.1.0", "HEAD");
      return "v0.1.0";
    }],
    ["another commit", "v0.1.0 is not the commit that is checked out", async (project: MiniProject) => {
      await project.git("commit", "--quiet", "--allow-empty", "-m", "Go on");
      return "v0.1.0";
    }],
    ["a commit that no branch of releases has", "neither on main nor on release/0.1", async (project: MiniProject) => {
      await project.git("commit", "--quiet", "--allow-empty", "-m", "Go astray");
      await project.git("tag", "--force", "--annotate", "-m", "Mine", "v0.1.0");
      return "v0.1.0";
    }],
    ["a version that the changelog does not have", "has no section for 0.1.0", async (project: MiniProject) => {
      await project.write({ "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n" });
      return "v0.1.0";
    }],
  ] as const
) {
  Deno.test(`checkTag refuses ${rule}`, async () => {
    await using project = await releasedProject("0.1.0");
    const tag = await spoil(project);
    const error = await assertRejects(() => checkTag(project.root, tag), GateError);
    assertStringIncludes(error.message.toLowerCase(), message.toLowerCase());
  });
}

Deno.test("the tool tells CI's next steps what the tag is", async () => {
  await using project = await releasedProject("0.1.0");
  const output = join(project.root, "reports", "output.txt");
  const args = ["run", "-A", join(ROOT, "_tools", "release.ts"), "--root", project.root, "--check-tag"];
  const run = async (tag: string): Promise<Deno.CommandOutput> =>
    await new Deno.Command(Deno.execPath(), { args: [...args, tag], env: { GITHUB_OUTPUT: output } }).output();
  assertEquals((await run("v0.1.0")).code, 0);
  assertEquals(await Deno.readTextFile(output), "version=0.1.0\nnewest=true\nprerelease=false\n");
  const { code, stderr } = await run("v0.1.1");
  assertEquals(code, 1);
  assertStringIncludes(new TextDecoder().decode(stderr), "FAIL The tag is v0.1.1");
});

Deno.test("the workflow is set off by tags, runs CI's Deno, and grants nothing that a job does not need", async () => {
  const [release, ci] = await Promise.all(
    ["release.yml", "ci.yml"].map((name) => Deno.readTextFile(join(ROOT, ".github", "workflows", name))),
  );
  assert(release !== undefined && ci !== undefined);
  assertStringIncludes(release, 'on:\n  push:\n    tags: ["v*"]\n\npermissions:\n  contents: read\n\n');
  assertStringIncludes(ci, "workflow_call:");
  const denoOf = (text: string): string | undefined => /^ {2}DENO: (.+)$/m.exec(text)?.[1];
  assert(denoOf(ci) !== undefined);
  assertEquals(denoOf(release), denoOf(ci));
  assertEquals([...release.matchAll(/^ {6}([\w-]+): write$/gm)].map(([, name]) => name), [
    "id-token", // package
    "pages", // site
    "id-token",
    "contents", // announcement
  ]);
  const tasks: Record<string, unknown> = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))).tasks;
  const used = [...release.matchAll(/\$DENO task ([\w-]+)/g)].map(([, name = ""]) => name);
  assertEquals([...new Set(used)], ["release", "docs"]);
  for (const name of used) assert(tasks[name] !== undefined, `deno.json has no task ${name}`);
});
