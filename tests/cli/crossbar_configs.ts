/**
 * Configurations in the manner of Crossbar.io's documentation, and what becomes of them.
 *
 * @module
 */

/** A conversion. */
export interface Conversion {
  /** What it shows. */
  readonly what: string;
  /** Theirs. */
  readonly crossbar: unknown;
  /** Ours. */
  readonly viaduct: unknown;
  /** What is listed, as `path: reason`. */
  readonly notes: readonly string[];
}

const ALL = { call: true, register: true, publish: true, subscribe: true };

/** A node with one router. */
function node(realms: readonly unknown[], transports: readonly unknown[]): unknown {
  return { version: 2, controller: {}, workers: [{ type: "router", id: "router1", realms, transports }] };
}

const NODE = "controller: the node's own process has no counterpart";
const PAGES = "has no counterpart: web pages and services are served by a web server, not by the router";

const STARTER: Conversion = {
  what: "the one that a new node has: a page, and a WebSocket for everybody",
  crossbar: node([
    {
      name: "realm1",
      roles: [{
        name: "anonymous",
        permissions: [{
          ...{ uri: "", match: "prefix", allow: ALL, disclose: { caller: false, publisher: false }, cache: true },
        }],
      }],
    },
  ], [
    {
      type: "web",
      endpoint: { type: "tcp", port: 8080, backlog: 1024 },
      paths: {
        "/": { type: "static", directory: "../web", options: { enable_directory_listing: false } },
        "ws": { type: "websocket" },
        "info": { type: "nodeinfo" },
        "old/ws": { type: "websocket", debug: true, cookie: {} },
      },
      options: { access_log: true },
    },
  ]),
  viaduct: {
    realms: [{
      uri: "realm1",
      auth: [{ method: "anonymous" }],
      roles: { anonymous: { permissions: [{ uri: "", match: "prefix", allow: ALL }] } },
    }],
    transports: [{ type: "websocket", port: 8080, hostname: "0.0.0.0", path: ["/ws", "/old/ws"], origins: "any" }],
  },
  notes: [
    NODE,
    "workers[0].transports[0].endpoint.backlog: the system's is used",
    "workers[0].transports[0].options: web pages and services are served by a web server, not by the router",
    `workers[0].transports[0].paths["/"]: the service static ${PAGES}`,
    `workers[0].transports[0].paths.info: the service nodeinfo ${PAGES}`,
    'workers[0].transports[0].paths["old/ws"].cookie: cookies are not used',
  ],
};

const STARRED: Conversion = {
  what: "permissions with stars, an authorizer, rules for URIs and event history",
  crossbar: node([
    {
      id: "realm-a",
      name: "realm1",
      options: {
        uri_check: "strict",
        enable_meta_api: true,
        bridge_meta_api: false,
        event_dispatching_chunk_size: 100,
      },
      roles: [
        {
          name: "frontend",
          permissions: [
            { uri: "*", allow: { call: true, register: false, subscribe: true, publish: false } },
            { uri: "com.example.frontend.*", allow: { publish: true }, disclose: { publisher: true } },
            { uri: "com.*.status.*", allow: { call: true } },
            { uri: "com.example.add", match: "exact", allow: { call: true } },
            { uri: "com.example.add", allow: { register: true } },
            { uri: "com..end", match: "wildcard", allow: { call: true } },
            { uri: "com.broken.", allow: { call: true } },
            { uri: "com.checked", allow: {}, validate: { call: "trading.Period" } },
          ],
        },
        { name: "user", authorizer: "com.example.authorize" },
      ],
      store: {
        type: "memory",
        limit: 50,
        "event-history": [
          { uri: "com.example.oncounter", limit: 10_000 },
          { uri: "com.example.", match: "prefix" },
          { limit: 5 },
        ],
        "call-queue": [{ uri: "com.example.add" }],
      },
    },
  ], [
    {
      type: "websocket",
      id: "ws001",
      endpoint: { type: "tcp", port: 9000, interface: "127.0.0.1" },
      url: "ws://localhost:9000/wamp",
      auth: {
        anonymous: { type: "static", role: "frontend" },
        ticket: { type: "dynamic", authenticator: "com.example.tickets" },
      },
    },
  ]),
  viaduct: {
    realms: [{
      uri: "realm1",
      auth: [
        { method: "anonymous", role: "frontend" },
        { method: "ticket", procedure: "com.example.tickets" },
      ],
      roles: {
        frontend: {
          permissions: [
            { uri: "", match: "prefix", allow: { call: true, subscribe: true } },
            { uri: "com.example.frontend.", match: "prefix", allow: { publish: true }, disclose: { publisher: true } },
            { uri: "com..status.", match: "wildcard", allow: { call: true } },
            { uri: "com.example.add", allow: { register: true } },
            { uri: "com..end", match: "wildcard", allow: { call: true } },
            { uri: "com.checked", allow: {} },
          ],
        },
        user: { authorizer: { procedure: "com.example.authorize" } },
      },
      uriRules: "strict",
      eventStores: [
        { uri: "com.example.oncounter", limit: 10_000 },
        { uri: "com.example.", match: "prefix", limit: 50 },
      ],
    }],
    transports: [{ type: "websocket", port: 9000, hostname: "127.0.0.1", path: "/wamp", origins: "any" }],
  },
  notes: [
    NODE,
    'workers[0].realms[0].roles[0].permissions[6]: matches nothing: "com.broken." cannot be of match "exact"',
    "workers[0].realms[0].roles[0].permissions[7].validate: arguments are not checked by the router",
    "workers[0].realms[0].store.call-queue: calls that no callee takes are not queued",
    "workers[0].realms[0].store.event-history[2]: has no uri",
    "workers[0].transports[0]: a WebSocket transport takes every path there; here it is /wamp alone",
  ],
};

