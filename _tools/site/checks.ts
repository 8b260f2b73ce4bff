/**
 * The checks of a built site that need no browser.
 *
 * @module
 */

import { join } from "node:path";
import { ROOT } from "../project.ts";
import { runDeno } from "./run.ts";
import { serveSite } from "./serve.ts";

/** How a check ended. */
export interface CheckOutcome {
  /** What was checked. */
  readonly name: string;
  /** What is wrong, a line each; a check passes where there is nothing. */
  readonly problems: readonly string[];
  /** What a passed check has looked at. */
  readonly scope?: string;
}

/** Runs a check; what it throws is what is wrong. */
export async function runCheck(name: string, check: () => Promise<Omit<CheckOutcome, "name">>): Promise<CheckOutcome> {
  try {
    return { name, ...await check() };
  } catch (error) {
    return { name, problems: [error instanceof Error ? error.message : String(error)] };
  }
}

/** A broken link, as the checker names it: the addresses are paths. */
interface BrokenLink {
  readonly url: string;
  readonly parent: string;
  readonly reason: string;
}

/**
 * Follows every link of a site, with fragments.
 *
 * @param folder The site's folder.
 * @param base The path that the site is below.
 * @param packages The folder with the installed packages.
 * @returns What is broken.
 */
export async function checkLinks(
  folder: string,
  base: string,
  packages: string,
): Promise<Omit<CheckOutcome, "name">> {
  await Deno.copyFile(new URL("vitepress/check_links.mjs", import.meta.url), join(packages, "check_links.mjs"));
  await using server = serveSite(folder, { base });
  const output = await runDeno(["run", "-A", "check_links.mjs", server.url, folder], { cwd: packages });
  const { followed, broken }: { readonly followed: number; readonly broken: readonly BrokenLink[] } = JSON.parse(
    output,
  );
  const problems = broken.map(({ url, parent, reason }) => `${parent}: ${url}: ${reason}`);
  if (followed === 0) problems.push("no link was followed");
  return { problems, scope: `${followed} addresses` };
}

/**
 * Finds words in the sources of the pages that the dictionaries do not know.
 *
 * @param files Markdown files, from the root.
 * @returns What is misspelt.
 */
export async function checkSpelling(files: readonly string[]): Promise<Omit<CheckOutcome, "name">> {
  const options = ["--no-progress", "--no-summary", "--dot"];
  await runDeno(["run", "-A", "--no-lock", "npm:cspell@9.2.1", ...options, ...files], { cwd: ROOT });
  return { problems: [], scope: `${files.length} files` };
}
