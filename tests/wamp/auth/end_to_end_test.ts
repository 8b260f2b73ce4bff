import {
  acceptAnonymous,
  acceptCertificate,
  acceptCryptosign,
  acceptDynamic,
  acceptScram,
  acceptTicket,
  acceptWampcra,
  anonymous,
  type Authenticator,
  type AuthMethod,
  certificate,
  cryptosign,
  deriveSecret,
  scram,
  scramCredential,
  ticket,
  wampcra,
} from "../../../wamp/auth/mod.ts";
import { fromHex } from "../../../wamp/auth/crypto.ts";
import { JoinError } from "../../../wamp/errors.ts";
import { join } from "../../../wamp/join.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import type { Router } from "../../../wamp/router/router_api.ts";
import { type RouterServer, serveRouter, type ServeRouterOptions } from "../../../wamp/router/server.ts";
import { assert, assertEquals, assertMatch } from "../../std.ts";
import { createTlsFixture } from "../../tls_fixture.ts";
import { fieldLogger } from "../field_logger.ts";
import { openSsh, privatePem, publicPem, sshLine } from "./key_forms.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 } as const;
const SERIALIZERS = { ws: "cbor", rs: "json", wss: "msgpack", rss: "cbor" } as const;
const DENIED = "Cannot join: wamp.error.authentication_denied: The client did not prove who it is";

/** A router that listens for both transports. */
class Listening implements AsyncDisposable {
  readonly router: Router;
  readonly server: RouterServer;

  private constructor(router: Router, server: RouterServer) {
    this.router = router;
    this.server = server;
  }

  static async start(auth: readonly AuthMethod[], options: ServeRouterOptions = {}): Promise<Listening> {
    const router = createRouter({ realms: [{ uri: "realm1", auth }] });
    return new Listening(router, await serveRouter(router, { ...LOCAL, rawsocket: { port: 0 }, ...options }));
  }

  get urls(): readonly string[] {
    return [this.server.url, this.server.rawsocketUrl];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown({ timeout: 1_000 });
    await this.router.shutdown({ timeout: 1_000 });
  }
}

/** Joins and leaves; what came of it. */
async function tryJoin(url: string, auth: readonly Authenticator[], tls?: Record<string, unknown>): Promise<string> {
  try {
    const serializer = SERIALIZERS[new URL(url).protocol.slice(0, -1) as keyof typeof SERIALIZERS];
    const options = { realm: "realm1", auth, serializers: [serializer], ...(tls && { tls }) };
    await using session = await join(url, options);
    assertEquals(await session.call("wamp.session.count"), 1);
    return [session.authid, session.authrole, session.authmethod, session.authprovider].join(" ");
  } catch (error) {
    assert(error instanceof JoinError, `${error}`);
    return error.message;
  }
}

const secret = await deriveSecret("secret2", "salt123", 100, 16);
const privateKey = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
const publicKey = `${(await cryptosign({ privateKey }).hello!()).pubkey}`;
const credential = { ...await scramCredential("pencil"), role: "user" };
const otherKey = "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd";

/** A method at both ends: a client that is let in, how it is called then, and clients that are not. */
const METHODS: Readonly<
  Record<string, {
    readonly accept: AuthMethod;
    readonly right: Authenticator;
    readonly identity: string;
    readonly wrong: readonly Authenticator[];
  }>
> = {
  ticket: {
    accept: acceptTicket({ principals: { joe: { ticket: "right", role: "user" } } }),
    right: ticket({ authid: "joe", ticket: () => Promise.resolve("right") }),
    identity: "joe user ticket static",
    wrong: [ticket({ authid: "joe", ticket: "wrong" }), ticket({ authid: "jim", ticket: "right" })],
  },
  wampcra: {
    accept: acceptWampcra({ users: { peter: { secret: "secret1", role: "user" } } }),
    right: wampcra({ authid: "peter", secret: "secret1" }),
    identity: "peter user wampcra static",
    wrong: [wampcra({ authid: "peter", secret: "secret2" }), wampcra({ authid: "paul", secret: "secret1" })],
  },
  "wampcra with a salt": {
    accept: acceptWampcra({
      users: { paul: { secret, role: "user", salt: "salt123", iterations: 100, keylen: 16, authprovider: "db" } },
    }),
    right: wampcra({ authid: "paul", secret: "secret2" }),
    identity: "paul user wampcra db",
    wrong: [wampcra({ authid: "paul", secret: "secret1" }), wampcra({ authid: "peter", secret: "secret2" })],
  },
  "wamp-scram": {
    accept: acceptScram({ users: { user: credential } }),
    right: scram({ authid: "user", password: "pencil" }),
    identity: "user user wamp-scram static",
    wrong: [scram({ authid: "user", password: "pen" }), scram({ authid: "nobody", password: "pencil" })],
  },
  "scram as Autobahn|Python writes it": {
    accept: acceptScram({ users: { user: credential }, dialect: "autobahn" }),
    right: scram({ authid: "user", password: "pencil", dialect: "autobahn" }),
    identity: "user user scram static",
    wrong: [scram({ authid: "user", password: "pen", dialect: "autobahn" })],
  },
  cryptosign: {
    accept: acceptCryptosign({ principals: { device: { keys: [publicKey], role: "device" } } }),
    right: cryptosign({ privateKey }),
    identity: "device device cryptosign static",
    wrong: [cryptosign({ privateKey: otherKey }), cryptosign({ privateKey, authid: "other" })],
  },
};

