/**
 * Who may join the realm that asks for a login, with which secret: on Crossbar.io, and on Viaduct.
 *
 * @module
 */

import type { AuthMethod } from "../../../wamp/auth/accept.ts";
import { fromHex, toBase64 } from "../../../wamp/auth/crypto.ts";
import {
  acceptCertificate,
  acceptCryptosign,
  acceptScram,
  acceptTicket,
  acceptWampcra,
  deriveSecret,
  type ScramEntry,
} from "../../../wamp/auth/mod.ts";

/** The realm that asks for a login. */
export const GUARDED_REALM = "guarded";
/** The role of all who may join it. */
export const ROLE = "user";
/** An id that no account has. */
export const NOBODY = "nobody";

/** An account, for one method. */
export interface Account {
  readonly method: "ticket" | "wampcra" | "scram" | "cryptosign";
  readonly authid: string;
  /** The ticket, the shared secret, the password, or the private key in hex. */
  readonly secret: string;
  /** A secret of the same form that is not the account's. */
  readonly wrong: string;
}

/** The accounts, by what their logins are called. */
export const ACCOUNTS = {
  "ticket": { method: "ticket", authid: "joe", secret: "Sésame, öffne dich", wrong: "Sesame" },
  "wampcra": { method: "wampcra", authid: "peter", secret: "geheim & 秘密", wrong: "geheim" },
  "wampcra, salted": { method: "wampcra", authid: "anna", secret: "pässword", wrong: "password" },
  "scram, argon2id": { method: "scram", authid: "john@example.com", secret: "p4ssw0rd", wrong: "password" },
  "scram, pbkdf2": { method: "scram", authid: "jane@example.com", secret: "p4ssw0rd", wrong: "password" },
  // Keys of the specification's vectors (WAMP, Cryptosign-based Authentication).
  "cryptosign": {
    method: "cryptosign",
    authid: "device",
    secret: "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
    wrong: "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
  },
} as const satisfies Readonly<Record<string, Account>>;

/** The name of an account. */
export type AccountName = keyof typeof ACCOUNTS;

const SALTING = { salt: "Salz 1234", iterations: 1_000, keylen: 32 };
const PUBLIC_KEY = "1adfc8bfe1d35616e64dffbd900096f23b066f914c8c2ffbb66f6075b96e116d";

/** What Crossbar.io keeps of a password, as `autobahn.wamp.auth` derives it; keys and salt in hex. */
const SCRAM_SALT = "000102030405060708090a0b0c0d0e0f";
const ARGON2 = {
  ...{ kdf: "argon2id-13", iterations: 2, memory: 512, salt: SCRAM_SALT },
  "stored-key": "5e7fa034b6091faeb1141ccf6425a3a1d85c6d40af4054f3ee93a60409ae4e12",
  "server-key": "a1edc4c8dda91a9c68f2cb9f4bb1ba1f230173510cd247244100ec7d395fc407",
};
const PBKDF2 = {
  ...{ kdf: "pbkdf2", iterations: 4_096, memory: 0, salt: SCRAM_SALT },
  "stored-key": "0a543fa818eeb9d506aa312491e5acd0cdd30b1036b64fb8e006e09623bf2e9b",
  "server-key": "2a87e883f5780a70fb30bf2f15d58d2235404cc0b3873098ddccb024b49f9a79",
};

/** The accounts in the form of a transport of Crossbar.io. */
export function crossbarAuth(): Readonly<Record<string, unknown>> {
  const role = ROLE;
  const { ticket, wampcra, "wampcra, salted": salted, cryptosign, ...scram } = ACCOUNTS;
  return {
    ticket: { type: "static", principals: { [ticket.authid]: { ticket: ticket.secret, role } } },
    wampcra: {
      type: "static",
      users: {
        [wampcra.authid]: { secret: wampcra.secret, role },
        // Of a password it derives the key by itself.
        [salted.authid]: { secret: salted.secret, role, ...SALTING },
      },
    },
    scram: {
      type: "static",
      principals: {
        [scram["scram, argon2id"].authid]: { ...ARGON2, role },
        [scram["scram, pbkdf2"].authid]: { ...PBKDF2, role },
      },
    },
    cryptosign: { type: "static", principals: { [cryptosign.authid]: { authorized_keys: [PUBLIC_KEY], role } } },
  };
}

function base64OfHex(hex: string): string {
  return toBase64(fromHex(hex, hex.length / 2)!);
}

function scramEntry({ iterations, memory, salt, ...keys }: typeof ARGON2): ScramEntry {
  const [storedKey, serverKey] = [base64OfHex(keys["stored-key"]), base64OfHex(keys["server-key"])];
  return { kdf: "argon2id13", iterations, memory, salt: base64OfHex(salt), storedKey, serverKey, role: ROLE };
}

/** The accounts in the form of a realm of Viaduct. */
export async function viaductAuth(): Promise<readonly AuthMethod[]> {
  const role = ROLE;
  const { ticket, wampcra, "wampcra, salted": salted, "scram, argon2id": argon2, cryptosign } = ACCOUNTS;
  const { salt, iterations, keylen } = SALTING;
  return [
    acceptTicket({ principals: { [ticket.authid]: { ticket: ticket.secret, role } } }),
    acceptWampcra({
      users: {
        [wampcra.authid]: { secret: wampcra.secret, role },
        [salted.authid]: { secret: await deriveSecret(salted.secret, salt, iterations, keylen), role, ...SALTING },
      },
    }),
    // Without PBKDF2, which no client of others can do: an unknown id is challenged as somebody who is known would be.
    acceptScram({ users: { [argon2.authid]: scramEntry(ARGON2) }, dialect: "autobahn" }),
    acceptCryptosign({ principals: { [cryptosign.authid]: { keys: [PUBLIC_KEY], role } } }),
    acceptCertificate({ principals: { [CERTIFICATES.known]: { role } } }),
  ];
}

/** The common names of the clients' certificates: one that has an account, and one that has none. */
export const CERTIFICATES = { known: "sensor-1", unknown: "sensor-2" } as const;
