import { assert, assertEquals } from "./std.ts";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DocSymbol, documentFiles } from "../_tools/doc_model.ts";
import { readExports, ROOT } from "../_tools/project.ts";

const PACKAGE = "@viaduct/viaduct";
const VALUES: readonly string[] = ["class", "enum", "function", "variable"];

/** What another program sees of one entry point. */
interface Entry {
  /** How it is imported. */
  readonly specifier: string;
  /** The file, from the package's folder. */
  readonly file: string;
  /** Names that exist when the program runs. */
  readonly values: readonly string[];
  /** Names of types. */
  readonly types: readonly string[];
  /** The examples of its symbols, by title. */
  readonly examples: readonly (readonly [string, string])[];
}

/** Runs Deno and gives everything that it wrote; fails the test where Deno fails. */
async function runDeno(args: readonly string[], cwd: string): Promise<string> {
  const options: Deno.CommandOptions = { args: [...args], cwd, stdin: "null", env: { NO_COLOR: "1" } };
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert(success, `deno ${args.join(" ")} failed:\n${output}`);
  return output;
}

/** Lists the files that would be published, from the project's folder. */
async function listPublished(): Promise<string[]> {
  const output = await runDeno(["publish", "--dry-run", "--allow-dirty", "--no-check"], ROOT);
  const paths = [...output.matchAll(/^\s+(file:\/\/\S+) \(/gm)].map((match) => fileURLToPath(match[1] ?? ""));
  return paths.map((path) => path.slice(ROOT.length).replaceAll("\\", "/")).sort();
}

async function copyFiles(files: readonly string[], target: string): Promise<void> {
  for (const file of files) {
    await Deno.mkdir(dirname(join(target, file)), { recursive: true });
    await Deno.copyFile(join(ROOT, file), join(target, file));
  }
}

function examplesOf({ name, declarations }: DocSymbol): [string, string][] {
  const tags = declarations.flatMap(({ jsDoc }) => jsDoc?.tags ?? []).filter(({ kind }) => kind === "example");
  return tags.flatMap(({ doc = "" }) => {
    const code = /```ts\n([\s\S]*?)```/.exec(doc)?.[1];
    return code === undefined ? [] : [[`${name}: ${doc.split("\n")[0]}`, code]];
  });
}

async function readEntry(name: string, file: string, folder: string): Promise<Entry> {
  const docs = Object.values(await documentFiles([file], folder));
  const symbols = docs.flatMap((doc) => doc.symbols ?? []);
  const isValue = (symbol: DocSymbol): boolean => symbol.declarations.some(({ kind }) => VALUES.includes(kind));
  return {
    specifier: PACKAGE + name.slice(1),
    file,
    values: symbols.filter(isValue).map((symbol) => symbol.name),
    types: symbols.filter((symbol) => !isValue(symbol)).map((symbol) => symbol.name),
    examples: symbols.flatMap(examplesOf),
  };
}

/** A program that names every export, and prints the names of those that exist while it runs. */
function writeImports(entries: readonly Entry[]): string {
  const lines: string[] = ["const found: Record<string, string[]> = {};"];
  for (const [index, { specifier, values, types }] of entries.entries()) {
    const names = values.map((name) => `${name} as ${name}${index}`);
    lines.unshift(`import { ${names.join(", ")} } from "${specifier}";`);
    if (types.length > 0) {
      lines.unshift(
        `export type { ${types.map((name) => `${name} as ${name}${index}`).join(", ")} } from "${specifier}";`,
      );
    }
    const pairs = values.map((name) => `${name}: ${name}${index}`);
    lines.push(`const all${index}: Record<string, unknown> = { ${pairs.join(", ")} };`);
    lines.push(`found["${specifier}"] = Object.keys(all${index}).filter((name) => all${index}[name] !== undefined);`);
  }
  return [...lines, "console.log(JSON.stringify(found));", ""].join("\n");
}

/** Writes each example to a file of its own, and the tests that import them. */
async function writeExamples(entries: readonly Entry[], folder: string): Promise<number> {
  const examples = new Map(entries.flatMap((entry) => entry.examples.map(([title, code]) => [code, title])));
  const tests: string[] = [];
  for (const [code, title] of examples) {
    const file = `example${tests.length}.ts`;
    await Deno.writeTextFile(join(folder, file), code);
    tests.push(`Deno.test(${JSON.stringify(title)}, async () => { await import("./${file}"); });\n`);
  }
  await Deno.writeTextFile(join(folder, "examples_test.ts"), tests.join(""));
  return tests.length;
}

/** Makes a program's folder beside the package's. */
async function createConsumer(entries: readonly Entry[], folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const imports = Object.fromEntries(entries.map(({ specifier, file }) => [specifier, `../package/${file}`]));
  await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ imports, lock: false }));
  await Deno.writeTextFile(join(folder, "imports.ts"), writeImports(entries));
}

Deno.test("The published files are all that another program needs", async (t) => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const [source, consumer] = [join(folder, "package"), join(folder, "consumer")];
  try {
    const files = await listPublished();
    await t.step("sources, their papers and what the command line reads are published, nothing else", () => {
      const others = files.filter((file) => !/^(?:mod|(?:internal|websocket|wamp|testing|cli)\/.*)\.ts$/.test(file));
      const page = ["console.css", "index.html", "style.css"].map((name) => `cli/console/page/${name}`);
      const papers = ["CHANGELOG.md", "LICENSE", "README.md"];
      assertEquals(others, [...papers, ...page, "deno.json"]);
      assertEquals(files.filter((file) => basename(file).endsWith("_test.ts")), []);
    });
    await copyFiles(files, source);
    const entries: Entry[] = [];
    for (const [name, file] of await readExports()) entries.push(await readEntry(name, file, source));
    await createConsumer(entries, consumer);
    await t.step("every export type-checks and imports without a permission", async () => {
      await runDeno(["check", "imports.ts"], consumer);
      const output = await runDeno(["run", "--quiet", "--no-prompt", "imports.ts"], consumer);
      const expected = Object.fromEntries(entries.map(({ specifier, values }) => [specifier, values]));
      assertEquals(JSON.parse(output), expected);
    });
    await t.step("every example runs", async () => {
      const count = await writeExamples(entries, consumer);
      assert(count > 0, "There is no example");
      const output = await runDeno(["test", "--allow-all", "examples_test.ts"], consumer);
      assert(output.includes(`ok | ${count} passed`), output);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
