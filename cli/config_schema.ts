/**
 * The schema of the router's configuration: it checks a file, is printed as JSON for editors, and writes the reference.
 *
 * @module
 */

import type { Schema } from "./config_check.ts";
import { AUTH_DEFINITIONS, COMMON_DEFINITIONS } from "./config_schema_auth.ts";

const PORT: Schema = {
  description: "The TCP port; 0 takes a free one.",
  type: "integer",
  minimum: 0,
  maximum: 65_535,
  "x-expected": "a port from 0 to 65535",
};
const HOSTNAME: Schema = {
  description: "The address to bind; 0.0.0.0 or :: lets others in.",
  type: "string",
  pattern: "^[A-Za-z0-9.:_-]+$",
  default: "127.0.0.1",
  "x-expected": "a host name or an address",
};
const HTTP_PATH: Schema = { type: "string", pattern: "^/[^\\s?#]*$", "x-expected": "a path that begins with /" };
const SERIALIZERS = ["json", "msgpack", "cbor", "ubjson"] as const;
const BATCHED = SERIALIZERS.map((name) => `${name}.batched`);

/** A whole number of milliseconds. */
function milliseconds(description: string, standard: number, minimum = 1): Schema {
  return { description: `${description}, in milliseconds.`, type: "integer", minimum, default: standard };
}

/** A limit: a whole number. */
function count(description: string, standard?: number, minimum = 0): Schema {
  return { description, type: "integer", minimum, ...(standard !== undefined && { default: standard }) };
}

function serializers(names: readonly string[]): Schema {
  return {
    description: "What is spoken; a client gets the first of those that it offers. By default all.",
    type: "array",
    minItems: 1,
    uniqueItems: true,
    items: { enum: names },
  };
}

/** A listener: what both kinds have, and what one has beside that. */
function transport(type: string, names: readonly string[], own: Readonly<Record<string, Schema>>): Schema {
  return {
    type: "object",
    additionalProperties: false,
    required: ["type"],
    properties: {
      type: { const: type },
      name: { description: "A name, for `transports` of a method of authentication.", type: "string", minLength: 1 },
      port: PORT,
      hostname: HOSTNAME,
      unix: { description: "The path of a Unix socket to listen on instead.", type: "string", minLength: 1 },
      tls: { $ref: "#/$defs/tls" },
      serializers: serializers(names),
      keepalive: { $ref: "#/$defs/keepalive" },
      handshakeTimeout: milliseconds("How long a client may take to open its transport", 10_000),
      limits: { $ref: "#/$defs/transportLimits" },
      ...own,
    },
    oneOf: [{ required: ["port"] }, { required: ["unix"] }],
  };
}

const WINDOW_BITS: Schema = { type: "integer", minimum: 8, maximum: 15, default: 15 };

