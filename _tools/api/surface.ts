/**
 * The public API as lines: of what the entry points export, each symbol, each member and each overload.
 *
 * @module
 */

import { type DocDeclaration, type DocDefinition, type DocFiles, idOf, type JsDoc } from "../doc_model.ts";
import { dropBodies, listMembers, type MemberText, writeFunction, writeType, writeTypeParams } from "../doc_type.ts";
import { findUses, type Use } from "./uses.ts";

const SURFACE_KINDS = ["class", "abstract class", "interface", "function", "type", "const", "let", "var"] as const;

/** What a symbol is; a class and an interface, and an object's type, have lines for their members. */
export type SurfaceKind = typeof SURFACE_KINDS[number];

/** A line of the surface: a symbol, or a member of it. */
export interface SurfaceLine {
  /** The entry point, as deno.json names it. */
  readonly entry: string;
  /** Whether semver holds. */
  readonly level: "public" | "experimental";
  /** Whether it is going to be removed. */
  readonly isDeprecated: boolean;
  /** What the symbol is. */
  readonly kind: SurfaceKind;
  /** The symbol. */
  readonly name: string;
  /** Who makes its values; none where that does not matter or is not known. */
  readonly uses: readonly Use[];
  /** The member's text; `undefined` for the symbol's own line. */
  readonly member?: string;
  /** What follows the name on the symbol's own line. */
  readonly tail: string;
}

/** That an entry point exports what another one does. */
interface Reexport {
  readonly entry: string;
  readonly name: string;
  /** The other one. */
  readonly home: string;
}

/** What stands before the lines of the file. */
const HEAD = `# The public API, written by _tools/api_surface.ts --write: entry point, level, symbol or member.
# (in): programs give such values, so that they lack what is added; (out): they only get them.
`;

const KINDS: Readonly<Record<string, SurfaceKind>> = {
  class: "class",
  interface: "interface",
  function: "function",
  typeAlias: "type",
};

function tagsOf(jsDoc: JsDoc | undefined): string[] {
  return (jsDoc?.tags ?? []).map(({ kind }) => kind);
}

/** Gathers what the entry points export, each symbol at the first that has it; the root module comes last. */
class SurfaceWriter {
  readonly #entries: readonly (readonly [name: string, address: string])[];
  readonly #docs: DocFiles;
  readonly #declared = new Map<string, DocDeclaration>();
  readonly #byName = new Map<string, DocDeclaration[]>();

  constructor(entries: ReadonlyMap<string, string>, docs: DocFiles) {
    this.#entries = [...entries].sort(([a], [b]) => (a === "." ? 1 : 0) - (b === "." ? 1 : 0) || (a < b ? -1 : 1));
    this.#docs = docs;
    for (const symbol of Object.values(docs).flatMap(({ symbols = [] }) => symbols)) {
      for (const declaration of symbol.declarations.filter(({ kind }) => kind !== "reference")) {
        this.#declared.set(idOf(declaration), declaration);
        const all = this.#byName.get(symbol.name) ?? [];
        this.#byName.set(symbol.name, all);
        all.push(declaration);
      }
    }
  }

  write(): string[] {
    const uses = findUses(this.#byName);
    const homes = new Map<string, string>();
    const lines: [key: string, text: string][] = [];
    for (const [entry, address] of this.#entries) {
      for (const { name, declarations: all } of this.#docs[address]?.symbols ?? []) {
        // What is not exported is told where something that is refers to it.
        const declarations = all.filter(({ declarationKind }) => declarationKind === "export");
        if (declarations.length === 0) continue;
        const id = `${name} ${declarations.map(idOf).join()}`;
        const home = homes.get(id);
        homes.set(id, home ?? entry);
        const texts = home === undefined
          ? this.#writeSymbol(name, declarations, entry, uses.get(name))
          : [writeReexport({ entry, name, home })];
        // A symbol's own lines come before those of its members.
        const isMember = (text: string): boolean => readsAsMember(text, name);
        for (const text of texts) lines.push([`${entry}\0${name}\0${isMember(text) ? 1 : 0}\0${text}`, text]);
      }
    }
    return [...new Set(lines.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, text]) => text))];
  }

  #writeSymbol(
    name: string,
    declarations: readonly DocDeclaration[],
    entry: string,
    uses: ReadonlySet<Use> | undefined,
  ): string[] {
    const found = declarations.flatMap((one) => this.#declared.get(idOf(one)) ?? []);
    const functions = found.filter(({ kind }) => kind === "function");
    const callable = dropBodies(functions.map(({ def = {} }) => def));
    const others = found.filter(({ def, kind }) => kind !== "function" || callable.includes(def ?? {}));
    return others.flatMap((declaration) => {
      const common = { ...levelOf(declaration, name), entry, name, uses: [...uses ?? []].sort() };
      return writeDeclaration(declaration, name).map((part) => writeLine({ ...common, ...part }));
    });
  }
}

function levelOf({ jsDoc }: DocDeclaration, name: string): Pick<SurfaceLine, "level" | "isDeprecated"> {
  const tags = tagsOf(jsDoc);
  const level = tags.includes("experimental") ? "experimental" : "public";
  if (level === "public" && !tags.includes("public")) throw new Error(`${name} is neither @public nor @experimental`);
  return { level, isDeprecated: tags.includes("deprecated") };
}

type DeclarationPart = Pick<SurfaceLine, "kind" | "tail" | "member">;

