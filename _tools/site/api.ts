/**
 * The API reference: what `deno doc --html` writes, made to fit the site, and a page that lists all symbols.
 *
 * @module
 */

import { dirname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { documentFiles } from "../doc_model.ts";
import { readExports, ROOT } from "../project.ts";
import { runDeno } from "./run.ts";
import { sourcePageOf } from "./source_page.ts";

/** The package's name, which an import begins with. */
const PACKAGE = "@viaduct/viaduct";
const TEMPLATES = new URL("vitepress/", import.meta.url);

/** What the pages are changed by. */
export interface ApiContext {
  /** The way from the page to the reference's first page, with a slash at its end where it is not empty. */
  readonly toApi: string;
  /** The modules, as `deno doc` names them: their exports without the leading `./`; the main one is empty. */
  readonly modules: readonly string[];
  /** The address of the project's folder, with a slash at its end. */
  readonly rootUrl: string;
  /** Says whether a page of the reference has an element of an id; gets the page's address from this one. */
  readonly hasId: (page: string, id: string) => boolean;
  /** Told of each source file that is linked, from the root. */
  readonly onSource: (path: string) => void;
}

/** The name by which a module is imported, such as `@viaduct/viaduct/wamp`. */
function specifierOf(module: string): string {
  return module === "" ? PACKAGE : `${PACKAGE}/${module}`;
}

/** The folder of a module in the reference, with a slash at its end where it is not empty. */
function folderOf(module: string): string {
  return module === "" ? "" : `${module}/`;
}

function moduleOf(exportName: string): string {
  return exportName.replace(/^\.\/?/, "");
}

/**
 * Writes the reference.
 *
 * @param folder A folder that does not exist yet; the site is the folder above.
 * @returns The source files that it links, from the root; pages of the site have to show them.
 */
export async function writeApi(folder: string): Promise<Set<string>> {
  const entries = await readExports();
  const modules = [...entries.keys()].map(moduleOf);
  await Deno.mkdir(dirname(folder), { recursive: true });
  await runDeno(["doc", "--html", "--name=Viaduct API", `--output=${folder}`, ...entries.values()], { cwd: ROOT });
  const pages = await readPages(folder);
  const ids = new Map([...pages].map(([path, html]) => [path, findIds(html)]));
  const sources = new Set<string>();
  for (const [path, html] of pages) {
    const depth = relative(folder, path).split(sep).length - 1;
    const context: ApiContext = {
      toApi: "../".repeat(depth),
      modules,
      rootUrl: pathToFileURL(ROOT).href,
      // What is not a page of the reference is not ours to judge.
      hasId: (page, id) => ids.get(page === "" ? path : resolve(dirname(path), page))?.has(id) ?? true,
      onSource: (source) => sources.add(source),
    };
    await Deno.writeTextFile(path, fitPage(html, context));
  }
  await Deno.copyFile(new URL("api_theme.js", TEMPLATES), join(folder, "darkmode_toggle.js"));
  const style = await Deno.readTextFile(new URL("api.css", TEMPLATES));
  await Deno.writeTextFile(join(folder, "page.css"), `\n${style}`, { append: true });
  await fixSearch(join(folder, "search.js"));
  return sources;
}

/** The search counts the folders up to the reference's first page, wrongly for modules: each page says it instead. */
async function fixSearch(path: string): Promise<void> {
  const script = await Deno.readTextFile(path);
  const fixed = script.replace(
    /const pathToRoot = [^;]*;/,
    `const pathToRoot = document.querySelector("meta[name='doc-root']").content;`,
  );
  if (fixed === script) throw new Error(`Cannot mend the reference's search: ${path} has no pathToRoot`);
  await Deno.writeTextFile(path, fixed);
}

async function readPages(folder: string, pages: Map<string, string> = new Map()): Promise<Map<string, string>> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) await readPages(path, pages);
    else if (name.endsWith(".html")) {
      // The slash needs no escape; without it the pages can be searched.
      pages.set(path, (await Deno.readTextFile(path)).replaceAll("&#x2F;", "/"));
    }
  }
  return pages;
}

function findIds(html: string): Set<string> {
  return new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id ?? ""));
}

/**
 * Makes a page of the reference fit the site: the names that one imports by, links to source files that lead to their
 * pages, no fragment that its page has not, a way back.
 *
 * @param html The page, with its slashes unescaped.
 * @param context What it is changed by.
 * @returns The page.
 */
