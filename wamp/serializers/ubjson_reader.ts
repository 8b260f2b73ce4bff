/**
 * Takes UBJSON messages apart: only what is looked at is built.
 * Sans-I/O.
 *
 * @module
 */

import { type Dict, WampProtocolError } from "../errors.ts";
import { MAX_DEPTH, type ValueKind, type ValueReader } from "../format.ts";
import { MAX_ID } from "../ids.ts";
import { setOnce, setOwn } from "./own_property.ts";
import { StringCache } from "./string_cache.ts";
import { UBJSON } from "./ubjson_constants.ts";
import { fixedSize, isInteger, UbjsonInput } from "./ubjson_input.ts";

/** How many values a message may hold that take no byte, as in a list of a million nulls. */
const MOST_WITHOUT_BYTES = 65536;

/** The count of a container that ends with a mark. */
const UNCOUNTED = -1;

/** What is done with values: they are passed, or built; a key that stands twice is an error in Options and Details. */
type Aim = "pass" | "build" | "build strictly";

/** A list or dictionary that is open. */
interface Level {
  readonly isDict: boolean;
  /** The mark of all its values; 0 where each has its own. */
  readonly type: number;
  remaining: number;
  /** What is built, and the key that its next value gets. */
  readonly built: unknown[] | Dict | undefined;
  key: string;
}

/**
 * Reads UBJSON.
 *
 * @internal
 */
export class UbjsonReader implements ValueReader {
  readonly #input = new UbjsonInput();
  readonly #strings = new StringCache();
  /** The message's own list. */
  #message: Level = levelOf(false, 0, UNCOUNTED, undefined);
  #withoutBytes = 0;

  /** Where the next byte is read. */
  get position(): number {
    return this.#input.position;
  }

  /** Begins at `bytes[start]`. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.#input.bytes = bytes;
    this.#input.position = start;
    this.#input.end = end;
    this.#withoutBytes = 0;
    this.#message = levelOf(false, 0, UNCOUNTED, undefined);
  }

  /** Reads the head of the message's list. */
  enterList(): void {
    if (this.#input.takeMarker() !== UBJSON.LIST) throw invalid("The message is not a list");
    this.#message = this.#head(false, "pass");
  }

  /** Whether the list goes on. */
  next(): boolean {
    if (this.#isOver(this.#message)) return false;
    if (this.#message.type === 0) this.#input.peekMarker();
    return true;
  }

  /** What stands here. */
  kind(): ValueKind {
    const marker = this.#message.type || this.#input.peekMarker();
    if (isInteger(marker)) return "integer";
    switch (marker) {
      case UBJSON.STRING:
      case UBJSON.CHAR:
        return "string";
      case UBJSON.LIST:
        return "list";
      case UBJSON.DICT:
        return "dict";
      case UBJSON.FLOAT32:
      case UBJSON.FLOAT64:
      case UBJSON.HIGH_PRECISION: {
        const { position } = this.#input;
        const isIntegral = Number.isInteger(this.#input.number(this.#marker()));
        this.#input.position = position;
        return isIntegral ? "integer" : "other";
      }
      default:
        return "other";
    }
  }

  /** Reads an integer from -(2^53) to 2^53. */
  readInteger(): number {
    if (this.kind() !== "integer") throw this.#mismatch("an integer");
    const value = this.#input.number(this.#marker());
    if (typeof value === "number" && Math.abs(value) <= MAX_ID) return value;
    throw new WampProtocolError("invalid_message", "Expected an integer of at most 2^53, found one beyond");
  }

  /** Reads a string. */
  readString(): string {
    if (this.kind() !== "string") throw this.#mismatch("a string");
    return this.#marker() === UBJSON.CHAR ? this.#input.char() : this.#input.text();
  }

  /** Reads a URI. */
  readUri(): string {
    if (this.kind() !== "string") throw this.#mismatch("a string");
    return this.#marker() === UBJSON.CHAR ? this.#input.char() : this.#cached();
  }

  /** Reads Options or Details. */
  readDict(): Dict {
    if (this.kind() !== "dict") throw this.#mismatch("a dictionary");
    return this.#value("build strictly") as Dict;
  }

  /** Walks over a value. */
  skip(): void {
    this.#value("pass");
  }

  /** Builds a value. */
  readValue(): unknown {
    return this.#value("build");
  }

  /** Throws unless nothing but no-ops is left. */
  expectEnd(): void {
    const input = this.#input;
    while (input.position < input.end && input.peek() === UBJSON.NOOP) input.position++;
    if (input.position < input.end) throw invalid("The message goes on after its list");
  }

  /** Takes the mark of the message's element here. */
  #marker(): number {
    return this.#message.type || this.#input.takeMarker();
  }

  #cached(): string {
    const input = this.#input;
    const length = input.count();
    const start = input.position;
    input.pass(length);
    return this.#strings.get(input.bytes, start, start + length);
  }

  /** Walks over one value, without recursion; what it gives is the value only where that is built. */
  #value(aim: Aim): unknown {
    const outer: Level[] = [];
    let level: Level | undefined;
    let marker = this.#marker();
    for (;;) {
      let value: unknown;
      if (marker === UBJSON.LIST || marker === UBJSON.DICT) {
        // The message's list is around the outermost.
        if (outer.length + (level === undefined ? 2 : 3) > MAX_DEPTH) {
          throw new WampProtocolError("limit_exceeded", `Nested over ${MAX_DEPTH} levels`);
        }
        const opened = this.#head(marker === UBJSON.DICT, aim);
        const bytes = this.#passFixed(opened, aim);
        if (bytes !== undefined) value = bytes;
        else {
          if (level !== undefined) outer.push(level);
          level = opened;
          value = NONE;
        }
      } else if (aim === "pass") this.#input.passScalar(marker);
      else value = this.#input.scalar(marker);
      if (value !== NONE) {
        if (level === undefined) return value;
        put(level, value, aim);
      }
      while (this.#isOver(level!)) {
        value = level!.built;
        level = outer.pop();
        if (level === undefined) return value;
        put(level, value, aim);
      }
      marker = this.#nextMarker(level!, aim);
    }
  }

  /** Takes the key in front of a dictionary's next value, and the value's mark. */
  #nextMarker(level: Level, aim: Aim): number {
    if (level.isDict) {
      if (aim === "pass") this.#input.passText();
      else level.key = this.#cached();
    }
    return level.type || this.#input.takeMarker();
  }

