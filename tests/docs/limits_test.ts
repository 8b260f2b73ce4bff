import { join } from "node:path";
import { documentFiles } from "../../_tools/doc_model.ts";
import { readExports } from "../../_tools/project.ts";
import { resolveOptions } from "../../websocket/options.ts";
import { DEFAULT_HEAD_LIMITS } from "../../websocket/http1.ts";
import { assert, assertEquals } from "../std.ts";
import { ROOT } from "../support/folders.ts";

const GUIDES = join(ROOT, "docs", "guides");
const guide = await Deno.readTextFile(join(GUIDES, "limits.md"));

/** The rows of the table behind a comment: their cells. */
function tablesBehind(comment: RegExp): (readonly [label: string, rows: readonly string[][]])[] {
  return [...guide.matchAll(new RegExp(`<!-- ${comment.source} -->\\n\\n((?:\\|.*\\n)+)`, "g"))].map((match) => {
    const lines = match.at(-1)!.trimEnd().split("\n").slice(2);
    return [match[1]!, lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))];
  });
}

/** A limit as a number where it is one: `16 MiB`, `10,000 ms`, `{10_000}`, `0: none`. */
function sizeOf(text: string): number | string {
  const [, number, unit = ""] = /^\{?([\d,_]+)\}?(?: (KiB|MiB|ms))?(?:: none)?$/.exec(text) ?? [];
  if (number === undefined) return /^(?:none|\{?Infinity\}?)$/.test(text) ? Infinity : text;
  return Number(number.replace(/[,_]/g, "")) * ({ KiB: 1 << 10, MiB: 1 << 20 }[unit] ?? 1);
}

const DEFAULTS = new Map(tablesBehind(/defaults: (\w+)/));

/** What the declarations say, as `Interface.option`. */
const declared = new Map<string, number | string>();
for (const file of Object.values(await documentFiles([...(await readExports()).values()]))) {
  for (const { name, declarations } of file.symbols ?? []) {
    for (const { name: option, jsDoc } of declarations.flatMap(({ def }) => def?.properties ?? [])) {
      // In the middle of a line it is text to the documentation.
      const [, inText] = /@default \{(.*)\}$/m.exec(jsDoc?.doc ?? "") ?? [];
      const tag = jsDoc?.tags?.find(({ kind }) => kind === "default");
      declared.set(`${name}.${option}`, sizeOf(inText ?? tag?.value ?? "must be given"));
    }
  }
}

Deno.test("each default in the guide to limits is the one that its option declares", () => {
  let count = 0;
  for (const [name, rows] of DEFAULTS) {
    for (const [option = "", value = ""] of rows) {
      const key = `${name}.${option.replaceAll("`", "")}`;
      assertEquals([key, sizeOf(value)], [key, declared.get(key)]);
      count++;
    }
  }
  assert(count > 30, `There must be options in the guide, found ${count}`);
});

Deno.test("the guide to limits has every option that is one", () => {
  for (const name of ["ConnectionLimits", "ServerLimits", "TransportLimits", "RouterServerLimits", "RealmLimits"]) {
    const options = [...declared.keys()].filter((key) => key.startsWith(`${name}.`)).map((key) => key.split(".")[1]);
    const listed = (DEFAULTS.get(name) ?? []).map(([option]) => option?.replaceAll("`", ""));
    assertEquals([...listed].sort(), options.sort(), name);
  }
});

Deno.test("a WebSocket connection has the limits that the guide says", () => {
  const resolved: Readonly<Record<string, unknown>> = { ...resolveOptions({}) };
  const { maxTarget, maxHeaders, maxLine: maxHeaderLine, maxHead } = DEFAULT_HEAD_LIMITS;
  const used: Readonly<Record<string, unknown>> = { ...resolved, maxTarget, maxHeaders, maxHeaderLine, maxHead };
  let count = 0;
  for (const name of ["ConnectionLimits", "ConnectionOptions", "ServerLimits"]) {
    for (const [option = "", value = ""] of DEFAULTS.get(name) ?? []) {
      const key = option.replaceAll("`", "");
      if (key === "maxConnections") continue;
      assertEquals([key, sizeOf(value)], [key, used[key]]);
      count++;
    }
  }
  assertEquals(count, 10);
});

/** Gives the value of a constant of the sources: numbers, products, powers and shifts. */
function valueOf(source: string, name: string): number {
  const expression = new RegExp(`^(?:export )?const ${name}(?:: number)? = ([\\d_ *<]+);$`, "m").exec(source)?.[1];
  assert(expression !== undefined, `There must be a constant ${name}`);
  const [first = "", ...rest] = expression.replaceAll("_", "").split(/ (?=\*\*|\*|<<)/);
  return rest.reduce((value, step) => {
    const [operator, operand] = step.split(" ");
    if (operator === "<<") return value * 2 ** Number(operand);
    return operator === "**" ? value ** Number(operand) : value * Number(operand);
  }, Number(first));
}

Deno.test("each limit that no option changes is as the guide says where it links to", async () => {
  const [[, rows] = ["", []]] = tablesBehind(/(constants)/);
  assert(rows.length > 20, `There must be constants in the guide, found ${rows.length}`);
  for (const [what = "", value = "", , where = ""] of rows) {
    const [, name = "", path = ""] = /^\[(\w+)\]\((.+)\)$/.exec(where) ?? [];
    const source = await Deno.readTextFile(join(GUIDES, path));
    assertEquals([what, sizeOf(value)], [what, valueOf(source, name)]);
  }
});
