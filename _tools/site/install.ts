/**
 * Installs the generator of the site and the checker of its links from npm, in the versions of `packages.lock`.
 *
 * To raise a version, edit `packages.json` and run `deno run -A _tools/site/install.ts --update`.
 *
 * @module
 */

import { join } from "node:path";
import { ignoredFolder, readTextIfPresent, remove } from "../../tests/support/folders.ts";
import { runDeno } from "./run.ts";

const MANIFEST = new URL("packages.json", import.meta.url);
const LOCK = new URL("packages.lock", import.meta.url);

/**
 * Installs the packages where they are not yet.
 *
 * @param isUpdate Takes what `packages.json` asks for, and writes `packages.lock`.
 * @returns The folder that holds `node_modules`.
 */
export async function installPackages(isUpdate = false): Promise<string> {
  const folder = await ignoredFolder(".cache", "site");
  const [manifest, lock] = [await Deno.readTextFile(MANIFEST), await Deno.readTextFile(LOCK)];
  const stamp = `${Deno.version.deno}\n${manifest}${lock}`;
  if (!isUpdate && await readTextIfPresent(join(folder, "stamp")) === stamp) return folder;
  for (const name of ["stamp", "node_modules", "deno.lock"]) await remove(join(folder, name));
  await Deno.writeTextFile(join(folder, "package.json"), manifest);
  await Deno.writeTextFile(join(folder, "deno.json"), `{ "nodeModulesDir": "auto" }\n`);
  if (isUpdate) {
    await runDeno(["install", "--quiet"], { cwd: folder });
    await Deno.copyFile(join(folder, "deno.lock"), LOCK);
    return folder;
  }
  await Deno.writeTextFile(join(folder, "deno.lock"), lock);
  await runDeno(["install", "--quiet", "--frozen"], { cwd: folder });
  await Deno.writeTextFile(join(folder, "stamp"), stamp);
  return folder;
}

if (import.meta.main) console.log(`Installed in ${await installPackages(Deno.args.includes("--update"))}`);
