/**
 * What the tools share: where the project is, its files, and how a tool ends.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** The project's folder. */
export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

/**
 * Gives what a Deno that a tool starts finds in its environment, beside the tool's own.
 *
 * @returns Variables by name.
 */
export function denoEnvironment(): Record<string, string> {
  // The network may have a certificate authority of its own, which only the system knows.
  return { NO_COLOR: "1", DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "mozilla,system" };
}

/**
 * Reads the TypeScript files at and below some paths.
 *
 * @param paths Files and folders, from the root; absent ones hold nothing.
 * @returns Path from the root, with slashes, to text; sorted.
 */
export async function readSources(paths: readonly string[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of paths) await collect(path, files);
  return new Map([...files].sort(([a], [b]) => a < b ? -1 : 1));
}

async function collect(path: string, files: Map<string, string>): Promise<void> {
  let isDirectory: boolean;
  try {
    isDirectory = (await Deno.stat(ROOT + path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (isDirectory) {
    for await (const entry of Deno.readDir(ROOT + path)) {
      if (!entry.name.startsWith(".") && entry.name !== "node_modules") await collect(`${path}/${entry.name}`, files);
    }
  } else if (path.endsWith(".ts")) {
    files.set(path, (await Deno.readTextFile(ROOT + path)).replaceAll("\r\n", "\n"));
  }
}

/** The entry points of deno.json: path from the root by export name. */
export async function readExports(): Promise<Map<string, string>> {
  const config: unknown = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  if (typeof config !== "object" || config === null || !("exports" in config)) {
    throw new Error("deno.json has no exports");
  }
  const entries: [string, unknown][] = Object.entries(config.exports ?? {});
  return new Map(entries.map(([name, file]) => [name, String(file).replace(/^\.\//, "")]));
}

/**
 * Ends a tool: prints what it found and sets the exit status.
 *
 * @param name The tool's name.
 * @param scope What it looked at.
 * @param findings What is wrong, a line each.
 */
export function report(name: string, scope: string, findings: readonly string[]): void {
  for (const finding of findings) console.error(finding);
  console.log(`${name}: ${scope}, ${findings.length} findings`);
  if (findings.length > 0) Deno.exitCode = 1;
}
