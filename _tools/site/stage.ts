/**
 * Gathers the pages of the site: copies of Markdown files with links that fit the site, and pages that show the source
 * files and folders which they lead to.
 *
 * @module
 */

import { basename, dirname, extname, join, posix } from "node:path";
import { findLinks, rewriteLinks, titleOf } from "./markdown.ts";
import { showSource, sourcePageOf } from "./source_page.ts";

/** Markdown files beside docs/ that are pages of the site: path from the root to the page's. */
export const PROJECT_PAGES: Readonly<Record<string, string>> = {
  "README.md": "index.md",
  "CHANGELOG.md": "project/changelog.md",
  "CONTRIBUTING.md": "project/contributing.md",
  "SECURITY.md": "project/security.md",
  "bench/README.md": "project/benchmarks.md",
};
const IMAGES: readonly string[] = [".svg", ".png", ".jpg", ".gif", ".webp"];
/** Folders that hold nothing of the project's. */
const SKIPPED: readonly string[] = ["node_modules", "__pycache__", "coverage", "reports"];

/** What a path is. */
type Kind = "file" | "folder" | undefined;

/** Pages and files of the site, filled page by page; each link adds what it leads to. */
export class Stage {
  /** The Markdown of each page, by its path in the site. */
  readonly pages: Map<string, string> = new Map();
  /** The HTML of each static page, by its path in the site. */
  readonly staticPages: Map<string, string> = new Map();
  /** Files that are copied as they are: path in the site to path from the root. */
  readonly assets: Map<string, string> = new Map();
  /** Links that lead nowhere, a line each. */
  readonly problems: string[] = [];
  readonly #root: string;
  readonly #change: (text: string, file: string) => string;
  readonly #kinds: Map<string, Kind> = new Map();
  readonly #queue: string[] = [];

  /**
   * @param root The project's folder, with a slash at its end.
   * @param change Changes a page's Markdown before its links are looked at; gets its path from the root.
   */
  constructor(root: string, change: (text: string, file: string) => string = (text) => text) {
    this.#root = root;
    this.#change = change;
  }

