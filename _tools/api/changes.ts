/**
 * What has changed between two surfaces, and what it asks of the next version.
 *
 * @module
 */

import type { Step } from "../semver.ts";
import {
  dropParameterNames,
  extendsTypeParams,
  fitsFunction,
  fitsMember,
  fitsType,
  growsByWords,
  type Heading,
  type Member,
  parseHeading,
  parseMember,
} from "./signatures.ts";
import { readSurface, type SurfaceLine } from "./surface.ts";
import type { Use } from "./uses.ts";

/** A change of the public API. */
export interface SurfaceChange {
  /** The symbol. */
  readonly name: string;
  /** The symbol's member; `undefined` where it is about the symbol itself. */
  readonly member: string | undefined;
  /** The entry points that have it. */
  readonly entries: readonly string[];
  /** What happened. */
  readonly what: "added" | "changed" | "removed";
  /** `major` breaks programs, `minor` adds for them; what is experimental may do anything in a `patch`. */
  readonly step: Step;
  /** Whether it concerns nothing but what is experimental. */
  readonly isExperimental: boolean;
  /** The lines before. */
  readonly before: readonly string[];
  /** The lines after. */
  readonly after: readonly string[];
}

/** A symbol of an entry point. */
interface SurfaceSymbol {
  readonly name: string;
  readonly level: SurfaceLine["level"];
  /** Who makes its values. */
  readonly uses: readonly Use[];
  /** Its own lines: one, or one for each overload of a function. */
  readonly own: readonly SurfaceLine[];
  /** The texts of its members, by key: several for overloads. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

/** The symbols by entry point and name. */
type Symbols = ReadonlyMap<string, SurfaceSymbol>;

/** A symbol of one surface, with all symbols of that. */
type Version = readonly [SurfaceSymbol, Symbols];

/** What a comparison of one thing comes to; `undefined` where nothing has changed. */
type Verdict = Step | undefined;

const STEPS: readonly Step[] = ["patch", "minor", "major"];

function groupSymbols(lines: readonly SurfaceLine[]): Map<string, SurfaceSymbol> {
  const groups = new Map<string, SurfaceLine[]>();
  for (const line of lines) {
    const key = `${line.entry} ${line.name}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(line);
  }
  return new Map([...groups].map(([key, group]) => [key, createSymbol(group)]));
}

function createSymbol(lines: readonly SurfaceLine[]): SurfaceSymbol {
  const members = new Map<string, string[]>();
  for (const { member } of lines) {
    if (member === undefined) continue;
    const { key } = parseMember(member);
    const texts = members.get(key) ?? [];
    members.set(key, texts);
    texts.push(member);
  }
  const own = lines.filter(({ member }) => member === undefined);
  const uses: readonly Use[] = own.some(({ kind }) => kind === "interface" || kind === "type")
    ? [...new Set(own.flatMap((line) => line.uses))]
    : ["out"];
  const level = own.some((line) => line.level === "public") ? "public" : "experimental";
  // What nothing leads to may be made by both.
  return { name: own[0]?.name ?? "", level, uses: uses.length === 0 ? ["in", "out"] : uses, own, members };
}

function basesOf({ own }: SurfaceSymbol): string[] {
  return own.flatMap(({ tail }) => parseHeading(tail).bases);
}

/** What a symbol extends, where it is exported. */
function findBase(symbols: Symbols, entry: string, base: string): SurfaceSymbol | undefined {
  const name = base.replace(/<.*/, "");
  return symbols.get(`${entry} ${name}`) ?? [...symbols.values()].find((one) => one.name === name);
}

/** The members of a symbol of that key, its own or inherited. */
function findMember(symbols: Symbols, entry: string, symbol: SurfaceSymbol, key: string): readonly string[] {
  const own = symbol.members.get(key);
  if (own !== undefined) return own;
  for (const base of basesOf(symbol)) {
    const found = findBase(symbols, entry, base);
    const inherited = found === undefined || found === symbol ? [] : findMember(symbols, entry, found, key);
    if (inherited.length > 0) return inherited;
  }
  return [];
}

/** Compares each line before with the one after that stands for it best. */
function judgeAll<T>(before: readonly T[], after: readonly T[], isFit: (after: T, before: T) => boolean): Verdict {
  return before.every((old) => after.some((now) => isFit(now, old))) ? "minor" : "major";
}

function judgeMember(before: readonly string[], after: readonly string[], uses: readonly Use[]): Verdict {
  const gone = before.filter((text) => !after.includes(text));
  const fresh = after.filter((text) => !before.includes(text));
  if (gone.length === 0 && fresh.length === 0) return undefined;
  if (after.length === 0) return "major";
  const isGiven = uses.includes("in");
  if (isRenaming(gone, fresh)) return "patch";
  if (before.length === 0) {
    const isDue = fresh.map(parseMember).some(({ isOptional, isAbstract }) => isAbstract || (isGiven && !isOptional));
    return isDue ? "major" : "minor";
  }
  const isFit = (now: Member, old: Member): boolean =>
    (!uses.includes("out") || fitsMember(now, old, true)) && (!isGiven || fitsMember(old, now, false));
  const verdict = judgeAll(gone.map(parseMember), after.map(parseMember), isFit);
  // Who gives a method has to give its new overload as well.
  if (verdict === "minor" && isGiven && after.length > before.length) return "major";
  return verdict;
}

/** Whether nothing but names of parameters has changed. */
function isRenaming(gone: readonly string[], fresh: readonly string[]): boolean {
  const nameless = (texts: readonly string[]): string[] => texts.map(dropParameterNames).sort();
  return JSON.stringify(nameless(gone)) === JSON.stringify(nameless(fresh));
}

/** Whether all that a base asks for was there before, or may be left out. */
function asksNothing(base: string, entry: string, [before, old]: Version, now: Symbols): boolean {
  const found = findBase(now, entry, base);
  if (found === undefined) return false;
  const members = [...found.members].filter(([key]) => findMember(old, entry, before, key).length === 0);
  return members.every(([, texts]) => texts.every((text) => parseMember(text).isOptional)) &&
    basesOf(found).every((one) => asksNothing(one, entry, [before, old], now));
}

function judgeOwn(entry: string, [before, old]: Version, [after, now]: Version): Verdict {
  const textOf = ({ kind, level, isDeprecated, tail }: SurfaceLine): string =>
    `${level} ${isDeprecated} ${kind} ${tail}`;
  const [texts, others] = [before.own.map(textOf), after.own.map(textOf)];
  if (texts.every((text) => others.includes(text)) && others.every((text) => texts.includes(text))) return undefined;
  if (before.level === "public" && after.level === "experimental") return "major";
  if (isRenaming(texts, others)) return "patch";
  // What is extended may grow where programs do not have to give what it asks for.
  const isFree = (base: string): boolean => !before.uses.includes("in") || asksNothing(base, entry, [before, old], now);
  const isFit = (line: SurfaceLine, was: SurfaceLine): boolean =>
    line.kind === was.kind && fitsLine(line, was, before.uses, isFree);
  return judgeAll(before.own, after.own, isFit);
}

function fitsLine(
  now: SurfaceLine,
  old: SurfaceLine,
  uses: readonly Use[],
  isFree: (base: string) => boolean,
): boolean {
  if (now.kind === "function") return fitsFunction(now.tail, old.tail, true);
  const [after, before] = [parseHeading(now.tail), parseHeading(old.tail)];
  if (!extendsTypeParams(after.typeParams, before.typeParams)) return false;
  if (now.kind !== "type") return fitsHeading(after, before, isFree) && fitsType(after.type, before.type);
  if (uses.includes("in") && !fitsType(before.type, after.type)) return false;
  // A program has to leave room for words that it does not know.
  return !uses.includes("out") || fitsType(after.type, before.type) || growsByWords(after.type, before.type);
}

function fitsHeading(after: Heading, before: Heading, isFree: (base: string) => boolean): boolean {
  if (!before.bases.every((base) => after.bases.includes(base))) return false;
  if (!before.promises.every((promise) => after.promises.includes(promise))) return false;
  return after.bases.every((base) => before.bases.includes(base) || isFree(base));
}

function compareSymbol(entry: string, [before, old]: Version, [after, now]: Version): SurfaceChange[] {
  const isExperimental = before.level === "experimental";
  const changes: SurfaceChange[] = [];
  const add = (verdict: Verdict, member: string | undefined, from: readonly string[], to: readonly string[]): void => {
    if (verdict === undefined) return;
    const what = from.length === 0 ? "added" : to.length === 0 ? "removed" : "changed";
    const step = !isExperimental ? verdict : member === undefined && after.level === "public" ? "minor" : "patch";
    const isOpen = isExperimental && after.level === "experimental";
    changes.push({
      ...{ name: after.name, member, entries: [entry], what, step, isExperimental: isOpen },
      ...{ before: from, after: to },
    });
  };
  add(judgeOwn(entry, [before, old], [after, now]), undefined, before.own.map(describeOwn), after.own.map(describeOwn));
  for (const key of new Set([...before.members.keys(), ...after.members.keys()])) {
    const [from, to] = [findMember(old, entry, before, key), findMember(now, entry, after, key)];
    add(judgeMember(from, to, before.uses), key, from, to);
  }
  return changes;
}

function describeOwn({ level, isDeprecated, kind, name, tail }: SurfaceLine): string {
  return `@${level}${isDeprecated ? " @deprecated" : ""} ${kind} ${name}${tail}`;
}

function describeWhole(
  entry: string,
  { name, level, own }: SurfaceSymbol,
  what: "added" | "removed",
): SurfaceChange {
  const isExperimental = level === "experimental";
  const texts = own.map(describeOwn);
  return {
    ...{ name, member: undefined, entries: [entry], what, isExperimental },
    step: isExperimental ? "patch" : what === "added" ? "minor" : "major",
    before: what === "added" ? [] : texts,
    after: what === "added" ? texts : [],
  };
}

/** Makes one of the same change in several entry points. */
function mergeEntries(changes: readonly SurfaceChange[]): SurfaceChange[] {
  const merged = new Map<string, SurfaceChange>();
  for (const change of changes) {
    const key = JSON.stringify({ ...change, entries: [] });
    merged.set(key, { ...change, entries: [...merged.get(key)?.entries ?? [], ...change.entries] });
  }
  return [...merged.values()];
}

/**
 * Compares two surfaces.
 *
 * @param released The text of the one before.
 * @param current The text of the one after.
 * @returns What has changed, by entry point and name.
 * @throws {SyntaxError} Where a line cannot be understood.
 */
export function compareSurfaces(released: string, current: string): SurfaceChange[] {
  const [old, now] = [groupSymbols(readSurface(released)), groupSymbols(readSurface(current))];
  const changes: SurfaceChange[] = [];
  for (const key of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const [entry = ""] = key.split(" ");
    const [before, after] = [old.get(key), now.get(key)];
    if (before !== undefined && after !== undefined) changes.push(...compareSymbol(entry, [before, old], [after, now]));
    else if (before !== undefined) changes.push(describeWhole(entry, before, "removed"));
    else if (after !== undefined) changes.push(describeWhole(entry, after, "added"));
  }
  return mergeEntries(changes);
}

/**
 * Gives the step that changes ask for together.
 *
 * @param changes The changes.
 * @returns The greatest of their steps; `patch` where there are none.
 */
export function stepOf(changes: readonly SurfaceChange[]): Step {
  return STEPS[Math.max(0, ...changes.map(({ step }) => STEPS.indexOf(step)))] ?? "patch";
}