function writeDeclaration({ kind, def = {} }: DocDeclaration, name: string): DeclarationPart[] {
  const what = kind === "variable" ? variableKind(def) : def.isAbstract ? "abstract class" : KINDS[kind];
  if (what === undefined) throw new Error(`Cannot write ${name}: a ${kind} has no form in the API surface`);
  if (what === "function") return [{ kind: what, tail: writeFunction(def) }];
  const parameters = writeTypeParams(def.typeParams);
  if (kind === "variable" || kind === "typeAlias") return writeValue(what, parameters, def, name);
  const bases = typeof def.extends === "string"
    ? [def.extends + writeArguments(def)]
    : (def.extends ?? []).map(writeType);
  const heritage = bases.length === 0 ? "" : ` extends ${bases.join(", ")}`;
  const promised = (def.implements ?? []).map(writeType).join(", ");
  const tail = `${parameters}${heritage}${promised === "" ? "" : ` implements ${promised}`}`;
  return [{ kind: what, tail }, ...withMembers(what, listMembers(def))];
}

/** An object's type has lines for its members, as an interface has. */
function writeValue(kind: SurfaceKind, parameters: string, { tsType }: DocDefinition, name: string): DeclarationPart[] {
  if (tsType === undefined) throw new Error(`Cannot write ${name}: it has no type`);
  const mark = kind === "type" ? " =" : ":";
  if (tsType.kind !== "typeLiteral") return [{ kind, tail: `${parameters}${mark} ${writeType(tsType)}` }];
  return [{ kind, tail: `${parameters}${mark} {…}` }, ...withMembers(kind, listMembers(tsType.value))];
}

function withMembers(kind: SurfaceKind, members: readonly MemberText[]): DeclarationPart[] {
  return members.map(({ text }) => ({ kind, tail: "", member: text }));
}

function variableKind({ kind }: DocDefinition): SurfaceKind | undefined {
  return kind === "const" || kind === "let" || kind === "var" ? kind : undefined;
}

function writeArguments({ superTypeParams = [] }: DocDefinition): string {
  return superTypeParams.length === 0 ? "" : `<${superTypeParams.map(writeType).join(", ")}>`;
}

function writeLine({ entry, level, isDeprecated, kind, name, uses, member, tail }: SurfaceLine): string {
  const start = `${entry} @${level}${isDeprecated ? " @deprecated" : ""} ${kind} ${name}`;
  if (member !== undefined) return `${start} { ${member} }`;
  const isUsed = kind === "interface" || kind === "type";
  return `${start}${isUsed && uses.length > 0 ? ` (${uses.join(" ")})` : ""}${tail}`;
}

/** Whether a line is that of a member. */
function readsAsMember(text: string, name: string): boolean {
  return text.includes(` ${name} { `) && text.endsWith(" }");
}

function writeReexport({ entry, name, home }: Reexport): string {
  return `${entry} exports ${name} of ${home}`;
}

/**
 * Writes the surface of what entry points export.
 *
 * @param entries The addresses of the entry points' files, by the names that deno.json gives them.
 * @param docs What they export.
 * @returns The text of the file: a line for each symbol, each member and each overload.
 * @throws {Error} Where a symbol has no API level or no type, or is an enum or a namespace.
 */
export function writeSurface(entries: ReadonlyMap<string, string>, docs: DocFiles): string {
  return `${HEAD}${new SurfaceWriter(entries, docs).write().map((line) => `${line}\n`).join("")}`;
}

const LINE =
  /^(?<entry>\S+) @(?<level>public|experimental)(?<deprecated> @deprecated)? (?<kind>(?:abstract )?[a-z]+) (?<name>[\w$]+)(?<rest>.*)$/;

/**
 * Reads the surface.
 *
 * @param text The text of the file.
 * @returns Its lines; what an entry point exports of another has the lines that it has there.
 * @throws {SyntaxError} Where a line cannot be understood.
 */
export function readSurface(text: string): SurfaceLine[] {
  const own: SurfaceLine[] = [];
  const again: Reexport[] = [];
  for (const line of text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"))) {
    const [, entry, name, home] = /^(\S+) exports (\S+) of (\S+)$/.exec(line) ?? [];
    if (entry !== undefined && name !== undefined && home !== undefined) again.push({ entry, name, home });
    else own.push(readLine(line));
  }
  return [
    ...own,
    ...again.flatMap(({ entry, name, home }) => {
      const lines = own.filter((line) => line.entry === home && line.name === name);
      if (lines.length === 0) throw new SyntaxError(`Entry point ${entry} exports ${name}, which ${home} has not`);
      return lines.map((line) => ({ ...line, entry }));
    }),
  ];
}

function readLine(text: string): SurfaceLine {
  const { entry, level, deprecated, kind, name, rest } = LINE.exec(text)?.groups ?? {};
  const known = SURFACE_KINDS.find((one) => one === kind);
  if (entry === undefined || name === undefined || rest === undefined || known === undefined) {
    throw new SyntaxError(`Line of the API surface cannot be understood: ${text}`);
  }
  const common = {
    entry,
    level: level === "public" ? "public" : "experimental",
    isDeprecated: deprecated !== undefined,
    kind: known,
    name,
  } as const;
  if (rest.startsWith(" { ")) return { ...common, uses: [], member: rest.slice(3, -2), tail: "" };
  const uses = /^ \((in|out|in out)\)/.exec(rest);
  const names = (["in", "out"] as const).filter((use) => uses?.[1]?.split(" ").includes(use));
  return { ...common, uses: names, tail: rest.slice(uses?.[0].length ?? 0) };
}
