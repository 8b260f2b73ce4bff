import { dirname, join, relative } from "node:path";
import { assert, assertEquals } from "../std.ts";
import { ROOT } from "../support/folders.ts";

const EXAMPLES = join(ROOT, "examples");
const GALLERY = join(ROOT, "docs", "examples.md");

/** A command that runs an example: its permissions, and its file from the root. */
interface Command {
  readonly permissions: string;
  readonly file: string;
}

/** Every file at and below a folder, from the root, with slashes. */
function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? filesIn(path) : [relative(ROOT, path).replaceAll("\\", "/")];
  });
}

/** The commands of a text; those that run something else, such as the router of the command line, are left out. */
function commandsOf(text: string): Command[] {
  const commands = text.matchAll(/\bdeno run ((?:-\S+ )*)(examples\/\S+\.ts)\b/g);
  return [...commands].map(([, permissions = "", file = ""]) => ({ permissions: permissions.trim(), file }));
}

/** What the header of a program says, if it says how it is run. */
async function headerOf(file: string): Promise<Command | undefined> {
  const [header = ""] = (await Deno.readTextFile(join(ROOT, file))).split("*/");
  return commandsOf(header).find((command) => command.file === file);
}

/** Where the links of a Markdown file lead to, from the root; not those of the web. */
async function linksOf(path: string): Promise<string[]> {
  const links = (await Deno.readTextFile(path)).matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g);
  return [...links].map(([, target = ""]) => relative(ROOT, join(dirname(path), target)).replaceAll("\\", "/"));
}

/** Commands of a text that are not what the header of the program says. */
async function wrongCommands(text: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const { permissions, file } of commandsOf(text)) {
    const header = await headerOf(file).catch(() => undefined);
    if (header?.permissions !== permissions) {
      wrong.push(`${file}: must be run with "${header?.permissions}", received "${permissions}"`);
    }
  }
  return wrong;
}

Deno.test("the gallery has every example, each program by its file and each folder by its README or its program", async () => {
  const links = await linksOf(GALLERY);
  const isLinked = (path: string): boolean => links.some((link) => link === path || link.startsWith(`${path}/`));
  const names = [...Deno.readDirSync(EXAMPLES)].map(({ name }) => `examples/${name}`);
  assertEquals(names.filter((name) => !isLinked(name)), []);
  const readmes = filesIn(EXAMPLES).filter((file) => file.endsWith("README.md"));
  assertEquals(readmes.filter((file) => !links.includes(file)), []);
  assert(names.length > 20, `There must be examples, found ${names.length}`);
});

Deno.test("the gallery has a command for every example", async () => {
  const commands = commandsOf(await Deno.readTextFile(GALLERY));
  const names = [...Deno.readDirSync(EXAMPLES)].map(({ name }) => `examples/${name}`);
  const isRun = (name: string): boolean => commands.some(({ file }) => file === name || file.startsWith(`${name}/`));
  assertEquals(names.filter((name) => !isRun(name)), ["examples/demo"]); // That one is a task.
});

Deno.test("the commands of the gallery, of READMEs and of headers give the permissions of the program's header", async () => {
  const files = filesIn(EXAMPLES).filter((file) => /\.(?:md|ts|py)$/.test(file));
  for (const file of ["docs/examples.md", ...files]) {
    assertEquals(await wrongCommands(await Deno.readTextFile(join(ROOT, file))), [], file);
  }
});

Deno.test("every link of the READMEs of examples leads somewhere", async () => {
  const readmes = filesIn(EXAMPLES).filter((file) => file.endsWith("README.md"));
  assert(readmes.length >= 3, `There must be READMEs, found ${readmes.length}`);
  for (const readme of readmes) {
    for (const target of await linksOf(join(ROOT, readme))) {
      const found = await Deno.stat(join(ROOT, target)).then(() => true, () => false);
      assert(found, `${readme}: ${target}`);
    }
  }
});
