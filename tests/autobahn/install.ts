/**
 * Installs AutobahnTestsuite into an ignored folder of the project, or uses its public image.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emptyFolder, ignoredFolder, readTextIfPresent } from "../support/folders.ts";
import { runCommand } from "../support/processes.ts";
import { findPython } from "../support/python.ts";

const IMAGE = "crossbario/autobahn-testsuite";
/** The last version of pip for Python 2.7. */
const PIP = "20.3.4";
/** A quick stand-in for the suite: the same case files driven from native code, for loops while developing. */
const KOSOKU = "0.1.0";
const HERE = fileURLToPath(new URL(".", import.meta.url));

/** What the suite does: drive a server under test, or be the server that a client under test connects to. */
export type Mode = "fuzzingclient" | "fuzzingserver";

/** A part of the cases, as the suite is told about it. */
export interface SuiteRun {
  readonly mode: Mode;
  /** An existing folder that gets the spec and the report. */
  readonly folder: string;
  /** The address of the server under test, or where the suite listens. */
  readonly url: string;
  /** The testee's name in the report. */
  readonly agent: string;
  /** Case patterns such as `1.*`. */
  readonly cases: readonly string[];
}

/** An installed suite. */
export interface Suite {
  readonly name: string;
  /** Prepares a run in its folder and says by which command it starts. */
  prepare(run: SuiteRun): Promise<readonly string[]>;
  /** Reads the text of its index.json as a report on the agent. */
  readIndex(text: string, agent: string): unknown;
}

/** Installs the suite where it is not yet; throws an error that says what is missing. */
export async function installSuite(kind: "python" | "docker" | "kosoku"): Promise<Suite> {
  if (kind === "docker") return await dockerSuite();
  if (kind === "kosoku") return await kosokuSuite();
  return await pythonSuite();
}

async function pythonSuite(): Promise<Suite> {
  const python = await findPython2();
  const folder = await ignoredFolder(".cache", "autobahn");
  const requirements = await Deno.readTextFile(join(HERE, "requirements.txt"));
  const tools = await Deno.readTextFile(join(HERE, "requirements-tools.txt"));
  const stamp = JSON.stringify({ python, pip: PIP, tools, requirements });
  if (await readTextIfPresent(join(folder, "stamp")) !== stamp) {
    await installPackages(python);
    await Deno.writeTextFile(join(folder, "stamp"), stamp);
  }
  const site = join(folder, "site");
  return {
    name: "autobahntestsuite on Python 2.7",
    async prepare(run: SuiteRun): Promise<readonly string[]> {
      const spec = await writeSpec(run, run.folder);
      // -u: unbuffered, so that progress is seen. -u 0 of wstest: no second web server on port 8080.
      return [python, "-u", join(HERE, "wstest.py"), site, "-u", "0", "-m", run.mode, "-s", spec];
    },
    readIndex: (text) => JSON.parse(text),
  };
}

async function writeSpec(run: SuiteRun, outdir: string): Promise<string> {
  const shared = { outdir, cases: run.cases, "exclude-cases": [], "exclude-agent-cases": {} };
  const spec = run.mode === "fuzzingclient"
    ? { ...shared, servers: [{ agent: run.agent, url: run.url }] }
    : { ...shared, url: run.url };
  const path = join(run.folder, "spec.json");
  await Deno.writeTextFile(path, `${JSON.stringify(spec, null, 2)}\n`);
  return path;
}

/** Finds Python 2.7: in pyenv's folder, else on PATH. */
async function findPython2(): Promise<string> {
  const python = await findPython(["2.7"]);
  if (python !== undefined) return python;
  throw new Error(
    "Cannot install AutobahnTestsuite: it needs Python 2.7, and there is neither one in pyenv (pyenv install 2.7.18) " +
      "nor python2.7 on PATH. With Docker, pass --docker instead.",
  );
}

async function installPackages(python: string): Promise<void> {
  const folder = await emptyFolder(".cache", "autobahn");
  const [pip, tools, site] = [join(folder, "pip"), join(folder, "tools"), join(folder, "site")];
  await downloadPip(python, folder);
  const wheel = join(folder, `pip-${PIP}-py2.py3-none-any.whl`);
  const unpack = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";
  await runCommand([python, "-c", unpack, wheel, pip]);
  const install = [python, join(pip, "pip"), "install", "--quiet", "--no-deps"];
  await runCommand([...install, "--target", tools, "-r", join(HERE, "requirements-tools.txt")]);
  // Source packages are built with the setuptools above: a fresh one no longer knows Python 2.7.
  const build = ["--no-build-isolation", "--target", site, "-r", join(HERE, "requirements.txt")];
  await runCommand([...install, ...build], { env: { PYTHONPATH: tools } });
}

async function downloadPip(python: string, folder: string): Promise<void> {
  const failures: unknown[] = [];
  for (const program of [python, "python3"]) {
    try {
      await runCommand([program, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, `pip==${PIP}`]);
      return;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `Cannot install AutobahnTestsuite: pip ${PIP} cannot be downloaded`);
}

async function dockerSuite(): Promise<Suite> {
  try {
    await runCommand(["docker", "pull", "--quiet", IMAGE]);
  } catch (error) {
    throw new Error(`Cannot use the image ${IMAGE}: Docker must be installed and running`, { cause: error });
  }
  return {
    name: IMAGE,
    async prepare(run: SuiteRun): Promise<readonly string[]> {
      await writeSpec(run, "/report");
      // --init: wstest as process 1 would ignore the signal that ends it.
      const docker = [
        "docker",
        "run",
        "--rm",
        "--init",
        "--network",
        "host",
        "--volume",
        `${run.folder}:/report`,
        IMAGE,
      ];
      return [...docker, "wstest", "-u", "0", "-m", run.mode, "-s", "/report/spec.json"];
    },
    readIndex: (text) => JSON.parse(text),
  };
}

async function kosokuSuite(): Promise<Suite> {
  const folder = await ignoredFolder(".cache", "kosoku");
  const program = join(folder, "bin", "kosoku");
  if (await readTextIfPresent(join(folder, "stamp")) !== KOSOKU) {
    await runCommand(["python3", "-m", "venv", "--clear", folder]);
    await runCommand([join(folder, "bin", "pip"), "install", "--quiet", `kosoku==${KOSOKU}`]);
    await Deno.writeTextFile(join(folder, "stamp"), KOSOKU);
  }
  return {
    name: `kosoku ${KOSOKU} (quick; claims rest on autobahntestsuite)`,
    prepare(run: SuiteRun): Promise<readonly string[]> {
      const cases = run.cases.flatMap((pattern) => ["-i", pattern]);
      return Promise.resolve([program, "-m", run.mode, "-o", run.folder, ...cases, new URL(run.url).host]);
    },
    // As a client it takes the server's address for the agent's name.
    readIndex(text: string, agent: string): unknown {
      return { [agent]: Object.assign({}, ...Object.values(JSON.parse(text))) };
    },
  };
}

if (import.meta.main) {
  const kind = Deno.args.includes("--docker") ? "docker" : "python";
  console.log(`Installed ${(await installSuite(kind)).name}`);
}
