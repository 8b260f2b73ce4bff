/**
 * Encryption from end to end: ciphers for payloads that are passed through (WAMP, Payload Passthru Mode,
 * End-to-End Encryption Predefined Scheme).
 *
 * @module
 */

import { packArguments, type PayloadCodec, unpackArguments } from "./passthru.ts";
import type { Passthru } from "./passthru_api.ts";

/** The length of a nonce of AES-GCM, in bytes (NIST SP 800-38D §8.2). */
const NONCE_BYTES = 12;
/** The length of its tag. */
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Encrypts and decrypts bytes.
 *
 * @public
 */
export interface PayloadCipher {
  /** Its `ppt_cipher`, such as `xsalsa20poly1305`. */
  readonly cipher: string;
  /** The `ppt_scheme` that it is for. @default {every scheme} */
  readonly scheme?: string;
  /** Encrypts; the nonce, where there is one, is part of what it gives. */
  encrypt(plain: Uint8Array<ArrayBuffer>, passthru: Passthru): Uint8Array | PromiseLike<Uint8Array>;
  /** Decrypts. Throws where the bytes were not made by `encrypt` with the same key. */
  decrypt(bytes: Uint8Array, passthru: Passthru): Uint8Array | PromiseLike<Uint8Array>;
}

/**
 * A codec of a cipher: arguments are serialized as `ppt_serializer` says, `cbor` where it says nothing, and encrypted.
 *
 * @param cipher The cipher: one of your own, or of a library.
 * @returns The codec, for the option `passthru` of `join()`.
 *
 * @example A cipher of one's own
 * ```ts
 * import { encrypted } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const flip = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0xff);
 * const codec = encrypted({ cipher: "x_flip", encrypt: flip, decrypt: flip });
 * const passthru = { scheme: "wamp", serializer: "json", cipher: "x_flip" };
 * const bytes = await codec.encode([1], { b: 2 }, passthru);
 * assert.deepEqual(await codec.decode(bytes, passthru), { args: [1], kwargs: { b: 2 } });
 * ```
 *
 * @public
 */
export function encrypted(cipher: PayloadCipher): PayloadCodec {
  return {
    cipher: cipher.cipher,
    ...(cipher.scheme !== undefined && { scheme: cipher.scheme }),
    encode: (args, kwargs, passthru) => cipher.encrypt(packArguments(args, kwargs, serializerOf(passthru)), passthru),
    decode: async (bytes, passthru) => {
      return unpackArguments(await cipher.decrypt(bytes, passthru), serializerOf(passthru));
    },
  };
}

function serializerOf({ serializer = "cbor" }: Passthru): string {
  return serializer;
}

/**
 * Choices for {@linkcode aes256gcm}.
 *
 * @public
 */
export interface Aes256GcmOptions {
  /** The keys of 32 bytes, by their `ppt_keyid`; `""` is for payloads that name none. */
  readonly keys: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  /** The `ppt_scheme` that they are for. @default {every scheme} */
  readonly scheme?: string;
}

/**
 * The cipher `aes256gcm`, by WebCrypto. Each payload has a random nonce of 12 bytes in front and its tag of 16 bytes behind;
 * the specification names the cipher and leaves that open. A key should not encrypt more than 2^32 payloads.
 *
 * @param options The keys.
 * @returns The codec, for the option `passthru` of `join()`.
 * @throws {RangeError} A key has not 32 bytes.
 *
 * @example A secret that the router cannot read
 * ```ts
 * import { aes256gcm, join } from "@viaduct/viaduct/wamp";
 * import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * const passthru = [aes256gcm({ keys: { key1: crypto.getRandomValues(new Uint8Array(32)) } })];
 * await using router = createRouter();
 * await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
 * await using session = await join(server.url, { realm: "realm1", passthru });
 * await session.register("com.example.secret", ({ args }) => `${args[0]}!`);
 *
 * const secret = { scheme: "wamp", cipher: "aes256gcm", keyid: "key1" };
 * assert.equal(await session.call("com.example.secret", ["hello"], { passthru: secret }), "hello!");
 * ```
 *
 * @public
 */
export function aes256gcm(options: Aes256GcmOptions): PayloadCodec {
  const keys = new Map(Object.entries(options.keys));
  for (const [keyid, { length }] of keys) {
    if (length !== KEY_BYTES) throw new RangeError(`Key "${keyid}" must have ${KEY_BYTES} bytes, received ${length}`);
  }
  const imported = new Map<string, Promise<CryptoKey>>();
  const keyOf = ({ keyid = "" }: Passthru): Promise<CryptoKey> => {
    const raw = keys.get(keyid);
    if (raw === undefined) return Promise.reject(new RangeError(`There is no key "${keyid}"`));
    let key = imported.get(keyid);
    if (key === undefined) {
      key = crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
      imported.set(keyid, key);
    }
    return key;
  };
  return encrypted({
    cipher: "aes256gcm",
    ...(options.scheme !== undefined && { scheme: options.scheme }),
    encrypt: async (plain, passthru) => seal(await keyOf(passthru), plain),
    decrypt: async (bytes, passthru) => open(await keyOf(passthru), bytes),
  });
}

async function seal(key: CryptoKey, plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain));
  const bytes = new Uint8Array(NONCE_BYTES + sealed.length);
  bytes.set(iv);
  bytes.set(sealed, NONCE_BYTES);
  return bytes;
}

async function open(key: CryptoKey, bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new RangeError("The payload is too short to be encrypted");
  const iv = bytes.slice(0, NONCE_BYTES);
  const sealed = bytes.slice(NONCE_BYTES);
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed));
}
