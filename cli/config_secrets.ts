/**
 * Finds the secrets that a configuration points to, and says which cannot be had.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { ServerTlsOptions } from "../wamp/router/mod.ts";
import type { ConfigPlace } from "./config.ts";
import type { Problem } from "./config_check.ts";
import type { ConfigSecret, TlsConfig } from "./config_types.ts";

/** Where secrets are looked for. @internal */
export interface SecretSource {
  /** An environment variable. */
  variable(name: string): string | undefined;
  /** The text of a file, by its path in the configuration. */
  file(path: string): string;
}

/** Reads secrets, and collects what is wrong with them; in place of one that cannot be had it gives `""`. @internal */
export class SecretReader {
  readonly problems: Problem[] = [];
  readonly #source: SecretSource;

  /** Looks there. */
  constructor(source: SecretSource) {
    this.#source = source;
  }

  /** A secret. */
  read(secret: ConfigSecret, place: ConfigPlace): string {
    if (typeof secret === "string") return secret;
    const found = "env" in secret ? this.#variable(secret.env, place) : this.#file(secret.file, place);
    if (found === "") this.problems.push(place.problem("must not be empty"));
    return found ?? "";
  }

  /** A TLS identity: what stands in its files is looked at. */
  tls(tls: TlsConfig, place: ConfigPlace): ServerTlsOptions {
    const { clientCaCerts, requireClientCert } = tls;
    const [cert, key] = [this.read(tls.cert, place.at("cert")), this.read(tls.key, place.at("key"))];
    const [own, secret] = [this.#certificate(cert, place.at("cert")), this.#privateKey(key, place.at("key"))];
    if (own !== undefined && secret !== undefined && !own.equals(secret)) {
      this.problems.push(place.at("key").problem("must be the key of the certificate, but belongs to another"));
    }
    const authorities = clientCaCerts?.map((one, index) => {
      const authority = place.at("clientCaCerts", index);
      const text = this.read(one, authority);
      this.#certificate(text, authority);
      return text;
    });
    return {
      cert,
      key,
      ...(authorities && { clientCaCerts: authorities }),
      ...(requireClientCert !== undefined && { requireClientCert }),
    };
  }

  #variable(name: string, place: ConfigPlace): string | undefined {
    const value = this.#source.variable(name);
    if (value === undefined) {
      this.problems.push(place.problem(`names the environment variable ${name}, which is not set`));
    }
    return value;
  }

  #file(path: string, place: ConfigPlace): string | undefined {
    try {
      return this.#source.file(path).trimEnd();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.problems.push(place.problem(`names a file that cannot be read: ${reason}`));
      return undefined;
    }
  }

  /** The public key of a certificate. */
  #certificate(text: string, place: ConfigPlace): KeyObject | undefined {
    try {
      return text === "" ? undefined : new X509Certificate(text).publicKey;
    } catch {
      this.problems.push(place.problem("must be a certificate in PEM"));
      return undefined;
    }
  }

  /** The public half of a private key. */
  #privateKey(text: string, place: ConfigPlace): KeyObject | undefined {
    try {
      return text === "" ? undefined : createPublicKey(createPrivateKey(text));
    } catch {
      this.problems.push(place.problem("must be a private key in PEM"));
      return undefined;
    }
  }
}
