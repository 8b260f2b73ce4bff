import { dirname, join, relative } from "node:path";
import { assert, assertEquals } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { codeBlocks } from "../support/code_blocks.ts";

const GUIDES = join(ROOT, "docs", "guides");

/** The Markdown files of a folder and of those in it. */
function markdownFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return markdownFiles(path);
    return name.endsWith(".md") ? [path] : [];
  });
}

/** The anchor of a heading, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

/** What a link of a file leads to, `undefined` where that is there. */
async function missing(file: string, target: string): Promise<string | undefined> {
  const [path = "", anchor = ""] = target.split("#");
  const found = path === "" ? file : join(dirname(file), path);
  const problem = `${relative(ROOT, file)}: ${target}`;
  try {
    const { isDirectory } = await Deno.stat(found);
    if (isDirectory || anchor === "") return undefined;
  } catch {
    return problem;
  }
  const headings = (await Deno.readTextFile(found)).matchAll(/^#+ (.*)$/gm);
  return [...headings].some(([, heading = ""]) => anchorOf(heading) === anchor) ? undefined : problem;
}

Deno.test("every link of the README and of docs/ leads somewhere", async () => {
  const files = [join(ROOT, "README.md"), ...markdownFiles(join(ROOT, "docs"))];
  const broken: string[] = [];
  let count = 0;
  for (const file of files) {
    for (const [, target = ""] of (await Deno.readTextFile(file)).matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g)) {
      count++;
      broken.push(...[await missing(file, target)].filter((problem) => problem !== undefined));
    }
  }
  assertEquals(broken, []);
  assert(count > 20, `There must be links, found ${count}`);
});

Deno.test("every link in the front matter of the home page leads to a page", async () => {
  const [, matter = ""] = (await Deno.readTextFile(join(ROOT, "docs", "index.md"))).split(/^---$/m);
  const links = [...matter.matchAll(/^ +link: \/(.*)$/gm)].map(([, path = ""]) => join(ROOT, "docs", `${path}.md`));
  assert(links.length > 5, `There must be links, found ${links.length}`);
  const pages = markdownFiles(join(ROOT, "docs"));
  assertEquals(links.filter((link) => !pages.includes(link)), []);
});

Deno.test("the README names every guide", async () => {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const guides = markdownFiles(GUIDES).map((file) => relative(ROOT, file).replaceAll("\\", "/"));
  assertEquals(guides.filter((guide) => !readme.includes(`](${guide})`)), []);
});

Deno.test("the entries in the guide to authentication stand so in the configurations of examples/auth/", async () => {
  const guide = await Deno.readTextFile(join(GUIDES, "authentication.md"));
  const entries = codeBlocks(guide, "json").map((text) => JSON.parse(text));
  const configured: unknown[] = [];
  for (const { name } of Deno.readDirSync(join(ROOT, "examples", "auth"))) {
    if (!name.endsWith(".json") || name === "dynamic.json") continue;
    const { realms: [realm] } = JSON.parse(await Deno.readTextFile(join(ROOT, "examples", "auth", name)));
    configured.push(...realm.auth);
  }
  const byMethod = (a: { readonly method: string }, b: { readonly method: string }) => a.method < b.method ? -1 : 1;
  assertEquals(entries.toSorted(byMethod), (configured as typeof entries).toSorted(byMethod));
});
