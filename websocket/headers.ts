/**
 * Header fields and the grammar they share (RFC 9110 §5). Sans-I/O.
 *
 * @module
 */

const TAB = 0x09;
const SPACE = 0x20;
const COMMA = 0x2c;
const DELETE = 0x7f;

/** What a scanner needs of a text; a string has it. A test passes an object that counts the steps. @internal */
export interface Characters {
  /** The number of UTF-16 code units. */
  readonly length: number;
  /** The code unit at an index. */
  charCodeAt(index: number): number;
  /** The text between two indices. */
  slice(start: number, end: number): string;
}

const TOKEN_CODES = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN_CODES[char.charCodeAt(0)] = 1;
}

/** Says whether a code unit may stand in a token (RFC 9110 §5.6.2). @internal */
export function isTokenCode(code: number): boolean {
  return TOKEN_CODES[code] === 1;
}

/** Says whether a byte may stand in a field value: HTAB, SP, VCHAR and obs-text (RFC 9110 §5.5). @internal */
export function isValueCode(code: number): boolean {
  return code === TAB || (code >= SPACE && code !== DELETE && code <= 0xff);
}

/** Says whether a code unit is optional whitespace (RFC 9110 §5.6.3). @internal */
export function isWhitespaceCode(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** Says whether a text is a token (RFC 9110 §5.6.2). @internal */
export function isToken(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (!isTokenCode(text.charCodeAt(index))) return false;
  }
  return text.length > 0;
}

/** Throws a TypeError unless `name` may be a field name of ours. @internal */
export function assertFieldName(name: string): void {
  if (!isToken(name)) {
    throw new TypeError(`Cannot set header field: name must be a token, received ${JSON.stringify(name)}`);
  }
}

/** Throws a TypeError unless `value` may be a field value of ours; the value may be a secret and is not named. @internal */
export function assertFieldValue(name: string, value: string): void {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (isValueCode(code)) continue;
    const hex = code.toString(16).toUpperCase().padStart(4, "0");
    throw new TypeError(
      `Cannot set header field ${name}: value must be visible Latin-1, received U+${hex} at ${index}`,
    );
  }
}

/** Returns `text` between `start` and `end` without optional whitespace on either side, in linear time. @internal */
export function trimWhitespace(text: Characters, start = 0, end: number = text.length): string {
  while (start < end && isWhitespaceCode(text.charCodeAt(start))) start++;
  while (end > start && isWhitespaceCode(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/**
 * Splits the values of a list field at commas and leaves out empty elements (RFC 9110 §5.6.1). It knows no quoted
 * strings: it is for lists of tokens.
 *
 * @internal
 */
export function splitList(values: Iterable<Characters>): string[] {
  const elements: string[] = [];
  for (const value of values) {
    let start = 0;
    for (let index = 0; index <= value.length; index++) {
      if (index < value.length && value.charCodeAt(index) !== COMMA) continue;
      const element = trimWhitespace(value, start, index);
      if (element !== "") elements.push(element);
      start = index + 1;
    }
  }
  return elements;
}

/** Says whether a list field has an element, whatever its case (RFC 6455 §4.2.1 for Upgrade and Connection). @internal */
export function listIncludes(values: Iterable<Characters>, element: string): boolean {
  for (const value of values) {
    // Most lists have one element: no list is made for it.
    const isAlone = value.length === element.length && value.slice(0, element.length).toLowerCase() === element;
    if (isAlone || (value.length > element.length && listHas(value, element))) return true;
  }
  return false;
}

function listHas(value: Characters, element: string): boolean {
  return splitList([value]).some((found) => found.toLowerCase() === element);
}

/** The fields of a head: ordered, duplicates kept, names compared without regard to case. @internal */
export class HeaderList implements Iterable<[string, string]> {
  readonly #names: string[] = [];
  readonly #values: string[] = [];

  /** Creates a list of fields. They are checked when they are formatted, not here. */
  constructor(fields: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of fields) this.append(name, value);
  }

  /**
   * Creates a list from what a caller gave as headers.
   *
   * @throws {TypeError} If a name or a value is not allowed in a head.
   */
  static from(init: HeadersInit): HeaderList {
    const list = new HeaderList();
    for (const [name, value] of Symbol.iterator in init ? init : Object.entries(init)) {
      const text = trimWhitespace(String(value));
      assertFieldName(String(name));
      assertFieldValue(String(name), text);
      list.append(String(name), text);
    }
    return list;
  }

  /** The number of fields. */
  get size(): number {
    return this.#names.length;
  }

  /** Adds a field behind the others. */
  append(name: string, value: string): void {
    this.#names.push(name);
    this.#values.push(value);
  }

  /** Returns the first value of a name. */
  get(name: string): string | undefined {
    const index = this.#find(name, 0);
    return index === -1 ? undefined : this.#values[index];
  }

  /** Returns all values of a name in their order. */
  getAll(name: string): string[] {
    const found: string[] = [];
    for (let index = this.#find(name, 0); index !== -1; index = this.#find(name, index + 1)) {
      found.push(this.#values[index]!);
    }
    return found;
  }

  /** Says whether there is a field of a name. */
  has(name: string): boolean {
    return this.#find(name, 0) !== -1;
  }

  /** Returns the index of the next field of a name, or -1. Only names of the same length need a second look. */
  #find(name: string, start: number): number {
    const key = name.toLowerCase();
    for (let index = start; index < this.#names.length; index++) {
      const candidate = this.#names[index]!;
      if (candidate.length === key.length && candidate.toLowerCase() === key) return index;
    }
    return -1;
  }

  /** Copies the fields into the web's `Headers`. */
  toHeaders(): Headers {
    const headers = new Headers();
    for (const [name, value] of this) headers.append(name, value);
    return headers;
  }

  /** Calls a function for each field, in their order: without the garbage of an iteration. */
  forEach(take: (name: string, value: string) => void): void {
    for (let index = 0; index < this.#names.length; index++) take(this.#names[index]!, this.#values[index]!);
  }

  /** Iterates over the fields in their order, names as they were given. */
  *[Symbol.iterator](): Generator<[string, string]> {
    for (let index = 0; index < this.#names.length; index++) yield [this.#names[index]!, this.#values[index]!];
  }
}
