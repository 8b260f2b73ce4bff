/**
 * Holds the doc comments of everything that is exported to the rules for API levels, examples and parameters.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import {
  type DocDeclaration,
  type DocFiles,
  type DocFunction,
  type DocMember,
  type DocParam,
  type DocSymbol,
  type DocTag,
  documentFiles,
  idOf,
  type JsDoc,
} from "./doc_model.ts";
import { readExports, readSources, report, ROOT } from "./project.ts";

const LEVELS: readonly string[] = ["public", "experimental", "internal"];

/** Return types that say nothing, so that no `@returns` is asked for. */
const SILENT_TYPES: readonly string[] = ["void", "never", "undefined", "asserts"];

/** The comment of a declaration; the module's comment before a bare first declaration is not its own. */
function commentOf({ jsDoc }: DocDeclaration): JsDoc | undefined {
  return tagsOf(jsDoc, "module").length > 0 ? undefined : jsDoc;
}

/** The API levels that a comment names; `@internal` may end the only line of a comment. */
function levelsOf(jsDoc: JsDoc | undefined): string[] {
  const levels = (jsDoc?.tags ?? []).map((tag) => tag.kind).filter((kind) => LEVELS.includes(kind));
  if (/(?:^|\s)@internal\s*$/.test(jsDoc?.doc ?? "")) levels.push("internal");
  return levels;
}

function summaryOf(jsDoc: JsDoc | undefined): string {
  return (jsDoc?.doc ?? "").replace(/@(?:public|experimental|internal)\b/g, "").trim();
}

function tagsOf(jsDoc: JsDoc | undefined, kind: string): readonly DocTag[] {
  return (jsDoc?.tags ?? []).filter((tag) => tag.kind === kind);
}

function nameOf(param: DocParam): string | undefined {
  return param.name ?? (param.left === undefined ? undefined : nameOf(param.left)) ??
    (param.arg === undefined ? undefined : nameOf(param.arg));
}

