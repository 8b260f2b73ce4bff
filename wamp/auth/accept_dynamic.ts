/**
 * Authentication that a function or a procedure decides, in the way of Crossbar.io's dynamic authenticators.
 *
 * @module
 */

import { ApplicationError, type Dict } from "../errors.ts";
import { randomId } from "../ids.ts";
import { ERROR_URI } from "../uris.ts";
import type { AuthMethod, JoinRequest } from "./accept.ts";
import { acceptCertificate } from "./accept_certificate.ts";
import { acceptCryptosign } from "./accept_cryptosign.ts";
import { acceptScram, type ScramEntry } from "./accept_scram.ts";
import { acceptTicket } from "./accept_ticket.ts";
import { acceptWampcra, type WampcraEntry } from "./accept_wampcra.ts";
import {
  type DynamicAnswer,
  readAnswer,
  toKeyOwner,
  toPrincipal,
  toScramEntry,
  toWampcraEntry,
} from "./dynamic_answer.ts";

/**
 * The methods that can be decided about dynamically. `scram` is `wamp-scram` as Autobahn|Python writes it.
 *
 * @public
 */
export type DynamicMethodName = "anonymous" | "ticket" | "wampcra" | "wamp-scram" | "scram" | "cryptosign" | "tls";

/**
 * What a dynamic authenticator is told of a client.
 *
 * @public
 */
export interface DynamicDetails extends Dict {
  /** The id that the session will have. */
  readonly session: number;
  /** The method. */
  readonly authmethod: string;
  /** Who the client says it is. */
  readonly authid?: string;
  /** The role that the client asks for. */
  readonly authrole?: string;
  /** What the client's method put into HELLO; by `cryptosign`, its `pubkey`. */
  readonly authextra: Readonly<Dict>;
  /** The ticket, by `ticket`. */
  readonly ticket?: string;
  /** `type`, `peer`, `secure`, the `http_headers_received` of a WebSocket, and the `client_cert` that was verified. */
  readonly transport: Readonly<Dict>;
}

/**
 * What a dynamic authenticator knows of a client: the role alone, or what the method needs.
 *
 * @public
 */
export type DynamicPrincipal = string | {
  /** The role. */
  readonly role: string;
  /** Who the session is. @default {who the client says it is} */
  readonly authid?: string;
  /** The realm to join instead of the one asked for. @default {the one asked for} */
  readonly realm?: string;
  /** What the WELCOME tells the client as `authextra`. @default {nothing} */
  readonly extra?: Readonly<Dict>;
  /** By `wampcra`: the shared secret or, where there is a salt, the password. */
  readonly secret?: string;
  /** By `wampcra` as it is; by SCRAM in hex beside `stored-key`, in base64 beside `storedKey`. */
  readonly salt?: string;
  /** By `wampcra` with a salt, and by SCRAM: the rounds. */
  readonly iterations?: number;
  /** By `wampcra` with a salt: bytes of the key. @default {32} */
  readonly keylen?: number;
  /** By SCRAM: `pbkdf2` or `argon2id13`. */
  readonly kdf?: string;
  /** By SCRAM with Argon2id: kibibytes. */
  readonly memory?: number;
  /** By SCRAM, in hex. */
  readonly "stored-key"?: string;
  /** By SCRAM, in hex. */
  readonly "server-key"?: string;
  /** By SCRAM, in base64. */
  readonly storedKey?: string;
  /** By SCRAM, in base64. */
  readonly serverKey?: string;
  /** By `cryptosign`: the key that the client must have, in hex. @default {the one that it announced} */
  readonly pubkey?: string;
};

/**
 * Decides about a client.
 *
 * @param realm The realm that it wants to join.
 * @param authid Who it says it is.
 * @param details What else is known of it.
 * @returns Who it is, and by what it proves that; `undefined` refuses, and so does an {@linkcode ApplicationError}.
 *
 * @public
 */
export type DynamicAuthenticator = (
  realm: string,
  authid: string | undefined,
  details: DynamicDetails,
) => DynamicPrincipal | undefined | Promise<DynamicPrincipal | undefined>;

/**
 * Choices for dynamic authentication.
 *
 * @public
 */
export interface AcceptDynamicOptions {
  /** The method by which clients authenticate. */
  readonly method: DynamicMethodName;
  /**
   * A procedure with the arguments and the result of a {@linkcode DynamicAuthenticator}; the router calls it as a
   * trusted session of its own. One of this and `authenticate`.
   */
  readonly procedure?: string;
  /** The realm in which `procedure` is registered. @default {the one that the client wants to join} */
  readonly realm?: string;
  /** A function that decides. */
  readonly authenticate?: DynamicAuthenticator;
  /** As in {@linkcode AcceptOptions}. @default {random} */
  readonly decoyKey?: string;
  /** As in {@linkcode AcceptOptions}: by `wampcra` without a `salt` where no user has one. @default {the method's usual} */
  readonly decoy?: Readonly<Pick<WampcraEntry, "salt" | "keylen"> & Partial<ScramEntry>>;
}

