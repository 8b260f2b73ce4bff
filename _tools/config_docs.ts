/**
 * Writes what is made of the configuration's schema: the JSON Schema for editors, and the reference within
 * docs/configuration.md. A test holds both to the schema.
 *
 * @module
 */

import type { Schema } from "../cli/config_check.ts";
import { CONFIG_SCHEMA } from "../cli/config_schema.ts";
import { ROOT } from "./project.ts";

/** Where the schema stands for the examples and for editors; a program gets it from `viaduct config schema`. */
export const SCHEMA_FILE = "docs/viaduct.schema.json";
/** Where the reference stands. */
export const REFERENCE_FILE = "docs/configuration.md";

const START = "<!-- reference: written by _tools/config_docs.ts -->";
const END = "<!-- end of reference -->";

/** Definitions that have a section of their own, in their order, and what it is called. */
const SECTIONS: readonly (readonly [name: string, title: string])[] = [
  ["realm", "A realm: `realms[]`"],
  ["realmLimits", "Limits of a realm: `realms[].limits`"],
  ["eventStore", "An event store: `realms[].eventStores[]`"],
  ["auth", "A method of authentication: `realms[].auth[]`"],
  ["role", "A role: `realms[].roles.NAME`"],
  ["permission", "A permission: `realms[].roles.NAME.permissions[]`"],
  ["authorizer", "An authorizer"],
  ["transport", "A transport: `transports[]`"],
  ["tls", "TLS: `transports[].tls`"],
  ["keepalive", "Keepalive: `transports[].keepalive`"],
  ["transportLimits", "Limits of a transport: `transports[].limits`"],
  ["compression", "Compression: `transports[].compression`"],
  ["logging", "Logging: `logging`"],
  ["metrics", "Metrics: `metrics`"],
  ["console", "The console: `console`"],
];

function resolve(schema: Schema): Schema {
  const name = schema.$ref?.replace("#/$defs/", "");
  return name === undefined ? schema : { ...CONFIG_SCHEMA.$defs?.[name], ...schema };
}

/** What a value is, in a few words. */
function kindOf(reference: Schema): string {
  const schema = resolve(reference);
  if (schema["x-expected"] !== undefined) return schema["x-expected"];
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((choice) => JSON.stringify(choice)).join(", ");
  if (schema.oneOf !== undefined && schema.properties === undefined) return schema.oneOf.map(kindOf).join(", or ");
  if (schema.type === "array") return `a list${schema.items === undefined ? "" : ` of ${kindOf(schema.items)}`}`;
  if (schema.type === "boolean") return "true or false";
  const article = /^[aeio]/.test(schema.type ?? "") ? "an" : "a";
  return schema.type === "integer" ? "a whole number" : `${article} ${schema.type}`;
}

function* describeMembers(schema: Schema, indent = ""): Generator<string> {
  const choices = schema.oneOf?.flatMap(({ required = [] }) => required) ?? [];
  for (const [name, reference] of Object.entries(schema.properties ?? {})) {
    const member = resolve(reference);
    const notes = [kindOf(reference)];
    if (schema.required?.includes(name)) notes.push("must be there");
    if (choices.includes(name)) notes.push(`one of ${choices.join(" and ")} must be there`);
    if (member.default !== undefined) notes.push(`default ${JSON.stringify(member.default)}`);
    yield `${indent}- \`${name}\` (${notes.join("; ")})${member.description ? `: ${member.description}` : ""}`;
    const entry = typeof member.additionalProperties === "object" ? resolve(member.additionalProperties) : undefined;
    const isNamed = reference.$ref !== undefined || member.additionalProperties === undefined;
    if (entry?.properties !== undefined && !isNamed && entry.description === undefined) {
      yield* describeMembers(entry, `${indent}  `);
    } else if (member.properties !== undefined && reference.$ref === undefined) {
      yield* describeMembers(member, `${indent}  `);
    }
  }
}

function* describeSection(schema: Schema): Generator<string> {
  if (schema.description !== undefined) yield `${schema.description}\n`;
  if (schema.oneOf === undefined || schema.properties !== undefined) return yield* describeMembers(schema);
  for (const one of schema.oneOf.map(resolve)) {
    const tag = Object.values(one.properties ?? {}).find((member) => member.const !== undefined)?.const;
    if (one.properties === undefined) continue;
    if (tag !== undefined) yield `\n#### ${JSON.stringify(tag)}\n`;
    yield* describeMembers(one);
  }
}

/** The reference, as Markdown that is not yet formatted. */
export function writeReference(): string {
  const lines = ["### The whole", "", ...describeMembers(CONFIG_SCHEMA), ""];
  for (const [name, title] of SECTIONS) {
    lines.push(`### ${title}`, "", ...describeSection(CONFIG_SCHEMA.$defs?.[name] ?? {}), "");
  }
  return `${START}\n\n${lines.join("\n")}\n${END}`;
}

/** The text of the schema. */
export function writeSchema(): string {
  return `${JSON.stringify(CONFIG_SCHEMA, null, 2)}\n`;
}

/** The part of a text that is written here. */
export function findReference(text: string): string {
  return text.slice(text.indexOf(START), text.indexOf(END) + END.length);
}

if (import.meta.main) {
  await Deno.writeTextFile(ROOT + SCHEMA_FILE, writeSchema());
  const text = await Deno.readTextFile(ROOT + REFERENCE_FILE);
  await Deno.writeTextFile(ROOT + REFERENCE_FILE, text.replace(findReference(text), () => writeReference()));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", SCHEMA_FILE, REFERENCE_FILE], cwd: ROOT }).output();
}