function isSilent(fn: DocFunction): boolean {
  const type = fn.returnType;
  if (type === undefined) return true;
  if (type.repr === "Promise" || type.repr === "PromiseLike") {
    return /"typeParams":\[\{"repr":"(?:void|never|undefined)"/.test(JSON.stringify(type.value));
  }
  return SILENT_TYPES.includes(type.repr ?? "") || /"asserts":true/.test(JSON.stringify(type.value ?? ""));
}

/** What is wrong with one example, if anything is. */
function exampleFault(tag: DocTag): string | undefined {
  const [title = "", ...code] = (tag.doc ?? "").split("\n");
  if (title.trim() === "" || title.startsWith("```")) return "has an @example without a title";
  const text = code.join("\n");
  if (!text.includes('"node:assert/strict"')) return `has an @example "${title}" that does not use node:assert/strict`;
  if (!/\bassert(?:\.\w+)?\(/.test(text)) return `has an @example "${title}" that asserts nothing`;
  if (!/"@viaduct\/viaduct[/"]/.test(text)) {
    return `has an @example "${title}" that does not import the package by name`;
  }
  return undefined;
}

/** One run over what the files export. */
class DocCheck {
  readonly #findings = new Set<string>();
  readonly #public = new Set<string>();
  readonly #root: string;

  constructor(entries: DocFiles, root: string) {
    this.#root = root;
    for (const file of Object.values(entries)) {
      for (const symbol of file.symbols ?? []) {
        for (const declaration of symbol.declarations) this.#public.add(idOf(declaration));
      }
    }
  }

  run(entries: DocFiles, all: DocFiles): string[] {
    for (const [address, file] of Object.entries(entries)) this.#checkEntry(address, file.module_doc);
    for (const [address, file] of Object.entries({ ...entries, ...all })) {
      if (summaryOf(file.module_doc) === "") this.#add(address, 0, "has no module comment");
      for (const symbol of file.symbols ?? []) this.#checkSymbol(symbol);
    }
    return [...this.#findings].sort();
  }

  #add(address: string, line: number, what: string): void {
    const path = address.startsWith(this.#root) ? address.slice(this.#root.length) : address;
    this.#findings.add(`${path}:${line + 1}: ${what}`);
  }

  #at(declaration: DocDeclaration, what: string): void {
    this.#add(declaration.location.filename, declaration.location.line, what);
  }

  #checkEntry(address: string, moduleDoc: JsDoc | undefined): void {
    if (tagsOf(moduleDoc, "module").length === 0) this.#add(address, 0, "has no @module");
    if (!/\/cli\/[^/]*$/.test(address) && !JSON.stringify(moduleDoc ?? "").includes("```ts")) {
      this.#add(address, 0, "has no example in its module comment");
    }
  }

  #checkSymbol(symbol: DocSymbol): void {
    // What is exported again is checked where it is declared.
    const exported = symbol.declarations.filter(({ declarationKind, kind }) =>
      declarationKind !== "private" && kind !== "reference"
    );
    for (const declaration of exported) this.#checkDeclaration(symbol.name, declaration);
    const first = exported[0];
    if (first === undefined || !this.#public.has(idOf(first))) return;
    if (exported.some(({ kind }) => kind === "function" || kind === "class")) {
      this.#checkExamples(symbol.name, exported);
    }
  }

  #checkExamples(name: string, declarations: readonly DocDeclaration[]): void {
    const examples = declarations.flatMap(({ jsDoc }) => tagsOf(jsDoc, "example"));
    const [first] = declarations;
    if (first !== undefined && examples.length === 0) this.#at(first, `${name} has no @example`);
    for (const declaration of declarations) {
      for (const example of tagsOf(declaration.jsDoc, "example")) {
        const fault = exampleFault(example);
        if (fault !== undefined) this.#at(declaration, `${name} ${fault}`);
      }
    }
  }

  #checkDeclaration(name: string, declaration: DocDeclaration): void {
    const { def } = declaration;
    const jsDoc = commentOf(declaration);
    const isPublic = this.#public.has(idOf(declaration));
    if (summaryOf(jsDoc) === "") this.#at(declaration, `${name} has no summary`);
    this.#checkLevel(name, declaration, isPublic);
    if (!isPublic) return;
    for (const { name: param } of def?.typeParams ?? []) {
      const isDocumented = tagsOf(jsDoc, "template").some((tag) => tag.name === param && (tag.doc ?? "").trim() !== "");
      if (!isDocumented) this.#at(declaration, `${name} has no @typeParam ${param}`);
    }
    if (declaration.kind === "function") this.#checkFunction(name, declaration, def ?? {}, jsDoc);
    for (const member of [...def?.constructors ?? [], ...def?.methods ?? [], ...def?.properties ?? []]) {
      this.#checkMember(name, declaration, member);
    }
  }

  #checkLevel(name: string, declaration: DocDeclaration, isPublic: boolean): void {
    const levels = levelsOf(commentOf(declaration));
    const [level] = levels;
    const wanted = isPublic ? "@public or @experimental" : "@internal";
    if (level === undefined || levels.length > 1) {
      const found = levels.length === 0 ? "none" : levels.map((one) => `@${one}`).join(" and ");
      return this.#at(
        declaration,
        `${name} must have one API level, ${wanted} on a line of its own, received ${found}`,
      );
    }
    if (isPublic && level === "internal") this.#at(declaration, `${name} is @internal but an entry point exports it`);
    if (!isPublic && level !== "internal") this.#at(declaration, `${name} is @${level} but no entry point exports it`);
    if (level === "experimental" && !summaryOf(declaration.jsDoc).startsWith("**UNSTABLE**")) {
      this.#at(declaration, `${name} is @experimental but its first word is not **UNSTABLE**`);
    }
  }

  #checkMember(owner: string, declaration: DocDeclaration, member: DocMember): void {
    if (member.accessibility !== undefined || member.name.startsWith("#")) return;
    const name = `${owner}.${member.name}`;
    const isPlain = member.name.startsWith("[") ||
      (member.name === "constructor" && (member.params ?? []).length === 0);
    if (summaryOf(member.jsDoc) === "" && !isPlain) return this.#at(declaration, `${name} has no summary`);
    // Documentation leaves such a member out only where the tag has a line of its own.
    if (tagsOf(member.jsDoc, "internal").length > 0) return;
    if (levelsOf(member.jsDoc).length > 0) this.#at(declaration, `${name} must have @internal on a line of its own`);
    if (declaration.kind !== "class" || isPlain || member.kind === "getter" || member.kind === "setter") return;
    this.#checkFunction(name, declaration, member.functionDef ?? member, member.jsDoc);
  }

  #checkFunction(name: string, declaration: DocDeclaration, fn: DocFunction, jsDoc: JsDoc | undefined): void {
    const documented = tagsOf(jsDoc, "param").filter((tag) => (tag.doc ?? "").trim() !== "");
    const params = fn.params ?? [];
    for (const param of params) {
      const wanted = nameOf(param);
      if (wanted !== undefined && !documented.some((tag) => tag.name === wanted)) {
        this.#at(declaration, `${name} has no @param ${wanted}`);
      }
    }
    if (documented.length !== params.length) {
      this.#at(declaration, `${name} must have ${params.length} @param, received ${documented.length}`);
    }
    if (!isSilent(fn) && !tagsOf(jsDoc, "return").some((tag) => (tag.doc ?? "").trim() !== "")) {
      this.#at(declaration, `${name} has no @returns`);
    }
  }
}

/**
 * Checks doc comments.
 *
 * @param entries What the entry points export.
 * @param all What all files export.
 * @param root The address of the project's folder, left out of findings.
 * @returns What is wrong, a line each.
 */
export function checkDocs(entries: DocFiles, all: DocFiles, root: string): string[] {
  return new DocCheck(entries, root).run(entries, all);
}

if (import.meta.main) {
  const sources = await readSources(["mod.ts", "internal", "websocket", "wamp", "testing", "cli"]);
  const exported = await readExports();
  const entries = [...exported.values()].filter((file) => sources.has(file));
  const absent = [...exported].filter(([, file]) => !sources.has(file))
    .map(([name, file]) => `deno.json: exports ${name} from ${file}, which is absent`);
  const docs = await Promise.all([documentFiles(entries), documentFiles([...sources.keys()])]);
  const findings = checkDocs(...docs, pathToFileURL(ROOT).href);
  report("check_docs", `${sources.size} files`, [...absent, ...findings]);
}
