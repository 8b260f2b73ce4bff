/**
 * The part of the configuration's schema that says who may join a realm, and what they may do.
 *
 * @module
 */

import type { Schema } from "./config_check.ts";

/** What WAMP's loose rules admit as a URI: components without white space and `#`. */
const URI_PATTERN = "^[^\\s.#]+(?:\\.[^\\s.#]+)*$";
/** A URI or a pattern: components may be empty. */
const ANY_URI_PATTERN = "^[^\\s#]*$";
const BASE64_PATTERN = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";

/** What is said of a URI, a pattern and the like wherever they stand. @internal */
export const COMMON_DEFINITIONS = {
  uri: { type: "string", pattern: URI_PATTERN, "x-expected": "a URI such as com.example.add" },
  pattern: { type: "string", pattern: ANY_URI_PATTERN, "x-expected": "a URI or a pattern such as com.example." },
  match: {
    description: "How `uri` is meant: as it stands, as a beginning, or with empty components that match any.",
    enum: ["exact", "prefix", "wildcard"],
    default: "exact",
  },
  secret: {
    description: "A text that should not stand in the file: itself, or where it is to be found.",
    "x-expected": 'a string, {"env": "NAME"} or {"file": "PATH"}',
    writeOnly: true,
    oneOf: [
      { type: "string", minLength: 1, writeOnly: true },
      { $ref: "#/$defs/environmentVariable" },
      { $ref: "#/$defs/fileContent" },
    ],
  },
  environmentVariable: {
    type: "object",
    additionalProperties: false,
    required: ["env"],
    properties: {
      env: {
        description: "The environment variable that holds it.",
        type: "string",
        pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
        "x-expected": "the name of an environment variable",
      },
    },
  },
  fileContent: {
    type: "object",
    additionalProperties: false,
    required: ["file"],
    properties: {
      file: {
        description: "The file that holds it, from the folder of this file. White space at its end is left out.",
        type: "string",
        minLength: 1,
        "x-expected": "the path of a file",
      },
    },
  },
} as const satisfies Readonly<Record<string, Schema>>;

const ROLE_NAME: Schema = {
  description: "The role.",
  type: "string",
  minLength: 1,
  "x-expected": "the name of a role",
};

const TRANSPORTS: Schema = {
  description: "The names of the transports on which this method may be used.",
  type: "array",
  minItems: 1,
  uniqueItems: true,
  items: { type: "string", minLength: 1, "x-expected": "the name of a transport" },
  "x-expected": "a list of the names of transports",
};

const PROCEDURE: Schema = {
  $ref: "#/$defs/uri",
  description: "The procedure that decides instead: it is called with the realm, the authid and details, and answers " +
    "with a role, or an object with `role` and, where it differs, `authid` and `extra`.",
};

const PROCEDURE_REALM: Schema = {
  $ref: "#/$defs/uri",
  description: "The realm in which that procedure is registered; by default the one that is being joined.",
  "x-expected": "the URI of a realm",
};

const DECOY_KEY: Schema = {
  $ref: "#/$defs/secret",
  description: "Makes the challenges for ids that nobody has the same after a restart, so that even then they cannot " +
    "be told from those for known ids.",
};

/** A method of authentication: its name, what it keeps of each id under `store`, and what else it has. */
function methodOf(name: string, store: string, entry: Schema, more: Readonly<Record<string, Schema>> = {}): Schema {
  return {
    type: "object",
    additionalProperties: false,
    required: ["method"],
    properties: {
      method: { const: name },
      [store]: {
        description: `Who may join, by ${name === "tls" ? "the certificate's fingerprint or common name" : "authid"}.`,
        type: "object",
        additionalProperties: entry,
        "x-expected": "an object with a member for each id",
      },
      procedure: PROCEDURE,
      realm: PROCEDURE_REALM,
      transports: TRANSPORTS,
      ...more,
    },
    oneOf: [{ required: [store] }, { required: ["procedure"] }],
  };
}

function entryOf(required: readonly string[], properties: Readonly<Record<string, Schema>>): Schema {
  return {
    type: "object",
    additionalProperties: false,
    required: [...required, "role"],
    properties: { ...properties, role: ROLE_NAME },
  };
}

const TICKET_ENTRY: Schema = entryOf(["ticket"], {
  ticket: { $ref: "#/$defs/secret", description: "The ticket." },
});

const WAMPCRA_ENTRY: Schema = entryOf(["secret"], {
  secret: {
    $ref: "#/$defs/secret",
    description: "The shared secret or, where there is a salt, the key in base64 that was derived from the password.",
  },
  salt: { description: "The salt of that key.", type: "string", minLength: 1 },
  iterations: {
    description: "The rounds by which the key was derived.",
    type: "integer",
    minimum: 1,
    default: 1000,
  },
  keylen: { description: "The length of the key, in bytes.", type: "integer", minimum: 1, default: 32 },
});

