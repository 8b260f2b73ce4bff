/**
 * Ed25519 keys in the forms in which programs write them.
 *
 * @module
 */

import { concatBytes } from "../../../internal/bytes.ts";
import { fromHex, toBase64, utf8 } from "../../../wamp/auth/crypto.ts";

/** A string of SSH: its length, and its bytes. */
export function sshString(bytes: Uint8Array<ArrayBuffer> | string): Uint8Array<ArrayBuffer> {
  const content = typeof bytes === "string" ? utf8(bytes) : bytes;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, content.length);
  return concatBytes([length, content]);
}

/** Bytes in PEM. */
export function pem(label: string, bytes: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${toBase64(bytes).replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
}

/** A private key as `ssh-keygen` writes it. */
export function openSsh(
  seed: Uint8Array<ArrayBuffer>,
  publicKey: Uint8Array<ArrayBuffer>,
  cipher = "none",
  check = 5,
): string {
  const identity = concatBytes([sshString("ssh-ed25519"), sshString(publicKey)]);
  const secret = concatBytes([
    Uint8Array.of(0, 0, 0, 5, 0, 0, 0, check),
    identity,
    sshString(concatBytes([seed, publicKey])),
    sshString("comment"),
    Uint8Array.of(1, 2),
  ]);
  const head = concatBytes([utf8("openssh-key-v1\0"), sshString(cipher), sshString("none"), sshString("")]);
  const file = concatBytes([head, Uint8Array.of(0, 0, 0, 1), sshString(identity), sshString(secret)]);
  return pem("OPENSSH PRIVATE KEY", file);
}

/** A private key in PKCS #8. */
export function privatePem(seed: Uint8Array<ArrayBuffer>): string {
  return pem("PRIVATE KEY", concatBytes([fromHex("302e020100300506032b657004220420", 16)!, seed]));
}

/** A public key in SPKI. */
export function publicPem(publicKey: Uint8Array<ArrayBuffer>): string {
  return pem("PUBLIC KEY", concatBytes([fromHex("302a300506032b6570032100", 12)!, publicKey]));
}

/** A public key as it stands in `authorized_keys`. */
export function sshLine(publicKey: Uint8Array<ArrayBuffer>): string {
  return `ssh-ed25519 ${toBase64(concatBytes([sshString("ssh-ed25519"), sshString(publicKey)]))} joe@host`;
}