/** What of the router's own errors says that somebody is refused; the others say that something failed. */
const REFUSALS: ReadonlySet<string> = new Set([
  ERROR_URI.AUTHENTICATION_DENIED,
  ERROR_URI.AUTHENTICATION_REQUIRED,
  ERROR_URI.NO_SUCH_PRINCIPAL,
  ERROR_URI.NO_SUCH_ROLE,
  ERROR_URI.NOT_AUTHORIZED,
]);

/**
 * Lets in whom a function or a procedure knows. It is asked when a client says HELLO, by `ticket` when the ticket is
 * there, and must answer within the router's `authTimeout`. It says who somebody is and by what secret that is proved;
 * the router proves it. An {@linkcode ApplicationError} with a URI of the program's own refuses, as an unknown id does:
 * the client cannot tell which it was. Any other failure is logged, and the client gets
 * `wamp.error.authentication_failed`.
 *
 * @param options The method, and what decides.
 * @returns What goes into `auth` of a realm.
 * @throws {TypeError} The method is none of these, or there are both `procedure` and `authenticate`, or neither.
 *
 * @example A function that decides about tickets
 * ```ts
 * import { join } from "@viaduct/viaduct/wamp";
 * import { acceptDynamic, ticket } from "@viaduct/viaduct/wamp/auth";
 * import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * const auth = [acceptDynamic({
 *   method: "ticket",
 *   authenticate: (_realm, _authid, { ticket }) => ticket === "open sesame" ? "thief" : undefined,
 * })];
 * await using router = createRouter({ realms: [{ uri: "realm1", auth }] });
 * await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
 * const sesame = ticket({ authid: "ali", ticket: "open sesame" });
 * await using session = await join(server.url, { realm: "realm1", auth: [sesame] });
 * assert.equal(session.authrole, "thief");
 * ```
 *
 * @public
 */
export function acceptDynamic(options: AcceptDynamicOptions): AuthMethod {
  const { method, procedure, authenticate, realm } = options;
  if (procedure === undefined ? authenticate === undefined : authenticate !== undefined) {
    throw new TypeError("Options of acceptDynamic must have one of procedure and authenticate");
  }
  const where = realm === undefined ? {} : { realm };
  return methodOf(options, async (request, more) => {
    const details = detailsOf(method, request, more);
    const { authid } = request;
    try {
      if (procedure === undefined) return readAnswer(await authenticate?.(request.realm, authid, details));
      return readAnswer(await request.call(procedure, [request.realm, authid ?? null, details], where));
    } catch (error) {
      if (error instanceof ApplicationError && isRefusal(error.uri)) return undefined;
      throw error;
    }
  });
}

/** Asks the function or the procedure. */
type Ask = (request: JoinRequest, more?: { readonly ticket: string }) => Promise<DynamicAnswer | undefined>;

function methodOf({ method, decoyKey, decoy }: AcceptDynamicOptions, ask: Ask): AuthMethod {
  const decoys = { ...(decoyKey !== undefined && { decoyKey }), ...(decoy !== undefined && { decoy }) };
  switch (method) {
    case "anonymous":
      return {
        method,
        begin: async (request) => {
          // Nobody has proved the id that the client asks for.
          const principal = toPrincipal(await ask(request), randomId().toString(36));
          return principal && { principal };
        },
      };
    case "ticket":
      return acceptTicket({
        verify: async (_authid, ticket, request) => toPrincipal(await ask(request, { ticket }), request.authid),
      });
    case "wampcra":
      return acceptWampcra({ ...decoys, users: async (_authid, request) => toWampcraEntry(await ask(request), decoy) });
    case "wamp-scram":
    case "scram":
      return acceptScram({
        ...decoys,
        dialect: method === "scram" ? "autobahn" : "specification",
        users: async (_authid, request) => toScramEntry(await ask(request)),
      });
    case "cryptosign":
      return acceptCryptosign({
        principals: async (publicKey, request) => toKeyOwner(await ask(request), publicKey, request.authid),
      });
    case "tls":
      return acceptCertificate({ principals: async (_certificate, request) => await ask(request) });
    default:
      throw new TypeError(`Option method of acceptDynamic must be a method of WAMP, received ${String(method)}`);
  }
}

function isRefusal(uri: string): boolean {
  return !uri.startsWith("wamp.") || REFUSALS.has(uri);
}

function detailsOf(method: string, request: JoinRequest, more: { readonly ticket?: string } = {}): DynamicDetails {
  const { session, authid, authrole, authextra } = request;
  const { kind, remoteAddress, isTls, peerCertificate, request: upgrade } = request.transport;
  return {
    session,
    authmethod: method,
    ...(authid !== undefined && { authid }),
    ...(authrole !== undefined && { authrole }),
    authextra,
    ...more,
    transport: {
      type: kind,
      peer: remoteAddress,
      secure: isTls,
      ...(upgrade !== undefined && { http_headers_received: Object.fromEntries(upgrade.headers) }),
      client_cert: peerCertificate === undefined
        ? null
        : { cn: peerCertificate.commonName, sha256: peerCertificate.fingerprint256 },
    },
  };
}