const SCRAM_HEX = { salt: "73616c74", "stored-key": "00".repeat(32), "server-key": "ff".repeat(32) };
const SCRAM_BASE64 = {
  salt: "c2FsdA==",
  storedKey: `${"A".repeat(43)}=`,
  serverKey: `${"/".repeat(42)}8=`,
};
const KEY = "545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122";

const SECURE: Conversion = {
  what: "one listener for everything, TLS, and every method of authentication",
  crossbar: node([
    { name: "realm1", roles: [{ name: "backend", permissions: [{ uri: "*", allow: ALL }] }] },
    { name: "devices", roles: [{ name: "device", permissions: [] }] },
  ], [
    {
      type: "universal",
      id: "all",
      endpoint: {
        type: "tcp",
        port: 443,
        tls: {
          key: "server.key",
          certificate: "server.crt",
          chain_certificates: ["chain.crt"],
          ca_certificates: ["ca.crt"],
          dhparam: "dhparam.pem",
          ciphers: "ECDHE-RSA-AES128-GCM-SHA256",
        },
      },
      rawsocket: { serializers: ["cbor", "flatbuffers"], options: { max_message_size: 1_048_576 } },
      websocket: {
        ws: {
          type: "websocket",
          serializers: ["cbor", "json"],
          options: {
            allowed_origins: ["https://app.example.com", "https://*.example.org:*"],
            allow_null_origin: false,
            open_handshake_timeout: 2500,
            close_handshake_timeout: 1000,
            auto_ping_interval: 10_000,
            auto_ping_timeout: 5000,
            auto_ping_size: 12,
            max_frame_size: 1_048_576,
            max_message_size: 2_097_152,
            fail_by_drop: true,
            compression: {
              deflate: {
                request_no_context_takeover: false,
                request_max_window_bits: 0,
                no_context_takeover: true,
                max_window_bits: 13,
                memory_level: 5,
              },
            },
          },
          cookie: { name: "cbtid", store: { type: "memory" } },
          auth: {
            ticket: {
              type: "static",
              principals: { joe: { ticket: "secret!!!", role: "backend" }, ann: { ticket: "${ANN}", role: "ghost" } },
            },
            wampcra: {
              type: "static",
              users: {
                peter: { secret: "secret1", role: "backend" },
                paul: { secret: "secret2", role: "backend", salt: "salt123", iterations: 100, keylen: 16 },
                mary: { secret: "${MARY}", role: "backend", salt: "salt123", iterations: 100, keylen: 16 },
              },
            },
            scram: {
              type: "static",
              principals: {
                carol: { kdf: "pbkdf2", iterations: 4096, memory: -1, ...SCRAM_HEX, role: "backend" },
                dave: { kdf: "argon2id-13", iterations: 4, memory: 512, ...SCRAM_HEX, role: "backend" },
                eve: {
                  kdf: "pbkdf2",
                  iterations: 4096,
                  memory: -1,
                  salt: "xyz",
                  "stored-key": "",
                  "server-key": "",
                  role: "backend",
                },
              },
            },
            cryptosign: {
              type: "static",
              principals: {
                "client01@example.com": { realm: "devices", role: "device", authorized_keys: [KEY] },
                "client02@example.com": { role: "backend", authorized_keys: [KEY] },
                "client03@example.com": { role: "backend", authorized_keys: [] },
              },
            },
            tls: { type: "static", principals: { client_0: { "certificate-sha1": "B6:E5", role: "backend" } } },
            cookie: {},
          },
        },
        other: { type: "websocket" },
        another: { type: "websocket", cookie: {} },
      },
      web: { paths: { "/": { type: "static", directory: ".." } } },
      mqtt: { options: { realm: "realm1", role: "anonymous" } },
    },
  ]),
  viaduct: {
    realms: [
      {
        uri: "realm1",
        auth: [
          { method: "ticket", principals: { joe: { ticket: "secret!!!", role: "backend" } }, transports: ["all"] },
          {
            method: "wampcra",
            users: {
              peter: { secret: "secret1", role: "backend" },
              paul: {
                secret: "LG5/FwnS5WvgmlEyLPk/pQ==",
                salt: "salt123",
                iterations: 100,
                keylen: 16,
                role: "backend",
              },
              mary: { secret: { env: "MARY" }, role: "backend" },
            },
            transports: ["all"],
          },
          {
            method: "scram",
            users: {
              carol: { kdf: "pbkdf2", iterations: 4096, ...SCRAM_BASE64, role: "backend" },
              dave: { kdf: "argon2id13", iterations: 4, memory: 512, ...SCRAM_BASE64, role: "backend" },
            },
            transports: ["all"],
          },
          {
            method: "cryptosign",
            principals: { "client02@example.com": { keys: [KEY], role: "backend" } },
            transports: ["all"],
          },
        ],
        roles: { backend: { permissions: [{ uri: "", match: "prefix", allow: ALL }] } },
      },
      {
        uri: "devices",
        auth: [{
          method: "cryptosign",
          principals: { "client01@example.com": { keys: [KEY], role: "device" } },
          transports: ["all"],
        }],
        roles: { device: { permissions: [] } },
      },
    ],
    transports: [
      {
        type: "websocket",
        name: "all",
        port: 443,
        hostname: "0.0.0.0",
        tls: { cert: { file: "server.crt" }, key: { file: "server.key" }, clientCaCerts: [{ file: "ca.crt" }] },
        path: "/ws",
        serializers: ["cbor.batched", "cbor", "json.batched", "json"],
        origins: ["https://app.example.com"],
        keepalive: { interval: 10_000, timeout: 5000 },
        handshakeTimeout: 2500,
        limits: { maxMessage: 2_097_152 },
        compression: {
          serverNoContextTakeover: true,
          clientNoContextTakeover: false,
          serverMaxWindowBits: 13,
          memLevel: 5,
        },
      },
      {
        type: "rawsocket",
        port: 8080,
        hostname: "0.0.0.0",
        tls: { cert: { file: "server.crt" }, key: { file: "server.key" }, clientCaCerts: [{ file: "ca.crt" }] },
        serializers: ["cbor"],
        limits: { maxMessage: 1_048_576 },
      },
    ],
  },
  notes: [
    NODE,
    "workers[0].transports[0].endpoint.tls.chain_certificates: append them to the certificate's file",
    "workers[0].transports[0].endpoint.tls.dhparam: the runtime chooses",
    "workers[0].transports[0].endpoint.tls.ciphers: the runtime chooses",
    "workers[0].transports[0].mqtt: MQTT is not spoken",
    "workers[0].transports[0].websocket.ws.cookie: cookies are not used",
    "workers[0].transports[0].websocket.ws.options.allowed_origins: an origin has no wildcards: " +
    "https://*.example.org:* is left out, list what it stands for",
    "workers[0].transports[0].websocket.ws.options.max_frame_size: cannot be set",
    "workers[0].transports[0].websocket.ws.auth.wampcra.users.paul: secret is now what is derived from the password, " +
    "which the router need not know",
    "workers[0].transports[0].websocket.ws.auth.wampcra.users.mary: is not salted any more: what would be kept must be " +
    "derived from the password, which is not known here",
    "workers[0].transports[0].websocket.ws.auth.scram.principals.eve: has no salt, stored-key and server-key in hex, or " +
    "no iterations",
    'workers[0].transports[0].websocket.ws.auth.cryptosign.principals["client03@example.com"]: has no authorized_keys',
    "workers[0].transports[0].websocket.ws.auth.tls.principals.client_0.certificate-sha1: SHA-1 does not identify a " +
    "certificate: give its SHA-256 fingerprint or common name",
    "workers[0].transports[0].websocket.ws.auth.cookie: cookies do not authenticate",
    "workers[0].transports[0].websocket.other: the paths of a listener have the same options and authentication: give " +
    "this one a port of its own",
    "workers[0].transports[0].websocket.another: the paths of a listener have the same options and authentication: " +
    "give this one a port of its own",
    `workers[0].transports[0].web.paths["/"]: the service static ${PAGES}`,
    "workers[0].transports[0].rawsocket: cannot share a port with WebSocket: it is on port 8080 now",
    "workers[0].transports[0].rawsocket.serializers: there is no serializer flatbuffers",
    "workers[0].transports[0].websocket.ws.auth.ticket: no realm has the role ghost: who has it cannot join",
  ],
};

