import { join } from "node:path";
import { documentFiles } from "../../_tools/doc_model.ts";
import { readExports } from "../../_tools/project.ts";
import { assert, assertEquals } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { runCommand } from "../support/processes.ts";
import { MIGRATION_PAGES, type MigrationPage, namesOf, readMigrationPage } from "./migrating_pages.ts";

const FOLDER = join(ROOT, "tests", "docs");
/** How long a program may take, in milliseconds. */
const LIMIT = 60_000;
const QUIET = { NO_COLOR: "1" };

const pages = await Promise.all(MIGRATION_PAGES.map(readMigrationPage));

/**
 * What the interoperability run looks for in the packages; the others are names of Node and of other packages, names that
 * the page gives itself, and what goes on the wire as it is.
 */
const recorded: Readonly<Record<string, { readonly names: readonly string[]; readonly others: readonly string[] }>> =
  JSON.parse(await Deno.readTextFile(join(FOLDER, "migrating_names.json")));

/** A folder outside of the project in which `@viaduct/viaduct` is this one. */
async function withProgram(source: string, use: (folder: string, file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "viaduct-migrating-" });
  try {
    const exports = [...await readExports()];
    const imports = Object.fromEntries(
      exports.map(([name, path]) => [`@viaduct/viaduct${name.slice(1)}`, ROOT + path]),
    );
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ imports, lock: false }));
    await Deno.writeTextFile(join(folder, "program.ts"), source);
    await use(folder, "program.ts");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Where the names in our columns are from. */
const ENTRIES = ["./wamp", "./wamp/auth", "./websocket"];

/** Imports the prelude, and all that the entry points export, each name once, but for those of the prelude. */
async function writeImports(prelude: string): Promise<string> {
  const taken = new Set([...prelude.matchAll(/^export (?:declare )?const (\w+)/gm)].map(([, name = ""]) => name));
  const exports = await readExports();
  let text = `import { ${[...taken].join(", ")} } from "./prelude.ts";\n`;
  for (const entry of ENTRIES) {
    const [file] = Object.values(await documentFiles([exports.get(entry)!]));
    const names = (file?.symbols ?? []).map(({ name }) => name).filter((name) => !taken.has(name));
    names.forEach((name) => taken.add(name));
    text += `import { ${names.join(", ")} } from "@viaduct/viaduct${entry.slice(1)}";\n`;
  }
  return text;
}

/** The code of our columns, each piece a function of its own whose name says where it is from. */
function functionsOf({ name, rows }: MigrationPage): string[] {
  return rows.flatMap(({ line, ours }) =>
    ours.map((code, index) => `export async function ${name}_line_${line}_${index}() {\n  ${code};\n}\n`)
  );
}

Deno.test("every name in our columns of docs/migrating/ is exported, and every call is one that TypeScript takes", async () => {
  const functions = pages.flatMap(functionsOf);
  assert(functions.length > 150, `There must be code in our columns, found ${functions.length} pieces`);
  const prelude = await Deno.readTextFile(join(FOLDER, "migrating_prelude.ts"));
  await withProgram([await writeImports(prelude), ...functions].join("\n"), async (cwd, file) => {
    await Deno.writeTextFile(join(cwd, "prelude.ts"), prelude);
    await runCommand([Deno.execPath(), "check", file], { cwd, timeout: LIMIT, env: QUIET });
  });
});

for (const page of pages) {
  Deno.test(`every name in the other column of docs/migrating/${page.name}.md is one that is looked for in the package`, () => {
    const { names = [], others = [] } = recorded[page.name] ?? {};
    assertEquals(namesOf(page.rows), [...names, ...others].sort());
  });

  Deno.test(`the program after, in docs/migrating/${page.name}.md, prints what the page says`, async () => {
    await withProgram(page.after, async (cwd, file) => {
      const command = [Deno.execPath(), "run", "--no-prompt", "--allow-net=127.0.0.1", file];
      const output = await runCommand(command, { cwd, timeout: LIMIT, env: QUIET });
      assertEquals(output.trimEnd().split("\n"), page.printed);
    });
  });
}
