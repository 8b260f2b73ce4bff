/**
 * Who makes the values of an exported type. A program that gives an interface has to give a member that is new in it;
 * one that only gets it does not.
 *
 * @module
 */

import type { DocDeclaration, DocFunction, DocMembers, DocType, DocTypeParam } from "../doc_model.ts";
import { isSeen, typeOfParam } from "../doc_type.ts";

/** `in`: a program gives it to the library; `out`: the library gives it to a program. */
export type Use = "in" | "out";

/** Exported declarations, by name. */
export type Declarations = ReadonlyMap<string, readonly DocDeclaration[]>;

/**
 * What takes type arguments and passes them on as they are. Those of other types may stand for what goes in and for
 * what comes out.
 */
const CARRIERS: readonly string[] = [
  ...["Array", "ReadonlyArray", "Promise", "PromiseLike", "Iterable", "AsyncIterable", "Iterator", "AsyncIterator"],
  ...["IterableIterator", "AsyncIterableIterator", "Generator", "AsyncGenerator", "Map", "ReadonlyMap", "Set"],
  ...["ReadonlySet", "Record", "Readonly", "Partial", "Required", "Pick", "Omit", "NonNullable", "Awaited"],
  ...["ReadableStream", "WritableStream"],
];

/**
 * Interfaces of what the library alone makes, though some functions take it back: no program has to write one, so that
 * a new member breaks none.
 */
export const OWN_OBJECTS: readonly string[] = [
  ...["AuthChallenge", "AuthorizationRequest", "Component", "ContractComponent", "ContractSession", "JoinRequest"],
  ...["Router", "RouterMetrics", "Session", "WebSocketConnection"],
];

/**
 * Interfaces of what programs write, though some functions of the library make one: no program looks into it, so that
 * more of it breaks none.
 */
export const GIVEN_OBJECTS: readonly string[] = [
  ...["AuthMethod", "Authenticator", "Contract", "PayloadCodec", "StandardSchema"],
];

/** What goes in or comes out past all functions: the file of a router's configuration, and `node:diagnostics_channel`. */
const OTHER_ROOTS: readonly (readonly [name: RegExp, use: Use])[] = [[/^RouterConfig$/, "in"], [/Diagnostics$/, "out"]];

function opposite(use: Use): Use {
  return use === "in" ? "out" : "in";
}

/** Follows types from the functions, classes and constants that are exported. */
class UseFinder {
  readonly #declarations: Declarations;
  readonly uses = new Map<string, Set<Use>>();

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  visitRoots(): void {
    for (const [name, declarations] of this.#declarations) {
      for (const { kind, def = {} } of declarations) {
        if (kind === "function") this.#visitFunction(def, "out");
        if (kind === "variable") this.#visitType(def.tsType, "out");
        if (kind === "class") this.#mark(name, "out");
      }
      for (const [pattern, use] of OTHER_ROOTS) if (pattern.test(name)) this.#mark(name, use);
    }
  }

  #mark(name: string, use: Use): void {
    const declarations = this.#declarations.get(name);
    if (declarations === undefined) return;
    // What a program hands back was made by the library, or by a class of the library.
    if (use === "in" && (OWN_OBJECTS.includes(name) || declarations.some(({ kind }) => kind === "class"))) return;
    if (use === "out" && GIVEN_OBJECTS.includes(name)) return;
    const uses = this.uses.get(name) ?? new Set();
    if (uses.has(use)) return;
    this.uses.set(name, uses.add(use));
    for (const { kind, def = {} } of declarations) {
      this.#visitTypeParams(def.typeParams, use);
      if (kind === "typeAlias") this.#visitType(def.tsType, use);
      if (kind !== "class" && kind !== "interface") continue;
      this.#visitMembers(def, use);
      if (typeof def.extends === "string") this.#mark(def.extends, use);
      else for (const base of def.extends ?? []) this.#visitType(base, use);
    }
  }

  #visitMembers(members: DocMembers, use: Use): void {
    const { constructors = [], methods = [], properties = [], callSignatures = [], indexSignatures = [] } = members;
    for (const one of constructors.filter(isSeen)) this.#visitFunction(one, use);
    for (const one of methods.filter(isSeen)) this.#visitFunction(one.functionDef ?? one, use);
    for (const one of properties.filter(isSeen)) this.#visitType(one.tsType, use);
    for (const one of [...callSignatures, ...indexSignatures]) {
      this.#visitFunction({ ...one, returnType: one.tsType }, use);
    }
  }

  #visitFunction({ params = [], returnType, typeParams }: DocFunction, use: Use): void {
    this.#visitTypeParams(typeParams, opposite(use));
    for (const param of params) this.#visitType(typeOfParam(param), opposite(use));
    this.#visitType(returnType, use);
  }

  #visitTypeParams(params: readonly DocTypeParam[] | undefined, use: Use): void {
    for (const { constraint, default: standard } of params ?? []) {
      this.#visitType(constraint, use);
      this.#visitType(standard, use);
    }
  }

  #visitBoth(...types: readonly (DocType | undefined)[]): void {
    for (const type of types) {
      this.#visitType(type, "in");
      this.#visitType(type, "out");
    }
  }

  #visitType(type: DocType | undefined, use: Use): void {
    switch (type?.kind) {
      case "typeRef": {
        const { typeName, typeParams = [] } = type.value;
        this.#mark(typeName, use);
        if (!CARRIERS.includes(typeName)) return this.#visitBoth(...typeParams);
        for (const param of typeParams) this.#visitType(param, use);
        return;
      }
      case "union":
      case "intersection":
      case "tuple":
        for (const part of type.value) this.#visitType(part, use);
        return;
      case "array":
      case "optional":
      case "rest":
      case "parenthesized":
        return this.#visitType(type.value, use);
      case "typeOperator":
        return this.#visitType(type.value.tsType, use);
      case "fnOrConstructor":
        return this.#visitFunction({ ...type.value, returnType: type.value.tsType }, use);
      case "typeLiteral":
        return this.#visitMembers(type.value, use);
      case "conditional":
        this.#visitBoth(type.value.checkType, type.value.extendsType);
        return this.#visitBoth(type.value.trueType, type.value.falseType);
      case "mapped":
        return this.#visitBoth(type.value.typeParam.constraint, type.value.nameType, type.value.tsType);
      case "indexedAccess":
        return this.#visitBoth(type.value.objType, type.value.indexType);
      case "typePredicate":
        return this.#visitType(type.value.type, use);
    }
  }
}

/**
 * Finds out who makes the values of each exported type.
 *
 * @param declarations What is exported.
 * @returns The uses by name; those that no function, class or constant leads to are not in it.
 */
export function findUses(declarations: Declarations): ReadonlyMap<string, ReadonlySet<Use>> {
  const finder = new UseFinder(declarations);
  finder.visitRoots();
  return finder.uses;
}