const APART: Conversion = {
  what: "a private and a public transport, whose methods must not be mixed",
  crossbar: {
    $schema: "https://raw.githubusercontent.com/crossbario/crossbar/master/crossbar.json",
    version: 2,
    workers: [
      {
        type: "router",
        options: { pythonpath: [".."] },
        realms: [{
          name: "realm1",
          roles: [{ name: "backend", permissions: [{ uri: "", match: "prefix", allow: ALL }] }, { name: "guest" }],
        }],
        transports: [
          {
            type: "rawsocket",
            id: "private",
            endpoint: { type: "unix", path: "/run/wamp.sock" },
            auth: { anonymous: { type: "static", role: "backend", authid: "me" } },
            max_message_size: 4096,
          },
          {
            type: "web",
            endpoint: { type: "tcp", version: 6, port: "$PORT", shared: true },
            paths: {
              "/": {
                type: "path",
                paths: {
                  ws: {
                    type: "websocket",
                    auth: { anonymous: { type: "static", role: "guest" } },
                    options: { auto_ping_interval: 0, allowed_origins: ["*"] },
                  },
                },
              },
            },
          },
        ],
        components: [{ type: "class", classname: "a.B", realm: "realm1", role: "backend" }],
      },
      { type: "container", components: [] },
      {
        type: "router",
        realms: [{ name: "realm2", roles: [{ name: "user", permissions: [] }] }, { name: "realm1", roles: [] }],
        transports: [
          { type: "websocket", endpoint: { type: "tcp", portrange: [9000, 9010] } },
          { type: "mqtt", endpoint: { type: "tcp", port: 1883 } },
          {
            type: "rawsocket",
            endpoint: { type: "twisted", server_string: "x" },
            auth: { ticket: { type: "function", create: "a.b" } },
          },
        ],
      },
    ],
  },
  viaduct: {
    realms: [
      {
        uri: "realm1",
        auth: [
          { method: "anonymous", role: "backend", transports: ["private"] },
          { method: "anonymous", role: "guest", transports: ["transport2"] },
        ],
        roles: {
          backend: { permissions: [{ uri: "", match: "prefix", allow: ALL }] },
          guest: { permissions: [] },
        },
      },
      { uri: "realm2", auth: [], roles: { user: { permissions: [] } } },
    ],
    transports: [
      { type: "rawsocket", name: "private", unix: "/run/wamp.sock", limits: { maxMessage: 4096 } },
      {
        ...{ type: "websocket", name: "transport2", port: 8080, hostname: "::", path: "/ws", origins: "any" },
        keepalive: false,
      },
      { type: "websocket", port: 8081, hostname: "0.0.0.0", path: "/", origins: "any" },
      { type: "rawsocket", port: 8082, hostname: "0.0.0.0" },
    ],
  },
  notes: [
    'workers[1]: workers of type "container" have no counterpart: start what they run as programs of their own',
    "workers[0].options: how a process of Crossbar.io runs has no counterpart",
    "workers[0].components: code that runs within Crossbar.io: start it as a client of its own",
    "workers[0].transports[0].auth.anonymous.authid: everybody gets an id of their own",
    "workers[0].transports[1].endpoint.port: the port must be a number: it is 8080 now",
    "workers[0].transports[1].endpoint.shared: has no counterpart",
    "workers[2].realms[1]: realm realm1 is there twice: a router has one of each name",
    "workers[2].transports[0].endpoint.portrange: there is no range of ports: it is 8081 now",
    "workers[2].transports[0]: a WebSocket transport takes every path there; here it is / alone",
    'workers[2].transports[1]: transports of type "mqtt" have no counterpart',
    "workers[2].transports[2].endpoint: endpoints of type twisted have no counterpart: it listens on a TCP port now",
    "workers[2].transports[2].endpoint.server_string: has no counterpart",
    "workers[2].transports[2].auth.ticket: Python code of Crossbar.io's cannot be called: make it a procedure",
    "workers[2].realms[0]: nobody can join: no transport gives one of its roles",
  ],
};

