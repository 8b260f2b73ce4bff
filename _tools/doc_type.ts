/**
 * How types are written, from `deno doc --json`. What is left out there is left out here: the labels, `?` and `...` of a
 * tuple's elements, and `abstract` before `new`.
 *
 * @module
 */

import type {
  DocFunction,
  DocLiteral,
  DocMember,
  DocMembers,
  DocParam,
  DocType,
  DocTypeParam,
  Modifier,
} from "./doc_model.ts";

/**
 * Writes a type as TypeScript does, in one line.
 *
 * @param type The type.
 * @returns Its text.
 */
export function writeType(type: DocType): string {
  switch (type.kind) {
    case "keyword":
      return type.value;
    case "this":
      return "this";
    case "literal":
      return writeLiteral(type.value);
    case "typeRef":
      return type.value.typeName + writeArguments(type.value.typeParams);
    case "union":
      return type.value.map(writeType).join(" | ");
    case "intersection":
      return type.value.map(writeType).join(" & ");
    case "tuple":
      return `[${type.value.map(writeType).join(", ")}]`;
    case "array":
      return `${writeType(type.value)}[]`;
    case "parenthesized":
      return `(${writeType(type.value)})`;
    case "optional":
      return `${writeType(type.value)}?`;
    case "rest":
      return `...${writeType(type.value)}`;
    case "typeOperator":
      return `${type.value.operator} ${writeType(type.value.tsType)}`;
    case "typeQuery":
      return `typeof ${type.value}`;
    default:
      return writeCompound(type);
  }
}

type Compound = Extract<
  DocType,
  {
    readonly kind:
      | "fnOrConstructor"
      | "typeLiteral"
      | "conditional"
      | "infer"
      | "mapped"
      | "indexedAccess"
      | "typePredicate"
      | "importType";
  }
>;

function writeCompound(type: Compound): string {
  switch (type.kind) {
    case "fnOrConstructor": {
      const { constructor: isConstructor, params, tsType, typeParams } = type.value;
      return `${isConstructor ? "new " : ""}${writeTypeParams(typeParams)}${writeParams(params)} => ${
        writeType(tsType)
      }`;
    }
    case "typeLiteral": {
      const members = listMembers(type.value).map(({ text }) => text);
      return members.length === 0 ? "{}" : `{ ${members.join("; ")} }`;
    }
    case "conditional": {
      const { checkType, extendsType, trueType, falseType } = type.value;
      return `${writeType(checkType)} extends ${writeType(extendsType)} ? ${writeType(trueType)} : ${
        writeType(falseType)
      }`;
    }
    case "infer":
      return `infer ${writeTypeParam(type.value.typeParam)}`;
    case "mapped":
      return writeMapped(type.value);
    case "indexedAccess":
      return `${writeType(type.value.objType)}[${writeType(type.value.indexType)}]`;
    case "typePredicate": {
      const { asserts, param, type: asserted } = type.value;
      return `${asserts ? "asserts " : ""}${param.name ?? param.type}${asserted ? ` is ${writeType(asserted)}` : ""}`;
    }
    case "importType": {
      const { specifier, qualifier, typeParams } = type.value;
      return `import(${JSON.stringify(specifier)})${qualifier ? `.${qualifier}` : ""}${writeArguments(typeParams)}`;
    }
    default:
      throw unknownKind(type);
  }
}

function unknownKind(type: never): Error {
  return new Error(`Cannot write a type: deno doc gave what this tool does not know, ${JSON.stringify(type)}`);
}

function writeLiteral(value: DocLiteral): string {
  if (value.kind === "string") return JSON.stringify(value.string);
  if (value.kind === "number") return String(value.number);
  if (value.kind === "boolean") return String(value.boolean);
  if (value.kind === "bigInt") return `${value.string}n`;
  const parts = value.tsTypes.map((part) =>
    part.kind === "literal" && part.value.kind === "string" ? part.value.string : `\${${writeType(part)}}`
  );
  return `\`${parts.join("")}\``;
}

type Mapped = Extract<DocType, { readonly kind: "mapped" }>["value"];

function writeMapped({ readonly: reading, optional, typeParam, nameType, tsType }: Mapped): string {
  const modifier = (value: Modifier | undefined, word: string): string =>
    value === undefined || value === false ? "" : `${value === true ? "" : value}${word}`;
  const { name, constraint } = typeParam;
  const key = `${name} in ${constraint === undefined ? "unknown" : writeType(constraint)}`;
  const renamed = nameType === undefined ? "" : ` as ${writeType(nameType)}`;
  const before = modifier(reading, "readonly ");
  return `{ ${before}[${key}${renamed}]${modifier(optional, "?")}: ${tsType ? writeType(tsType) : "any"} }`;
}

function writeArguments(types: readonly DocType[] | undefined): string {
  return types === undefined || types.length === 0 ? "" : `<${types.map(writeType).join(", ")}>`;
}

function writeTypeParam({ name, constraint, default: standard }: DocTypeParam): string {
  const bound = constraint === undefined ? "" : ` extends ${writeType(constraint)}`;
  return `${name}${bound}${standard === undefined ? "" : ` = ${writeType(standard)}`}`;
}

/**
 * Writes type parameters.
 *
 * @param params The type parameters.
 * @returns Their text with its brackets; empty where there are none.
 */
export function writeTypeParams(params: readonly DocTypeParam[] | undefined): string {
  return params === undefined || params.length === 0 ? "" : `<${params.map(writeTypeParam).join(", ")}>`;
}

/**
 * Writes parameters.
 *
 * @param params The parameters.
 * @returns Their text with its brackets.
 */
export function writeParams(params: readonly DocParam[]): string {
  return `(${params.map((param) => writeParam(param)).join(", ")})`;
}

