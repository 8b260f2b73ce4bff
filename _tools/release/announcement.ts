/**
 * The announcement: the changelog's entries, how to get the version, and what the gates found.
 *
 * @module
 */

import { join } from "node:path";
import { CHANGE_GROUPS, findSection, parseChangelog } from "../changelog.ts";
import { CHECKSUMS, readPackage } from "./artifacts.ts";
import { GateError } from "./gate.ts";
import type { Release } from "./release.ts";

/** The steps whose findings are told, in this order. */
const TOLD: readonly string[] = ["ci", "conformance", "docs", "package"];

/**
 * Writes the announcement's text.
 *
 * @param release The release.
 * @param tree The folder with the files as released.
 * @returns Markdown.
 */
export async function composeAnnouncement(release: Release, tree: string): Promise<string> {
  const { scoped, name } = await readPackage(tree);
  const section = findSection(parseChangelog(await Deno.readTextFile(join(tree, "CHANGELOG.md"))), release.version);
  if (section === undefined) {
    throw new GateError(`The changelog has no section for ${release.version}`, "Write it, with deno task release.");
  }
  const readme = await Deno.readTextFile(join(tree, "README.md"));
  const [, title = name] = /^# (.+)$/m.exec(readme) ?? [];
  const parts = [
    `# ${title} ${release.version}`,
    section.summary,
    "```sh\n" + `deno add jsr:${scoped}@${release.version}\n` + `npx jsr add ${scoped}@${release.version}\n` + "```",
    ...CHANGE_GROUPS.flatMap((group) => {
      const text = section.groups.get(group);
      return text === undefined ? [] : [`## ${group}\n\n${text}`];
    }),
    `## Checked\n\nOn ${section.date}, of this version:\n\n${factsOf(release)}`,
    "The archives beside this text are checked by `sha256sum -c " + CHECKSUMS +
    "`. The one of the source comes out the\n" +
    `same when it is built again from the tag:\n\n${sourceOf(release, name)}`,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function factsOf({ record }: Release): string {
  return TOLD.flatMap((step) => record.facts[step] ?? []).map((fact) => `- ${fact}`).join("\n");
}

/** What is known of the source archive; the others are built anew by CI. */
function sourceOf({ record, version }: Release, name: string): string {
  const facts = record.facts.artifacts ?? [];
  return facts.filter((fact) => fact.startsWith(`${name}-${version}.tar.gz:`)).map((fact) => `- ${fact}`).join("\n");
}
