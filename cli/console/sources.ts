/**
 * Serves pages of this package to browsers: its own TypeScript, with the types stripped when it is asked for. Nothing is
 * built. A path on the server is the path within the package, so that relative imports hold.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";

/** Where the package is: a folder of this machine, or of the web where the package came from there. */
const PACKAGE = new URL("../../", import.meta.url);

/** What a browser may have of the package: what runs in one, and no way out of these folders. */
const PACKAGE_PATH = /^(?:internal|wamp|websocket|cli\/console\/page)(?:\/[a-z0-9_]+)+\.(?:ts|css|html)$/;

const TYPES: Readonly<Record<string, string>> = { ts: "text/javascript", css: "text/css", html: "text/html" };

/** Further files that are served: those whose path begins with a prefix, from below a folder. @internal */
export interface SourceFolder {
  /** How their paths begin, such as `examples/demo/page/`. */
  readonly prefix: string;
  /** Where they are. */
  readonly folder: URL;
}

/** Finds files, and reads each one once. @internal */
export class Sources {
  readonly #texts: Map<string, Promise<string>> = new Map();
  readonly #folder: SourceFolder | undefined;

  /** `folder` is served beside the package. */
  constructor(folder?: SourceFolder) {
    this.#folder = folder;
  }

  /** Answers for a path from the root; with 404 where there is no such file. */
  async answer(path: string): Promise<Response> {
    const url = this.#find(path.slice(1));
    const text = url === undefined ? undefined : await this.#read(url);
    if (text === undefined) return new Response("Not found\n", { status: 404 });
    return new Response(text, { headers: pageHeaders(TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "text/plain") });
  }

  /**
   * Makes sure that a page is there before anybody asks for it.
   *
   * @throws {Error} It cannot be read; the cause says why.
   */
  async check(path: string): Promise<void> {
    const url = new URL(path.slice(1), PACKAGE);
    try {
      await readSource(url);
    } catch (cause) {
      throw new Error(`Cannot read ${url}: pages are read from there while they are served`, { cause });
    }
  }

  #find(path: string): URL | undefined {
    if (PACKAGE_PATH.test(path)) return new URL(path, PACKAGE);
    const { prefix, folder } = this.#folder ?? {};
    if (prefix === undefined || folder === undefined || !path.startsWith(prefix)) return undefined;
    const name = path.slice(prefix.length);
    return /^[a-z0-9_]+\.(?:ts|css|html)$/.test(name) ? new URL(name, folder) : undefined;
  }

  async #read(url: URL): Promise<string | undefined> {
    let text = this.#texts.get(url.href);
    if (text === undefined) this.#texts.set(url.href, text = readSource(url));
    try {
      return await text;
    } catch {
      // Only what is there is kept: asking for names at random fills no memory.
      this.#texts.delete(url.href);
      return undefined;
    }
  }
}

async function readSource(url: URL): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const text = await response.text();
  return url.pathname.endsWith(".ts") ? stripTypeScriptTypes(text) : text;
}

/**
 * The header fields of a page or of what belongs to it: scripts, styles and sockets are those of its own server, and
 * nobody puts it into a frame.
 *
 * @param type The media type.
 * @param nonce Lets an element of the page's own in, such as an import map.
 * @returns The fields.
 *
 * @internal
 */
export function pageHeaders(type: string, nonce?: string): Record<string, string> {
  const scripts = nonce === undefined ? "'self'" : `'self' 'nonce-${nonce}'`;
  return {
    "content-type": `${type}; charset=utf-8`,
    "content-security-policy": `default-src 'none'; script-src ${scripts}; style-src 'self'; img-src data:; ` +
      "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
  };
}
