/**
 * Finds the versions of Python that peers need: in pyenv's folder, else on PATH.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { runCommand } from "./processes.ts";

/** Finds an interpreter of the first version that is there, such as `3.12`; `undefined` where none is. */
export async function findPython(versions: readonly string[]): Promise<string | undefined> {
  for (const version of versions) {
    const candidates: string[] = [];
    for (const root of pyenvRoots()) candidates.push(...await pyenvPythons(root, version));
    for (const candidate of [...candidates, `python${version}`, `python${version.split(".")[0]}`]) {
      const [major, minor] = version.split(".");
      try {
        await runCommand([candidate, "-c", `import sys; assert sys.version_info[:2] == (${major}, ${minor})`]);
        return candidate;
      } catch {
        // The next candidate may do.
      }
    }
  }
  return undefined;
}

function pyenvRoots(): string[] {
  const roots = new Set<string>();
  const home = Deno.env.get("HOME");
  const root = Deno.env.get("PYENV_ROOT");
  if (root !== undefined) roots.add(root);
  if (home !== undefined) roots.add(join(home, ".pyenv"));
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    if (folder.endsWith("/.pyenv/shims")) roots.add(dirname(folder));
  }
  return [...roots];
}

async function pyenvPythons(root: string, version: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name } of Deno.readDir(join(root, "versions"))) {
      if (name === version || name.startsWith(`${version}.`)) {
        found.push(join(root, "versions", name, "bin", `python${version}`));
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort().reverse();
}
