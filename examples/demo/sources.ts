/**
 * The page's scripts: our own TypeScript sources, with their types stripped when they are asked for. Nothing is built.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";

/** Where the sources of the package are: a folder of this machine, or of the web where the package came from there. */
function packageFolder(): URL {
  const entry = import.meta.resolve("@viaduct/viaduct/wamp");
  if (/^(?:file|https?):/.test(entry)) return new URL("../", entry);
  throw new Error(`Cannot serve the sources of ${entry}: map @viaduct/viaduct/ to a folder or an https: URL`);
}

/** What of the package a browser may have: nothing but sources, and no way out of these folders. */
const PACKAGE_PATH = /^(?:internal|wamp|websocket)(?:\/[a-z0-9_]+)+\.ts$/;
const PAGE_PATH = /^[a-z0-9_]+\.ts$/;

const JAVASCRIPT = {
  "content-type": "text/javascript; charset=utf-8",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};

/** Serves TypeScript as JavaScript, each file read and stripped once. */
export class Sources {
  readonly #scripts: Map<string, Promise<string>> = new Map();
  readonly #page = new URL("./page/", import.meta.url);
  readonly #package = packageFolder();

  /** Answers for `/page/NAME.ts` and `/viaduct/PATH.ts`; `undefined` for any other path. */
  async answer(path: string): Promise<Response | undefined> {
    const url = this.#find(path);
    if (url === undefined) return undefined;
    let script = this.#scripts.get(url.href);
    if (script === undefined) this.#scripts.set(url.href, script = readScript(url));
    try {
      return new Response(await script, { headers: JAVASCRIPT });
    } catch {
      // Only what is there is kept: asking for names at random fills no memory.
      this.#scripts.delete(url.href);
      return new Response("Not found\n", { status: 404 });
    }
  }

  #find(path: string): URL | undefined {
    const [, folder, name = ""] = /^\/(page|viaduct)\/(.+)$/.exec(path) ?? [];
    if (folder === "page" && PAGE_PATH.test(name)) return new URL(name, this.#page);
    if (folder === "viaduct" && PACKAGE_PATH.test(name)) return new URL(name, this.#package);
    return undefined;
  }
}

async function readScript(url: URL): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return stripTypeScriptTypes(await response.text());
}
