import { join } from "node:path";
import { type DocDeclaration, documentFiles } from "../../_tools/doc_model.ts";
import { assert, assertEquals } from "../std.ts";
import { ROOT } from "../support/folders.ts";

/** The interfaces of an entry point, by name. */
async function readInterfaces(): Promise<Map<string, DocDeclaration>> {
  const files = Object.values(await documentFiles(["websocket/mod.ts"]));
  const symbols = files.flatMap(({ symbols = [] }) => symbols);
  return new Map(symbols.flatMap(({ name, declarations }) => declarations.map((declaration) => [name, declaration])));
}

/** The properties of an interface and of those that it extends, with their doc comments. */
function propertiesOf(name: string, interfaces: ReadonlyMap<string, DocDeclaration>): Map<string, string> {
  const { def } = interfaces.get(name) ?? {};
  assert(def !== undefined, `There must be an interface ${name}`);
  const bases = (def.extends as readonly { readonly repr: string }[] | undefined) ?? [];
  const own = (def.properties ?? []).map(({ name, jsDoc }): [string, string] => [name, JSON.stringify(jsDoc ?? {})]);
  return new Map([...bases.flatMap(({ repr }) => [...propertiesOf(repr, interfaces)]), ...own]);
}

/** A column of the table as the code has it: option to its doc comment; handlers are told elsewhere on the page. */
function optionsOf(options: string, limits: string, interfaces: ReadonlyMap<string, DocDeclaration>) {
  const handlers = propertiesOf("WebSocketHandlers", interfaces);
  const rows = [...propertiesOf(options, interfaces)].filter(([name]) => !handlers.has(name) && name !== "limits");
  const bounds = [...propertiesOf(limits, interfaces)].map(([name, doc]) => [`limits.${name}`, doc] as const);
  return new Map<string, string>([...rows, ...bounds]);
}

/** A number as the table writes it. */
function format(value: number): string {
  if (value >= 2 ** 20) return `${value / 2 ** 20} MiB`;
  if (value >= 2 ** 10 && Number.isInteger(value / 1_024)) return `${value / 1_024} KiB`;
  return value.toLocaleString("en");
}

Deno.test("the table of docs/websocket.md has each option of connect() and serve(), with its default", async () => {
  const page = await Deno.readTextFile(join(ROOT, "docs", "websocket.md"));
  const [, table = ""] = page.split("\n## Options\n");
  const rows = [...table.matchAll(/^\| `(\S+)` *\| +(yes)? *\| +(yes)? *\| (.*?) *\|/gm)].map((
    [, name = "", connect, serve, fallback = ""],
  ) => ({ name, connect, serve, fallback }));
  const interfaces = await readInterfaces();
  const connect = optionsOf("ConnectOptions", "ConnectionLimits", interfaces);
  const serve = optionsOf("ServeOptions", "ServerLimits", interfaces);
  const named = (role: "connect" | "serve") => rows.filter((row) => row[role] === "yes").map(({ name }) => name).sort();
  assertEquals(named("connect"), [...connect.keys()].sort());
  assertEquals(named("serve"), [...serve.keys()].sort());
  let count = 0;
  for (const { name, fallback } of rows) {
    const [, value] = /@default \{(\d+)\}/.exec(connect.get(name) ?? serve.get(name) ?? "") ?? [];
    if (value === undefined) continue;
    count++;
    assertEquals(fallback.replace(/:.*/, ""), name === "port" ? value : format(Number(value)), `default of ${name}`);
  }
  assert(count >= 12, `There must be numbers, found ${count}`);
});
