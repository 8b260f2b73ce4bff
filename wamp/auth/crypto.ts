/**
 * The primitives of the authentication methods, on WebCrypto, so that they run everywhere.
 *
 * @module
 */

import { equalBytes } from "../../internal/bytes.ts";

const encoder = new TextEncoder();

/** The block size of SHA-256: HMAC pads a shorter key with zeros to that (RFC 2104 §2). */
const BLOCK_BYTES = 64;

/** Text as UTF-8. @internal */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** SHA-256. @internal */
export async function sha256(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** HMAC-SHA-256. An empty key is allowed, as in RFC 2104. @internal */
export async function hmacSha256(
  key: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  // WebCrypto refuses an empty key, which HMAC pads to a block of zeros anyway.
  const padded = key.length === 0 ? new Uint8Array(BLOCK_BYTES) : key;
  const imported = await crypto.subtle.importKey("raw", padded, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, data));
}

/** PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2). @internal */
export async function pbkdf2(
  password: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, length * 8));
}

/**
 * Whether two secrets are the same, in a time that does not depend on where they differ or how long they are: their
 * digests are compared, under a key that is used once.
 *
 * @internal
 */
export async function equalSecrets(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const key = randomBytes(BLOCK_BYTES);
  const [left, right] = await Promise.all([hmacSha256(key, a), hmacSha256(key, b)]);
  return equalBytes(left, right);
}

/** Random bytes from a cryptographic generator. @internal */
export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** Bytes as base64 with padding (RFC 4648 §4). @internal */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Bytes from base64 in its canonical form; `undefined` where it is none (RFC 4648 §3.5). @internal */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return toBase64(bytes) === text ? bytes : undefined;
}

/** Bytes as lower-case hex. @internal */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Bytes from hex of `length` bytes; `undefined` where it is none. @internal */
export function fromHex(text: string, length: number): Uint8Array<ArrayBuffer> | undefined {
  if (text.length !== 2 * length || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return Uint8Array.from({ length }, (_, index) => parseInt(text.slice(2 * index, 2 * index + 2), 16));
}
