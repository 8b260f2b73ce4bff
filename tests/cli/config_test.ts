import { ConfigError, readConfig } from "../../cli/config.ts";
import { buildConfig } from "../../cli/config_build.ts";
import { Listeners } from "../../cli/config_listeners.ts";
import { assert, assertEquals, assertThrows } from "../std.ts";
import { createTlsFixture } from "../tls_fixture.ts";
import { config, KEY, PORT, SCRAM, transport } from "./configs.ts";
import { WRONG } from "./wrong_configs.ts";

const FIXTURE = createTlsFixture();
const FILES: Readonly<Record<string, string>> = {
  "server.crt": FIXTURE.server.cert,
  "server.key": `${FIXTURE.server.key}\n`,
  "client.key": FIXTURE.client.key,
  "ca.crt": FIXTURE.caCert,
  "broken.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  "ticket": "from a file\n",
  "empty": "\n",
};

/** Reads and builds a configuration, as `--check-config` does. */
function check(text: string): ReturnType<typeof buildConfig> {
  return buildConfig(readConfig(text, "viaduct.json"), {
    listeners: new Listeners(),
    procedures: { authorize: () => Promise.reject(new Error("nothing is called")) },
    secrets: {
      variable: (name) => ({ TICKET: "from a variable", EMPTY: "" } as Record<string, string>)[name],
      file: (path) => {
        const text = FILES[path];
        if (text === undefined) throw new Error(`No such file: ${path}`);
        return text;
      },
    },
  });
}

function problemsOf(text: string): readonly string[] {
  return assertThrows(() => check(text), ConfigError).problems;
}

Deno.test("a configuration that is wrong is refused with the path, what was expected and what was received", async (t) => {
  for (const [what, wrong, ...messages] of WRONG) {
    await t.step(what, () => {
      const problems = problemsOf(JSON.stringify(wrong, null, 2));
      assertEquals(problems.map((line) => line.replace(/^viaduct\.json:\d+:\d+: /, "")), messages);
    });
  }
});

/** Texts, and whole lines. */
const PLACED: readonly (readonly [what: string, text: string, ...lines: string[]])[] = [
  ["no JSON", "{\n  realms: []\n}", "viaduct.json:2:3: Expected a name in double quotes, received realms"],
  [
    "a name twice",
    '{"realms": [],\n "realms": []}',
    'viaduct.json:2:2: "realms" stands there twice',
  ],
  [
    "several, in their order",
    '{\n  "transports": [\n    { "type": "websocket", "port": 80, "paths": "/" },\n    5\n  ],\n  "realms": [{ "uri": 5 }]\n}',
    "viaduct.json:3:40: transports[0].paths is unknown: did you mean path?",
    "viaduct.json:4:5: transports[1] must be an object with a type, received 5",
    "viaduct.json:6:23: realms[0].uri must be a URI such as realm1, received 5",
  ],
  [
    "a variable",
    '{ "transports": [{ "type": "rawsocket", "port": 0 }], "realms": [{ "uri": "a", "auth": [\n' +
    '  { "method": "ticket", "principals": { "joe": { "ticket": { "env": "NONE" }, "role": "x" } } }] }] }',
    "viaduct.json:2:60: realms[0].auth[0].principals.joe.ticket names the environment variable NONE, which is not set",
  ],
];

Deno.test("every problem of a configuration is a line with its place in the file", async (t) => {
  for (const [what, text, ...lines] of PLACED) {
    await t.step(what, () => assertEquals(problemsOf(text), lines));
  }
});

Deno.test("no message repeats a secret", () => {
  const methods = [
    { method: "ticket", principals: { joe: { ticket: ["hunter2"], role: "user" } } },
    { method: "wampcra", users: { joe: { secret: { value: "hunter2" }, role: "user" } }, decoyKey: 5 },
    { method: "scram", users: { joe: { ...SCRAM, serverKey: { env: "A", file: "hunter2" } } } },
  ];
  const tls = { cert: "hunter2", key: "hunter2" };
  const unfit = problemsOf(
    JSON.stringify(
      config({ realms: [{ uri: "a", auth: methods }], transports: [{ ...PORT, tls: { ...tls, key: ["hunter2"] } }] }),
    ),
  );
  const unusable = problemsOf(JSON.stringify(transport({ tls })));
  assertEquals([unfit.length, unusable.length], [5, 2]);
  assert(![...unfit, ...unusable].some((line) => line.includes("hunter2")), [...unfit, ...unusable].join("\n"));
});