const TRANSPORT_DEFINITIONS: Readonly<Record<string, Schema>> = {
  transport: {
    description: "Where the router listens, and for what.",
    "x-expected": "an object with a type",
    oneOf: [
      transport("websocket", [...SERIALIZERS, ...BATCHED], {
        path: {
          description: "The path of the socket, or a list of several; another is answered with 404.",
          default: "/ws",
          "x-expected": "a path that begins with /, or a list of such",
          oneOf: [HTTP_PATH, { type: "array", minItems: 1, uniqueItems: true, items: HTTP_PATH }],
        },
        origins: {
          description: "Which web pages may connect.",
          "x-expected": '"same-origin", "any" or a list of origins',
          default: "same-origin",
          oneOf: [
            { type: "string", enum: ["same-origin", "any"], "x-expected": '"same-origin", "any" or a list of origins' },
            { type: "array", items: { $ref: "#/$defs/origin" } },
          ],
        },
        compression: { $ref: "#/$defs/compression" },
      }),
      transport("rawsocket", SERIALIZERS, {}),
    ],
  },
  origin: {
    type: "string",
    pattern: "^(?:null|[A-Za-z][A-Za-z0-9+.\\-]*://[^/?#@\\\\\\s]+)$",
    "x-expected": "an origin such as https://example.com",
  },
  tls: {
    description: "Serve TLS on the port.",
    type: "object",
    additionalProperties: false,
    required: ["cert", "key"],
    properties: {
      cert: { $ref: "#/$defs/secret", description: "The certificate chain, in PEM." },
      key: { $ref: "#/$defs/secret", description: "The private key, in PEM." },
      clientCaCerts: {
        description: "Ask clients for a certificate that one of these authorities signed, in PEM.",
        type: "array",
        minItems: 1,
        items: { $ref: "#/$defs/secret" },
      },
      requireClientCert: {
        description: "Whether a client without such a certificate is turned away.",
        type: "boolean",
        default: true,
      },
    },
  },
  keepalive: {
    description: "How a dead peer is found: a ping after `interval` of silence, the end after `timeout` more; false " +
      "for not at all. By default a WebSocket is asked every 20 seconds, a RawSocket never.",
    "x-expected": "false or an object",
    oneOf: [
      { const: false },
      {
        type: "object",
        additionalProperties: false,
        properties: {
          interval: milliseconds("How long nothing may arrive before a ping is sent", 20_000),
          timeout: milliseconds("How long nothing may arrive after that", 20_000),
        },
      },
    ],
  },
  transportLimits: {
    description: "Limits of the transport.",
    type: "object",
    additionalProperties: false,
    properties: {
      maxConnections: count("Connections at a time.", 10_000, 1),
      maxMessage: count(
        "The largest message accepted, in bytes; RawSocket takes the largest power of two in it.",
        16 << 20,
        1024,
      ),
    },
  },
  compression: {
    description: "Whether permessage-deflate is agreed to, and how.",
    "x-expected": "true, false or an object",
    default: false,
    oneOf: [
      { type: "boolean" },
      {
        type: "object",
        additionalProperties: false,
        properties: {
          threshold: count("Messages from this size up are compressed, in bytes.", 1024),
          level: {
            description: "How hard zlib tries.",
            type: "integer",
            minimum: 0,
            maximum: 9,
            default: 6,
          },
          memLevel: {
            description: "How much memory zlib uses to compress.",
            type: "integer",
            minimum: 1,
            maximum: 9,
            default: 8,
          },
          serverNoContextTakeover: {
            description: "Whether the router compresses each message on its own.",
            type: "boolean",
            default: true,
          },
          clientNoContextTakeover: {
            description: "Whether the client compresses each message on its own.",
            type: "boolean",
            default: true,
          },
          serverMaxWindowBits: { ...WINDOW_BITS, description: "The base-2 logarithm of the router's window." },
          clientMaxWindowBits: { ...WINDOW_BITS, description: "The base-2 logarithm of the client's window." },
        },
      },
    ],
  },
};

const REALM_DEFINITIONS: Readonly<Record<string, Schema>> = {
  realm: {
    description: "A realm.",
    type: "object",
    additionalProperties: false,
    required: ["uri"],
    properties: {
      uri: { $ref: "#/$defs/uri", description: "Its URI.", "x-expected": "a URI such as realm1" },
      auth: {
        description:
          "How sessions may join: the first method in the client's list that is here. By default everybody " +
          "may, with the role `anonymous`; by an empty list nobody.",
        type: "array",
        items: { $ref: "#/$defs/auth" },
      },
      roles: {
        description: "What the sessions of each role may do; whoever has another role cannot join. By default every " +
          "role may do everything that is not reserved to the router.",
        type: "object",
        additionalProperties: { $ref: "#/$defs/role" },
        "x-expected": "an object with a member for each role",
      },
      authorizer: { $ref: "#/$defs/authorizer", description: "Is asked where no permission of a role matches." },
      limits: { $ref: "#/$defs/realmLimits" },
      slowConsumer: {
        description: "What happens to a session that does not take its messages as fast as they come: it is ended, " +
          "events are left out for it, or no more is read from those who send to it.",
        enum: ["disconnect", "drop", "backpressure"],
        default: "disconnect",
      },
      uriRules: { description: "How strictly URIs are checked.", enum: ["loose", "strict"], default: "loose" },
      requestIds: {
        description: "Whether request ids must be in sequence, or only new.",
        enum: ["tolerant", "strict"],
        default: "tolerant",
      },
      eventStores: {
        description: "Topics whose events are kept, for `wamp.subscription.get_events`. They are kept in memory.",
        type: "array",
        items: { $ref: "#/$defs/eventStore" },
      },
    },
  },
  realmLimits: {
    description: "Limits of the realm.",
    type: "object",
    additionalProperties: false,
    properties: {
      maxSessions: count("Sessions at a time; by default any number."),
      maxRegistrations: count("Registrations of one session.", 10_000),
      maxSubscriptions: count("Subscriptions of one session.", 10_000),
      maxOpenCalls: count("Calls of one session that are open at a time.", 10_000),
      maxSendBuffer: count(
        "Bytes that wait for one session, beyond which it is a slow consumer.",
        4 << 20,
      ),
      maxRetained: count("Bytes that retained events may hold, beyond which the oldest go.", 16 << 20),
      maxMessageRate: {
        description: "Messages of one session each second; by default any number.",
        type: "number",
        minimum: 0.001,
      },
      maxMessageSize: count(
        "The largest message of a session, in bytes; by default what its transport takes.",
        undefined,
        1,
      ),
    },
  },
  eventStore: {
    description: "Topics whose events are kept.",
    type: "object",
    additionalProperties: false,
    required: ["uri", "limit"],
    properties: {
      uri: { $ref: "#/$defs/pattern", description: "The topic, or the pattern." },
      match: { $ref: "#/$defs/match" },
      limit: count("How many of the latest events are kept.", undefined, 1),
      maxBytes: count("What they may hold, in bytes; the oldest go first.", 16 << 20, 1),
    },
  },
};

