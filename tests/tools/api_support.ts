import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeSurface } from "../../_tools/api/surface.ts";
import { documentFiles } from "../../_tools/doc_model.ts";

/** Puts a comment with the API level in front of every export that has none. */
export function withLevels(code: string): string {
  return code.replace(/(^|[^/]\n)export (?!\{|type \{)/g, "$1/**\n * It.\n *\n * @public\n */\nexport ");
}

/**
 * Writes the surfaces of modules.
 *
 * @param modules Their code; each is a package of its own.
 * @returns Their surfaces.
 */
export async function writeSurfaces(modules: readonly string[]): Promise<string[]> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const files = modules.map((_, index) => `module${index}.ts`);
    for (const [index, code] of modules.entries()) await Deno.writeTextFile(join(folder, files[index]!), code);
    const docs = await documentFiles(files, folder);
    return files.map((file) => {
      const address = pathToFileURL(join(folder, file)).href;
      return writeSurface(new Map([[".", address]]), { [address]: docs[address] ?? {} });
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
