/**
 * What one written type, function or member can stand for another. It compares text: what it cannot tell it takes for
 * different, so that the checks are too strict rather than too lax.
 *
 * @module
 */

const OPENING = "([{<";
const CLOSING = ")]}>";

/** Where brackets are closed and no text is quoted. */
function* findOpenPlaces(text: string): Generator<number> {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? "";
    if (char === '"' || char === "`") {
      index = endOfQuote(text, index);
    } else if (char === "=" && text[index + 1] === ">") {
      if (depth === 0) yield index;
      index++;
    } else if (OPENING.includes(char)) {
      if (depth === 0) yield index;
      depth++;
    } else if (CLOSING.includes(char)) depth--;
    else if (depth === 0) yield index;
  }
}

function endOfQuote(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === text[start]) return index;
  }
  return text.length;
}

/** Finds a text outside of brackets; -1 where there is none. */
function findOutside(text: string, sought: string): number {
  for (const index of findOpenPlaces(text)) if (text.startsWith(sought, index)) return index;
  return -1;
}

/** Splits a text where a separator stands outside of brackets. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const index of findOpenPlaces(text)) {
    if (index < start || !text.startsWith(separator, index)) continue;
    parts.push(text.slice(start, index));
    start = index + separator.length;
  }
  return [...parts, text.slice(start)].filter((part) => part !== "");
}

/** The text from an opening bracket up to its closing one; empty where the text begins otherwise. */
function takeBrackets(text: string): string {
  if (text === "" || !OPENING.includes(text[0] ?? "")) return "";
  const places = findOpenPlaces(text);
  places.next();
  const next = places.next();
  if (next.done !== true) return text.slice(0, next.value);
  return text;
}

/** A parameter, parsed. */
interface Parameter {
  readonly isOptional: boolean;
  readonly isRest: boolean;
  readonly type: string;
}

/** A function, parsed: type parameters, parameters and result. */
interface Signature {
  readonly typeParams: readonly string[];
  readonly params: readonly Parameter[];
  readonly result: string;
}

/** A member, parsed. */
export interface Member {
  /** What it is known by. */
  readonly key: string;
  readonly isStatic: boolean;
  readonly isProtected: boolean;
  readonly isAbstract: boolean;
  readonly isReadonly: boolean;
  readonly isOptional: boolean;
  /** What follows the name: a property's type behind a colon, or a function. */
  readonly body: string;
}

const MEMBER =
  /^(?<static>static )?(?<protected>protected )?(?<abstract>abstract )?(?<readonly>readonly )?(?<name>"(?:[^"\\]|\\.)*"|\[[^\]:]*\]|[\w$]*)(?<optional>\?)?(?<body>.*)$/;

/**
 * Parses a member.
 *
 * @param text Its text, as the surface has it.
 * @returns Its parts.
 */
export function parseMember(text: string): Member {
  const groups = MEMBER.exec(text)?.groups ?? {};
  const { name = "", body = "" } = groups;
  const isStatic = groups.static !== undefined;
  const key = name === "" ? (body.startsWith("[") ? "[]" : "()") : name;
  return {
    key: isStatic ? `static ${key}` : key,
    isStatic,
    isProtected: groups.protected !== undefined,
    isAbstract: groups.abstract !== undefined,
    isReadonly: groups.readonly !== undefined,
    isOptional: groups.optional !== undefined,
    body,
  };
}

function parseSignature(text: string, arrow: ": " | " => "): Signature | undefined {
  const typeParams = text.startsWith("<") ? takeBrackets(text) : "";
  const params = takeBrackets(text.slice(typeParams.length));
  if (!params.startsWith("(")) return undefined;
  const rest = text.slice(typeParams.length + params.length);
  if (rest !== "" && !rest.startsWith(arrow)) return undefined;
  return {
    typeParams: splitOutside(typeParams.slice(1, -1), ", "),
    params: splitOutside(params.slice(1, -1), ", ").map(parseParameter),
    result: rest.slice(arrow.length),
  };
}

function parseParameter(text: string): Parameter {
  const [, dots, optional, type = ""] = /^(\.\.\.)?[\w$]+(\?)?: (.*)$/.exec(text) ?? [];
  return { isRest: dots !== undefined, isOptional: optional !== undefined, type };
}

/**
 * Leaves out the names of parameters, which programs do not depend on.
 *
 * @param text The text of a symbol or of a member.
 * @returns The text with `_` for each name.
 */
