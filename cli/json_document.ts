/**
 * JSON text, read so that every value knows where it stands: for messages about a file that a person writes.
 *
 * @module
 */

/** Where something stands in a text, both from 1. @internal */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** A value and where it begins. @internal */
export interface JsonNode {
  /** The value as `JSON.parse` gives it. */
  readonly value: unknown;
  /** Where it begins. */
  readonly start: number;
  /** The members of an object, in their order. */
  readonly members?: ReadonlyMap<string, JsonMember>;
  /** The elements of an array. */
  readonly items?: readonly JsonNode[];
}

/** A member of an object. @internal */
export interface JsonMember {
  /** Where its name begins. */
  readonly start: number;
  readonly node: JsonNode;
}

/** Text that is no JSON. @internal */
export class JsonError extends SyntaxError {
  override readonly name = "JsonError";
  /** Where that shows. */
  readonly position: TextPosition;

  /** `message` says what is wrong at `position`. */
  constructor(message: string, position: TextPosition) {
    super(message);
    this.position = position;
  }
}

/** Deeper than any configuration is nested. */
const MAX_DEPTH = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// RFC 8259 §7: control characters must be escaped, but for those behind ASCII.
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})|[\x7f-\x9f])*"/uy;
const WORD = /[\p{L}\p{N}_$]+/uy;
const LITERALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** Where an offset lies. @internal */
export function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/**
 * Reads JSON. A name that stands twice in one object is refused: one of the two would be lost.
 *
 * @throws {JsonError} The text is no JSON.
 * @internal
 */
export function parseJsonDocument(text: string): JsonNode {
  return new JsonReader(text).read();
}

class JsonReader {
  readonly #text: string;
  #index: number;

  constructor(text: string) {
    this.#text = text;
    this.#index = text.startsWith("\uFEFF") ? 1 : 0;
  }

  read(): JsonNode {
    const node = this.#value(0);
    if (this.#peek() !== "") throw this.#unexpected("the end of the file");
    return node;
  }

  /** The next character that is no white space; `""` at the end. */
  #peek(): string {
    while (/[ \t\r\n]/.test(this.#text.charAt(this.#index))) this.#index++;
    return this.#text.charAt(this.#index);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#index;
    return pattern.exec(this.#text)?.[0];
  }

  #fail(message: string, offset: number = this.#index): JsonError {
    return new JsonError(message, positionOf(this.#text, offset));
  }

  #unexpected(expected: string): JsonError {
    const character = this.#peek();
    if (character === "") return this.#fail(`Expected ${expected}, received the end of the file`);
    if (character === "/" || character === "#") {
      return this.#fail(`Expected ${expected}, received what looks like a comment: JSON has none`);
    }
    if (character === "'") return this.#fail(`Expected ${expected}, received a single quote: JSON takes " alone`);
    const word = this.#match(WORD) ?? String.fromCodePoint(this.#text.codePointAt(this.#index) ?? 0);
    return this.#fail(`Expected ${expected}, received ${word}`);
  }

  #value(depth: number): JsonNode {
    const character = this.#peek();
    const start = this.#index;
    if (depth > MAX_DEPTH) throw this.#fail(`Cannot be nested deeper than ${MAX_DEPTH} levels`);
    if (character === "{") return this.#object(depth);
    if (character === "[") return this.#array(depth);
    if (character === '"') return { value: this.#string(), start };
    const number = this.#match(NUMBER);
    if (number !== undefined && !/[\d.eE]/.test(this.#text.charAt(start + number.length))) {
      this.#index += number.length;
      return { value: Number(number), start };
    }
    const word = this.#match(WORD) ?? "";
    if (!LITERALS.has(word)) throw this.#unexpected("a value");
    this.#index += word.length;
    return { value: LITERALS.get(word), start };
  }

  #string(): string {
    const token = this.#match(STRING);
    if (token === undefined) throw this.#brokenString();
    this.#index += token.length;
    return String(JSON.parse(token));
  }

  /** Says what is wrong with the string that begins here. */
  #brokenString(): JsonError {
    const text = this.#text;
    for (let index = this.#index + 1; index < text.length; index++) {
      const character = text.charAt(index);
      if (character === '"') break;
      if (character === "\n" || character === "\r") return this.#fail("The string is not closed on its line");
      if (character < " ") return this.#fail("A control character in a string must be escaped", index);
      if (character !== "\\") continue;
      if (!/^(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/.test(text.slice(index + 1, index + 6))) {
        return this.#fail(`There is no escape \\${text.charAt(index + 1)}: a backslash itself is \\\\`, index);
      }
      index++;
    }
    return this.#fail("The string is not closed");
  }

  #array(depth: number): JsonNode {
    const start = this.#index++;
    const items: JsonNode[] = [];
    if (this.#peek() === "]") {
      this.#index++;
      return { value: [], start, items };
    }
    do {
      if (items.length > 0 && this.#peek() === "]") throw this.#fail("There is a comma behind the last element");
      items.push(this.#value(depth + 1));
    } while (this.#isMore("]"));
    return { value: items.map(({ value }) => value), start, items };
  }

  #object(depth: number): JsonNode {
    const start = this.#index++;
    const members = new Map<string, JsonMember>();
    if (this.#peek() === "}") this.#index++;
    else {
      do this.#member(members, depth); while (this.#isMore("}"));
    }
    const value = Object.fromEntries([...members].map(([name, { node }]) => [name, node.value]));
    return { value, start, members };
  }

  #member(members: Map<string, JsonMember>, depth: number): void {
    if (this.#peek() !== '"') {
      if (members.size > 0 && this.#peek() === "}") throw this.#fail("There is a comma behind the last member");
      throw this.#unexpected("a name in double quotes");
    }
    const start = this.#index;
    const name = this.#string();
    if (members.has(name)) throw this.#fail(`${JSON.stringify(name)} stands there twice`, start);
    if (this.#peek() !== ":") throw this.#unexpected(`a colon behind ${JSON.stringify(name)}`);
    this.#index++;
    members.set(name, { start, node: this.#value(depth + 1) });
  }

  /** Passes a comma, or the end of an array or object. */
  #isMore(end: string): boolean {
    const character = this.#peek();
    if (character !== "," && character !== end) throw this.#unexpected(`a comma or ${end}`);
    this.#index++;
    return character === ",";
  }
}
