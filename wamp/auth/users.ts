/**
 * What a router keeps of its users, and what stands in for those that it does not have, so that nobody learns which ids
 * there are.
 *
 * @module
 */

import type { AuthEntry, JoinRequest } from "./accept.ts";
import { hmacSha256, randomBytes, utf8 } from "./crypto.ts";

/**
 * Where a method finds what it knows of an id: a record by id, or a function, which may ask a database or a procedure.
 *
 * @typeParam Entry What the method keeps of an id.
 *
 * @public
 */
export type AuthLookup<Entry> =
  | Readonly<Record<string, Entry>>
  | ((authid: string, request: JoinRequest) => Entry | undefined | Promise<Entry | undefined>);

/**
 * Choices for methods that challenge.
 *
 * @typeParam Entry What the method keeps of an id.
 *
 * @public
 */
export interface AcceptOptions<Entry extends AuthEntry> {
  /** The users, by id. */
  readonly users: AuthLookup<Entry>;
  /**
   * A secret that makes what unknown ids are challenged with the same after a restart, so that even then they cannot be
   * told from known ones. @default {random}
   */
  readonly decoyKey?: string;
  /**
   * What unknown ids look like where a function looks users up: the role, the cost, whether there is a salt. Where
   * `users` is a record, they look like those in it. @default {role `user`, a salt, and the method's usual cost}
   */
  readonly decoy?: Readonly<Partial<Entry>>;
}

/** What is known of an id. @internal */
export async function lookUp<Entry>(
  lookup: AuthLookup<Entry>,
  authid: string,
  request: JoinRequest,
): Promise<Entry | undefined> {
  if (typeof lookup === "function") return await lookup(authid, request);
  return Object.hasOwn(lookup, authid) ? lookup[authid] : undefined;
}

/** Bytes for an id that nobody has, by purpose: always the same, so that they look like something that was stored. */
type DecoyBytes = (purpose: string) => Promise<Uint8Array<ArrayBuffer>>;

/** Makes an entry for an id that nobody has, in the likeness of another. @internal */
export type DecoyMaker<Entry> = (likeness: Partial<Entry>, bytes: DecoyBytes) => Promise<Entry>;

/** Somebody, or what stands in for somebody. @internal */
export interface FoundUser<Entry> {
  readonly entry: Entry;
  readonly isKnown: boolean;
}

/** The users of a method that challenges. @internal */
export class UserStore<Entry extends AuthEntry> {
  readonly #users: AuthLookup<Entry>;
  readonly #key: Uint8Array<ArrayBuffer>;
  readonly #likenesses: readonly Partial<Entry>[];
  readonly #make: DecoyMaker<Entry>;

  /** `usual`: what unknown ids look like where neither the users nor the options say. */
  constructor(options: AcceptOptions<Entry>, usual: Partial<Entry>, make: DecoyMaker<Entry>) {
    const { users, decoyKey, decoy = usual } = options;
    this.#users = users;
    this.#key = decoyKey === undefined ? randomBytes(32) : utf8(decoyKey);
    const known = typeof users === "function" ? [] : Object.values(users);
    this.#likenesses = known.length > 0 ? known : [decoy];
    this.#make = make;
  }

  /** The user with an id. A decoy is made for known ids too, so that making it tells nothing. */
  async find(authid: string, request: JoinRequest): Promise<FoundUser<Entry>> {
    const found = await lookUp(this.#users, authid, request);
    const bytes = (purpose: string) => hmacSha256(this.#key, utf8(`${purpose}\0${authid}`));
    const choice = new DataView((await bytes("likeness")).buffer).getUint32(0) % this.#likenesses.length;
    const decoy = await this.#make(this.#likenesses[choice] ?? {}, bytes);
    return { entry: found ?? decoy, isKnown: found !== undefined };
  }
}
