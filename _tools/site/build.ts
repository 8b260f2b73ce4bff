/**
 * Builds the site: gathers its pages in `.cache/site/pages` and has VitePress make static ones of them.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { emptyFolder } from "../../tests/support/folders.ts";
import { drawPlots } from "../plots.ts";
import { ROOT } from "../project.ts";
import { describeApi, writeApi } from "./api.ts";
import { copyReports, describeReports, readReports, type RoleReports } from "./conformance.ts";
import { installPackages } from "./install.ts";
import { fillPlaceholders } from "./markdown.ts";
import { API_PAGE, checkNavigation, HOME_PAGE, NAVIGATION } from "./navigation.ts";
import { runDeno } from "./run.ts";
import { pageOf, PROJECT_PAGES, Stage } from "./stage.ts";

const TEMPLATES = new URL("vitepress/", import.meta.url);
/** The folder that gets the site where no other is named. */
export const SITE_FOLDER: string = resolve(ROOT, "reports", "site");
/** A file that every built site has. */
const SITE_MARK = "hashmap.json";
const DESCRIPTION = "WAMP and WebSocket for Deno and the web: clients, a router, a WebSocket server, no dependencies";

/** What is built. */
export interface BuildOptions {
  /** The folder that gets the site; it is emptied. */
  readonly out: string;
  /** The path that the site will be below, with a slash at both ends. */
  readonly base: string;
  /** The folder with the reports of AutobahnTestsuite. */
  readonly reports: string;
}

/** What the build found. */
export interface BuildResult {
  /** The Markdown files that are pages, from the root. */
  readonly files: readonly string[];
  /** The pages, as addresses below the site's. */
  readonly addresses: readonly string[];
  /** The reports of AutobahnTestsuite. */
  readonly reports: readonly RoleReports[];
  /** Links of the sources that lead nowhere, a line each. */
  readonly deadLinks: readonly string[];
  /** Placeholders that nothing fills, a line each. */
  readonly unfilled: readonly string[];
  /** What is wrong with the navigation, a line each. */
  readonly navigation: readonly string[];
}

/**
 * Builds the site.
 *
 * @param options What is built.
 * @returns What it found on the way; a failure of VitePress throws.
 */
export async function buildSite({ out, base, reports: reportsFolder }: BuildOptions): Promise<BuildResult> {
  await refuseOtherFolders(out);
  const packages = await installPackages();
  const pages = await emptyFolder(".cache", "site", "pages");
  const [reports, plots] = await Promise.all([readReports(reportsFolder), drawPlots()]);
  const unfilled: string[] = [];
  const stage = new Stage(ROOT, (text, file) => {
    const filled = fillPlaceholders(
      fillPlaceholders(text, "conformance", () => describeReports(reports)),
      "plot",
      (name) => figure(plots.get(name)),
    );
    for (const [placeholder] of filled.matchAll(/^<!-- (?:plot|conformance)\b.*$/gm)) {
      unfilled.push(`${file}: nothing fills ${placeholder}`);
    }
    return filled;
  });

  const files = await listPages();
  for (const file of files) await stage.addFile(file);
  await stage.addText(API_PAGE, await describeApi());
  const sources = await writeApi(join(pages, "public", "api"));
  for (const source of sources) await stage.addSource(source);
  stage.assets.set("logo.svg", "docs/logo.svg");
  await stage.write(pages);
  await copyReports(reports, reportsFolder, join(pages, "public", "conformance"));

  const all = [...files, API_PAGE];
  await writeSettings(join(pages, ".vitepress"), { out: resolve(out), base, files: all, cache: packages });
  await runDeno(["run", "-A", "node_modules/vitepress/bin/vitepress.js", "build", "pages"], { cwd: packages });
  return {
    files: all,
    addresses: all.map((file) => addressOf(file)),
    reports,
    deadLinks: stage.problems,
    unfilled,
    navigation: checkNavigation(all),
  };
}

/** The address of a file's page, below the site's. */
export function addressOf(file: string): string {
  return pageOf(file).replace(/(?:(^|\/)index)?\.md$/, (_, slash) => slash ?? ".html");
}

/** The Markdown files of the site: those of docs/ and of the project. The readme has no page: the home page is there. */
async function listPages(): Promise<string[]> {
  const files: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(ROOT + folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) await walk(path);
      else if (entry.name.endsWith(".md")) files.push(path);
    }
  };
  await walk("docs");
  return [...files.sort(), ...Object.keys(PROJECT_PAGES).filter((file) => PROJECT_PAGES[file] !== pageOf(HOME_PAGE))];
}

/** VitePress empties the folder: it has to be a site, or nothing, or one that is there to be filled. */
export async function refuseOtherFolders(out: string): Promise<void> {
  // An interrupted build may have left half a site there.
  if (resolve(out) === SITE_FOLDER) return;
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(out)) names.push(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (names.length > 0 && !names.includes(SITE_MARK)) {
    throw new Error(`Cannot build into ${out}: it would be emptied, and what is in it is no site`);
  }
}

/** One block of HTML, which has no empty line; what is in it is not for Vue to read. */
function figure(svg: string | undefined): string | undefined {
  return svg && `<figure class="plot" v-pre>${svg.replaceAll(/\s*\n\s*/g, " ")}</figure>`;
}

interface Settings {
  readonly out: string;
  readonly base: string;
  readonly files: readonly string[];
  readonly cache: string;
}

/** Writes what VitePress is told. Entries of the navigation that have no page are left out; the check names them. */
async function writeSettings(folder: string, { out, base, files, cache }: Settings): Promise<void> {
  const { version } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const sidebar = NAVIGATION.map(({ text, entries }) => ({
    text,
    collapsed: false,
    items: entries.filter(({ file }) => files.includes(file)).map((entry) => ({
      text: entry.text,
      link: `/${addressOf(entry.file)}`,
    })),
  })).filter(({ items }) => items.length > 0);
  const nav = sidebar.map(({ text, items }) => ({ text, items }));
  const settings = {
    description: DESCRIPTION,
    version,
    base,
    outDir: out,
    cacheDir: join(cache, "vite"),
    nav,
    sidebar,
  };
  await Deno.mkdir(join(folder, "theme"), { recursive: true });
  await Deno.writeTextFile(join(folder, "site.json"), `${JSON.stringify(settings, null, 2)}\n`);
  await Deno.copyFile(new URL("config.mjs", TEMPLATES), join(folder, "config.mjs"));
  await Deno.copyFile(new URL("theme.js", TEMPLATES), join(folder, "theme", "index.js"));
  for (const name of ["style.css", "viaduct.svg"]) {
    await Deno.copyFile(new URL(name, TEMPLATES), join(folder, "theme", name));
  }
}
