/**
 * Configurations of the router, each with something wrong in it, and what is said about that.
 *
 * @module
 */

import { auth, config, KEY, permission, PORT, realm, SCRAM, transport } from "./configs.ts";

const METHODS = '"anonymous", "ticket", "wampcra", "wamp-scram", "scram", "cryptosign" or "tls"';
const SECRET = 'a string, {"env": "NAME"} or {"file": "PATH"}';

/** What is wrong, a configuration with that, and the messages without the place in the text. */
export const WRONG: readonly (readonly [what: string, config: unknown, ...messages: string[]])[] = [
  ["no object", [], "the configuration must be an object, received an empty list"],
  [
    "nothing in it",
    {},
    "realms must be there: a list that is not empty",
    "transports must be there: a list that is not empty",
  ],
  ["no realm", config({ realms: [] }), "realms must be a list that is not empty, received an empty list"],
  ["no transport", config({ transports: [] }), "transports must be a list that is not empty, received an empty list"],
  ["a misspelled name", config({ loging: {} }), "loging is unknown: did you mean logging?"],
  ["a name in another style", config({ hello_timeout: 1 }), "hello_timeout is unknown: did you mean helloTimeout?"],
  [
    "a name like no other",
    realm({ limits: { sessions: 5 } }),
    "realms[0].limits.sessions is unknown: what is known here is maxSessions, maxRegistrations, maxSubscriptions, " +
    "maxOpenCalls, maxSendBuffer, maxRetained, maxMessageRate and maxMessageSize",
  ],
  [
    "a timeout that is a string",
    config({ helloTimeout: "5s" }),
    'helloTimeout must be a whole number of at least 1, received "5s"',
  ],
  [
    "a timeout of nothing",
    config({ goodbyeTimeout: 0 }),
    "goodbyeTimeout must be a whole number of at least 1, received 0",
  ],
  [
    "a timeout below zero",
    config({ drainTimeout: -1 }),
    "drainTimeout must be a whole number of at least 0, received -1",
  ],
  [
    "a timeout that is null",
    config({ authTimeout: null }),
    "authTimeout must be a whole number of at least 1, received null",
  ],
  [
    "failures that are no number",
    config({ maxAuthFailures: 0 }),
    "maxAuthFailures must be a whole number of at least 1, received 0",
  ],
  // Realms
  ["a realm that is a string", config({ realms: ["realm1"] }), 'realms[0] must be an object, received "realm1"'],
  ["a realm without a URI", config({ realms: [{}] }), "realms[0].uri must be there: a URI such as realm1"],
  [
    "a realm that is no URI",
    config({ realms: [{ uri: "realm 1" }] }),
    'realms[0].uri must be a URI such as realm1, received "realm 1"',
  ],
  [
    "a realm with empty components",
    config({ realms: [{ uri: "a..b" }] }),
    'realms[0].uri must be a URI such as realm1, received "a..b"',
  ],
  [
    "a realm that is not strict",
    config({ realms: [{ uri: "Realm1", uriRules: "strict" }] }),
    'realms[0].uri must be a URI by the realm\'s uriRules, received "Realm1"',
  ],
  [
    "two realms of one URI",
    config({ realms: [{ uri: "a" }, { uri: "b" }, { uri: "a" }] }),
    'realms[2].uri must be new, received "a" again',
  ],
  [
    "rules there are none of",
    realm({ uriRules: "lax" }),
    'realms[0].uriRules must be "loose" or "strict", received "lax"',
  ],
  [
    "request ids there are none of",
    realm({ requestIds: true }),
    'realms[0].requestIds must be "tolerant" or "strict", received true',
  ],
  [
    "a policy there is none of",
    realm({ slowConsumer: "kill" }),
    'realms[0].slowConsumer must be "disconnect", "drop" or "backpressure", received "kill"',
  ],
  [
    "a limit with a fraction",
    realm({ limits: { maxSessions: 1.5 } }),
    "realms[0].limits.maxSessions must be a whole number of at least 0, received 1.5",
  ],
  [
    "a rate of nothing",
    realm({ limits: { maxMessageRate: 0 } }),
    "realms[0].limits.maxMessageRate must be a number of at least 0.001, received 0",
  ],
  ["limits that are a number", realm({ limits: 5 }), "realms[0].limits must be an object, received 5"],
  // Event stores
  [
    "an event store without a limit",
    realm({ eventStores: [{ uri: "com.a" }] }),
    "realms[0].eventStores[0].limit must be there: a whole number of at least 1",
  ],
  [
    "an event store for everything",
    realm({ eventStores: [{ uri: "", match: "prefix", limit: 1 }] }),
    'realms[0].eventStores[0].uri must be a pattern of match "prefix" by the realm\'s uriRules, received ""',
  ],
  [
    "an event store twice",
    realm({ eventStores: [{ uri: "a", limit: 1 }, { uri: "a", match: "exact", limit: 2 }] }),
    'realms[0].eventStores[1].uri must be new, received "a" of match "exact" again',
  ],
  // Roles and permissions
  [
    "roles as a list",
    realm({ roles: [] }),
    "realms[0].roles must be an object with a member for each role, received an empty list",
  ],
  [
    "a permission without a URI",
    realm({ roles: { user: { permissions: [{ allow: {} }] } } }),
    "realms[0].roles.user.permissions[0].uri must be there: a URI or a pattern such as com.example.",
  ],
  [
    "a permission that allows nothing at all",
    realm({ roles: { "a b": { permissions: [{ uri: "a" }] } } }),
    'realms[0].roles["a b"].permissions[0].allow must be there: an object',
  ],
  [
    "an action there is none of",
    permission({ allow: { cal: true } }),
    "realms[0].roles.user.permissions[0].allow.cal is unknown: did you mean call?",
  ],
  [
    "an action that is a string",
    permission({ allow: { call: "yes" } }),
    'realms[0].roles.user.permissions[0].allow.call must be true or false, received "yes"',
  ],
  [
    "disclosure of somebody else",
    permission({ disclose: { callee: true } }),
    "realms[0].roles.user.permissions[0].disclose.callee is unknown: did you mean caller?",
  ],
  [
    "a match there is none of",
    permission({ match: "regex" }),
    'realms[0].roles.user.permissions[0].match must be "exact", "prefix" or "wildcard", received "regex"',
  ],
  [
    "a star",
    permission({ uri: "com.example.*" }),
    'realms[0].roles.user.permissions[0].uri must have no star: match is "prefix" or "wildcard" instead, received "com.example.*"',
  ],
  [
    "a prefix that is not called one",
    permission({ uri: "com.example." }),
    'realms[0].roles.user.permissions[0].uri must be a whole URI where match is not "prefix" or "wildcard", received "com.example."',
  ],
  [
    "a URI with a space",
    permission({ uri: "com example" }),
    'realms[0].roles.user.permissions[0].uri must be a URI or a pattern such as com.example., received "com example"',
  ],
  [
    "two permissions for one URI",
    realm({ roles: { user: { permissions: [{ uri: "a", allow: {} }, { uri: "a", allow: { call: true } }] } } }),
    'realms[0].roles.user.permissions[1].uri must be new, received "a" of match "exact" again',
  ],
  [
    "an authorizer that is a string",
    realm({ authorizer: "com.a" }),
    'realms[0].authorizer must be an object, received "com.a"',
  ],
  [
    "an authorizer without a procedure",
    realm({ roles: { user: { authorizer: {} } } }),
    "realms[0].roles.user.authorizer.procedure must be there: a URI such as com.example.add",
  ],
  [
    "an authorizer in a realm that is not there",
    realm({ authorizer: { procedure: "com.a", realm: "realm2" } }),
    'realms[0].authorizer.realm must be one of the realms realm1, received "realm2"',
  ],
  [
    "a role's authorizer in a realm that is not there",
    realm({ roles: { user: { authorizer: { procedure: "com.a", realm: "realm2" } } } }),
    'realms[0].roles.user.authorizer.realm must be one of the realms realm1, received "realm2"',
  ],
  // Authentication
  [
    "a method there is none of",
    auth({ method: "kerberos" }),
    `realms[0].auth[0].method must be ${METHODS}, received "kerberos"`,
  ],
  [
    "a method that is a string",
    realm({ auth: ["ticket"] }),
    'realms[0].auth[0] must be an object with a method, received "ticket"',
  ],
  ["a method without a name", auth({ role: "user" }), `realms[0].auth[0] must have method: ${METHODS}`],
  ["methods as an object", realm({ auth: { anonymous: {} } }), "realms[0].auth must be a list, received an object"],
  [
    "tickets and a procedure",
    auth({ method: "ticket", principals: {}, procedure: "com.a" }),
    "realms[0].auth[0].procedure cannot stand beside principals: one of them is enough",
  ],
  [
    "neither tickets nor a procedure",
    auth({ method: "ticket" }),
    "realms[0].auth[0] must have principals or procedure",
  ],
  [
    "tickets under another name",
    auth({ method: "ticket", users: {} }),
    "realms[0].auth[0] must have principals or procedure",
    "realms[0].auth[0].users is unknown: what is known here is method, principals, procedure, realm and transports",
  ],
  [
    "a ticket that is a number",
    auth({ method: "ticket", principals: { joe: { ticket: 5, role: "user" } } }),
    `realms[0].auth[0].principals.joe.ticket must be ${SECRET}, received a number`,
  ],
  [
    "an empty ticket",
    auth({ method: "ticket", principals: { joe: { ticket: "", role: "user" } } }),
    "realms[0].auth[0].principals.joe.ticket must be a string that is not empty, received an empty string",
  ],
  [
    "a ticket without a role",
    auth({ method: "ticket", principals: { "joe@a.b": { ticket: "x" } } }),
    'realms[0].auth[0].principals["joe@a.b"].role must be there: the name of a role',
  ],
  [
    "a secret from nowhere",
    auth({ method: "ticket", principals: { joe: { ticket: {}, role: "user" } } }),
    `realms[0].auth[0].principals.joe.ticket must be ${SECRET}, received {}`,
  ],
  [
    "a secret from two places",
    auth({ method: "ticket", principals: { joe: { ticket: { env: "A", file: "b" }, role: "user" } } }),
    `realms[0].auth[0].principals.joe.ticket must be ${SECRET}, received an object`,
  ],
  [
    "a variable that has no name",
    auth({ method: "ticket", principals: { joe: { ticket: { env: "A B" }, role: "user" } } }),
    'realms[0].auth[0].principals.joe.ticket.env must be the name of an environment variable, received "A B"',
  ],
  [
    "a variable that is not set",
    auth({ method: "ticket", principals: { joe: { ticket: { env: "NONE" }, role: "user" } } }),
    "realms[0].auth[0].principals.joe.ticket names the environment variable NONE, which is not set",
  ],
  [
    "a variable that is empty",
    auth({ method: "ticket", principals: { joe: { ticket: { env: "EMPTY" }, role: "user" } } }),
    "realms[0].auth[0].principals.joe.ticket must not be empty",
  ],
  [
    "a file that is not there",
    auth({ method: "ticket", principals: { joe: { ticket: { file: "none" }, role: "user" } } }),
    "realms[0].auth[0].principals.joe.ticket names a file that cannot be read: No such file: none",
  ],
  [
    "a file that is empty",
    auth({ method: "ticket", principals: { joe: { ticket: { file: "empty" }, role: "user" } } }),
    "realms[0].auth[0].principals.joe.ticket must not be empty",
  ],
  [
    "a secret that is a list",
    auth({ method: "wampcra", users: { joe: { secret: ["s"], role: "user" } } }),
    `realms[0].auth[0].users.joe.secret must be ${SECRET}, received a list`,
  ],
  [
    "rounds of nothing",
    auth({ method: "wampcra", users: { joe: { secret: "s", role: "user", salt: "s", iterations: 0 } } }),
    "realms[0].auth[0].users.joe.iterations must be a whole number of at least 1, received 0",
  ],
  [
    "a function there is none of",
    auth({ method: "wamp-scram", users: { joe: { ...SCRAM, kdf: "bcrypt" } } }),
    'realms[0].auth[0].users.joe.kdf must be "pbkdf2" or "argon2id13", received "bcrypt"',
  ],
  [
    "a key that is hex",
    auth({ method: "scram", users: { joe: { ...SCRAM, storedKey: "00ff" } } }),
    'realms[0].auth[0].users.joe.storedKey must be 32 bytes in base64, received "00ff"',
  ],
  [
    "a salt that is no base64",
    auth({ method: "scram", users: { joe: { ...SCRAM, salt: "salt!" } } }),
    'realms[0].auth[0].users.joe.salt must be base64, received "salt!"',
  ],
  [
    "Argon2 without memory",
    auth({ method: "scram", users: { joe: { ...SCRAM, kdf: "argon2id13" } } }),
    'realms[0].auth[0].users.joe must have memory where kdf is "argon2id13"',
  ],
  [
    "keys that are one",
    auth({ method: "cryptosign", principals: { joe: { keys: KEY, role: "user" } } }),
    `realms[0].auth[0].principals.joe.keys must be a list that is not empty, received "${KEY.slice(0, 59)}…`,
  ],
  [
    "a key that is none",
    auth({ method: "cryptosign", principals: { joe: { keys: [KEY, "ab"], role: "user" } } }),
    'realms[0].auth[0].principals.joe.keys[1] must be a public key of Ed25519: hex of 32 bytes, PEM, or OpenSSH\'s line, received "ab"',
  ],
  [
    "certificates that nobody asks for",
    auth({ method: "tls", principals: { alice: { role: "user" } } }),
    "realms[0].auth[0].method needs a transport whose tls has clientCaCerts: no other asks for certificates",
  ],
  [
    "a role and a procedure",
    auth({ method: "anonymous", role: "user", procedure: "com.a" }),
    "realms[0].auth[0].role cannot stand beside procedure, which decides about the role",
  ],
  [
    "a realm without a procedure",
    auth({ method: "anonymous", realm: "realm1" }),
    "realms[0].auth[0].realm cannot be given without procedure",
  ],
  [
    "a procedure in a realm that is not there",
    auth({ method: "ticket", procedure: "com.a", realm: "b" }),
    'realms[0].auth[0].realm must be one of the realms realm1, received "b"',
  ],
  [
    "a procedure that is no URI",
    auth({ method: "ticket", procedure: "com..a" }),
    'realms[0].auth[0].procedure must be a URI such as com.example.add, received "com..a"',
  ],
  [
    "a method twice",
    auth({ method: "anonymous" }, { method: "anonymous", role: "user" }),
    'realms[0].auth[1].method must be new for each transport, received "anonymous" again for transports[0]',
  ],
  [
    "a transport that has no name",
    auth({ method: "anonymous", transports: ["in"] }),
    'realms[0].auth[0].transports[0] must name a transport: no transport has a name, received "in"',
  ],
  [
    "a transport of another name",
    config({ ...auth({ method: "anonymous", transports: ["in"] }), transports: [{ ...PORT, name: "out" }] }),
    'realms[0].auth[0].transports[0] must name a transport: the transports are called out, received "in"',
  ],
  [
    "a role that the realm has not",
    realm({ roles: { user: {} }, auth: [{ method: "ticket", principals: { joe: { ticket: "x", role: "admin" } } }] }),
    'realms[0].auth[0].principals.joe.role must be one of the realm\'s roles user, received "admin"',
  ],
  [
    "a role of nobody's",
    realm({ roles: { user: {} }, auth: [{ method: "anonymous" }] }),
    'realms[0].auth[0] must be one of the realm\'s roles user, received "anonymous"',
  ],
  [
    "a role of a user that the realm has not",
    realm({ roles: { user: {} }, auth: [{ method: "wampcra", users: { joe: { secret: "x", role: "admin" } } }] }),
    'realms[0].auth[0].users.joe.role must be one of the realm\'s roles user, received "admin"',
  ],
  // Transports
  [
    "a transport there is none of",
    config({ transports: [{ type: "http", port: 80 }] }),
    'transports[0].type must be "websocket" or "rawsocket", received "http"',
  ],
  [
    "a transport without a type",
    config({ transports: [{ port: 80 }] }),
    'transports[0] must have type: "websocket" or "rawsocket"',
  ],
  [
    "a transport that is a port",
    config({ transports: [80] }),
    "transports[0] must be an object with a type, received 80",
  ],
  ["a transport on nothing", config({ transports: [{ type: "rawsocket" }] }), "transports[0] must have port or unix"],
  [
    "a transport on two",
    transport({ unix: "/run/a" }),
    "transports[0].unix cannot stand beside port: one of them is enough",
  ],
  [
    "a port that is a string",
    transport({ port: "80" }),
    'transports[0].port must be a port from 0 to 65535, received "80"',
  ],
  [
    "a port that is too high",
    transport({ port: 65536 }),
    "transports[0].port must be a port from 0 to 65535, received 65536",
  ],
  [
    "a host with a scheme",
    transport({ hostname: "ws://a" }),
    'transports[0].hostname must be a host name or an address, received "ws://a"',
  ],
  ["a host under another name", transport({ host: "a" }), "transports[0].host is unknown: did you mean hostname?"],
  [
    "a path without a slash",
    transport({ path: "ws" }),
    'transports[0].path must be a path that begins with /, received "ws"',
  ],
  [
    "paths of which one is none",
    transport({ path: ["/ws", "ws"] }),
    'transports[0].path[1] must be a path that begins with /, received "ws"',
  ],
  [
    "a path that is a number",
    transport({ path: 5 }),
    "transports[0].path must be a path that begins with /, or a list of such, received 5",
  ],
  [
    "a path of a RawSocket",
    transport({ type: "rawsocket", path: "/ws" }),
    "transports[0].path is unknown: what is known here is type, name, port, hostname, unix, tls, serializers, keepalive, handshakeTimeout and limits",
  ],
  [
    "TLS on a Unix socket",
    config({ transports: [{ type: "rawsocket", unix: "/a", tls: { cert: "c", key: "k" } }] }),
    "transports[0].tls cannot be given for a Unix socket",
  ],
  [
    "a host of a Unix socket",
    config({ transports: [{ type: "rawsocket", unix: "/a", hostname: "b" }] }),
    "transports[0].hostname cannot be given for a Unix socket",
  ],
  [
    "two transports on one port",
    config({ transports: [PORT, { type: "rawsocket", port: 8080 }] }),
    "transports[1].port must be free, but transports[0] listens on port 8080 of 127.0.0.1 already",
  ],
  [
    "two transports on one port of two addresses that are one",
    config({ transports: [PORT, { type: "rawsocket", port: 8080, hostname: "0.0.0.0" }] }),
    "transports[1].port must be free, but transports[0] listens on port 8080 of 0.0.0.0 already",
  ],
  [
    "two transports on one Unix socket",
    config({ transports: [{ type: "rawsocket", unix: "/a" }, { type: "websocket", unix: "/a" }] }),
    "transports[1].unix must be free, but transports[0] listens on the Unix socket /a already",
  ],
  [
    "two transports of one name",
    config({ transports: [{ ...PORT, name: "in" }, { type: "rawsocket", port: 1, name: "in" }] }),
    'transports[1].name must be new, received "in" again',
  ],
  [
    "an origin with a path",
    transport({ origins: ["https://a/b"] }),
    'transports[0].origins[0] must be an origin such as https://example.com, received "https://a/b"',
  ],
  [
    "origins that are a word",
    transport({ origins: "all" }),
    'transports[0].origins must be "same-origin", "any" or a list of origins, received "all"',
  ],
  [
    "origins that are true",
    transport({ origins: true }),
    'transports[0].origins must be "same-origin", "any" or a list of origins, received true',
  ],
  [
    "a serializer there is none of",
    transport({ serializers: ["xml"] }),
    'transports[0].serializers[0] must be "json", "msgpack", "cbor", "ubjson", "json.batched", "msgpack.batched", "cbor.batched" or "ubjson.batched", received "xml"',
  ],
  [
    "a serializer twice",
    transport({ serializers: ["json", "json"] }),
    'transports[0].serializers[1] must not stand there twice, received "json" again',
  ],
  [
    "no serializer",
    transport({ serializers: [] }),
    "transports[0].serializers must be a list that is not empty, received an empty list",
  ],
  [
    "batches over RawSocket",
    transport({ type: "rawsocket", serializers: ["json.batched"] }),
    'transports[0].serializers[0] must be "json", "msgpack", "cbor" or "ubjson", received "json.batched"',
  ],
  [
    "keepalive that is true",
    transport({ keepalive: true }),
    "transports[0].keepalive must be false or an object, received true",
  ],
  [
    "keepalive in no time",
    transport({ keepalive: { interval: 0 } }),
    "transports[0].keepalive.interval must be a whole number of at least 1, received 0",
  ],
  [
    "messages of nothing",
    transport({ limits: { maxMessage: 0 } }),
    "transports[0].limits.maxMessage must be a whole number of at least 1024, received 0",
  ],
  [
    "compression that is too hard",
    transport({ compression: { level: 10 } }),
    "transports[0].compression.level must be a whole number from 0 to 9, received 10",
  ],
  [
    "compression that is a word",
    transport({ compression: "on" }),
    'transports[0].compression must be true, false or an object, received "on"',
  ],
  // TLS
  ["TLS without a key", transport({ tls: { cert: "c" } }), `transports[0].tls.key must be there: ${SECRET}`],
  [
    "a certificate under another name",
    transport({ tls: { certificate: "c", key: "k" } }),
    `transports[0].tls.cert must be there: ${SECRET}`,
    "transports[0].tls.certificate is unknown: did you mean cert?",
  ],
  [
    "a certificate that is none",
    transport({ tls: { cert: "c", key: { file: "server.key" } } }),
    "transports[0].tls.cert must be a certificate in PEM",
  ],
  [
    "a certificate that is broken",
    transport({ tls: { cert: { file: "broken.crt" }, key: { file: "server.key" } } }),
    "transports[0].tls.cert must be a certificate in PEM",
  ],
  [
    "a key that is a certificate",
    transport({ tls: { cert: { file: "server.crt" }, key: { file: "server.crt" } } }),
    "transports[0].tls.key must be a private key in PEM",
  ],
  [
    "the key of another certificate",
    transport({ tls: { cert: { file: "server.crt" }, key: { file: "client.key" } } }),
    "transports[0].tls.key must be the key of the certificate, but belongs to another",
  ],
  [
    "an authority that is none",
    transport({
      tls: { cert: { file: "server.crt" }, key: { file: "server.key" }, clientCaCerts: [{ file: "ca.crt" }, "x"] },
    }),
    "transports[0].tls.clientCaCerts[1] must be a certificate in PEM",
  ],
  // The rest
  [
    "a level there is none of",
    config({ logging: { level: "trace" } }),
    'logging.level must be "debug", "info", "warn", "error" or "silent", received "trace"',
  ],
  [
    "a format there is none of",
    config({ logging: { format: "xml" } }),
    'logging.format must be "text" or "json", received "xml"',
  ],
  ["metrics nowhere", config({ metrics: {} }), "metrics.port must be there: a port from 0 to 65535"],
  [
    "metrics where something is",
    config({ metrics: { port: 8080 } }),
    "metrics.port must be free, but transports[0] listens on port 8080 of 127.0.0.1 already",
  ],
  [
    "the console where metrics are",
    config({ metrics: { port: 1 }, console: { port: 1 } }),
    "console.port must be free, but metrics listens on port 1 of 127.0.0.1 already",
  ],
  [
    "the console for everybody",
    config({ console: { port: 1, hostname: "0.0.0.0" } }),
    'console.hostname must be loopback where there is no role, received "0.0.0.0"',
  ],
  [
    "the console's realm without a role",
    config({ console: { port: 1, realm: "realm1" } }),
    "console.realm cannot be given without a role",
  ],
  [
    "the console's realm that is not there",
    config({ console: { port: 1, role: "admin", realm: "realm2" } }),
    'console.realm must be one of the realms realm1, received "realm2"',
  ],
  [
    "a path of metrics without a slash",
    config({ metrics: { port: 1, path: "metrics" } }),
    'metrics.path must be a path that begins with /, received "metrics"',
  ],
];