const BROKEN: Conversion = {
  what: "parts that Crossbar.io refuses as well, or that are of the wrong kind",
  crossbar: node([
    {
      name: "realm1",
      options: { enable_meta_api: false, uri_check: 5 },
      roles: [
        { permissions: [] },
        { name: "user", permissions: [{ allow: {} }, { uri: "com.a", match: "regex", allow: {} }], extra: 1 },
        "role",
      ],
      store: { type: "cfxdb", path: "db", "event-history": [{ uri: "com.a" }] },
    },
    { roles: [] },
  ], [
    {
      type: "universal",
      endpoint: { type: "unix", path: "/run/all" },
      rawsocket: {
        auth: {
          ticket: { type: "dynamic", "default-role": "user" },
          wampcra: { type: "static", users: { joe: { role: "user" }, ann: { secret: "s" } } },
          scram: [],
          kerberos: {},
        },
      },
      web: {
        paths: {
          ws: {
            type: "websocket",
            auth: { ticket: { type: "static", "default-role": "user", principals: { joe: {}, ann: { ticket: "t" } } } },
          },
          none: {},
        },
      },
    },
    { type: "rawsocket", options: { max_message_size: 10 }, serializers: ["xml"] },
    { type: "universal", endpoint: { type: "tcp", port: 8080 }, rawsocket: {} },
  ]),
  viaduct: {
    realms: [{
      uri: "realm1",
      auth: [{
        method: "ticket",
        principals: { ann: { ticket: "t", role: "user" } },
        transports: ["transport1"],
      }],
      roles: { user: { permissions: [] } },
      eventStores: [{ uri: "com.a", limit: 100 }],
    }],
    transports: [
      { type: "websocket", name: "transport1", unix: "/run/all", path: "/ws", origins: "any" },
      { type: "rawsocket", unix: "/run/all.raw" },
      { type: "rawsocket", port: 8081 },
      { type: "rawsocket", port: 8080, hostname: "0.0.0.0" },
    ],
  },
  notes: [
    NODE,
    "workers[0].realms[0].roles[2]: is string instead of an object",
    "workers[0].realms[0].roles[0]: has no name",
    "workers[0].realms[0].roles[1].permissions[0]: has no uri",
    'workers[0].realms[0].roles[1].permissions[1]: matches nothing: "com.a" cannot be of match "regex"',
    "workers[0].realms[0].roles[1].extra: has no counterpart",
    "workers[0].realms[0].roles[2]: has no name",
    "workers[0].realms[0].options.uri_check: must be a string: it is left out",
    "workers[0].realms[0].options.enable_meta_api: the meta API is always there",
    "workers[0].realms[0].store: there is no store of type cfxdb: events are kept in memory",
    "workers[0].realms[1]: has no name",
    "workers[0].transports[0].web.paths.ws.auth.ticket.principals.joe: has no ticket",
    "workers[0].transports[0].web.paths.none: the service without a type has no counterpart: web pages and services are served by a web server, not by the router",
    "workers[0].transports[0].rawsocket: cannot share a Unix socket with WebSocket: it is at /run/all.raw now",
    "workers[0].transports[0].rawsocket.auth.ticket.default-role: the procedure must answer with the role",
    "workers[0].transports[0].rawsocket.auth.ticket: names no authenticator",
    "workers[0].transports[0].rawsocket.auth.wampcra.users.joe: has no secret",
    "workers[0].transports[0].rawsocket.auth.wampcra.users.ann: has no role: Crossbar.io refuses it as well",
    "workers[0].transports[0].rawsocket.auth.scram: is a list instead of an object",
    "workers[0].transports[0].rawsocket.auth.kerberos: this method of authentication is unknown",
    "workers[0].transports[1]: has no endpoint",
    "workers[0].transports[1].serializers: there is no serializer xml",
  ],
};

/** The conversions. */
export const CONVERSIONS: readonly Conversion[] = [STARTER, STARRED, SECURE, APART, BROKEN];
