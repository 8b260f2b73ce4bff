/**
 * What GitHub ran for a commit, asked where the repository is there and a token is given.
 *
 * @module
 */

import { failureMessage } from "../../internal/log.ts";
import { countOf, GateError } from "./gate.ts";
import type { Git } from "./git.ts";
import type { Release } from "./release.ts";

/** Where GitHub's API answers, unless GITHUB_API_URL says otherwise. */
const API = "https://api.github.com";
const GITHUB = /github\.com[:/]([^/]+\/[^/]+?)(?:\.git)?\/?$/;
/** Conclusions that are no failure. */
const GREEN: readonly unknown[] = ["success", "neutral", "skipped"];
/** The most that GitHub gives at once. */
const PAGE = 100;

/** One check run, as GitHub tells it. */
interface CheckRun {
  readonly name: string;
  readonly status: string;
  readonly conclusion: string | null;
}

/**
 * Looks whether everything that GitHub ran for the commit is green.
 *
 * @param release The release.
 * @returns What was found, in words; also that it could not be asked.
 * @throws {GateError} When a run failed, still runs, or none was there.
 */
export async function readCheckRuns({ git, env }: Release): Promise<string> {
  const repository = env.GITHUB_REPOSITORY || await repositoryOf(git);
  if (repository === undefined) return "CI's own runs were not asked: the remote is not on GitHub";
  const token = env.GH_TOKEN || env.GITHUB_TOKEN || await askGh();
  if (token === undefined) return "CI's own runs were not asked: neither GH_TOKEN nor gh is there";
  const commit = await git.commit();
  const runs = await fetchRuns(`${env.GITHUB_API_URL || API}/repos/${repository}/commits/${commit}/check-runs`, token);
  const short = commit.slice(0, 12);
  // Where all was skipped, nothing was looked at.
  if (runs.every(({ conclusion }) => conclusion === "skipped")) {
    throw new GateError(`CI has not run for ${short}`, "Push the commit, and wait until CI is green.");
  }
  const bad = runs.filter(({ status, conclusion }) => status !== "completed" || !GREEN.includes(conclusion));
  if (bad.length > 0) {
    const names = bad.map(({ name, status, conclusion }) => `${name} (${conclusion ?? status})`).join(", ");
    throw new GateError(`CI is not green for ${short}: ${names}`, "Wait for what still runs, mend what failed.");
  }
  return `CI: ${countOf(runs.length, "run")} green for ${short}`;
}

async function repositoryOf(git: Git): Promise<string | undefined> {
  const remote = await git.remote();
  const url = remote === undefined ? undefined : await git.ask("remote", "get-url", remote);
  return GITHUB.exec(url ?? "")?.[1];
}

async function askGh(): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("gh", { args: ["auth", "token"], stdin: "null" }).output();
    const token = new TextDecoder().decode(stdout).trim();
    return success && token !== "" ? token : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function ask(address: string, token: string): Promise<Response> {
  try {
    const headers = { authorization: `Bearer ${token}`, accept: "application/vnd.github+json" };
    return await fetch(address, { headers });
  } catch (error) {
    const problem = `GitHub cannot be asked for CI's runs: ${failureMessage(error)}`;
    throw new GateError(problem, "Run again when the network is back.", { cause: error });
  }
}

async function fetchRuns(address: string, token: string): Promise<CheckRun[]> {
  const runs: CheckRun[] = [];
  for (let page = 1;; page++) {
    const response = await ask(`${address}?per_page=${PAGE}&page=${page}`, token);
    // GitHub answers 422 for a commit that it does not know.
    if (response.status === 422) {
      await response.body?.cancel();
      return [];
    }
    if (!response.ok) {
      await response.body?.cancel();
      const advice = "Look whether the token may read the repository's checks, or run again later.";
      throw new GateError(`GitHub answered ${response.status} when asked for CI's runs`, advice);
    }
    const body: { readonly check_runs: readonly CheckRun[] } = await response.json();
    runs.push(...body.check_runs);
    if (body.check_runs.length < PAGE) return runs;
  }
}
