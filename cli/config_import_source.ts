/**
 * Walks over somebody else's configuration and remembers what was not understood.
 *
 * @module
 */

/** Something that the conversion leaves out or changes. @internal */
export interface ImportNote {
  /** Where it stands in their file, as `workers[0].realms[1].name`. */
  readonly path: string;
  /** Why it has no counterpart, or what became of it. */
  readonly reason: string;
}

const PLAIN_NAME = /^[A-Za-z_$][\w$-]*$/;

/**
 * An object of theirs. What is asked for by name counts as understood; {@linkcode finish} notes the rest, so that
 * nothing is lost silently.
 *
 * @internal
 */
export class ImportSource {
  readonly path: string;
  readonly #notes: ImportNote[];
  readonly #members: ReadonlyMap<string, unknown>;
  readonly #left: Set<string>;

  /** Notes of it and of everything within go to `notes`. */
  constructor(value: unknown, path: string, notes: ImportNote[]) {
    this.path = path;
    this.#notes = notes;
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    this.#members = new Map(isObject ? Object.entries(value) : []);
    this.#left = new Set(this.#members.keys());
    if (!isObject) this.note(`is ${Array.isArray(value) ? "a list" : typeof value} instead of an object`);
  }

  /** The path of a member. */
  pathOf(name: string): string {
    if (!PLAIN_NAME.test(name)) return `${this.path}[${JSON.stringify(name)}]`;
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  /** The names of its members. */
  get names(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** Notes something about the whole. */
  note(reason: string): void {
    this.#notes.push({ path: this.path, reason });
  }

  /** Notes something that stands elsewhere. */
  noteAt(path: string, reason: string): void {
    this.#notes.push({ path, reason });
  }

  /** Notes a member that is there: it is left out, or changed. */
  leave(name: string, reason: string): void {
    if (!this.#members.has(name)) return;
    this.#left.delete(name);
    this.#notes.push({ path: this.pathOf(name), reason });
  }

  /** Passes over members that mean nothing to a router. */
  skip(...names: readonly string[]): void {
    for (const name of names) this.#left.delete(name);
  }

  /** A member, whatever it is, which counts as not understood yet. */
  peek(name: string): unknown {
    return this.#members.get(name);
  }

  /** A member, whatever it is. */
  take(name: string): unknown {
    this.#left.delete(name);
    return this.#members.get(name);
  }

  /** A member that should be a string. */
  text(name: string): string | undefined {
    return this.#typed(name, "a string", (value) => typeof value === "string" ? value : undefined);
  }

  /** A member that should be a number. */
  number(name: string): number | undefined {
    return this.#typed(name, "a number", (value) => typeof value === "number" ? value : undefined);
  }

  /** A member that should be true or false. */
  flag(name: string): boolean | undefined {
    return this.#typed(name, "true or false", (value) => typeof value === "boolean" ? value : undefined);
  }

  /** A member that should be a list of strings; what is no string is left out. */
  texts(name: string): readonly string[] | undefined {
    const list = this.#typed(name, "a list", (value) => Array.isArray(value) ? value : undefined);
    return list?.filter((item) => typeof item === "string");
  }

  /** A member that should be an object. */
  object(name: string): ImportSource | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : new ImportSource(value, this.pathOf(name), this.#notes);
  }

  /** A member that should be a list of objects. */
  objects(name: string): readonly ImportSource[] {
    const list = this.#typed(name, "a list", (value) => Array.isArray(value) ? value : undefined) ?? [];
    return list.map((item, index) => new ImportSource(item, `${this.pathOf(name)}[${index}]`, this.#notes));
  }

  /** Notes what nobody asked for. */
  finish(reason = "has no counterpart"): void {
    for (const name of this.#left) this.leave(name, reason);
  }

  #typed<Value>(name: string, expected: string, read: (value: unknown) => Value | undefined): Value | undefined {
    const value = this.take(name);
    const typed = value === undefined ? undefined : read(value);
    if (typed === undefined && value !== undefined) {
      this.#notes.push({ path: this.pathOf(name), reason: `must be ${expected}: it is left out` });
    }
    return typed;
  }
}
