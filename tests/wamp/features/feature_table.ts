/**
 * The table of docs/features.md, read.
 *
 * @module
 */

/** A row: a feature of a role, and who announces it. */
export interface FeatureRow {
  readonly role: "broker" | "dealer";
  readonly feature: string;
  /** The section that its test is named after, and the file of that, seen from docs/; absent where it is not announced. */
  readonly viaduct: { readonly section: string; readonly file: string } | undefined;
  readonly crossbar: boolean;
  readonly nexus: boolean;
}

const ROW = /^\| `(\w+)` +\| (?:yes: \[([^\]]+)\]\(([^)]+)\)|no) +\| (yes|no) +\| (yes|no) +\| \S.*\|$/;

/** Reads the rows under "Broker" and "Dealer". */
export async function readFeatureTable(): Promise<FeatureRow[]> {
  const text = await Deno.readTextFile(new URL("../../../docs/features.md", import.meta.url));
  const rows: FeatureRow[] = [];
  let heading = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("## ")) heading = line.slice(3).toLowerCase();
    if ((heading !== "broker" && heading !== "dealer") || !line.startsWith("| `")) continue;
    const [match, feature = "", section, file = "", crossbar, nexus] = ROW.exec(line) ?? [];
    if (match === undefined) throw new Error(`Cannot read the row ${line}`);
    rows.push({
      role: heading,
      feature,
      viaduct: section === undefined ? undefined : { section, file },
      crossbar: crossbar === "yes",
      nexus: nexus === "yes",
    });
  }
  return rows;
}
