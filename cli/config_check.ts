/**
 * Checks JSON by a schema, with messages that say where something stands and what was expected there.
 *
 * @module
 */

import type { JsonNode } from "./json_document.ts";

/** The JSON types that a configuration is made of. @internal */
export type SchemaType = "object" | "array" | "string" | "integer" | "number" | "boolean";

/**
 * A JSON Schema, as far as the configuration needs it (draft 2020-12). `x-expected` is ours: the end of "must be …" in
 * messages.
 *
 * @internal
 */
export interface Schema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly "x-expected"?: string;
  readonly type?: SchemaType;
  readonly const?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | Schema;
  /**
   * Alternatives, of which the value's type or its constant members pick one; beside `properties`, members of which
   * exactly one must be there.
   */
  readonly oneOf?: readonly Schema[];
  /** A secret: never printed. */
  readonly writeOnly?: boolean;
}

/** Something that is wrong in a file. @internal */
export interface Problem {
  /** Where it stands, in the text. */
  readonly offset: number;
  /** Where it stands, as `realms[0].uri`; `""` for the whole. */
  readonly path: string;
  /** What is wrong, to be read behind the path. */
  readonly message: string;
}

/** A plain name, which a path joins by a dot. */
const PLAIN_NAME = /^[A-Za-z_$][\w$-]*$/;
const MAX_SHOWN = 60;

/** The path of a member or an element. @internal */
export function pathTo(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!PLAIN_NAME.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Finds everything that is wrong with a document. @internal */
export function checkNode(node: JsonNode, schema: Schema): Problem[] {
  const check = new SchemaCheck(schema);
  check.visit(node, schema, "");
  return check.problems;
}

class SchemaCheck {
  readonly problems: Problem[] = [];
  readonly #root: Schema;

  constructor(root: Schema) {
    this.#root = root;
  }

  visit(node: JsonNode, reference: Schema, path: string): void {
    const schema = this.#resolve(reference);
    if (schema.oneOf !== undefined && schema.properties === undefined) return this.#pick(node, schema, path);
    if (schema.type !== undefined && !hasType(node.value, schema.type)) return this.#unexpected(node, schema, path);
    if (!isAdmitted(node.value, schema)) return this.#unexpected(node, schema, path);
    if (node.items !== undefined) this.#items(node, node.items, schema, path);
    if (node.members === undefined) return;
    this.#members(node, schema, path);
    if (schema.oneOf !== undefined) this.#choice(node, schema.oneOf.flatMap(({ required = [] }) => required), path);
  }

  #resolve(schema: Schema): Schema {
    const name = schema.$ref?.replace("#/$defs/", "");
    return name === undefined ? schema : { ...this.#root.$defs?.[name], ...schema };
  }

  #add(offset: number, path: string, message: string): void {
    this.problems.push({ offset, path, message });
  }

  #unexpected(node: JsonNode, schema: Schema, path: string): void {
    this.#add(node.start, path, `must be ${this.#expected(schema)}, received ${describe(node.value, schema)}`);
  }

  /** What a value must be: the end of a sentence. */
  #expected(reference: Schema): string {
    const schema = this.#resolve(reference);
    if (schema["x-expected"] !== undefined) return schema["x-expected"];
    if (schema.oneOf !== undefined) return listOf(schema.oneOf.map((one) => this.#expected(one)));
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum !== undefined) return listOf(schema.enum.map((choice) => JSON.stringify(choice)));
    switch (schema.type) {
      case "integer":
      case "number":
        return `${schema.type === "integer" ? "a whole number" : "a number"}${rangeOf(schema)}`;
      case "boolean":
        return "true or false";
      case "array":
        return schema.minItems === undefined ? "a list" : "a list that is not empty";
      case "object":
        return "an object";
      default:
        return schema.minLength === undefined ? "a string" : "a string that is not empty";
    }
  }

  /** Picks the alternative that the value is meant to be, and checks it by that one. */
  #pick(node: JsonNode, whole: Schema, path: string): void {
    const typed = (whole.oneOf ?? []).map((one) => this.#resolve(one)).filter(({ type, const: only }) =>
      type === undefined ? only === node.value : hasType(node.value, type)
    );
    const [first, ...others] = typed;
    if (first === undefined) return this.#unexpected(node, whole, path);
    if (others.length === 0) return this.visit(node, first, path);
    const tag = tagOf(first);
    if (tag === undefined) return this.#byMember(node, typed, path, whole);
    const choices = typed.map((one) => one.properties?.[tag]?.const);
    const found = typed[choices.indexOf(nodeAt(node, tag)?.value as string)];
    if (found !== undefined) return this.visit(node, found, path);
    const own = nodeAt(node, tag);
    const expected = listOf(choices.map((choice) => JSON.stringify(choice)));
    if (own === undefined) return this.#add(node.start, path, `must have ${tag}: ${expected}`);
    this.#add(own.start, pathTo(path, tag), `must be ${expected}, received ${describe(own.value, whole)}`);
  }

  /** Picks among objects by the one member that each of them must have. */
  #byMember(node: JsonNode, alternatives: readonly Schema[], path: string, whole: Schema): void {
    const isMeant = ({ required = [] }: Schema): boolean => required.some((name) => nodeAt(node, name) !== undefined);
    const [found, ...others] = alternatives.filter(isMeant);
    if (found === undefined || others.length > 0) return this.#unexpected(node, whole, path);
    this.visit(node, found, path);
  }

  #items(node: JsonNode, items: readonly JsonNode[], schema: Schema, path: string): void {
    if (items.length < (schema.minItems ?? 0)) return this.#unexpected(node, schema, path);
    const seen = new Map<unknown, number>();
    items.forEach((item, index) => {
      if (schema.uniqueItems === true && seen.has(item.value)) {
        this.#add(item.start, pathTo(path, index), `must not stand there twice, received ${show(item.value)} again`);
      }
      seen.set(item.value, index);
      if (schema.items !== undefined) this.visit(item, schema.items, pathTo(path, index));
    });
  }

  #members(node: JsonNode, schema: Schema, path: string): void {
    const { properties = {}, required = [], additionalProperties } = schema;
    for (const [name, { start, node: member }] of node.members ?? []) {
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (own !== undefined) this.visit(member, own, pathTo(path, name));
      else if (additionalProperties === false) this.#unknown(start, name, Object.keys(properties), path);
      else if (additionalProperties !== undefined) this.visit(member, additionalProperties, pathTo(path, name));
    }
    for (const name of required) {
      if (node.members?.has(name) === true) continue;
      const expected = this.#expected(properties[name] ?? {});
      this.#add(node.start, pathTo(path, name), `must be there: ${expected}`);
    }
  }

  /** Exactly one of these members must be there. */
  #choice(node: JsonNode, names: readonly string[], path: string): void {
    const [first, ...others] = names.filter((name) => node.members?.has(name) === true);
    if (first === undefined) return this.#add(node.start, path, `must have ${listOf(names)}`);
    for (const name of others) {
      const start = node.members?.get(name)?.start ?? node.start;
      this.#add(start, pathTo(path, name), `cannot stand beside ${first}: one of them is enough`);
    }
  }

  #unknown(offset: number, name: string, known: readonly string[], path: string): void {
    const meant = closest(name, known);
    const hint = meant === undefined ? `what is known here is ${listOf(known, "and")}` : `did you mean ${meant}?`;
    this.#add(offset, pathTo(path, name), `is unknown: ${hint}`);
  }
}