  /** Takes what stands between a container's mark and its first value. */
  #head(isDict: boolean, aim: Aim): Level {
    const input = this.#input;
    let type = 0;
    if (input.peek() === UBJSON.TYPE) {
      input.position++;
      type = input.peek();
      input.position++;
      fixedSize(type);
      if (input.peek() !== UBJSON.COUNT) throw invalid("A container has a type, but no count");
    }
    let remaining = UNCOUNTED;
    if (input.peek() === UBJSON.COUNT) {
      input.position++;
      remaining = input.count();
    }
    // A dictionary's keys take bytes in any case.
    if (!isDict && type !== 0 && fixedSize(type) === 0) this.#charge(remaining);
    return levelOf(isDict, type, remaining, aim === "pass" ? undefined : isDict ? {} : []);
  }

  /** Bounds what can be declared without being there. */
  #charge(count: number): void {
    this.#withoutBytes += count;
    if (this.#withoutBytes > MOST_WITHOUT_BYTES) {
      throw new WampProtocolError("limit_exceeded", `Over ${MOST_WITHOUT_BYTES} values that take no byte`);
    }
  }

  /**
   * Takes all of a list whose values have one size, where they need not be looked at one by one.
   *
   * @returns Bytes, or anything in place of what is passed; `undefined` where the list has to be walked.
   */
  #passFixed(level: Level, aim: Aim): Uint8Array | true | undefined {
    const { type, remaining } = level;
    if (level.isDict || type === 0 || type === UBJSON.CHAR) return undefined;
    const size = fixedSize(type);
    if (size === undefined || (aim !== "pass" && type !== UBJSON.UINT8)) return undefined;
    const start = this.#input.position;
    this.#input.pass(remaining * size);
    return aim === "pass" ? true : this.#input.bytes.slice(start, this.#input.position);
  }

  /** Whether a container has no further value; counts the one that follows otherwise, and stands on it or its key. */
  #isOver(level: Level): boolean {
    if (level.remaining === UNCOUNTED) {
      if (this.#input.peekMarker() !== (level.isDict ? UBJSON.DICT_END : UBJSON.LIST_END)) return false;
      this.#input.position++;
      return true;
    }
    if (level.remaining === 0) return true;
    level.remaining--;
    return false;
  }

  #mismatch(expected: string): WampProtocolError {
    return new WampProtocolError("invalid_message", `Expected ${expected}, found something else`);
  }
}

/** In place of a value that is still being built. */
const NONE = Symbol("none");

function levelOf(isDict: boolean, type: number, remaining: number, built: unknown[] | Dict | undefined): Level {
  return { isDict, type, remaining, built, key: "" };
}

function put(level: Level, value: unknown, aim: Aim): void {
  const { built } = level;
  if (built === undefined) return;
  if (Array.isArray(built)) built.push(value);
  else if (aim === "build strictly") setOnce(built, level.key, value);
  else setOwn(built, level.key, value);
}

function invalid(message: string): WampProtocolError {
  return new WampProtocolError("invalid_encoding", message);
}
