/**
 * Checks what would be published: `deno publish --dry-run` without a slow type or a warning, source that is reached
 * and papers, nothing else; and what JSR scores. Prints the number and the size of the files by folder.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type DocFiles, documentFiles } from "./doc_model.ts";
import { readExports, report, ROOT } from "./project.ts";

/** What the dry run of a publication said. */
export interface DryRun {
  /** The files, from the package's folder, sorted. */
  readonly files: readonly string[];
  /** Warnings and errors, in the form `code at file: message`. */
  readonly diagnostics: readonly string[];
}

/** What a program can import or read, beside modules: the papers, and the page that the console serves. */
const PAPERS: readonly string[] = ["CHANGELOG.md", "LICENSE", "README.md", "deno.json"];
const CONSOLE_PAGE = "cli/console/page/";
const PAGE_FILES: readonly string[] = ["console.css", "index.html", "style.css"].map((name) => CONSOLE_PAGE + name);

/** Folders whose modules are published. */
const SOURCE = /^(?:mod|(?:internal|websocket|wamp|testing|cli)\/.+)\.ts$/;

/** Warnings that are right, and meant: `viaduct run` loads the modules that it is given. */
const MEANT: readonly string[] = ["unanalyzable-dynamic-import at cli/run.ts: unable to analyze dynamic import"];

/**
 * Reads what `deno publish --dry-run` wrote, without colors.
 *
 * @param output Everything that it wrote.
 * @param root The package's folder, with a slash at its end.
 * @returns The files and the diagnostics.
 */
export function readDryRun(output: string, root: string): DryRun {
  const files = [...output.matchAll(/^\s+(file:\/\/\S+) \(/gm)].map((match) => fileURLToPath(match[1] ?? ""));
  const diagnostic = /^(?:warning|error)\[([\w-]+)\]: (.*)(?:\r?\n\s+--> (.*?)(?::\d+:\d+)?$)?/gm;
  const fromRoot = (path: string): string =>
    (path.startsWith(root) ? path.slice(root.length) : path).replaceAll("\\", "/");
  return {
    files: files.map(fromRoot).sort(),
    diagnostics: [...output.matchAll(diagnostic)].map(([, code, message, path]) =>
      `${code} at ${path === undefined ? "the package" : fromRoot(path)}: ${message}`
    ),
  };
}

/**
 * Checks the files of a package.
 *
 * @param files The files.
 * @param reached The modules that the entry points and the console's page import.
 * @returns What is wrong, a line each.
 */
export function checkFiles(files: readonly string[], reached: ReadonlySet<string>): string[] {
  const findings: string[] = [];
  for (const file of files) {
    if (PAPERS.includes(file) || PAGE_FILES.includes(file)) continue;
    if (!SOURCE.test(file) || /(?:^|[_./])(?:test|bench)\.ts$/.test(file)) {
      findings.push(`${file}: is published, but is neither source nor a paper`);
    } else if (!reached.has(file)) findings.push(`${file}: is published, but nothing that is exported imports it`);
  }
  for (const file of [...PAPERS, ...PAGE_FILES, ...reached]) {
    if (!files.includes(file)) findings.push(`${file}: is needed, but is not published`);
  }
  return findings;
}

/**
 * Checks what the package itself can do for its score on JSR: a README with an example, a comment on each entry point
 * and on each symbol.
 *
 * @param entries What the entry points export.
 * @param readme The text of README.md.
 * @returns What is wrong, a line each.
 */
export function checkScore(entries: DocFiles, readme: string): string[] {
  const findings = readme.includes("```") ? [] : ["README.md: has no example"];
  for (const [address, { module_doc: comment, symbols = [] }] of Object.entries(entries)) {
    if ((comment?.doc ?? "").trim() === "") findings.push(`${address}: has no module comment`);
    for (const { name, declarations } of symbols) {
      // What is exported again has its comment where it is declared, and JSR looks there.
      const own = declarations.filter(({ kind }) => kind !== "reference");
      if (own.some(({ jsDoc }) => (jsDoc?.doc ?? "").trim() === "")) {
        findings.push(`${address}: ${name} has no comment`);
      }
    }
  }
  return findings;
}

/** How many files there are, and how many bytes they have. */
export interface FolderSize {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Adds up files by their first folder.
 *
 * @param sizes Sizes in bytes, by path.
 * @returns The sums, by folder; the files beside the folders are in `.`.
 */
export function sumByFolder(sizes: ReadonlyMap<string, number>): Map<string, FolderSize> {
  const folders = new Map<string, FolderSize>();
  for (const [path, bytes] of sizes) {
    const folder = path.includes("/") ? path.slice(0, path.indexOf("/")) : ".";
    const { files, bytes: before } = folders.get(folder) ?? { files: 0, bytes: 0 };
    folders.set(folder, { files: files + 1, bytes: before + bytes });
  }
  return new Map([...folders].sort(([a], [b]) => a < b ? -1 : 1));
}

async function runDeno(args: readonly string[]): Promise<{ success: boolean; stdout: string; output: string }> {
  const options: Deno.CommandOptions = { args: [...args], cwd: ROOT, stdin: "null", env: { NO_COLOR: "1" } };
  const { success, ...streams } = await new Deno.Command(Deno.execPath(), options).output();
  const [stdout, stderr] = [streams.stdout, streams.stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { success, stdout: stdout ?? "", output: `${stderr}${stdout}` };
}

/** The modules of the project that a file imports, itself among them. */
async function listModules(file: string): Promise<string[]> {
  const { success, stdout, output } = await runDeno(["info", "--json", file]);
  if (!success) throw new Error(`Cannot list the modules of ${file}: ${output}`);
  const { modules }: { modules: readonly { readonly specifier: string }[] } = JSON.parse(stdout);
  const paths = modules.filter(({ specifier }) => specifier.startsWith("file:"))
    .map(({ specifier }) => fileURLToPath(specifier));
  return paths.map((path) => path.slice(ROOT.length).replaceAll("\\", "/"));
}

function formatSize(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

if (import.meta.main) {
  const entries = [...(await readExports()).values()];
  const [publication, docs, ...modules] = await Promise.all([
    runDeno(["publish", "--dry-run", "--allow-dirty"]),
    documentFiles(entries),
    ...[...entries, `${CONSOLE_PAGE}main.ts`].map(listModules),
  ]);
  const { files, diagnostics } = readDryRun(publication.output, ROOT);
  const unexpected = diagnostics.filter((one) => !MEANT.includes(one));
  const contents = await Promise.all(files.map((file) => Deno.readFile(ROOT + file)));
  const sizes = new Map(files.map((file, index) => [file, contents[index]?.length ?? 0]));
  for (const [folder, { files: count, bytes }] of sumByFolder(sizes)) {
    console.log(`${folder.padEnd(12)} ${String(count).padStart(4)} files ${formatSize(bytes).padStart(12)}`);
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const packed = gzipSync(contents.map((bytes) => new TextDecoder().decode(bytes)).join("")).length;
  const scope = `${files.length} files, ${formatSize(total)}, ${formatSize(packed)} compressed`;
  report("package", scope, [
    ...(publication.success || unexpected.length > 0 ? [] : [publication.output.trimEnd()]),
    ...unexpected,
    ...MEANT.filter((one) => publication.success && !diagnostics.includes(one)).map((one) => `${one}: is gone`),
    ...(publication.success ? checkFiles(files, new Set(modules.flat())) : []),
    ...checkScore(docs, await Deno.readTextFile(`${ROOT}README.md`)),
  ]);
}
