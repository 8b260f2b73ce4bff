/**
 * Ed25519 keys in the forms that people keep them: hex, PEM and OpenSSH.
 *
 * @module
 */

import { concatBytes, equalBytes } from "../../internal/bytes.ts";
import { fromBase64, fromHex, toHex, utf8 } from "./crypto.ts";

const SEED_BYTES = 32;
const PUBLIC_BYTES = 32;
/** What stands in front of the seed in PKCS #8, and of the public key in SPKI (RFC 8410 §7, §4). */
const PKCS8_PREFIX = hex("302e020100300506032b657004220420");
const SPKI_PREFIX = hex("302a300506032b6570032100");
/** PROTOCOL.key of OpenSSH: the magic in front of a private key. */
const OPENSSH_MAGIC = utf8("openssh-key-v1\0");
const SSH_TYPE = "ssh-ed25519";

/** A pair of keys, ready to sign. @internal */
export interface SigningKey {
  /** The public key, in hex. */
  readonly publicKey: string;
  /** Signs; 64 bytes. */
  sign(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

/** Makes a signing key of a private key in hex (the seed, or the seed and the public key), PEM or OpenSSH's format. @internal */
export async function importPrivateKey(text: string): Promise<SigningKey> {
  const pkcs8 = concatBytes([PKCS8_PREFIX, parsePrivateKey(text.trim())]);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x = "" } = await crypto.subtle.exportKey("jwk", key);
  const base64 = x.replaceAll("-", "+").replaceAll("_", "/");
  const publicKey = fromBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, "="));
  if (publicKey === undefined) throw unreadable("private", "the runtime does not tell its public key");
  return {
    publicKey: toHex(publicKey),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, message)),
  };
}

/** The 32 bytes of a public key in hex, PEM or a line of OpenSSH, as hex. @internal */
export function parsePublicKey(text: string): string {
  const trimmed = text.trim();
  const bytes = trimmed.startsWith("-----")
    ? behindPrefix(SPKI_PREFIX, decodePem(trimmed, "PUBLIC KEY"), "public")
    : trimmed.startsWith(`${SSH_TYPE} `)
    ? parseSshPublic(trimmed.split(/\s+/)[1] ?? "")
    : fromHex(trimmed, PUBLIC_BYTES);
  if (bytes?.length !== PUBLIC_BYTES) throw unreadable("public", "expected hex of 32 bytes, PEM, or ssh-ed25519");
  return toHex(bytes);
}

/** Whether `signature` is that of `message` under a public key in hex. @internal */
export async function verifySignature(
  publicKey: string,
  signature: Uint8Array<ArrayBuffer>,
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const raw = fromHex(publicKey, PUBLIC_BYTES);
  if (raw === undefined) return false;
  try {
    const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, message);
  } catch {
    // 32 bytes that are no point of the curve: some runtimes say so here, others find no signature to be right.
    return false;
  }
}

/** The seed. */
function parsePrivateKey(text: string): Uint8Array<ArrayBuffer> {
  if (text.startsWith("-----BEGIN OPENSSH PRIVATE KEY-----")) {
    return parseOpenSsh(decodePem(text, "OPENSSH PRIVATE KEY"));
  }
  if (text.startsWith("-----")) return behindPrefix(PKCS8_PREFIX, decodePem(text, "PRIVATE KEY"), "private");
  const seed = fromHex(text, SEED_BYTES) ?? fromHex(text, SEED_BYTES + PUBLIC_BYTES)?.subarray(0, SEED_BYTES);
  if (seed === undefined) throw unreadable("private", "expected hex of 32 or 64 bytes, PEM, or OpenSSH's format");
  return seed;
}

function decodePem(text: string, label: string): Uint8Array<ArrayBuffer> {
  const body = new RegExp(`^-----BEGIN ${label}-----([\\sA-Za-z0-9+/=]*)-----END ${label}-----$`).exec(text)?.[1];
  const bytes = body === undefined ? undefined : fromBase64(body.replace(/\s+/g, ""));
  if (bytes === undefined) throw unreadable(label.toLowerCase().replace(" key", ""), "the PEM is malformed");
  return bytes;
}

function behindPrefix(prefix: Uint8Array, bytes: Uint8Array<ArrayBuffer>, kind: string): Uint8Array<ArrayBuffer> {
  const key = bytes.subarray(prefix.length, prefix.length + SEED_BYTES);
  if (!equalBytes(bytes.subarray(0, prefix.length), prefix) || key.length !== SEED_BYTES) {
    throw unreadable(kind, "it is not one of Ed25519");
  }
  return key;
}

/** Reads the strings of SSH: a length of 32 bits, and as many bytes (RFC 4251 §5). */
class SshReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  uint32(): number {
    if (this.#at + 4 > this.#bytes.length) throw unreadable("OpenSSH", "it ends early");
    const value = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 4).getUint32(0);
    this.#at += 4;
    return value;
  }

  string(): Uint8Array<ArrayBuffer> {
    const length = this.uint32();
    if (this.#at + length > this.#bytes.length) throw unreadable("OpenSSH", "it ends early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return new TextDecoder("latin1").decode(this.string());
  }
}

function parseSshPublic(base64: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = fromBase64(base64);
  if (bytes === undefined) return undefined;
  const reader = new SshReader(bytes);
  return reader.text() === SSH_TYPE ? reader.string() : undefined;
}

/** OpenSSH's PROTOCOL.key: ciphers, public keys, and then the private ones, which must not be encrypted. */
function parseOpenSsh(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (!equalBytes(bytes.subarray(0, OPENSSH_MAGIC.length), OPENSSH_MAGIC)) {
    throw unreadable("OpenSSH", "its magic is wrong");
  }
  const reader = new SshReader(bytes.subarray(OPENSSH_MAGIC.length));
  const cipher = reader.text();
  if (cipher !== "none") {
    throw unreadable("OpenSSH", `it is encrypted by ${cipher}: take the passphrase off with ssh-keygen -p`);
  }
  reader.string(); // key derivation
  reader.string(); // its options
  if (reader.uint32() !== 1) throw unreadable("OpenSSH", "it holds more than one key");
  reader.string(); // the public key
  const secret = new SshReader(reader.string());
  if (secret.uint32() !== secret.uint32()) throw unreadable("OpenSSH", "its check bytes differ");
  if (secret.text() !== SSH_TYPE) throw unreadable("OpenSSH", "it is not one of Ed25519");
  secret.string(); // the public key again
  return secret.string().subarray(0, SEED_BYTES);
}

function hex(text: string): Uint8Array<ArrayBuffer> {
  return fromHex(text, text.length / 2) ?? new Uint8Array(0);
}

function unreadable(kind: string, why: string): TypeError {
  return new TypeError(`Cannot read ${kind} key: ${why}`);
}
