/**
 * Builds the documentation as a site of static pages and checks it: `deno task docs`.
 *
 * @module
 */

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { failureMessage } from "../../internal/log.ts";
import { ignoredFolder } from "../../tests/support/folders.ts";
import { lookAtSite, type Sight } from "./browser.ts";
import { type BuildOptions, type BuildResult, buildSite, SITE_FOLDER } from "./build.ts";
import { checkLinks, type CheckOutcome, checkSpelling, runCheck } from "./checks.ts";
import { checkReports } from "./conformance.ts";
import { installPackages } from "./install.ts";
import { ROOT } from "../project.ts";
import { API_PAGE } from "./navigation.ts";
import { serveSite } from "./serve.ts";

const USAGE = `Usage: deno task docs [options]
  --out DIR          the folder that gets the site; it is emptied (reports/site)
  --base /PATH/      the path that the site will be below (/)
  --reports DIR      the reports of deno task conformance (reports/autobahn)
  --require-reports  fail where those are absent, or not all of their cases as expected
  --no-check         build only
  --serve            build, then serve the site on 127.0.0.1
  --port N           the port for --serve (8000)
  --help             print this`;

/** What the command line asks for. */
export interface Settings extends BuildOptions {
  /** Whether the reports have to be there. */
  readonly requireReports: boolean;
  /** Whether the site is checked. */
  readonly check: boolean;
  /** The port that the site is served on; `undefined` where it is not. */
  readonly port: number | undefined;
}

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @returns What they ask for; `undefined` where that is help.
 * @throws {TypeError | RangeError} They cannot be understood.
 */
export function readSettings(args: readonly string[]): Settings | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: "string" },
      base: { type: "string", default: "/" },
      reports: { type: "string" },
      "require-reports": { type: "boolean", default: false },
      "no-check": { type: "boolean", default: false },
      serve: { type: "boolean", default: false },
      port: { type: "string", default: "8000" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  if (!/^\/(?:[\w.~-]+\/)*$/.test(values.base)) {
    throw new RangeError(`--base must be a path with a slash at both ends, received "${values.base}"`);
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new RangeError(`--port must be from 0 to 65535, received "${values.port}"`);
  }
  return {
    out: values.out === undefined ? SITE_FOLDER : resolve(values.out),
    base: values.base,
    reports: values.reports === undefined ? resolve(ROOT, "reports", "autobahn") : resolve(values.reports),
    requireReports: values["require-reports"],
    check: !values["no-check"] && !values.serve,
    port: values.serve ? port : undefined,
  };
}

const HAS_TITLE = `document.querySelector("h1") !== null`;
const SIGHTS: readonly Sight[] = [
  { name: "home", address: "", shows: `document.querySelector(".VPHero .viaduct svg") !== null` },
  { name: "guide", address: "guides/components.html", shows: HAS_TITLE },
  { name: "performance", address: "performance.html", shows: `document.querySelector("figure.plot svg") !== null` },
  { name: "conformance", address: "conformance.html", shows: HAS_TITLE },
  { name: "api", address: "api/wamp/~/Session.html", shows: `document.querySelector("main article") !== null` },
  { name: "api-index", address: "api/index.html", shows: `document.querySelector(".entryPoints a") !== null` },
  { name: "source", address: "source/wamp/join.ts.html", shows: `document.querySelector("code .token") !== null` },
];

/** Checks a built site; each check tells how it ended as soon as it has. */
async function* checkSite(settings: Settings, built: BuildResult): AsyncGenerator<CheckOutcome> {
  const { out, base } = settings;
  yield { name: "navigation", problems: built.navigation, scope: `${built.files.length} pages` };
  yield { name: "placeholders", problems: built.unfilled };
  if (settings.requireReports) yield { name: "reports", problems: checkReports(built.reports) };
  yield { name: "links of the sources", problems: built.deadLinks };
  const packages = await installPackages();
  yield await runCheck(
    "links of the site",
    () => checkLinks(out, base, packages),
  );
  const files = built.files.filter((file) => file !== API_PAGE);
  yield await runCheck("spelling", () => checkSpelling([...files, "README.md"]));
  const pictures = await ignoredFolder("reports", "screenshots");
  const search = { word: "serveRouter", result: "@viaduct/viaduct/wamp/router" };
  yield* await lookAtSite({ folder: out, base, sights: SIGHTS, addresses: built.addresses, search, pictures });
}

function print({ name, problems, scope }: CheckOutcome, start: number): void {
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
  console.log(`${problems.length === 0 ? "pass" : "FAIL"} ${name.padEnd(24)} ${seconds} s  ${scope ?? ""}`.trimEnd());
  for (const problem of problems) console.log(problem.replace(/^/gm, "     "));
}

async function main(settings: Settings): Promise<boolean> {
  const outcomes: CheckOutcome[] = [];
  let start = performance.now();
  const note = (outcome: CheckOutcome): void => {
    outcomes.push(outcome);
    print(outcome, start);
    start = performance.now();
  };
  let built: BuildResult | undefined;
  try {
    built = await buildSite(settings);
    note({ name: "build", problems: [], scope: settings.out });
  } catch (error) {
    note({ name: "build", problems: [failureMessage(error)] });
  }
  if (built !== undefined && settings.check) {
    for await (const outcome of checkSite(settings, built)) note(outcome);
  }
  const failed = outcomes.filter(({ problems }) => problems.length > 0).length;
  if (built !== undefined && settings.port !== undefined) await serve(settings.out, settings.base, settings.port);
  else console.log(`docs: ${outcomes.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

async function serve(folder: string, base: string, port: number): Promise<void> {
  await using server = serveSite(folder, { base, port });
  console.log(`The site is at ${server.url}; Ctrl+C ends it`);
  await server.finished;
}

if (import.meta.main) {
  const settings = readSettings(Deno.args);
  if (settings === undefined) console.log(USAGE);
  else Deno.exit(await main(settings) ? 0 : 1);
}
