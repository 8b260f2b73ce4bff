/**
 * A throw-away certificate authority for tests of TLS: X.509 v3 certificates (RFC 5280) on P-256, written in DER by
 * hand, so that the tests need no other program and no key stands in the repository.
 *
 * @module
 */

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { concat } from "./std.ts";

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  /** The certificate. */
  readonly cert: string;
  /** The private key, PKCS #8. */
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateOptions {
  /** The common name of the subject. */
  readonly commonName: string;
  /** Host names for the subject's alternative names. @default {[]} */
  readonly hostnames?: readonly string[];
  /** IP addresses for the subject's alternative names, IPv4 in dotted form, or `::1`. @default {[]} */
  readonly addresses?: readonly string[];
  /** The end of its validity. @default {a day from now} */
  readonly notAfter?: Date;
}

const DAY = 86_400_000;

const OID = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  basicConstraints: "551d13",
  keyUsage: "551d0f",
  extendedKeyUsage: "551d25",
  subjectAltName: "551d11",
  serverAuth: "2b06010505070301",
  clientAuth: "2b06010505070302",
} as const;

function der(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const content = concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat([Uint8Array.of(tag, ...size), content]);
}

const sequence = (...contents: Uint8Array[]): Uint8Array => der(0x30, ...contents);
const octets = (content: Uint8Array): Uint8Array => der(0x04, content);
const bits = (content: Uint8Array, unused = 0): Uint8Array => der(0x03, Uint8Array.of(unused), content);
const oid = (hex: string): Uint8Array => der(0x06, Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16)));
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const TRUE = der(0x01, Uint8Array.of(0xff));

function name(commonName: string): Uint8Array {
  return sequence(der(0x31, sequence(oid(OID.commonName), der(0x0c, ascii(commonName)))));
}

function utcTime(date: Date): Uint8Array {
  return der(0x17, ascii(`${date.toISOString().replace(/[-:T]|\.\d+/g, "").slice(2)}`));
}

function addressBytes(address: string): Uint8Array {
  if (address !== "::1") return Uint8Array.from(address.split("."), Number);
  const bytes = new Uint8Array(16);
  bytes[15] = 1;
  return bytes;
}

function extension(id: string, isCritical: boolean, value: Uint8Array): Uint8Array {
  return sequence(oid(id), ...(isCritical ? [TRUE] : []), octets(value));
}

function extensions(options: CertificateOptions, isCa: boolean): Uint8Array {
  const { hostnames = [], addresses = [] } = options;
  if (isCa) {
    return sequence(
      extension(OID.basicConstraints, true, sequence(TRUE)),
      extension(OID.keyUsage, true, bits(Uint8Array.of(0x06), 1)), // keyCertSign, cRLSign
    );
  }
  const names = [
    ...hostnames.map((hostname) => der(0x82, ascii(hostname))),
    ...addresses.map((address) => der(0x87, addressBytes(address))),
  ];
  return sequence(
    extension(OID.basicConstraints, true, sequence()),
    extension(OID.keyUsage, true, bits(Uint8Array.of(0x80), 7)), // digitalSignature
    extension(OID.extendedKeyUsage, false, sequence(oid(OID.serverAuth), oid(OID.clientAuth))),
    ...(names.length > 0 ? [extension(OID.subjectAltName, false, sequence(...names))] : []),
  );
}

function pem(label: string, content: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...content)).match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** A certificate authority that lives as long as the test. */
export class TestAuthority {
  readonly #key: KeyObject;
  readonly #commonName: string;
  /** The authority's own certificate, PEM: what `caCerts` takes. */
  readonly cert: string;

  /** Makes a new authority. */
  constructor(commonName = "Viaduct test authority") {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#key = privateKey;
    this.#commonName = commonName;
    this.cert = this.#certify({ commonName }, publicKey, true);
  }

  /** Makes a key and a certificate for it, for servers and clients alike. */
  issue(options: CertificateOptions): KeyPair {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = String(privateKey.export({ type: "pkcs8", format: "pem" }));
    return { cert: this.#certify(options, publicKey, false), key };
  }

  #certify(options: CertificateOptions, publicKey: KeyObject, isCa: boolean): string {
    const { commonName, notAfter = new Date(Date.now() + DAY) } = options;
    const algorithm = sequence(oid(OID.ecdsaWithSha256));
    const serial = randomBytes(16);
    serial[0] = serial[0]! & 0x7f | 0x40;
    const toBeSigned = sequence(
      der(0xa0, der(0x02, Uint8Array.of(2))),
      der(0x02, serial),
      algorithm,
      name(this.#commonName),
      sequence(utcTime(new Date(notAfter.getTime() - 2 * DAY)), utcTime(notAfter)),
      name(commonName),
      publicKey.export({ type: "spki", format: "der" }),
      der(0xa3, extensions(options, isCa)),
    );
    const signature = sign("sha256", toBeSigned, this.#key);
    return pem("CERTIFICATE", sequence(toBeSigned, algorithm, bits(signature)));
  }
}

/** What most tests of TLS need. */
export interface TlsFixture {
  /** The authority, to issue more. */
  readonly authority: TestAuthority;
  /** Its certificate, PEM. */
  readonly caCert: string;
  /** For a server at localhost, 127.0.0.1 and ::1. */
  readonly server: KeyPair;
  /** For a client; its common name is `alice`. */
  readonly client: KeyPair;
}

/** Makes an authority, a server's certificate for the loopback addresses and a client's. */
export function createTlsFixture(): TlsFixture {
  const authority = new TestAuthority();
  return {
    authority,
    caCert: authority.cert,
    server: authority.issue({
      commonName: "localhost",
      hostnames: ["localhost"],
      addresses: ["127.0.0.1", "::1"],
    }),
    client: authority.issue({ commonName: "alice" }),
  };
}