Deno.test("secrets come from the file, from variables and from files, without the white space at their end", () => {
  const principals = {
    a: { ticket: " inline ", role: "user" },
    b: { ticket: { env: "TICKET" }, role: "user" },
    c: { ticket: { file: "ticket" }, role: "user" },
  };
  const tls = {
    cert: { file: "server.crt" },
    key: { file: "server.key" },
    clientCaCerts: [{ file: "ca.crt" }],
    requireClientCert: false,
  };
  const methods = [{ method: "ticket", principals }, { method: "tls", principals: { alice: { role: "user" } } }];
  const built = check(JSON.stringify({ realms: [{ uri: "a", auth: methods }], transports: [{ ...PORT, tls }] }));
  const [listening] = built.transports;
  assertEquals(listening?.options.tls, {
    cert: FIXTURE.server.cert.trimEnd(),
    key: FIXTURE.server.key.trimEnd(),
    clientCaCerts: [FIXTURE.caCert.trimEnd()],
    requireClientCert: false,
  });
  const { identity = "" } = built.realms.get("a") ?? {};
  for (const secret of [" inline ", "from a variable", "from a file"]) {
    assert(identity.includes(JSON.stringify(secret)), identity);
  }
});

Deno.test("a configuration with everything in it is right, and becomes the router's options", () => {
  const everything = {
    $schema: "./viaduct.schema.json",
    realms: [{
      uri: "realm1",
      auth: [
        { method: "anonymous", transports: ["in"] },
        { method: "anonymous", procedure: "com.example.guests", realm: "realm2", transports: ["out"] },
        { method: "ticket", procedure: "com.example.tickets" },
        {
          method: "wampcra",
          users: { joe: { secret: "s", salt: "t", iterations: 5, keylen: 16, role: "user" } },
          decoyKey: "d",
        },
        { method: "wamp-scram", users: { joe: { ...SCRAM, kdf: "argon2id13", memory: 64 } } },
        { method: "scram", users: { joe: SCRAM }, decoyKey: { env: "TICKET" } },
        { method: "cryptosign", principals: { joe: { keys: [KEY], role: "user" } } },
      ],
      roles: {
        anonymous: { permissions: [{ uri: "", match: "prefix", allow: { call: true }, disclose: { caller: true } }] },
        user: { authorizer: { procedure: "com.example.authorize", realm: "realm2" } },
      },
      authorizer: { procedure: "com.example.authorize" },
      limits: {
        ...{ maxSessions: 1, maxRegistrations: 2, maxSubscriptions: 3, maxOpenCalls: 4, maxSendBuffer: 5 },
        ...{ maxRetained: 6, maxMessageRate: 0.5, maxMessageSize: 7 },
      },
      slowConsumer: "drop",
      uriRules: "strict",
      requestIds: "strict",
      eventStores: [{ uri: "com.example.", match: "prefix", limit: 8, maxBytes: 9 }],
    }, { uri: "realm2", auth: [] }],
    transports: [
      {
        ...{ type: "websocket", name: "in", port: 443, hostname: "::", path: "/", origins: ["https://a.b", "null"] },
        ...{ serializers: ["cbor", "cbor.batched"], keepalive: { interval: 1, timeout: 2 }, handshakeTimeout: 3 },
        ...{ limits: { maxConnections: 4, maxMessage: 5000 }, compression: { level: 1, serverMaxWindowBits: 9 } },
      },
      { type: "rawsocket", name: "out", unix: "/run/a", keepalive: false },
      { type: "rawsocket", port: 0 },
    ],
    ...{ helloTimeout: 1, goodbyeTimeout: 2, authTimeout: 3, maxAuthFailures: 4, drainTimeout: 0 },
    logging: { level: "silent", format: "json" },
    metrics: { port: 1, hostname: "127.0.0.1", path: "/m" },
    console: { port: 2, hostname: "localhost" },
  };
  const { realms, transports, router } = check(JSON.stringify(everything));
  assertEquals(router, { helloTimeout: 1, goodbyeTimeout: 2, authTimeout: 3, maxAuthFailures: 4 });
  const options = realms.get("realm1")?.options;
  assertEquals(options?.auth?.map(({ method }) => method), [
    "anonymous",
    "ticket",
    "wampcra",
    "wamp-scram",
    "scram",
    "cryptosign",
  ]);
  const [{ roles: { anonymous }, limits, eventStores }] = everything.realms as [
    typeof everything.realms[0] & { roles: { anonymous: unknown } },
  ];
  assertEquals(options?.roles, { anonymous, user: { permissions: [] } } as unknown);
  assertEquals([options?.limits, options?.eventStores], [limits, eventStores]);
  assertEquals([options?.slowConsumer, options?.uriRules, options?.requestIds], ["drop", "strict", "strict"]);
  assertEquals(realms.get("realm2")?.options, { uri: "realm2", auth: [] });
  const { type: _type, name: _name, ...webSocket } = everything.transports[0]!;
  assertEquals(transports.map(({ options }): unknown => options), [
    webSocket,
    { rawsocket: { unix: "/run/a" }, keepalive: false },
    { rawsocket: { port: 0, hostname: "127.0.0.1" } },
  ]);
});
