/**
 * The files that go with a release: what is published, the documentation and the conformance reports, each packed, and
 * their checksums.
 *
 * @module
 */

import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { compress, packFiles, sha256 } from "./archive.ts";
import { formatCount, GateError } from "./gate.ts";
import { type Release, tailOf } from "./release.ts";

/** Where the documentation is built to, from the root. */
export const SITE = "reports/site";
/** Where the conformance reports are written to, from the root. */
export const CONFORMANCE = "reports/autobahn";
/** The file of the checksums. */
export const CHECKSUMS = "SHA256SUMS";
/** What `deno publish --dry-run` says of each file. */
const PUBLISHED = /^\s+(file:\/\/\S+)(?: |$)/;
/** Logs name folders of the machine that they were written on. */
const LEFT_OUT = /\.log$|(?:^|\/)\.gitignore$/;

/** One packed file. */
export interface Artifact {
  readonly name: string;
  /** Its size in bytes. */
  readonly size: number;
  readonly sha256: string;
  /** The checksum of the archive before it was compressed, which is the same on every machine. */
  readonly archiveSha256: string;
}

/** What is packed. */
export interface ArtifactOptions {
  /** The folder with the files as released. */
  readonly tree: string;
  /** The day in the changelog, as `2026-11-22`: the time of every packed file. */
  readonly date: string;
}

/** Packs everything into the folder of the release, and writes the checksums; what was packed before is replaced. */
export async function buildArtifacts(release: Release, { tree, date }: ArtifactOptions): Promise<Artifact[]> {
  const { name } = await readPackage(tree);
  const top = `${name}-${release.version}`;
  const parts: [string, string, ReadonlyMap<string, Uint8Array>][] = [
    [`${top}.tar.gz`, top, await readFiles(tree, await publishedFiles(release, tree))],
    [`${top}-docs.tar.gz`, `${top}-docs`, await readFolder(release, SITE, "docs")],
    [`${top}-conformance.tar.gz`, `${top}-conformance`, await readFolder(release, CONFORMANCE, "conformance")],
  ];
  await Deno.mkdir(release.folder, { recursive: true });
  const artifacts: Artifact[] = [];
  for (const [file, folder, files] of parts) {
    const below = new Map([...files].map(([path, content]) => [`${folder}/${path}`, content]));
    const archive = packFiles(below, new Date(`${date}T00:00:00Z`));
    const packed = compress(archive);
    await Deno.writeFile(join(release.folder, file), packed);
    const sums = { sha256: await sha256(packed), archiveSha256: await sha256(archive) };
    artifacts.push({ name: file, size: packed.length, ...sums });
  }
  const sums = artifacts.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
  await Deno.writeTextFile(join(release.folder, CHECKSUMS), sums);
  return artifacts;
}

/** Says how large an artifact is, and the checksum of what is in it. */
export function describeArtifact({ name, size, archiveSha256 }: Artifact): string {
  return `${name}: ${formatCount(Math.ceil(size / 1_000))} kB; SHA-256 once unzipped: ${archiveSha256}`;
}

/** Reads name and version of a tree's deno.json: the name without its scope. */
export async function readPackage(tree: string): Promise<{ scoped: string; name: string; version: string }> {
  const config: unknown = JSON.parse(await Deno.readTextFile(join(tree, "deno.json")));
  const isObject = typeof config === "object" && config !== null;
  if (isObject && "name" in config && "version" in config) {
    const [scoped, version] = [config.name, config.version];
    if (typeof scoped === "string" && typeof version === "string") {
      return { scoped, name: scoped.replace(/^.*\//, ""), version };
    }
  }
  throw new GateError("deno.json has no name and version", "Give it both.");
}

/** The files that would be published of a tree, from its folder; asks Deno, which checks them first. */
export async function publishedFiles(release: Release, tree: string): Promise<string[]> {
  // Deno names the files below the folder as it was told: a temporary one has a short name on Windows, or is a link.
  const folder = await Deno.realPath(tree);
  // The tool that looks at the package has checked types; in CI, the tree holds what it built beside the commit.
  const args = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
  const { isPassed, lines } = await release.deno("publish", args, folder);
  const paths: string[] = [];
  for (const line of lines) {
    const url = PUBLISHED.exec(line)?.[1];
    if (url !== undefined) paths.push(relative(folder, fileURLToPath(url)).replaceAll("\\", "/"));
  }
  if (isPassed && paths.length > 0) return paths;
  throw new GateError(`The package cannot be published\n${tailOf(lines)}`, "See that `deno task ok` passes.");
}

async function readFiles(folder: string, paths: readonly string[]): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const path of paths) files.set(path, await Deno.readFile(join(folder, path)));
  return files;
}

/** Reads all files below a folder that a task has made. */
async function readFolder(release: Release, folder: string, task: string): Promise<Map<string, Uint8Array>> {
  const paths: string[] = [];
  const collect = async (path: string): Promise<void> => {
    for await (const entry of Deno.readDir(join(release.root, folder, path))) {
      const child = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory) await collect(child);
      else if (!LEFT_OUT.test(child)) paths.push(child);
    }
  };
  try {
    await collect("");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (paths.length > 0) return await readFiles(join(release.root, folder), paths);
  throw new GateError(`${folder} is empty`, `Run the release again with --from ${task}.`);
}