export function dropParameterNames(text: string): string {
  return text.replace(/(\((?:\.\.\.)?|, (?:\.\.\.)?)[\w$]+(\??: )/g, "$1_$2");
}

/**
 * Tells whether type parameters may take the place of others: those more have a default.
 *
 * @param after The type parameters, without brackets.
 * @param before What they take the place of.
 * @returns Whether what was written for `before` still holds.
 */
export function extendsTypeParams(after: string, before: string): boolean {
  return extendsAll(splitOutside(after, ", "), splitOutside(before, ", "));
}

function extendsAll(after: readonly string[], before: readonly string[]): boolean {
  return before.every((param, index) => after[index] === param) &&
    after.slice(before.length).every((param) => findOutside(param, " = ") >= 0);
}

function totalOf({ params }: Signature): number {
  return params.some(({ isRest }) => isRest) ? Infinity : params.length;
}

function typeAt({ params }: Signature, index: number): string | undefined {
  const param = params[index] ?? params.at(-1);
  if (param === undefined || (index >= params.length && !param.isRest)) return undefined;
  return param.isRest ? unwrap(param.type.replace(/^readonly /, "").replace(/\[\]$/, "")) : param.type;
}

/**
 * Whether one function can stand where another is wanted; what is called by programs may not take fewer arguments
 * either.
 */
function fitsSignature(given: Signature, wanted: Signature, isCalled: boolean): boolean {
  if (!extendsAll(given.typeParams, wanted.typeParams)) return false;
  const required = given.params.filter(({ isOptional, isRest }) => !isOptional && !isRest).length;
  if (required > wanted.params.length) return false;
  if (isCalled && totalOf(given) < totalOf(wanted)) return false;
  for (const [index, param] of wanted.params.entries()) {
    const type = typeAt(given, index);
    if (type === undefined) continue;
    const own = given.params[index];
    if (param.isOptional && own?.isOptional !== true && !fitsType("undefined", type)) return false;
    if (param.isRest && !(own?.isRest ?? given.params.at(-1)?.isRest)) return false;
    if (!fitsType(typeAt(wanted, index) ?? "", type)) return false;
  }
  return fitsType(given.result, wanted.result);
}

/**
 * Tells whether one function can stand where another was.
 *
 * @param given The one.
 * @param wanted The other; both are type parameters, parameters and `: result`.
 * @param isCalled Whether programs call it, so that it may not take fewer arguments.
 * @returns Whether it can.
 */
export function fitsFunction(given: string, wanted: string, isCalled: boolean): boolean {
  const [a, b] = [parseSignature(given, ": "), parseSignature(wanted, ": ")];
  return a !== undefined && b !== undefined && fitsSignature(a, b, isCalled);
}

function unwrap(type: string): string {
  return type.startsWith("(") && takeBrackets(type) === type ? type.slice(1, -1) : type;
}

/** The parts of a union; a function or a condition is one part, since it takes all that follows it. */
function partsOf(type: string): string[] {
  if (findOutside(type, "=>") >= 0 || findOutside(type, " extends ") >= 0) return [type];
  const parts = splitOutside(type, " | ");
  return parts.length <= 1 ? [type] : parts.flatMap((part) => partsOf(unwrap(part)));
}

/**
 * Tells whether a value of one type can stand where another is wanted.
 *
 * @param given The type of the value.
 * @param wanted The type that is wanted.
 * @returns Whether it can, as far as the text tells.
 */
export function fitsType(given: string, wanted: string): boolean {
  const [from, to] = [unwrap(given), unwrap(wanted)];
  if (from === to || to === "unknown" || from === "never") return true;
  const [parts, slots] = [partsOf(from), partsOf(to)];
  if (parts.length === 1 && slots.length === 1) return fitsPart(from, to);
  return parts.every((part) => slots.some((slot) => fitsType(part, slot)));
}

const ARRAY = /^(readonly )?(.+)\[\]$/;

function fitsPart(from: string, to: string): boolean {
  if (to === "string" && /^"[^"]*"$|^`[^`]*`$/.test(from)) return true;
  if (to === "number" && /^-?[\d.e+]+$/.test(from)) return true;
  if (to === "boolean" && /^(?:true|false)$/.test(from)) return true;
  if (to === "void" && from === "undefined") return true;
  if (from.startsWith("{") && to.startsWith("{")) return fitsObject(from, to);
  const [functionFrom, functionTo] = [parseSignature(from, " => "), parseSignature(to, " => ")];
  if (functionFrom && functionTo) return fitsSignature(functionFrom, functionTo, false);
  const [, readonlyFrom, elementFrom] = ARRAY.exec(from) ?? [];
  const [, readonlyTo, elementTo] = ARRAY.exec(to) ?? [];
  if (elementFrom === undefined || elementTo === undefined) return false;
  return (readonlyFrom === undefined || readonlyTo !== undefined) && fitsType(elementFrom, elementTo);
}

function readObject(text: string): Member[] {
  return splitOutside(text.slice(1, -1).trim(), "; ").map(parseMember);
}

function fitsObject(from: string, to: string): boolean {
  const [given, wanted] = [readObject(from), readObject(to)];
  const ownOf = ({ key }: Member): Member[] => given.filter((one) => one.key === key);
  // TypeScript refuses what has nothing in common with an object of which all may be left out.
  const isWeak = given.length > 0 && wanted.length > 0 && wanted.every(({ isOptional }) => isOptional);
  if (isWeak && !wanted.some((slot) => ownOf(slot).length > 0)) return false;
  return wanted.every((slot) => {
    const own = ownOf(slot);
    return own.length === 0 ? slot.isOptional : own.some((one) => fitsMember(one, slot, false));
  });
}

/**
 * Tells whether one member can stand where another of the same name was.
 *
 * @param given The one.
 * @param wanted The other.
 * @param isUsed Whether programs use it: then what they write must be writable, and what they call take their arguments.
 * @returns Whether it can.
 */
export function fitsMember(given: Member, wanted: Member, isUsed: boolean): boolean {
  if (given.isStatic !== wanted.isStatic || given.isProtected && !wanted.isProtected) return false;
  if (given.isAbstract && !wanted.isAbstract || given.isOptional && !wanted.isOptional) return false;
  if (given.key === "[]" && takeBrackets(given.body) !== takeBrackets(wanted.body)) return false;
  const [type, slot] = [typeOf(given), typeOf(wanted)];
  if (type === undefined || slot === undefined) {
    // A property that holds a function and a method are the same to those who call them.
    const [a, b] = [callOf(given), callOf(wanted)];
    return a !== undefined && b !== undefined && fitsSignature(a, b, isUsed);
  }
  if (!isUsed || wanted.isReadonly) return fitsType(type, slot);
  return !given.isReadonly && fitsType(type, slot) && fitsType(slot, type);
}

function typeOf({ body }: Member): string | undefined {
  return /^(?:\[.*?\])?: (.*)$/.exec(body)?.[1];
}

function callOf(member: Member): Signature | undefined {
  const type = typeOf(member);
  return type === undefined ? parseSignature(member.body, ": ") : parseSignature(unwrap(type), " => ");
}

/**
 * Tells whether a union has become another by words alone: strings in quotes that were not in it.
 *
 * @param after The union now.
 * @param before The union before.
 * @returns Whether all that was in it still is, and the rest is words.
 */
export function growsByWords(after: string, before: string): boolean {
  const [parts, old] = [partsOf(after), partsOf(before)];
  return old.every((part) => parts.includes(part)) &&
    parts.every((part) => old.includes(part) || /^"[^"]*"$/.test(part));
}

/** What stands on a symbol's own line. */
export interface Heading {
  /** The type parameters, without brackets. */
  readonly typeParams: string;
  /** What is extended. */
  readonly bases: readonly string[];
  /** What a class implements. */
  readonly promises: readonly string[];
  /** The type of a constant or of a type alias. */
  readonly type: string;
}

/**
 * Parses what follows the name on a symbol's own line.
 *
 * @param tail The text.
 * @returns Its parts.
 */
export function parseHeading(tail: string): Heading {
  const typeParams = tail.startsWith("<") ? takeBrackets(tail) : "";
  const rest = tail.slice(typeParams.length);
  const type = /^(?: =|:) (.*)$/.exec(rest)?.[1] ?? "";
  const list = (word: string): string[] => {
    const start = findOutside(rest, ` ${word} `);
    if (type !== "" || start < 0) return [];
    const text = rest.slice(start + word.length + 2);
    const end = findOutside(text, " implements ");
    return splitOutside(end < 0 ? text : text.slice(0, end), ", ");
  };
  return { typeParams: typeParams.slice(1, -1), bases: list("extends"), promises: list("implements"), type };
}
