/**
 * What a dynamic authenticator answers, in the terms of each method.
 *
 * @module
 */

import type { Dict } from "../errors.ts";
import { type AuthEntry, type Principal, principalOf } from "./accept.ts";
import type { KeyOwner } from "./accept_cryptosign.ts";
import type { ScramEntry } from "./accept_scram.ts";
import type { WampcraEntry } from "./accept_wampcra.ts";
import { fromBase64, fromHex, toBase64 } from "./crypto.ts";
import { parsePublicKey } from "./keys.ts";
import { ARGON2ID } from "./scram.ts";
import { DEFAULT_ITERATIONS, DEFAULT_KEY_LENGTH, deriveSecret } from "./wampcra.ts";

/** An answer that lets somebody in. @internal */
export interface DynamicAnswer extends AuthEntry {
  /** All that was answered. */
  readonly fields: Readonly<Dict>;
}

/**
 * Reads an answer: nothing refuses.
 *
 * @throws {TypeError} It says nothing that could be understood.
 *
 * @internal
 */
export function readAnswer(answer: unknown): DynamicAnswer | undefined {
  if (answer === undefined || answer === null) return undefined;
  const fields = typeof answer === "string" ? { role: answer } : answer;
  if (!isDict(fields)) throw wrong("neither a role nor a dictionary");
  const [role, authid, realm] = ["role", "authid", "realm"].map((name) => text(fields, name));
  const { extra } = fields;
  if (role === undefined) throw wrong("no role");
  if (extra !== undefined && extra !== null && !isDict(extra)) throw wrong("an extra that is no dictionary");
  return {
    fields,
    role,
    authprovider: "dynamic",
    ...(authid !== undefined && { authid }),
    ...(realm !== undefined && { realm }),
    ...(extra && { authextra: extra }),
  };
}

/** Who somebody is; nobody where no id is known. @internal */
export function toPrincipal(answer: DynamicAnswer | undefined, authid: string | undefined): Principal | undefined {
  const name = answer?.authid ?? authid;
  return answer === undefined || name === undefined ? undefined : principalOf(answer, name);
}

/**
 * Who shares a secret. The password is derived here, and something for who is unknown, so that both take their time.
 *
 * @internal
 */
export async function toWampcraEntry(
  answer: DynamicAnswer | undefined,
  decoy: Readonly<Partial<WampcraEntry>> = { salt: "salt" },
): Promise<WampcraEntry | undefined> {
  const { secret, salt, iterations, keylen } = answer === undefined ? { ...decoy, secret: "secret" } : answer.fields;
  if (typeof secret !== "string" || secret === "") throw wrong("no secret");
  if (salt === undefined || salt === null) return answer && { ...answer, secret };
  if (typeof salt !== "string") throw wrong("a salt that is no text");
  const cost = { iterations: count(iterations, DEFAULT_ITERATIONS), keylen: count(keylen, DEFAULT_KEY_LENGTH) };
  const derived = await deriveSecret(secret, salt, cost.iterations, cost.keylen);
  return answer && { ...answer, secret: derived, salt, ...cost };
}

/** Who has a password by SCRAM: Crossbar.io writes bytes in hex, we in base64. @internal */
export function toScramEntry(answer: DynamicAnswer | undefined): ScramEntry | undefined {
  if (answer === undefined) return undefined;
  const { fields } = answer;
  const isHex = fields["stored-key"] !== undefined;
  const read = (name: string): string => {
    const value = text(fields, name) ?? "";
    const bytes = isHex ? fromHex(value, value.length / 2) : fromBase64(value);
    if (bytes === undefined || bytes.length === 0) throw wrong(`no ${name} in ${isHex ? "hex" : "base64"}`);
    return toBase64(bytes);
  };
  const { kdf } = fields;
  if (kdf !== "pbkdf2" && kdf !== "argon2id13" && kdf !== ARGON2ID.autobahn) throw wrong("no kdf that is known");
  return {
    ...answer,
    kdf: kdf === "pbkdf2" ? "pbkdf2" : "argon2id13",
    salt: read("salt"),
    iterations: count(fields.iterations),
    memory: count(fields.memory, 0),
    storedKey: read(isHex ? "stored-key" : "storedKey"),
    serverKey: read(isHex ? "server-key" : "serverKey"),
  };
}

/** Who has a key: the one that the client announced. @internal */
export function toKeyOwner(
  answer: DynamicAnswer | undefined,
  publicKey: string,
  authid: string | undefined,
): KeyOwner | undefined {
  if (answer === undefined) return undefined;
  const expected = text(answer.fields, "pubkey");
  const name = answer.authid ?? authid;
  const isExpected = expected === undefined || parsePublicKey(expected) === publicKey;
  return isExpected && name !== undefined ? { ...answer, authid: name } : undefined;
}

function isDict(value: unknown): value is Readonly<Dict> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text that is not empty; `undefined` where there is none. */
function text(fields: Readonly<Dict>, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || typeof value === "string" && value !== "") return value;
  throw wrong(`a ${name} that is no text`);
}

function count(value: unknown, otherwise?: number): number {
  const found = value ?? otherwise;
  if (typeof found === "number" && Number.isInteger(found) && found >= 0) return found;
  throw wrong("no count of iterations, or a cost that is no number");
}

function wrong(what: string): TypeError {
  return new TypeError(`Cannot authenticate: the dynamic authenticator answered with ${what}`);
}