function writeParam(param: DocParam, isOptional = param.optional === true): string {
  if (param.left !== undefined) return writeParam(param.left, true);
  const type = param.tsType ?? param.arg?.tsType;
  // What is taken apart has no name; the text of a type does not need one.
  const name = param.name ?? param.arg?.name ?? (param.kind === "array" ? "items" : "options");
  if (type === undefined) throw new Error(`Cannot write parameter ${name}: it has no type`);
  const text = writeType(type);
  return `${param.kind === "rest" ? "..." : ""}${name}${isOptional ? "?" : ""}: ${text}`;
}

/**
 * Gives the type of a parameter.
 *
 * @param param The parameter.
 * @returns The type; `undefined` where none is written.
 */
export function typeOfParam(param: DocParam): DocType | undefined {
  return param.tsType ?? (param.left ?? param.arg)?.tsType;
}

/**
 * Writes what follows the name of a function.
 *
 * @param fn The function.
 * @returns Type parameters, parameters and what it returns.
 */
export function writeFunction(fn: DocFunction): string {
  const result = fn.returnType === undefined ? "" : `: ${writeType(fn.returnType)}`;
  return `${writeTypeParams(fn.typeParams)}${writeParams(fn.params ?? [])}${result}`;
}

/** A member, written. */
export interface MemberText {
  /** What it is known by: its name, `static` in front where it is that, or the kind of signature. */
  readonly key: string;
  /** The member as TypeScript writes it. */
  readonly text: string;
}

/**
 * Writes the members that a program sees: not those that are private or `@internal`, and of overloads not the one that
 * implements them.
 *
 * @param members What has them.
 * @returns The members, in order of their kind and place.
 */
export function listMembers(members: DocMembers): MemberText[] {
  const { constructors = [], properties = [], methods = [], callSignatures = [], indexSignatures = [] } = members;
  const seen = methods.filter(isSeen);
  const accessors = seen.filter(({ kind }) => kind === "getter" || kind === "setter");
  return [
    ...callSignatures.map((one) => ({ key: "()", text: writeFunction({ ...one, returnType: one.tsType }) })),
    ...dropBodies(constructors.filter(isSeen)).map((one) => ({
      key: "new",
      text: one.returnType === undefined ? `constructor${writeParams(one.params ?? [])}` : `new ${writeFunction(one)}`,
    })),
    ...indexSignatures.map((one) => ({
      key: "[]",
      text: `${one.readonly ? "readonly " : ""}[${writeParams(one.params).slice(1, -1)}]: ${
        one.tsType ? writeType(one.tsType) : "any"
      }`,
    })),
    ...properties.filter(isSeen).map(writeProperty),
    ...writeAccessors(accessors),
    ...dropBodies(seen.filter((one) => !accessors.includes(one))).map(writeMethod),
  ];
}

/** Whether a program can name a member. */
export function isSeen({ name, accessibility, jsDoc }: DocMember): boolean {
  if (name?.startsWith("#") || accessibility === "private") return false;
  return !(jsDoc?.tags ?? []).some(({ kind }) => kind === "internal") && !/@internal\s*$/.test(jsDoc?.doc ?? "");
}

/**
 * Leaves out what implements overloads.
 *
 * @typeParam T What may have a body.
 * @param all Functions or members.
 * @returns Those that a program can call.
 */
export function dropBodies<T extends DocMember | (DocFunction & { readonly name?: string })>(all: readonly T[]): T[] {
  const hasBody = (one: T): boolean => ("functionDef" in one ? one.functionDef?.hasBody : one.hasBody) === true;
  const keyOf = (one: T): string => "isStatic" in one && one.isStatic ? `static ${one.name}` : one.name ?? "";
  const declared = new Set(all.filter((one) => !hasBody(one)).map(keyOf));
  return all.filter((one) => !hasBody(one) || !declared.has(keyOf(one)));
}

function modifiersOf({ isStatic, accessibility, isAbstract }: DocMember): string {
  const words = [
    isStatic ? "static" : "",
    accessibility === "protected" ? "protected" : "",
    isAbstract ? "abstract" : "",
  ];
  return words.filter((word) => word !== "").map((word) => `${word} `).join("");
}

function keyOf({ name, isStatic }: DocMember): string {
  return isStatic ? `static ${name}` : name;
}

function writeName({ name, optional }: DocMember): string {
  return (/^(?:[\w$]+|\[.*\])$/.test(name) ? name : JSON.stringify(name)) + (optional ? "?" : "");
}

function writeProperty(member: DocMember): MemberText {
  if (member.tsType === undefined) throw new Error(`Cannot write member ${member.name}: it has no type`);
  const reading = member.readonly ? "readonly " : "";
  const text = `${modifiersOf(member)}${reading}${writeName(member)}: ${writeType(member.tsType)}`;
  return { key: keyOf(member), text };
}

function writeMethod(member: DocMember): MemberText {
  const fn = member.functionDef ?? member;
  return { key: keyOf(member), text: `${modifiersOf(member)}${writeName(member)}${writeFunction(fn)}` };
}

/** An accessor is to a program what a property is; without a setter one that is only read. */
function writeAccessors(accessors: readonly DocMember[]): MemberText[] {
  const settable = new Set(accessors.filter(({ kind }) => kind === "setter").map(keyOf));
  const readable = new Set(accessors.filter(({ kind }) => kind === "getter").map(keyOf));
  return accessors.filter((one) => one.kind === "getter" || !readable.has(keyOf(one))).map((one) => {
    const fn = one.functionDef ?? one;
    const [param] = fn.params ?? [];
    const tsType = one.kind === "getter" ? fn.returnType : param && typeOfParam(param);
    return writeProperty({ ...one, readonly: !settable.has(keyOf(one)), ...(tsType && { tsType }) });
  });
}
