/**
 * Projects in a temporary folder that are released in tests: a git repository with tiny tasks, and a remote.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { gitEnvironment } from "../../_tools/release/git.ts";
import { Release, type ReleaseOptions } from "../../_tools/release/release.ts";
import { runSteps } from "../../_tools/release/steps.ts";

/** The tasks of a project in which everything is right. */
const TASKS: Readonly<Record<string, string>> = {
  test: "echo 'ok | 1203 passed (4 steps) | 0 failed | 1 ignored (1s)'",
  ok: "echo 'ok: 2 passed, 0 failed'",
  interop: "echo 'interop: 3 passed, 0 failed, 1 skipped'",
  conformance: "mkdir -p reports/autobahn/server && echo '<p>1.1.1</p>' > reports/autobahn/server/index.html && " +
    "echo log > reports/autobahn/server/suite.log && echo 'conformance: 4 passed, 0 failed'",
  docs: "mkdir -p reports/site && echo '<p>Mini</p>' > reports/site/index.html && echo 'docs: 5 passed, 0 failed'",
};

const API_TOOL = `
const [flag, version] = Deno.args;
if (flag === "--release") Deno.writeTextFileSync("api/released.txt", "version " + version + "\\n");
else if (JSON.parse(Deno.readTextFileSync("deno.json")).version === "0.0.1") {
  console.log("api: needs 0.1.0 or above");
  Deno.exit(1);
} else console.log("api: 1 symbol, 0 findings");
`;

const FILES: Readonly<Record<string, string>> = {
  ".gitignore": "reports/\n",
  ".github/workflows/release.yml":
    "on:\n  push:\n    tags: [v*]\njobs:\n  package:\n    name: Package to JSR\n  site:\n",
  "README.md": "# Mini\n\nA project.\n",
  "LICENSE": "MIT\n",
  "CHANGELOG.md":
    "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- `one` is a one.\n\n### Added\n\n- `one`, a number.\n",
  "SECURITY.md": "# Security\n\n| line | branch | what is mended |\n| ---- | ------ | -------------- |\n" +
    "| next | `main` | everything     |\n\nReport it.\n",
  // Deno tells sizes above and below 1 kB in other words.
  "mod.ts": `/** ${"One. ".repeat(300)}*/\nexport const one: number = 1;\n`,
  "api/released.txt": "version 0.0.0\n",
  "_tools/api_surface.ts": API_TOOL,
  "_tools/check_package.ts": 'console.log("package: 5 files, 1 kB");\n',
  "tests/autobahn/expected.json": '{ "groups": [{ "cases": { "1.1.1": {}, "1.1.2": {} } }] }\n',
};

/** How a run of the release ended. */
export interface ReleaseOutcome {
  readonly isPassed: boolean;
  /** All that it said. */
  readonly text: string;
}

/** A project of its own, in which everything is right until a test breaks something. */
export class MiniProject implements AsyncDisposable {
  readonly root: string;
  /** The bare repository that it is pushed to. */
  readonly origin: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.root = join(folder, "mini");
    this.origin = join(folder, "origin.git");
  }

  /** Makes a project, with some tasks and files in place of the usual ones, commits it and pushes it. */
  static async make(
    tasks: Readonly<Record<string, string>> = {},
    files: Readonly<Record<string, string>> = {},
  ): Promise<MiniProject> {
    const project = new MiniProject(await Deno.makeTempDir({ prefix: "mini_" }));
    await Deno.mkdir(project.root);
    await project.git("init", "--quiet", "--bare", "--initial-branch=main", project.origin);
    await project.git("init", "--quiet", "--initial-branch=main");
    const config = ["user.name=Mini", "user.email=mini@example.com", "commit.gpgSign=false", "tag.gpgSign=false"];
    for (const entry of [...config, "core.autocrlf=false"]) await project.git("config", ...entry.split("="));
    await project.git("remote", "add", "origin", project.origin);
    const manifest = {
      name: "@mini/mini",
      version: "0.1.0",
      license: "MIT",
      exports: "./mod.ts",
      tasks: { ...TASKS, ...tasks },
      publish: { include: ["mod.ts", "README.md", "LICENSE", "CHANGELOG.md", "deno.json"] },
    };
    await project.write({ "deno.json": `${JSON.stringify(manifest, undefined, 2)}\n`, ...FILES, ...files });
    await project.commit("Begin");
    await project.git("push", "--quiet", "--set-upstream", "origin", "main");
    return project;
  }

  /** Runs the steps of a release; a dry run unless told otherwise. */
  async release(
    version: string,
    { from, ...options }: Partial<ReleaseOptions> & { readonly from?: string } = {},
  ): Promise<ReleaseOutcome> {
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    await using release = new Release({ root: this.root, version, isDryRun: true, env: {}, say, ...options });
    const isPassed = await runSteps(release, from);
    return { isPassed, text: lines.join("\n") };
  }

  /** Writes files. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(this.root, path)), { recursive: true });
      await Deno.writeTextFile(join(this.root, path), text);
    }
  }

  /** Reads a file. */
  async read(path: string): Promise<string> {
    return await Deno.readTextFile(join(this.root, path));
  }

  /** Commits everything. */
  async commit(message: string): Promise<void> {
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "-m", message);
  }

  /** Runs git; throws what it says when it fails. */
  async git(...args: string[]): Promise<string> {
    const options: Deno.CommandOptions = { args, cwd: this.root, stdin: "null", clearEnv: true, env: gitEnvironment() };
    const { success, stdout, stderr } = await new Deno.Command("git", options).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`git ${args.join(" ")}: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout).trim();
  }

  /** All that a dry run must leave as it is: commits, branches and tags here and at the remote, and files. */
  async state(): Promise<string> {
    const refs = ["for-each-ref", "--format=%(refname) %(objectname)"];
    const parts = [await this.git(...refs), await this.git("-C", this.origin, ...refs), await this.git("status", "-s")];
    return parts.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}
