/**
 * Who may come in: passwords that people log in with, the cookies of those who did, and the tickets that pages join with.
 *
 * @module
 */

import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { Principal } from "@viaduct/viaduct/wamp/auth";

/** How long a login lasts, in milliseconds. */
const LOGIN_LIFE = 8 * 3_600_000;
/** How long a ticket may wait to be used, in milliseconds. */
const TICKET_LIFE = 30_000;
/** How many logins and tickets are kept; the oldest go first. */
const MAX_KEPT = 10_000;
const HASH_SIZE = 32;

/** What may be done: read the notes, or write some as well. */
export type Role = "reader" | "editor";

/** A person, as pages may know them. */
export interface Person {
  readonly name: string;
  readonly role: Role;
}

/** A person, as they are kept. */
interface Account extends Person {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

const derive: (password: string, salt: Uint8Array, size: number) => Promise<Uint8Array> = promisify(scrypt);

/** Random names with a value each, which cannot be guessed and do not last. */
class Tokens<Value> {
  readonly #life: number;
  readonly #kept = new Map<string, { readonly value: Value; readonly end: number }>();

  constructor(life: number) {
    this.#life = life;
  }

  give(value: Value): string {
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= MAX_KEPT) this.#kept.delete(oldest);
    const token = randomBytes(32).toString("base64url");
    this.#kept.set(token, { value, end: Date.now() + this.#life });
    return token;
  }

  find(token: string): Value | undefined {
    const { value, end = 0 } = this.#kept.get(token) ?? {};
    return Date.now() < end ? value : undefined;
  }

  take(token: string): Value | undefined {
    const value = this.find(token);
    this.#kept.delete(token);
    return value;
  }
}

/** The accounts. A program that lasts would keep them in a database. */
export class Accounts {
  readonly #accounts = new Map<string, Account>();
  readonly #logins = new Tokens<Person>(LOGIN_LIFE);
  /** Each with the cookie that it was issued for: with the login, its tickets go as well. */
  readonly #tickets = new Tokens<string>(TICKET_LIFE);

  /** Adds a person. Of the password only a hash is kept. */
  async add(name: string, role: Role, password: string): Promise<void> {
    const salt = randomBytes(16);
    this.#accounts.set(name, { name, role, salt, hash: await derive(password, salt, HASH_SIZE) });
  }

  /** Gives a cookie to who knows the password. That there is no such name takes as long to find out. */
  async logIn(
    name: string,
    password: string,
  ): Promise<{ readonly cookie: string; readonly person: Person } | undefined> {
    const account = this.#accounts.get(name);
    const hash = await derive(password, account?.salt ?? new Uint8Array(16), HASH_SIZE);
    if (account === undefined || !timingSafeEqual(hash, account.hash)) return undefined;
    const person: Person = { name, role: account.role };
    return { cookie: this.#logins.give(person), person };
  }

  /** Who has this cookie. */
  personOf(cookie: string): Person | undefined {
    return this.#logins.find(cookie);
  }

  /** Makes a cookie worthless, and the tickets that were issued for it; gives who had it. */
  logOut(cookie: string): Person | undefined {
    return this.#logins.take(cookie);
  }

  /** A ticket for one session of who has this cookie; `undefined` where nobody has. */
  issueTicket(cookie: string): string | undefined {
    return this.personOf(cookie) && this.#tickets.give(cookie);
  }

  /** Whose ticket it is, for the router: it is good once, and for the person whom it was issued to. */
  redeem(authid: string, ticket: string): Principal | undefined {
    const person = this.personOf(this.#tickets.take(ticket) ?? "");
    if (person?.name !== authid) return undefined;
    return { authid, authrole: person.role, authprovider: "browser_ticket" };
  }
}