  /** Adds a Markdown file as a page. */
  async addFile(file: string): Promise<void> {
    await this.addText(file, await Deno.readTextFile(this.#root + file));
  }

  /** Adds Markdown that stands for a file. */
  async addText(file: string, text: string): Promise<void> {
    this.pages.set(pageOf(file), await this.#convert(file, text));
    await this.#followLinks();
  }

  /** Adds the page of a source file or folder. */
  async addSource(path: string): Promise<void> {
    this.#queue.push(path);
    await this.#followLinks();
  }

  /**
   * Writes all pages and assets.
   *
   * @param folder The folder that gets the pages; what is served as it is goes to `public` in it.
   */
  async write(folder: string): Promise<void> {
    const write = async (path: string, text: string): Promise<void> => {
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, text);
    };
    for (const [page, text] of this.pages) await write(join(folder, page), text);
    for (const [page, html] of this.staticPages) await write(join(folder, "public", page), html);
    for (const [target, path] of this.assets) {
      await Deno.mkdir(dirname(join(folder, "public", target)), { recursive: true });
      await Deno.copyFile(this.#root + path, join(folder, "public", target));
    }
  }

  /** Makes the Markdown of a file that of a page. */
  async #convert(file: string, text: string): Promise<string> {
    const changed = this.#change(text.replaceAll("\r\n", "\n"), file);
    // What the targets are has to be known first: links are rewritten synchronously.
    for (const target of findLinks(changed)) {
      const path = pathOf(file, target);
      if (path !== undefined && !this.#kinds.has(path)) this.#kinds.set(path, await kindOf(this.#root + path));
    }
    return rewriteLinks(changed, (target) => this.#resolve(file, target));
  }

  /** The address in the site of what a link leads to. */
  #resolve(file: string, target: string): string {
    const path = pathOf(file, target);
    if (path === undefined) return target;
    const kind = this.#kinds.get(path);
    if (kind === undefined) {
      this.problems.push(`${file}: ${target} leads nowhere`);
      return "#";
    }
    if (kind === "file" && IMAGES.includes(extname(path))) {
      this.assets.set(path, path);
      return `/${path}`;
    }
    if (!isPage(path)) this.#queue.push(path);
    return addressOf(path, kind) + (/#.*$/.exec(target)?.[0] ?? "");
  }

  async #followLinks(): Promise<void> {
    for (let path = this.#queue.pop(); path !== undefined; path = this.#queue.pop()) {
      const kind = await kindOf(this.#root + path);
      if (kind === "folder") await this.#addFolder(path);
      else if (isReadme(path)) await this.#addFolder(posix.dirname(path));
      else if (path.endsWith(".md")) await this.#addMarkdown(path);
      else await this.#addStatic(path);
    }
  }

  async #addStatic(path: string): Promise<void> {
    const page = sourcePageOf(path);
    if (this.staticPages.has(page)) return;
    const bytes = await Deno.readFile(this.#root + path);
    const text = bytes.includes(0)
      ? "This file is not text."
      : new TextDecoder().decode(bytes).replaceAll("\r\n", "\n");
    this.staticPages.set(page, showSource(path, text));
  }

  async #addMarkdown(path: string): Promise<void> {
    const page = pageOf(path);
    if (this.pages.has(page)) return;
    this.pages.set(page, "");
    const text = await Deno.readTextFile(this.#root + path);
    this.pages.set(page, frontMatter(titleOf(text) ?? basename(path)) + await this.#convert(path, text));
  }

  /** The page of a folder: what its README says, and its files, each with a page. */
  async #addFolder(folder: string): Promise<void> {
    const page = `source/${folder}/index.md`;
    if (this.pages.has(page)) return;
    this.pages.set(page, "");
    const items: string[] = [];
    let readme: string | undefined;
    for (const { name, isDirectory } of await readFolder(this.#root + folder)) {
      const path = `${folder}/${name}`;
      if (name === "README.md") readme = await Deno.readTextFile(this.#root + path);
      else {
        this.#queue.push(path);
        items.push(`- [${name}${isDirectory ? "/" : ""}](${addressOf(path, isDirectory ? "folder" : "file")})\n`);
      }
    }
    const title = readme === undefined ? `${folder}/` : titleOf(readme) ?? `${folder}/`;
    const text = readme === undefined ? `# ${folder}/\n` : await this.#convert(`${folder}/README.md`, readme);
    this.pages.set(page, `${frontMatter(title)}${text}\n## Files\n\n${items.join("")}`);
  }
}

async function readFolder(path: string): Promise<Deno.DirEntry[]> {
  const entries: Deno.DirEntry[] = [];
  for await (const entry of Deno.readDir(path)) {
    if (!entry.name.startsWith(".") && !SKIPPED.includes(entry.name)) entries.push(entry);
  }
  return entries.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The path from the root that a link leads to; `undefined` where it leads out of the project's files. */
function pathOf(file: string, target: string): string | undefined {
  if (/^(?:[a-z][a-z0-9+.-]*:|\/|#|$)/i.test(target)) return undefined;
  const path = posix.normalize(posix.join(posix.dirname(file), decodeURI(target.replace(/[?#].*$/, ""))));
  return path.replace(/\/$/, "");
}

async function kindOf(path: string): Promise<Kind> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/** Whether a file is a page in its own right. */
function isPage(path: string): boolean {
  return path in PROJECT_PAGES || (path.startsWith("docs/") && path.endsWith(".md"));
}

/** Whether a file is shown by its folder's page. */
function isReadme(path: string): boolean {
  return !isPage(path) && basename(path) === "README.md";
}

/** The address of a path's page, as Markdown links it. */
function addressOf(path: string, kind: Kind): string {
  if (kind === "folder") return `/source/${path}/`;
  if (isReadme(path)) return `/source/${posix.dirname(path)}/`;
  return path.endsWith(".md") ? `/${pageOf(path)}` : `/${sourcePageOf(path)}`;
}

/**
 * Says where a Markdown file's page is.
 *
 * @param path The file, from the root.
 * @returns The page, from the site's root, as a Markdown file.
 */
export function pageOf(path: string): string {
  const page = PROJECT_PAGES[path];
  if (page !== undefined) return page;
  return isPage(path) ? path.slice("docs/".length) : `source/${path}`;
}

/** Pages of sources have their title and their width to themselves, and the search leaves them out. */
function frontMatter(title: string): string {
  return `---\ntitle: ${JSON.stringify(title)}\nsearch: false\nsidebar: false\naside: false\n---\n\n`;
}
