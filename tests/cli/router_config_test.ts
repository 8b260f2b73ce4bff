import { join as joinPath } from "node:path";
import process from "node:process";
import { join, type JoinOptions, type Session } from "@viaduct/viaduct/wamp";
import { cryptosign, deriveSecret, scram, scramCredential, ticket, wampcra } from "@viaduct/viaduct/wamp/auth";
import { assert, assertEquals, assertMatch, assertRejects } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { Process } from "../support/processes.ts";
import { createTlsFixture } from "../tls_fixture.ts";
import { runMain, Running } from "./running.ts";
import { POSIX } from "../support/systems.ts";

type Json = Readonly<Record<string, unknown>>;

const EVERYTHING = { call: true, register: true, publish: true, subscribe: true };
const ALL = [{ uri: "", match: "prefix", allow: EVERYTHING }];

/** A router by a configuration in a folder of its own. */
class Configured {
  readonly folder: string;
  readonly file: string;
  readonly #sessions: Session[] = [];
  #running: Running | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.file = joinPath(folder, "viaduct.json");
  }

  get running(): Running {
    assert(this.#running !== undefined);
    return this.#running;
  }

  write(config: unknown): void {
    Deno.writeTextFileSync(this.file, typeof config === "string" ? config : JSON.stringify(config));
  }

  async start(config: Json): Promise<void> {
    this.write(config);
    this.#running = new Running(["router", "--config", this.file]);
    await this.#running.line(this.#running.printed, /^Realms: /);
  }

  /** The URL of the first transport of a scheme that is listened on now. */
  async url(scheme: string, at = 0): Promise<string> {
    const { running } = this;
    await running.line(running.printed, new RegExp(`^Listening on ${scheme}:`));
    const urls = running.printed.flatMap((line) => new RegExp(`^Listening on (${scheme}:\\S+)$`).exec(line)?.[1] ?? []);
    return urls.at(at) ?? "";
  }

  /** Joins; the session is left at the end. */
  async join(url: string, options: Partial<JoinOptions> = {}): Promise<Session> {
    const session = await join(url, { realm: "realm1", ...options });
    this.#sessions.push(session);
    return session;
  }

  /** Writes another configuration, has it read, and gives what the log says about that. */
  async reload(config: unknown, expected: RegExp = /Configuration reloaded/): Promise<readonly string[]> {
    this.write(config);
    const before = this.running.reported.length;
    process.emit("SIGHUP", "SIGHUP");
    const since = (): string[] => this.running.reported.slice(before);
    while (!since().some((line) => expected.test(line))) await this.running.change();
    return since();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sessions.filter(({ state }) => state === "open").map((session) => session.leave()));
    if (this.#running !== undefined) {
      assertEquals([await this.#running.stop(), this.#running.reported.at(-1)?.replace(/^(?!viaduct: ).*/s, "")], [
        0,
        "",
      ]);
    }
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function withConfigured(use: (router: Configured) => Promise<void>): Promise<void> {
  const router = new Configured(await Deno.makeTempDir());
  try {
    await use(router);
  } finally {
    await router.stop();
  }
}

function realm1(members: Json = {}): Json {
  return { uri: "realm1", ...members };
}

function config(realms: readonly Json[], members: Json = {}): Json {
  return { realms, transports: [{ type: "websocket", port: 0 }], ...members };
}

Deno.test("router --check-config says that a file is right, or every problem of it, and does nothing else", async () => {
  await withConfigured(async ({ file, write }) => {
    Deno.writeTextFileSync(file, JSON.stringify(config([realm1()])));
    assertEquals(await runMain(["router", "--config", file, "--check-config"]), {
      ...{ code: 0, printed: [`${file} is right: 1 realms, 1 transports`], reported: [] },
    });
    Deno.writeTextFileSync(file, '{ "realms": [], "transports": [5] }');
    const wrong = await runMain(["router", "--config", file, "--check-config"]);
    assertEquals([wrong.code, wrong.printed], [2, []]);
    assertEquals(wrong.reported, [
      `viaduct: ${file}:1:13: realms must be a list that is not empty, received an empty list\n` +
      `${file}:1:32: transports[0] must be an object with a type, received 5`,
    ]);
    assertEquals((await runMain(["router", "--config", file])).reported, wrong.reported);
    void write;
  });
  const missing = await runMain(["router", "--config", "/none/viaduct.json"]);
  assertEquals(missing.code, 2);
  assertMatch(missing.reported[0]!, /^viaduct: \/none\/viaduct\.json: cannot be read: No such file/);
});

Deno.test("router refuses options beside --config that the file says", async () => {
  const { code, reported } = await runMain([
    "router",
    "--config",
    "a.json",
    "--port",
    "80",
    "--realm",
    "a",
    "--verbose",
  ]);
  assertEquals([code, reported], [
    2,
    ["viaduct: Option --config cannot be used with --port, --realm, --verbose: the file says it all"],
  ]);
  const alone = await runMain(["router", "--check-config"]);
  assertEquals([alone.code, alone.reported], [2, ["viaduct: Option --check-config needs --config FILE"]]);
});

async function makeKeys(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
  const { d = "", x = "" } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const hex = (text: string): string => Uint8Array.fromBase64(text, { alphabet: "base64url" }).toHex();
  return { privateKey: hex(d), publicKey: hex(x) };
}

Deno.test("every method of authentication works as it is configured, with secrets from everywhere", async (t) => {
  await withConfigured(async (router) => {
    const { server, client, caCert } = createTlsFixture();
    const keys = await makeKeys();
    const credential = await scramCredential("pencil", { iterations: 4096 });
    const files = { "server.crt": server.cert, "server.key": server.key, "ca.crt": caCert, "ticket": "open sesame\n" };
    for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(joinPath(router.folder, name), text);
    Deno.env.set("VIADUCT_TEST_SECRET", "secret2");
    const users = { carol: { ...credential, role: "carols" } };
    const tls = {
      ...{ cert: { file: "server.crt" }, key: { file: "server.key" }, clientCaCerts: [{ file: "ca.crt" }] },
      requireClientCert: false,
    };
    await router.start(config([realm1({
      auth: [
        { method: "anonymous", role: "guests" },
        { method: "ticket", principals: { joe: { ticket: { file: "ticket" }, role: "joes" } } },
        {
          method: "wampcra",
          users: {
            peter: { secret: { env: "VIADUCT_TEST_SECRET" }, role: "peters" },
            paul: {
              secret: await deriveSecret("p", "s", 10, 16),
              salt: "s",
              iterations: 10,
              keylen: 16,
              role: "pauls",
            },
          },
        },
        { method: "wamp-scram", users },
        { method: "scram", users },
        { method: "cryptosign", principals: { dora: { keys: [keys.publicKey], role: "doras" } } },
        { method: "tls", principals: { alice: { role: "alices" } } },
      ],
    })], { transports: [{ type: "websocket", port: 0, tls }, { type: "rawsocket", port: 0 }] }));
    Deno.env.delete("VIADUCT_TEST_SECRET");
    const [secure, plain] = [await router.url("wss"), await router.url("rs")];
    const good: readonly (readonly [role: string, string, Partial<JoinOptions>])[] = [
      ["guests", plain, {}],
      ["joes", plain, { auth: [ticket({ authid: "joe", ticket: "open sesame" })] }],
      ["peters", plain, { auth: [wampcra({ authid: "peter", secret: "secret2" })] }],
      ["pauls", plain, { auth: [wampcra({ authid: "paul", secret: "p" })] }],
      ["carols", plain, { auth: [scram({ authid: "carol", password: "pencil" })] }],
      ["carols", plain, { auth: [scram({ authid: "carol", password: "pencil", dialect: "autobahn" })] }],
      ["doras", plain, { auth: [cryptosign({ authid: "dora", privateKey: keys.privateKey })] }],
      ["alices", secure, { tls: { caCerts: [caCert], ...client }, auth: [{ method: "tls" }] }],
    ];
    for (const [role, url, options] of good) {
      await t.step(`${role} at ${url.replace(/:.*/, "")}`, async () => {
        const session = await router.join(url, options);
        assertEquals(session.authrole, role);
        await session.leave();
      });
    }
    await t.step("a wrong secret", async () => {
      const auth = [ticket({ authid: "joe", ticket: "open barley" })];
      await assertRejects(() => router.join(plain, { auth }), Error, "wamp.error.authentication_denied");
      await assertRejects(() => router.join(secure, { tls: { caCerts: [caCert] }, auth: [{ method: "tls" }] }));
    });
  });
});

Deno.test("procedures decide who may join and what is allowed, as the configuration says", POSIX, async () => {
  await withConfigured(async (router) => {
    const auth = [
      { method: "anonymous", role: "backend", transports: ["inside"] },
      { method: "ticket", procedure: "com.example.authenticate", realm: "internal", transports: ["outside"] },
    ];
    await router.start(config([
      realm1({
        auth,
        roles: {
          backend: { permissions: ALL },
          user: { authorizer: { procedure: "com.example.authorize", realm: "internal" } },
          auditor: { permissions: [{ uri: "com.b", allow: { call: true } }] },
        },
        authorizer: { procedure: "com.example.authorize_others", realm: "internal" },
      }),
      { uri: "internal", auth: [{ method: "anonymous", transports: ["inside"] }] },
      {
        uri: "realm2",
        roles: {
          anonymous: { permissions: [] },
          user: { authorizer: { procedure: "com.example.authorize", realm: "internal" } },
        },
      },
    ], {
      transports: [
        { type: "websocket", name: "outside", port: 0 },
        { type: "rawsocket", name: "inside", unix: joinPath(router.folder, "inside.sock") },
      ],
    }));
    const [outside, inside] = [await router.url("ws"), await router.url("unix")];
    const deciding = await router.join(inside, { realm: "internal" });
    const asked: unknown[] = [];
    await deciding.register("com.example.authenticate", ({ args: [realm, authid, details] }) => {
      const { ticket } = Object(details);
      asked.push([realm, authid, ticket]);
      return ticket === "right" ? { role: String(authid) } : undefined;
    });
    await deciding.register("com.example.authorize", ({ args: [session, uri, action] }) => {
      asked.push([Object(session).authrole, uri, action]);
      return uri === "com.a";
    });
    await deciding.register("com.example.authorize_others", () => ({ allow: false }));
    const backend = await router.join(inside);
    for (const uri of ["com.a", "com.b"]) await backend.register(uri, () => uri);
    const login = (authid: string, secret = "right"): Promise<Session> =>
      router.join(outside, { auth: [ticket({ authid, ticket: secret })] });
    const user = await login("user");
    assertEquals(await user.call("com.a"), "com.a");
    await assertRejects(() => user.call("com.b"), Error, "wamp.error.not_authorized");
    const auditor = await login("auditor");
    assertEquals(await auditor.call("com.b"), "com.b");
    await assertRejects(() => auditor.call("com.a"), Error, "wamp.error.not_authorized");
    await assertRejects(() => login("user", "wrong"), Error, "wamp.error.authentication_denied");
    await assertRejects(() => login("stranger"), Error);
    const unheard = await router.join(outside, { realm: "realm2" });
    await assertRejects(() => unheard.call("com.a"), Error, "wamp.error.not_authorized");
    assertEquals(asked.slice(0, 3), [
      ["realm1", "user", "right"],
      ["user", "com.a", "call"],
      ["user", "com.b", "call"],
    ]);
  });
});

Deno.test("a method of authentication that names transports is not there on others", POSIX, async () => {
  await withConfigured(async (router) => {
    await router.start(config([realm1({
      auth: [
        { method: "anonymous", role: "insider", transports: ["inside"] },
        { method: "anonymous", role: "guest", transports: ["lobby"] },
        { method: "ticket", principals: { joe: { ticket: "x", role: "joe" } } },
      ],
    })], {
      transports: [
        { type: "websocket", port: 0 },
        { type: "rawsocket", name: "inside", unix: joinPath(router.folder, "inside.sock") },
        { type: "rawsocket", name: "lobby", port: 0 },
      ],
    }));
    const [outside, inside, lobby] = [await router.url("ws"), await router.url("unix"), await router.url("rs")];
    assertEquals((await router.join(inside)).authrole, "insider");
    assertEquals((await router.join(lobby)).authrole, "guest");
    await assertRejects(() => router.join(outside), Error, "wamp.error.no_matching_auth_method");
    const auth = [ticket({ authid: "joe", ticket: "x" })];
    for (const url of [outside, inside, lobby]) assertEquals((await router.join(url, { auth })).authrole, "joe");
  });
});

Deno.test("a realm for nobody lets nobody in", async () => {
  await withConfigured(async (router) => {
    await router.start(config([realm1({ auth: [] })]));
    await assertRejects(async () => await router.join(await router.url("ws")), Error, "wamp.error.");
  });
});

Deno.test("SIGHUP changes permissions, methods and limits of a realm, and its sessions stay", POSIX, async () => {
  await withConfigured(async (router) => {
    const principals = { joe: { ticket: "x", role: "backend" } };
    const make = (allow: Json, members: Json = {}): Json =>
      config([realm1({
        auth: [{ method: "anonymous" }, { method: "ticket", principals }],
        roles: { anonymous: { permissions: [{ uri: "com.a", allow }] }, backend: { permissions: ALL } },
        ...members,
      })]);
    await router.start(make({}));
    const url = await router.url("ws");
    const auth = [ticket({ authid: "joe", ticket: "x" })];
    const [backend, frontend] = [await router.join(url, { auth }), await router.join(url)];
    await backend.register("com.a", () => "a");
    await assertRejects(() => frontend.call("com.a"), Error, "wamp.error.not_authorized");

    const lines = await router.reload(make({ call: true }));
    assertMatch(lines.at(-1)!, /info Configuration reloaded .*realmsChanged=\["realm1"\]/);
    assertEquals(await frontend.call("com.a"), "a");

    await router.reload(make({ call: true }, { limits: { maxSessions: 2 } }));
    await assertRejects(() => router.join(url), Error, "wamp.error.unavailable");

    const other = { joe: { ticket: "y", role: "backend" } };
    await router.reload(make({ call: true }, { auth: [{ method: "ticket", principals: other }] }));
    assertEquals(await frontend.call("com.a"), "a");
    await assertRejects(() => router.join(url), Error, "wamp.error.no_matching_auth_method");
    await assertRejects(() => router.join(url, { auth }), Error, "wamp.error.authentication_denied");
    assertEquals((await router.join(url, { auth: [ticket({ authid: "joe", ticket: "y" })] })).authrole, "backend");

    const unchanged = await router.reload(make({ call: true }, { auth: [{ method: "ticket", principals: other }] }));
    assertMatch(unchanged.at(-1)!, /realmsChanged=\[\]/);
  });
});

Deno.test("SIGHUP begins and ends to keep events", POSIX, async () => {
  await withConfigured(async (router) => {
    const make = (eventStores: readonly Json[]): Json => config([realm1({ eventStores })]);
    await router.start(make([]));
    const session = await router.join(await router.url("ws"));
    const subscription = await session.subscribe("com.news", () => {});
    const history = async (): Promise<unknown[]> => {
      const events = await session.call<{ args: unknown[] }[]>("wamp.subscription.get_events", [subscription.id]);
      return events.map(({ args: [first] }) => first);
    };
    const publish = (value: number): Promise<unknown> => session.publish("com.news", [value], { acknowledge: true });
    await publish(1);
    await assertRejects(history);
    await router.reload(make([{ uri: "com.news", limit: 3 }]));
    for (const value of [2, 3, 4]) await publish(value);
    assertEquals((await history()).sort(), [2, 3, 4]);
    await router.reload(make([{ uri: "com.news", limit: 2 }]));
    assertEquals((await history()).sort(), [3, 4]);
    await router.reload(make([{ uri: "com.", match: "prefix", limit: 2 }]));
    assertEquals(await history(), []);
    await router.reload(make([]));
    await assertRejects(history);
    await session.publish("com.news", [5], { acknowledge: true });
  });
});

Deno.test("SIGHUP adds and removes realms and transports, and says what needs a restart", POSIX, async () => {
  await withConfigured(async (router) => {
    const socket = joinPath(router.folder, "a.sock");
    const first = { type: "websocket", port: 0 };
    await router.start(config([realm1(), { uri: "realm2" }], { transports: [first] }));
    const url = await router.url("ws");
    const [stays, leaves] = [await router.join(url), await router.join(url, { realm: "realm2" })];

    const added = await router.reload(
      config([realm1({ uriRules: "strict" }), { uri: "realm3" }], {
        transports: [{ ...first, path: "/other" }, { type: "rawsocket", name: "unix", unix: socket }],
        helloTimeout: 5000,
        logging: { format: "json" },
      }),
      /realm1/,
    );
    assertEquals((await leaves.closed).reason, "wamp.close.close_realm");
    const records = added.map((line) => JSON.parse(line)).filter(({ message }) => /^Conf|^A change/.test(message));
    assertEquals(
      records.map(({ level, fields }) => ({ level, ...fields })),
      [
        {
          level: "info",
          ...{ realmsAdded: ["realm3"], realmsChanged: [], realmsRemoved: ["realm2"] },
          ...{ transportsAdded: [`rawsocket ${socket}`], transportsRemoved: [] },
        },
        { level: "warn", what: "helloTimeout" },
        { level: "warn", what: "uriRules, requestIds or limits.maxRetained of realm realm1" },
        { level: "warn", what: "transports[0] (websocket 127.0.0.1:0)" },
      ].toSorted((a, b) => a.level.localeCompare(b.level)),
    );
    const through = await router.join(await router.url("unix"), { realm: "realm3" });
    assertEquals(through.realm, "realm3");

    const removed = await router.reload(config([realm1(), { uri: "realm3" }], { transports: [first] }));
    assertEquals((await through.closed).reason, "wamp.close.system_shutdown");
    assertMatch(removed.at(-1)!, /transportsRemoved=\["rawsocket /);
    await assertRejects(() => router.join(`unix:${socket}`));
    assertEquals(stays.state, "open");
    assertEquals((await router.join(url)).realm, "realm1");
  });
});

Deno.test("SIGHUP with a file that is wrong changes nothing, and says why", POSIX, async () => {
  await withConfigured(async (router) => {
    await router.start(config([realm1()]));
    const url = await router.url("ws");
    const session = await router.join(url);
    const failed = /Cannot reload the configuration/;
    const [line] = await router.reload("{", failed);
    assertMatch(
      line!,
      /error Cannot reload the configuration: the old one stays problems=\[".*viaduct\.json:1:2: Expected a name/,
    );
    await router.reload(config([{ uri: "realm 2" }]), failed);
    await Deno.remove(router.file);
    process.emit("SIGHUP", "SIGHUP");
    await router.running.line(router.running.reported, /cannot be read/);
    assertEquals([session.state, (await router.join(url)).realm], ["open", "realm1"]);
  });
});

Deno.test("a transport that cannot be opened at SIGHUP is told, and the rest is done", POSIX, async () => {
  await withConfigured(async (router) => {
    await router.start(config([realm1()]));
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const transports = [{ type: "websocket", port: 0 }, { type: "rawsocket", port: taken.addr.port }];
    const lines = await router.reload(config([realm1(), { uri: "realm2" }], { transports }));
    taken.close();
    assert(lines.some((line) => /error Cannot listen transport="rawsocket /.test(line)), lines.join("\n"));
    assertMatch(lines.at(-1)!, /realmsAdded=\["realm2"\].*transportsAdded=\[\]/);
  });
});

Deno.test("the log has the level and the format of the configuration", POSIX, async () => {
  await withConfigured(async (router) => {
    await router.start(config([realm1()], { logging: { level: "debug", format: "json" } }));
    await (await router.join(await router.url("ws"))).leave();
    const line = await router.running.line(router.running.reported, /"message":"Session joined"/);
    const { time, level, message, fields } = JSON.parse(line.input);
    assertEquals([level, message, fields.realm], ["debug", "Session joined", "realm1"]);
    assert(Date.parse(time) > Date.parse("2026-01-01"));
    await router.reload(config([realm1()], { logging: { level: "info" } }));
    const before = router.running.reported.length;
    await (await router.join(await router.url("ws"))).leave();
    assertEquals(router.running.reported.slice(before), []);
  });
});

Deno.test("a socket that a killed router left is removed", POSIX, async () => {
  await withConfigured(async (router) => {
    const unix = joinPath(router.folder, "a.sock");
    const script = `Deno.listen({ transport: "unix", path: ${JSON.stringify(unix)} }); Deno.kill(Deno.pid, "SIGKILL");`;
    await new Deno.Command(Deno.execPath(), { args: ["eval", "--no-config", script] }).output();
    assert((await Deno.lstat(unix)).isSocket);
    await router.start(config([realm1()], { transports: [{ type: "websocket", unix }] }));
    await router.running.line(router.running.reported, /warn Removed the socket of a router that was killed/);
    assertEquals((await router.join(await router.url("ws\\+unix"))).realm, "realm1");
  });
});

Deno.test("a router of its own process reads its configuration again when it gets SIGHUP", POSIX, async () => {
  await withConfigured(async (router) => {
    router.write(config([realm1()]));
    const args = ["run", "-A", "--no-check", joinPath(ROOT, "cli", "main.ts"), "router", "--config", router.file];
    const child = new Process("router", [Deno.execPath(), ...args]);
    try {
      const [, url = ""] = await child.line(/^Listening on (ws:\S+)$/, 20_000);
      await child.line(/^Realms: realm1$/, 20_000);
      const session = await router.join(url);
      router.write(config([realm1(), { uri: "realm2" }]));
      Deno.kill(child.pid, "SIGHUP");
      await child.line(/Configuration reloaded realmsAdded=\["realm2"\]/, 20_000);
      assertEquals((await router.join(url, { realm: "realm2" })).realm, "realm2");
      assertEquals(session.state, "open");
    } finally {
      await child.stop();
    }
    assertEquals((await child.status).code, 0);
  });
});