const PAGES_DEFINITIONS: Readonly<Record<string, Schema>> = {
  logging: {
    description: "What is written to standard error.",
    type: "object",
    additionalProperties: false,
    properties: {
      level: {
        description: "The least important records that are written.",
        enum: ["debug", "info", "warn", "error", "silent"],
        default: "info",
      },
      format: {
        description: "How a record is written: for people, or as a line of JSON.",
        enum: ["text", "json"],
        default: "text",
      },
    },
  },
  metrics: {
    description:
      "Counts and times for Prometheus, and whether the router is alive and ready; without this there are none.",
    type: "object",
    additionalProperties: false,
    required: ["port"],
    properties: {
      port: PORT,
      hostname: HOSTNAME,
      path: { ...HTTP_PATH, description: "The path of the page.", default: "/metrics" },
    },
  },
  console: {
    description: "The router's console, a web page; without this there is none.",
    type: "object",
    additionalProperties: false,
    required: ["port"],
    properties: {
      port: PORT,
      hostname: {
        ...HOSTNAME,
        description: "The address to bind; one that other machines reach takes a role.",
      },
      role: {
        description: "Who may use it: those who prove to have this role; without it, everybody on this machine.",
        type: "string",
        minLength: 1,
      },
      realm: {
        description: "The realm by whose methods of authentication they prove it; without it, the first one.",
        type: "string",
      },
    },
  },
};

/** The schema. @internal */
export const CONFIG_SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:uuid:1859fb74-0cc9-4b82-bc38-2afd57e84704",
  title: "Configuration of Viaduct's router",
  description: "What `viaduct router --config` reads.",
  type: "object",
  additionalProperties: false,
  required: ["realms", "transports"],
  properties: {
    $schema: { description: "Where this schema is found, for editors.", type: "string" },
    realms: { description: "The realms.", type: "array", minItems: 1, items: { $ref: "#/$defs/realm" } },
    transports: {
      description: "Where the router listens.",
      type: "array",
      minItems: 1,
      items: { $ref: "#/$defs/transport" },
    },
    helloTimeout: milliseconds("How long a new transport may take to say HELLO", 10_000),
    goodbyeTimeout: milliseconds("How long a session may take to answer GOODBYE", 5_000),
    authTimeout: milliseconds("How long a client may take to prove who it is", 10_000),
    maxAuthFailures: count(
      "How often clients of one remote address may fail to prove who they are within a minute; by default any number.",
      undefined,
      1,
    ),
    drainTimeout: milliseconds("How long all sessions may take to leave when the router is stopped", 5_000, 0),
    logging: { $ref: "#/$defs/logging" },
    metrics: { $ref: "#/$defs/metrics" },
    console: { $ref: "#/$defs/console" },
  },
  $defs: {
    ...REALM_DEFINITIONS,
    ...AUTH_DEFINITIONS,
    ...TRANSPORT_DEFINITIONS,
    ...PAGES_DEFINITIONS,
    ...COMMON_DEFINITIONS,
  },
};
