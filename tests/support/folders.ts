/**
 * Folders that the conformance and interoperability runners fill and git ignores.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's own folder. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** Creates a folder below the project's; its topmost part tells git and Deno to ignore all of it. */
export async function ignoredFolder(...parts: [string, ...string[]]): Promise<string> {
  const folder = join(ROOT, ...parts);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(ROOT, parts[0], ".gitignore"), "*\n");
  return folder;
}

/** Creates an ignored folder anew, empty. */
export async function emptyFolder(...parts: [string, ...string[]]): Promise<string> {
  await remove(join(ROOT, ...parts));
  return await ignoredFolder(...parts);
}

/** Removes a file or folder, if it is there. */
export async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Reads a text file; `undefined` when there is none. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
