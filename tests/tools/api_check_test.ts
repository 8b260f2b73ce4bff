import { assert, assertEquals, assertMatch, assertThrows } from "../std.ts";
import { join } from "node:path";
import { compareSurfaces } from "../../_tools/api/changes.ts";
import { readSurface } from "../../_tools/api/surface.ts";
import { GIVEN_OBJECTS, OWN_OBJECTS } from "../../_tools/api/uses.ts";
import { checkChangelog, checkVersion, releasedVersionOf, writeReleased } from "../../_tools/api_surface.ts";
import { parseChangelog } from "../../_tools/changelog.ts";
import { ROOT } from "../../_tools/project.ts";
import { parseVersion } from "../../_tools/semver.ts";

const OLD = `. @public function stay(): void
. @public function go(): void
. @public interface Options (in)
. @public interface Options { a?: number }
`;
/** What follows OLD, and the step that it takes. */
const AFTER = {
  breaking: OLD.replace(". @public function go(): void\n", ""),
  additive: `${OLD}. @public function come(): void\n`,
  member: `${OLD}. @public interface Options { b?: number }\n`,
  changed: OLD.replace("go(): void", "go(x: number): void"),
  untouched: OLD,
  experimental: `${OLD}. @experimental function maybe(): void\n`,
} as const;

function released(version: string): string {
  return writeReleased(OLD, parseVersion(version));
}

Deno.test("releasedVersionOf reads the version that writeReleased wrote", () => {
  assertEquals(releasedVersionOf(released("1.2.3-rc.1")), parseVersion("1.2.3-rc.1"));
  assertThrows(() => releasedVersionOf(OLD), SyntaxError, "# Release VERSION");
});

const VERSIONS: readonly (readonly [last: string, after: keyof typeof AFTER, version: string, required?: string])[] = [
  ["1.2.3", "breaking", "1.3.0", "2.0.0"],
  ["1.2.3", "changed", "1.9.9", "2.0.0"],
  ["1.2.3", "breaking", "2.0.0"],
  ["1.2.3", "breaking", "3.0.0"],
  ["1.2.3", "breaking", "2.0.0-rc.1"],
  ["1.2.3", "additive", "1.2.4", "1.3.0"],
  ["1.2.3", "member", "1.2.3", "1.3.0"],
  ["1.2.3", "additive", "1.3.0"],
  ["1.2.3", "experimental", "1.2.3"],
  ["1.2.3", "untouched", "1.2.3"],
  ["1.2.3", "untouched", "1.2.2", "1.2.3"],
  ["1.2.3", "untouched", "1.2.3-rc.1", "1.2.3"],
  ["0.2.3", "breaking", "0.2.4", "0.3.0"],
  ["0.2.3", "breaking", "0.3.0"],
  ["0.2.3", "additive", "0.2.3", "0.2.4"],
  ["0.2.3", "additive", "0.2.4"],
];

for (const [last, after, version, required] of VERSIONS) {
  const verdict = required === undefined ? "takes" : "refuses";
  Deno.test(`checkVersion ${verdict} ${version} for what is ${after} after ${last}`, () => {
    const fault = checkVersion(released(last), compareSurfaces(OLD, AFTER[after]), parseVersion(version));
    if (required === undefined) return assertEquals(fault, undefined);
    assert(fault?.startsWith(`Version ${version} must be at least ${required}, since `), fault);
  });
}

interface Entry {
  readonly name: string;
  readonly after: keyof typeof AFTER;
  /** What stands in the changelog, below its title. */
  readonly changelog: string;
  /** What is missing: symbol and heading. */
  readonly missing: readonly string[];
}

const ENTRIES: readonly Entry[] = [
  {
    name: "nothing for what is experimental",
    after: "experimental",
    changelog: "## [Unreleased]",
    missing: [],
  },
  {
    name: "the name of what is gone",
    after: "breaking",
    changelog: "## [Unreleased]\n\n### Removed\n\n- `stay()`, and go without backticks.",
    missing: ["`go` under Removed"],
  },
  {
    name: "and finds it in code",
    after: "breaking",
    changelog: "## [Unreleased]\n\n### Removed\n\n- `await go(1)`: use `stay()`.",
    missing: [],
  },
  {
    name: "the name of what has changed, where it is told that it has",
    after: "changed",
    changelog: "## [Unreleased]\n\n### Added\n\n- `go()` takes a number.",
    missing: ["`go` under Changed"],
  },
  {
    name: "and takes a mended symbol for a changed one",
    after: "changed",
    changelog: "## [Unreleased]\n\n### Fixed\n\n- `go()` takes a number.",
    missing: [],
  },
  {
    name: "the name of what is new, under Added",
    after: "additive",
    changelog: "## [Unreleased]\n\n### Changed\n\n- `come()` is there.",
    missing: ["`come` under Added"],
  },
  {
    name: "the owner of a new member, as an addition",
    after: "member",
    changelog: "## [Unreleased]\n\n### Added\n\n- `Options.b` for more.",
    missing: [],
  },
  {
    name: "the owner of a new member, or as a change",
    after: "member",
    changelog: "## [Unreleased]\n\n### Changed\n\n- `Options` has a `b`.",
    missing: [],
  },
  {
    name: "the owner of a new member, not another one's",
    after: "member",
    changelog: "## [Unreleased]\n\n### Added\n\n- `OtherOptions.b` for more.",
    missing: ["`Options` under Added"],
  },
  {
    name: "what stands below the version that is worked on as well",
    after: "additive",
    changelog: "## [Unreleased]\n\n## [1.3.0] - 2026-01-02\n\n### Added\n\n- `come()`.",
    missing: [],
  },
  {
    name: "not what stands below another version",
    after: "additive",
    changelog: "## [Unreleased]\n\n## [1.2.3] - 2026-01-02\n\n### Added\n\n- `come()`.",
    missing: ["`come` under Added"],
  },
];