const BASE64: Schema = { type: "string", minLength: 4, pattern: BASE64_PATTERN, "x-expected": "base64" };

const SCRAM_ENTRY: Schema = entryOf(["kdf", "salt", "iterations", "storedKey", "serverKey"], {
  kdf: { description: "The key derivation function.", enum: ["pbkdf2", "argon2id13"] },
  salt: { ...BASE64, description: "The salt, in base64." },
  iterations: { description: "The rounds of the key derivation.", type: "integer", minimum: 1 },
  memory: { description: "The memory that Argon2 takes, in kibibytes.", type: "integer", minimum: 0 },
  storedKey: {
    description: "The StoredKey of RFC 5802, in base64.",
    type: "string",
    pattern: "^[A-Za-z0-9+/]{43}=$",
    "x-expected": "32 bytes in base64",
  },
  serverKey: {
    $ref: "#/$defs/secret",
    description: "The ServerKey of RFC 5802, in base64. Who has it can pretend to be this router.",
  },
});

const CRYPTOSIGN_ENTRY: Schema = entryOf(["keys"], {
  keys: {
    description: "The public keys: hex, PEM, or a line as OpenSSH keeps them.",
    type: "array",
    minItems: 1,
    items: { type: "string", minLength: 1, "x-expected": "a public key of Ed25519: hex, PEM or OpenSSH's line" },
  },
});

const TLS_ENTRY: Schema = entryOf([], {
  authid: { description: "The id; by default the certificate's common name.", type: "string", minLength: 1 },
});

const ANONYMOUS: Schema = {
  type: "object",
  additionalProperties: false,
  required: ["method"],
  properties: {
    method: { const: "anonymous" },
    role: { ...ROLE_NAME, description: "The role that everybody gets.", default: "anonymous" },
    procedure: PROCEDURE,
    realm: PROCEDURE_REALM,
    transports: TRANSPORTS,
  },
};

/** Who may join, and what they may do. @internal */
export const AUTH_DEFINITIONS: Readonly<Record<string, Schema>> = {
  auth: {
    description: "A method of authentication.",
    "x-expected": "an object with a method",
    oneOf: [
      ANONYMOUS,
      methodOf("ticket", "principals", TICKET_ENTRY),
      methodOf("wampcra", "users", WAMPCRA_ENTRY, { decoyKey: DECOY_KEY }),
      methodOf("wamp-scram", "users", SCRAM_ENTRY, { decoyKey: DECOY_KEY }),
      // As Autobahn|Python and Crossbar.io write it.
      methodOf("scram", "users", SCRAM_ENTRY, { decoyKey: DECOY_KEY }),
      methodOf("cryptosign", "principals", CRYPTOSIGN_ENTRY),
      methodOf("tls", "principals", TLS_ENTRY),
    ],
  },
  authorizer: {
    description: "A procedure that decides what is allowed: it is called with the session's details, the URI, the " +
      "action and the options, and answers true, false, or an object with `allow` and perhaps `disclose` and `cache`.",
    type: "object",
    additionalProperties: false,
    required: ["procedure"],
    properties: {
      procedure: { $ref: "#/$defs/uri", description: "The procedure." },
      realm: {
        $ref: "#/$defs/uri",
        description: "The realm in which it is registered; by default the one where something is to be allowed.",
        "x-expected": "the URI of a realm",
      },
    },
  },
  role: {
    description: "What the sessions of a role may do.",
    type: "object",
    additionalProperties: false,
    properties: {
      permissions: {
        description: "What is allowed. The most specific that matches decides: exact, then the longest prefix, then " +
          "wildcard.",
        type: "array",
        items: { $ref: "#/$defs/permission" },
        default: [],
      },
      authorizer: {
        $ref: "#/$defs/authorizer",
        description: "Is asked where no permission matches, instead of the realm's.",
      },
    },
  },
  permission: {
    type: "object",
    additionalProperties: false,
    required: ["uri", "allow"],
    properties: {
      uri: { $ref: "#/$defs/pattern", description: 'The URI, or the pattern; the prefix `""` matches everything.' },
      match: { $ref: "#/$defs/match" },
      allow: {
        description: "Which actions are allowed; those that are not there are not.",
        type: "object",
        additionalProperties: false,
        properties: {
          call: { type: "boolean", default: false },
          register: { type: "boolean", default: false },
          publish: { type: "boolean", default: false },
          subscribe: { type: "boolean", default: false },
        },
      },
      disclose: {
        description: "Whose identity is told to the other side whatever they ask for; false forbids to tell it.",
        type: "object",
        additionalProperties: false,
        properties: {
          caller: { description: "The caller's, to the callee.", type: "boolean" },
          publisher: { description: "The publisher's, to the subscribers.", type: "boolean" },
        },
      },
    },
  },
};