for (const [name, { accept, right, identity, wrong }] of Object.entries(METHODS)) {
  Deno.test(`${name}: right, wrong and unknown, by WebSocket and RawSocket`, async () => {
    await using listening = await Listening.start([accept]);
    for (const url of listening.urls) {
      assertEquals(await tryJoin(url, [right]), identity);
      for (const authenticator of wrong) assertEquals(await tryJoin(url, [authenticator]), DENIED);
      assertEquals(await tryJoin(url, [right]), identity);
    }
    assertEquals(listening.router.statistics("realm1").sessions, 0);
  });
}

Deno.test("cryptosign: each form of the private key opens what each form of the public key locks", async () => {
  const [seed, point] = [fromHex(privateKey, 32)!, fromHex(publicKey, 32)!];
  const publicForms = [publicKey.toUpperCase(), publicPem(point), sshLine(point)];
  const privateForms = [privateKey + publicKey, privatePem(seed), openSsh(seed, point)];
  for (const [index, key] of publicForms.entries()) {
    const owners = { device: { keys: [otherKey, key], role: "device" } };
    await using listening = await Listening.start([acceptCryptosign({ principals: owners })]);
    const form = cryptosign({ privateKey: privateForms[index]! });
    for (const url of listening.urls) assertEquals(await tryJoin(url, [form]), "device device cryptosign static");
  }
});

Deno.test("several methods are offered in the client's order, with what each needs in HELLO", async () => {
  const { ticket: tickets, cryptosign: keys, "wamp-scram": scrams } = METHODS;
  await using listening = await Listening.start([tickets!.accept, keys!.accept, scrams!.accept]);
  const offered = [cryptosign({ authid: "device", privateKey }), scram({ authid: "device", password: "x" })];
  for (const url of listening.urls) {
    assertEquals(await tryJoin(url, [{ method: "cookie" }, ...offered]), keys!.identity);
    assertEquals(await tryJoin(url, [...offered].reverse()), DENIED);
    assertMatch(
      await tryJoin(url, [anonymous()]),
      /no_matching_auth_method: The realm takes ticket, cryptosign, wamp-s/,
    );
  }
});

Deno.test("scram: a client that offers both dialects joins by the one that the realm has", async () => {
  const both = (["specification", "autobahn"] as const).map((dialect) =>
    scram({ authid: "user", password: "pencil", dialect })
  );
  for (const dialect of ["specification", "autobahn"] as const) {
    await using listening = await Listening.start([acceptScram({ users: { user: credential }, dialect })]);
    for (const url of listening.urls) assertMatch(await tryJoin(url, both), /^user user (?:wamp-)?scram static$/);
  }
});

Deno.test("anonymous clients get a role and an id of the router's, whatever id they ask for", async () => {
  await using listening = await Listening.start([acceptAnonymous({ authrole: "guest" })]);
  for (const url of listening.urls) {
    assertMatch(await tryJoin(url, [anonymous({ authid: "root" })]), /^[0-9a-z]+ guest anonymous static$/);
  }
});

Deno.test("scram: a client does not join a router that does not prove that it knows the user (RFC 5802 §3)", async () => {
  const honest = acceptScram({ users: { user: credential } });
  const verifiers: readonly (string | undefined)[] = ["v=AAAA", credential.serverKey, undefined];
  for (const verifier of verifiers) {
    const lying: AuthMethod = {
      method: "wamp-scram",
      begin: async (request) => {
        const decision = await honest.begin(request);
        assert(decision !== undefined && "challenge" in decision);
        const principal = {
          authid: "user",
          authrole: "user",
          ...(verifier !== undefined && { authextra: { verifier } }),
        };
        return { ...decision, verify: () => Promise.resolve(principal) };
      },
    };
    const { logger, records } = fieldLogger();
    const router = createRouter({ realms: [{ uri: "realm1", auth: [lying] }], logger });
    await using server = await serveRouter(router, { ...LOCAL, rawsocket: { port: 0 } });
    for (const url of [server.url, server.rawsocketUrl]) {
      assertEquals(
        await tryJoin(url, [scram({ authid: "user", password: "pencil" })]),
        "Cannot join: wamp.error.authentication_failed: Cannot join by wamp-scram: the router does not prove that it " +
          "knows the user",
      );
    }
    await router.shutdown({ timeout: 1_000 });
    assertEquals(records.filter(({ message }) => message === "Session left").length, 2);
  }
});