function nodeAt(node: JsonNode, name: string): JsonNode | undefined {
  return node.members?.get(name)?.node;
}

/** The member by which alternatives are told apart. */
function tagOf(schema: Schema): string | undefined {
  return Object.entries(schema.properties ?? {}).find(([, member]) => member.const !== undefined)?.[0];
}

function hasType(value: unknown, type: SchemaType): boolean {
  switch (type) {
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isSafeInteger(value);
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number";
  }
}

function isAdmitted(value: unknown, schema: Schema): boolean {
  if (schema.const !== undefined) return value === schema.const;
  if (schema.enum !== undefined) return typeof value === "string" && schema.enum.includes(value);
  if (typeof value === "number") {
    const { minimum = -Infinity, maximum = Infinity } = schema;
    return value >= minimum && value <= maximum;
  }
  if (typeof value !== "string") return true;
  if (value.length < (schema.minLength ?? 0)) return false;
  return schema.pattern === undefined || new RegExp(schema.pattern, "u").test(value);
}

function rangeOf({ minimum, maximum }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? "" : ` of at most ${maximum}`;
}

/** What was received, for a message; of a secret only its type. */
function describe(value: unknown, schema: Schema): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0 ? "{}" : "an object";
  if (schema.writeOnly !== true || value === null) return show(value);
  return value === "" ? "an empty string" : `a ${typeof value}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function listOf(parts: readonly string[], joint = "or"): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} ${joint} ${parts.at(-1)}`;
}

/** The known name that a misspelled one is nearest to, where one is near. */
function closest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_]/g, "");
  const wanted = plain(name);
  const [best] = known.map((candidate) => ({ candidate, cost: distance(wanted, plain(candidate)) }))
    .toSorted((a, b) => a.cost - b.cost);
  if (best !== undefined && best.cost <= Math.max(1, Math.floor(wanted.length / 3))) return best.candidate;
  // A shorter or a longer name for the same.
  return known.find((candidate) => {
    const [short = "", long = ""] = [wanted, plain(candidate)].toSorted((a, b) => a.length - b.length);
    return short.length > 2 && long.startsWith(short);
  });
}

/** How many characters must be changed to make one text of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