export function fitPage(html: string, { toApi, modules, rootUrl, hasId, onSource }: ApiContext): string {
  const toSite = `${toApi}../`;
  let page = html.replaceAll(/href="([^"]*)"/g, (attribute, target: string) => {
    if (target.startsWith(rootUrl)) {
      const source = decodeURI(target.slice(rootUrl.length));
      onSource(source);
      return `href="${toSite}${sourcePageOf(source)}"`;
    }
    const [address = "", fragment] = target.split("#");
    return fragment === undefined || hasId(address, fragment) ? attribute : `href="${address}"`;
  });
  for (const module of modules) {
    const [name, specifier] = [module === "" ? "default" : module, specifierOf(module)];
    page = page.replaceAll(`>${name}</a>`, `>${specifier}</a>`)
      .replaceAll(`</span>${name}</ul>`, `</span>${specifier}</ul>`)
      .replaceAll(` from &quot;${module || "."}&quot;`, ` from &quot;${specifier}&quot;`)
      .replace(new RegExp(`(<title>(?:.* - )?)${name} - `), `$1${specifier} - `);
  }
  const head = `<meta name="doc-root" content="${toApi}">
<link rel="icon" href="${toSite}logo.svg" type="image/svg+xml">`;
  const logo = `<img src="${toSite}logo.svg" alt="" width="24" height="24">`;
  page = page.replace("<html>", `<html lang="en">`).replace('<meta charset="utf-8">', `$&\n${head}`)
    .replace('<ul class="breadcrumbs">', `<a class="siteLink" href="${toSite}index.html">${logo}Viaduct</a>$&`)
    .replace('class="contextLink">Viaduct API</a>', 'class="contextLink">API</a>')
    .replace('id="searchbar"', 'id="searchbar" aria-label="Search"');
  // The first page is the main module's.
  const isFirst = page.includes("<title>Viaduct API documentation</title>");
  return isFirst ? page.replace("<main>", () => `<main>${listModules(modules)}`) : page;
}

function listModules(modules: readonly string[]): string {
  const items = modules.map((module) =>
    `<li><a class="link" href="${folderOf(module)}index.html">${specifierOf(module)}</a></li>`
  );
  return `<h1>Modules</h1><ul class="entryPoints">${items.join("")}</ul>`;
}

/** The first sentence of a doc comment, in one line of Markdown that a table can hold. */
export function firstSentence(doc: string): string {
  const paragraph = doc.trim().split(/\n\s*\n/)[0]?.replaceAll(/\s+/g, " ") ?? "";
  const sentence = /^(?:`[^`]*`|[^`])*?[.:](?= [A-Z`{]|$)/.exec(paragraph)?.[0] ?? paragraph;
  return sentence.replaceAll(/\{@link(?:code)? ([^}]+)\}/g, "`$1`").replace(/:$/, ".").replaceAll("|", "\\|")
    .replaceAll("<", "&lt;").replaceAll("{{", "&#123;&#123;");
}

/**
 * Writes the page that lists the entry points and their symbols, which makes them known to the site's search.
 *
 * @returns Markdown.
 */
export async function describeApi(): Promise<string> {
  const exports = await readExports();
  const documented = Object.entries(await documentFiles([...exports.values()]));
  const sections = [...exports].map(([name, file]) => {
    const module = documented.find(([url]) => url.endsWith(`/${file}`))?.[1];
    const home = `/api/${folderOf(moduleOf(name))}`;
    const rows = (module?.symbols ?? []).flatMap((symbol) => {
      const declaration = symbol.declarations.find(({ declarationKind }) => declarationKind === "export");
      if (declaration === undefined) return [];
      const link = `[${"`"}${symbol.name}${"`"}](${home}~/${symbol.name}.html)`;
      return [`| ${link} | ${firstSentence(declaration.jsDoc?.doc ?? "")} | ${kindOf(declaration.kind)} |\n`];
    });
    const about = module?.module_doc?.doc?.trim().split(/\n\s*\n/)[0] ?? "";
    const more = `[The module's page](${home}index.html) has its examples.`;
    return `## \`${
      specifierOf(moduleOf(name))
    }\`\n\n${about}\n\n${more}\n\n| symbol | what it is | kind |\n| --- | --- | --- |\n${rows.sort(byName).join("")}`;
  });
  const intro = "All that is exported, by the module that it is imported from. The [reference](/api/index.html)" +
    " itself has every signature, parameter and option, with examples that are run as tests.";
  return `# API reference\n\n${intro}\n\n${sections.join("\n")}`;
}

function kindOf(kind: string): string {
  return kind === "typeAlias" ? "type" : kind;
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, "en");
}