for (const { name, after, changelog, missing } of ENTRIES) {
  Deno.test(`checkChangelog wants ${name}`, () => {
    const changes = compareSurfaces(OLD, AFTER[after]);
    const sections = parseChangelog(`# Changelog\n\n${changelog}\n`);
    const findings = checkChangelog(released("1.2.3"), changes, sections, parseVersion("1.3.0"));
    assertEquals(findings.map((line) => /must name (.*?), since /.exec(line)?.[1]), [...missing]);
  });
}

Deno.test("checkChangelog wants something under Added before the first release, and no names", () => {
  const changes = compareSurfaces("# Release 0.0.0\n", OLD);
  const check = (changelog: string): string[] =>
    checkChangelog("# Release 0.0.0\n", changes, parseChangelog(changelog), parseVersion("0.1.0"));
  assertEquals(check("# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Everything.\n"), []);
  for (const empty of ["# Changelog\n", "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- A fault.\n"]) {
    assertMatch(check(empty).join(), /^CHANGELOG\.md: must have something under Added/);
  }
});

Deno.test("what is said to be made by the library or by programs alone is exported", async () => {
  const names = new Set(readSurface(await Deno.readTextFile(`${ROOT}api/current.txt`)).map(({ name }) => name));
  assertEquals([...OWN_OBJECTS, ...GIVEN_OBJECTS].filter((name) => !names.has(name)), []);
});

/** A small project with the tools of this one. */
async function createProject(folder: string, code: string): Promise<void> {
  await Deno.mkdir(join(folder, "_tools"));
  for (
    const name of ["api", "api_surface.ts", "changelog.ts", "doc_model.ts", "doc_type.ts", "project.ts", "semver.ts"]
  ) {
    await copy(join(ROOT, "_tools", name), join(folder, "_tools", name));
  }
  await Deno.mkdir(join(folder, "api"));
  await Deno.writeTextFile(
    join(folder, "deno.json"),
    JSON.stringify({ version: "0.1.0", exports: { ".": "./mod.ts" } }),
  );
  await Deno.writeTextFile(join(folder, "CHANGELOG.md"), "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- All.\n");
  await Deno.writeTextFile(join(folder, "api/released.txt"), "# Release 0.0.0\n");
  await Deno.writeTextFile(join(folder, "mod.ts"), code);
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}

async function runTool(folder: string, ...args: string[]): Promise<readonly [code: number, output: string]> {
  const options = { args: ["run", "-A", "_tools/api_surface.ts", ...args], cwd: folder, env: { NO_COLOR: "1" } };
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  return [code, new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout)];
}

Deno.test("api_surface writes, checks and releases a project's API", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const constant = (name: string): string => `/**\n * It.\n *\n * @public\n */\nexport const ${name}: number = 1;\n`;
  const change = (file: string, from: string, to: string): void =>
    Deno.writeTextFileSync(join(folder, file), Deno.readTextFileSync(join(folder, file)).replace(from, to));
  try {
    await createProject(folder, `${constant("a")}${constant("b")}`);
    assertEquals(await runTool(folder, "--write"), [0, ""]);
    assertEquals(await runTool(folder), [0, "api: 2 lines, 2 changes since 0.0.0, 0 findings\n"]);
    assertEquals(await runTool(folder, "--release", "0.1.0"), [0, "api: release 0.1.0, 0 findings\n"]);
    assertMatch((await runTool(folder, "--release", "0.1.0"))[1], /must be above 0\.1\.0, received 0\.1\.0/);
    change("CHANGELOG.md", "## [Unreleased]", "## [Unreleased]\n\n## [0.1.0] - 2026-01-02");
    assertEquals(await runTool(folder), [0, "api: 2 lines, 0 changes since 0.1.0, 0 findings\n"]);

    change("mod.ts", constant("b"), "");
    const [code, output] = await runTool(folder);
    assertEquals(code, 1);
    assertMatch(output, /api\/current\.txt: is not the API of the code;.*\n {2}- \. @public const b: number\n/);
    assertMatch(output, /deno\.json: Version 0\.1\.0 must be at least 0\.2\.0/);
    assertMatch(
      output,
      /CHANGELOG\.md: must name `b` under Removed, since b of \. was removed, which breaks programs\n/,
    );
    assertEquals((await runTool(folder, "--release", "0.2.0"))[0], 1);

    assertEquals(await runTool(folder, "--write"), [0, ""]);
    change("deno.json", "0.1.0", "0.2.0");
    change("CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n### Removed\n\n- `b`.\n");
    assertEquals(await runTool(folder), [0, "api: 1 lines, 1 changes since 0.1.0, 0 findings\n"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