Deno.test("a router that challenges cheaply, or with a nonce of its own, gets no proof", async () => {
  const method = (challenge: Record<string, unknown>): AuthMethod => ({
    method: "wamp-scram",
    begin: ({ authextra }) => ({
      challenge: { kdf: "pbkdf2", salt: "AAAA", iterations: 4096, nonce: `${authextra.nonce}AAAA`, ...challenge },
      verify: () => Promise.resolve(undefined),
    }),
  });
  for (const challenge of [{ iterations: 1 }, { nonce: "AAAA" }, { kdf: "argon2id13" }]) {
    await using listening = await Listening.start([method(challenge)]);
    for (const url of listening.urls) {
      const message = await tryJoin(url, [scram({ authid: "user", password: "pencil" })]);
      assertMatch(message, /^Cannot join: wamp\.error\.authentication_failed: Cannot /);
    }
  }
});

Deno.test("channel binding is refused in words, by the router and by the client", async () => {
  await using listening = await Listening.start([METHODS.cryptosign!.accept, METHODS["wamp-scram"]!.accept]);
  const bound = (authenticator: Authenticator): Authenticator => ({
    ...authenticator,
    method: authenticator.method,
    hello: async () => ({ ...await authenticator.hello?.(), channel_binding: "tls-unique" }),
  });
  for (const url of listening.urls) {
    for (const authenticator of [cryptosign({ privateKey }), scram({ authid: "user", password: "pencil" })]) {
      const message = await tryJoin(url, [bound(authenticator)]);
      assertMatch(message, /authentication_denied: .* is not bound to a channel here: channel_binding must be null/);
    }
  }
  const binding: AuthMethod = {
    method: "cryptosign",
    begin: () => ({
      challenge: { challenge: "00".repeat(32), channel_binding: "tls-unique" },
      verify: () => Promise.resolve(undefined),
    }),
  };
  await using strict = await Listening.start([binding]);
  assertMatch(
    await tryJoin(strict.server.url, [cryptosign({ privateKey })]),
    /channel binding tls-unique is not supported/,
  );
});

Deno.test("a TLS client certificate is an identity, by wss and rss (WAMP, TLS Certificate Authentication)", async () => {
  const { server, client, caCert } = createTlsFixture();
  const tls = { ...server, clientCaCerts: [caCert] };
  const seen: string[] = [];
  const accept = acceptCertificate({
    principals: ({ commonName, fingerprint256 }) => {
      seen.push(commonName, fingerprint256);
      return { role: "sensor" };
    },
  });
  await using listening = await Listening.start([accept], { tls, rawsocket: { port: 0, tls } });
  const offer = [certificate()];
  for (const url of listening.urls) {
    const joined = await tryJoin(url, offer, { caCerts: [caCert], ...client });
    assertEquals(joined, `${seen[0]} sensor tls tls`);
  }
  const [name = "", fingerprint = ""] = seen;
  assertMatch(fingerprint, /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  const by = async (principals: Record<string, { role: string; authid?: string }>): Promise<string> => {
    await using other = await Listening.start([acceptCertificate({ principals })], {
      tls,
      rawsocket: { port: 0, tls },
    });
    const results = new Set<string>();
    for (const url of other.urls) results.add(await tryJoin(url, offer, { caCerts: [caCert], ...client }));
    assertEquals(results.size, 1);
    return [...results][0] ?? "";
  };
  assertEquals(
    await by({ [name]: { role: "named" }, [fingerprint]: { role: "admin", authid: "root" } }),
    "root admin tls tls",
  );
  assertEquals(await by({ [name]: { role: "named" } }), `${name} named tls tls`);
  assertEquals(await by({ other: { role: "named" } }), DENIED);
});

Deno.test("a dynamic authenticator is told of the certificate, and of the headers of a WebSocket", async () => {
  const { server, client, caCert } = createTlsFixture();
  const tls = { ...server, clientCaCerts: [caCert] };
  const seen: Record<string, unknown>[] = [];
  const accept = acceptDynamic({
    method: "tls",
    authenticate: (_realm, _authid, { transport }) => {
      seen.push(transport);
      return "sensor";
    },
  });
  await using listening = await Listening.start([accept], { tls, rawsocket: { port: 0, tls } });
  for (const url of listening.urls) {
    assertMatch(await tryJoin(url, [certificate()], { caCerts: [caCert], ...client }), / sensor tls dynamic$/);
  }
  const certificates = seen.map(({ client_cert }) => client_cert as { cn: string; sha256: string });
  assertEquals(certificates[0], certificates[1]);
  assertMatch(certificates[0]!.sha256, /^[0-9A-F:]{95}$/);
  assertEquals(seen.map(({ type, secure }) => [type, secure]), [["websocket", true], ["rawsocket", true]]);
  const [headers, none] = seen.map(({ http_headers_received }) => http_headers_received as Record<string, string>);
  assertEquals([headers?.["sec-websocket-version"], none], ["13", undefined]);
});

Deno.test("without a client certificate the method tls lets nobody in", async () => {
  await using listening = await Listening.start([acceptCertificate({ principals: () => ({ role: "any" }) })]);
  for (const url of listening.urls) assertEquals(await tryJoin(url, [certificate()]), DENIED);
});
