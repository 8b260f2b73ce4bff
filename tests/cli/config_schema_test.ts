import { findReference, REFERENCE_FILE, SCHEMA_FILE, writeReference, writeSchema } from "../../_tools/config_docs.ts";
import { checkNode, type Schema } from "../../cli/config_check.ts";
import { CONFIG_SCHEMA } from "../../cli/config_schema.ts";
import { parseJsonDocument } from "../../cli/json_document.ts";
import { assert, assertEquals, assertMatch } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { runMain } from "./running.ts";
import { codeBlocks } from "../support/code_blocks.ts";

const HINT = "run deno run -A _tools/config_docs.ts";

Deno.test("config schema prints the schema that stands beside the documentation", async () => {
  const kept = await Deno.readTextFile(ROOT + SCHEMA_FILE);
  assertEquals(JSON.parse(kept), JSON.parse(writeSchema()), HINT);
  const { code, printed } = await runMain(["config", "schema"]);
  assertEquals([code, JSON.parse(printed.join("\n"))], [0, JSON.parse(kept)]);
});

Deno.test('the schema\'s identifier is a URN, since nobody fetches it (JSON Schema, The "$id" Keyword)', () => {
  assertMatch(CONFIG_SCHEMA.$id ?? "", /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

Deno.test("the reference in the documentation is that of the schema, and its example is right", async () => {
  const text = await Deno.readTextFile(ROOT + REFERENCE_FILE);
  // The formatter breaks lines and pads.
  const words = (part: string): string => part.replace(/\s+/g, " ");
  assertEquals(words(findReference(text)), words(writeReference()), HINT);
  const [example = ""] = codeBlocks(text, "json");
  assertEquals(checkNode(parseJsonDocument(example), CONFIG_SCHEMA), []);
});

/** The names of all definitions that are referred to. */
function references(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]) =>
    name === "$ref" ? [String(value).replace("#/$defs/", "")] : references(value)
  );
}

Deno.test("every definition of the schema is there and is used", () => {
  const names = Object.keys(CONFIG_SCHEMA.$defs ?? {}).sort();
  assertEquals([...new Set(references(CONFIG_SCHEMA))].sort(), names);
});

/** Which schema stands for an interface of cli/config_types.ts. */
const SCHEMAS: Readonly<Record<string, (defs: Readonly<Record<string, Schema>>) => Schema | undefined>> = {
  RouterConfig: () => CONFIG_SCHEMA,
  RealmConfig: ({ realm }) => realm,
  RealmLimitsConfig: ({ realmLimits }) => realmLimits,
  EventStoreConfig: ({ eventStore }) => eventStore,
  RoleConfig: ({ role }) => role,
  PermissionConfig: ({ permission }) => permission,
  AuthorizerConfig: ({ authorizer }) => authorizer,
  WebSocketTransportConfig: ({ transport }) => transport?.oneOf?.[0],
  RawSocketTransportConfig: ({ transport }) => transport?.oneOf?.[1],
  TlsConfig: ({ tls }) => tls,
  LoggingConfig: ({ logging }) => logging,
  MetricsConfig: ({ metrics }) => metrics,
  ConsoleConfig: ({ console }) => console,
};

/** The members of an interface, and whether each must be there. */
function membersOf(text: string, name: string): ReadonlyMap<string, boolean> {
  const [, base, body = ""] = new RegExp(`interface ${name}(?: extends (\\w+))? \\{\\n([\\s\\S]*?)\\n\\}`).exec(text) ??
    [];
  const own = [...body.matchAll(/^ {2}readonly ([\w$]+)(\??):/gm)].map(([, member = "", mark]) =>
    [member, mark === ""] as const
  );
  return new Map([...base === undefined ? [] : membersOf(text, base), ...own]);
}

Deno.test("the types of a configuration have the members of the schema, and the same must be there", async (t) => {
  const text = await Deno.readTextFile(`${ROOT}cli/config_types.ts`);
  for (const [name, find] of Object.entries(SCHEMAS)) {
    await t.step(name, () => {
      const schema = find(CONFIG_SCHEMA.$defs ?? {});
      const expected = Object.keys(schema?.properties ?? {}).map((member) =>
        [member, schema?.required?.includes(member) === true] as const
      );
      assert(expected.length > 0);
      assertEquals(new Map([...membersOf(text, name)].sort()), new Map(expected.sort()));
    });
  }
});
