/**
 * Blanks comments and literals out of TypeScript, so that a check can search code with patterns.
 *
 * @module
 */

/** A source with its comments and the contents of its literals blanked; every character keeps its place. */
export interface SourceText {
  /** The source as it was. */
  readonly text: string;
  /** The source with spaces for comments and for the contents of strings, templates and patterns. */
  readonly code: string;
  /** The comments, in order. */
  readonly comments: readonly string[];
}

/** What one module takes from another. */
export interface Import {
  /** The specifier, or `undefined` where it is computed. */
  readonly specifier: string | undefined;
  /** Whether only types are taken, so that nothing is loaded. */
  readonly isType: boolean;
  /** The line, from 1. */
  readonly line: number;
}

/** Words after which a slash begins a pattern, not a division. */
const BEFORE_PATTERN =
  /(?:^|[^\w$.])(?:return|typeof|case|do|else|in|of|void|delete|throw|new|await|yield|instanceof)$/;

class Scanner {
  readonly #text: string;
  readonly #comments: string[] = [];
  #code = "";
  #at = 0;
  /** For each template that we are inside of: the depth of braces in its expression. */
  readonly #depths: number[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  scan(): SourceText {
    while (this.#at < this.#text.length) this.#step();
    return { text: this.#text, code: this.#code, comments: this.#comments };
  }

  #step(): void {
    const character = this.#text.charAt(this.#at);
    const pair = this.#text.slice(this.#at, this.#at + 2);
    if (pair === "//") return this.#comment(this.#indexOf("\n", this.#at));
    if (pair === "/*") return this.#comment(this.#indexOf("*/", this.#at + 2) + 2);
    if (character === '"' || character === "'") return this.#literal(this.#endOfString(character));
    if (character === "`") return this.#template();
    if (character === "/" && this.#startsPattern()) return this.#literal(this.#endOfPattern());
    const depth = this.#depths.length - 1;
    if (character === "{" && depth >= 0) this.#depths[depth] = (this.#depths[depth] ?? 0) + 1;
    if (character === "}" && depth >= 0) {
      if (this.#depths[depth] === 0) {
        this.#depths.pop();
        return this.#template();
      }
      this.#depths[depth] = (this.#depths[depth] ?? 0) - 1;
    }
    this.#keep(this.#at + 1);
  }

  #indexOf(part: string, from: number): number {
    const index = this.#text.indexOf(part, from);
    return index < 0 ? this.#text.length : index;
  }

  #keep(end: number): void {
    this.#code += this.#text.slice(this.#at, end);
    this.#at = end;
  }

  #blank(end: number): void {
    this.#code += this.#text.slice(this.#at, end).replace(/[^\n]/g, " ");
    this.#at = Math.min(end, this.#text.length);
  }

  #comment(end: number): void {
    this.#comments.push(this.#text.slice(this.#at, end));
    this.#blank(end);
  }

  /** Keeps the delimiters of a literal that ends before `end`, and blanks what is between. */
  #literal(end: number): void {
    this.#keep(this.#at + 1);
    this.#blank(end - 1);
    this.#keep(end);
  }

  #endOfString(quote: string): number {
    let index = this.#at + 1;
    while (index < this.#text.length && this.#text.charAt(index) !== quote) {
      index += this.#text.charAt(index) === "\\" ? 2 : 1;
    }
    return index + 1;
  }

  #endOfPattern(): number {
    let index = this.#at + 1;
    let isInClass = false;
    for (; index < this.#text.length; index++) {
      const character = this.#text.charAt(index);
      if (character === "\\") index++;
      else if (character === "[") isInClass = true;
      else if (character === "]") isInClass = false;
      else if (character === "\n" || (character === "/" && !isInClass)) break;
    }
    return index + 1;
  }

  /** Passes a part of a template: from its backtick or from the brace that ends an expression. */
  #template(): void {
    let index = this.#at + 1;
    while (index < this.#text.length) {
      const character = this.#text.charAt(index);
      if (character === "`") return this.#literal(index + 1);
      if (character === "$" && this.#text.charAt(index + 1) === "{") {
        this.#depths.push(0);
        return this.#literal(index + 2);
      }
      index += character === "\\" ? 2 : 1;
    }
    this.#literal(index);
  }

  #startsPattern(): boolean {
    const before = this.#code.trimEnd();
    return before === "" || !/[\w$)\]}"'`]$/.test(before) || BEFORE_PATTERN.test(before.slice(-16));
  }
}

/** Blanks the comments and literals of a source. */
export function scanSource(text: string): SourceText {
  return new Scanner(text).scan();
}

/** The line of an index, from 1. */
export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

const STATIC_IMPORT = /(?<![\w$.])(?:import|export)\s*(type\s(?!\s*from\b))?(?:[\w$*\s{},]*?\bfrom\s*)?(["'])( *)\2/g;
const DYNAMIC_IMPORT = /(?<![\w$.])import\s*\(\s*(?:(["'])( *)\1)?/g;

/** Lists what a source imports and re-exports, dynamic imports and import types included. */
export function listImports(source: SourceText): Import[] {
  const imports: Import[] = [];
  for (const match of source.code.matchAll(STATIC_IMPORT)) {
    const end = match.index + match[0].length - 1;
    const specifier = source.text.slice(end - (match[3] ?? "").length, end);
    imports.push({ specifier, isType: match[1] !== undefined, line: lineOf(source.text, match.index) });
  }
  for (const match of source.code.matchAll(DYNAMIC_IMPORT)) {
    const end = match.index + match[0].length - 1;
    const specifier = match[1] === undefined ? undefined : source.text.slice(end - (match[2] ?? "").length, end);
    imports.push({ specifier, isType: false, line: lineOf(source.text, match.index) });
  }
  return imports;
}
