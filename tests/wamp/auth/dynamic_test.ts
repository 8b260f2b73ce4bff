import {
  acceptDynamic,
  type AcceptDynamicOptions,
  type Authenticator,
  cryptosign,
  type DynamicPrincipal,
  scram,
  scramCredential,
  ticket,
  wampcra,
} from "../../../wamp/auth/mod.ts";
import { fromBase64, toHex } from "../../../wamp/auth/crypto.ts";
import { ApplicationError, type Dict, JoinError } from "../../../wamp/errors.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import type { RouterOptions } from "../../../wamp/router/router_api.ts";
import { json } from "../../../wamp/serializers/mod.ts";
import { openSession } from "../../../wamp/session.ts";
import type { InvocationHandler, Session } from "../../../wamp/session_api.ts";
import { localPair } from "../../../wamp/transports/local.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "../../std.ts";
import { fieldLogger } from "../field_logger.ts";

const PROCEDURE = "com.example.authenticate";
const PRIVATE_KEY = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";

/** A router whose realm asks a procedure, which a session of its own answers. */
class Asking implements AsyncDisposable {
  readonly router;

  constructor(options: AcceptDynamicOptions, router: RouterOptions = {}) {
    const auth = [acceptDynamic(options)];
    this.router = createRouter({ realms: [{ uri: "realm1", auth }, { uri: "users" }], ...router });
  }

  async answer(handler: InvocationHandler, realm = "realm1"): Promise<Session> {
    const session = await this.router.join(realm, { authid: "authenticator" });
    await session.register(PROCEDURE, handler);
    return session;
  }

  async join(authenticator: Authenticator): Promise<Session> {
    const [inside, outside] = localPair(json);
    this.router.attach(inside);
    return await openSession(outside, { realm: "realm1", auth: [authenticator] });
  }

  /** The reason for which a client is not let in. */
  async refusal(authenticator: Authenticator): Promise<string> {
    try {
      await using session = await this.join(authenticator);
      return `joined as ${session.authrole}`;
    } catch (error) {
      assert(error instanceof JoinError);
      return error.reason;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.router.shutdown({ timeout: 1_000 });
  }
}

const identity = (session: Session) => [
  session.authid,
  session.authrole,
  session.authmethod,
  session.authprovider,
  session.realm,
];

Deno.test("a procedure decides about tickets: its arguments and its result are Crossbar.io's", async () => {
  await using asking = new Asking({ method: "ticket", procedure: PROCEDURE });
  const seen: unknown[] = [];
  await asking.answer(({ args }) => {
    seen.push(args);
    const { ticket } = args[2] as Dict;
    if (ticket !== "right") throw new ApplicationError("com.example.invalid_ticket", ["No such ticket"]);
    return { role: "user", extra: { floor: 2 } };
  });
  const session = await asking.join(ticket({ authid: "joe", ticket: "right" }));
  assertEquals(identity(session), ["joe", "user", "ticket", "dynamic", "realm1"]);
  assertEquals(session.details.authextra, { floor: 2 });
  const transport = { type: "local", peer: "", secure: false, client_cert: null };
  const details = {
    session: session.id,
    authmethod: "ticket",
    authid: "joe",
    authextra: {},
    ticket: "right",
    transport,
  };
  assertEquals(seen, [["realm1", "joe", details]]);
  assertEquals(await asking.refusal(ticket({ authid: "joe", ticket: "wrong" })), "wamp.error.authentication_denied");
});

Deno.test("the router may call an authenticator that the realm's roles let nobody call", async () => {
  const router = createRouter({
    realms: [{
      uri: "realm1",
      auth: [acceptDynamic({ method: "ticket", procedure: PROCEDURE })],
      roles: { user: { permissions: [] } },
    }],
  });
  const backend = await router.join("realm1");
  await backend.register(PROCEDURE, () => "user");
  const [inside, outside] = localPair(json);
  router.attach(inside);
  const session = await openSession(outside, { realm: "realm1", auth: [ticket({ authid: "joe", ticket: "x" })] });
  await assertRejects(() => session.call(PROCEDURE), ApplicationError, "not_authorized");
  await router.shutdown({ timeout: 1_000 });
});

Deno.test("a role alone is enough; an authid and a realm of the authenticator's own replace those asked for", async () => {
  await using asking = new Asking({ method: "ticket", procedure: PROCEDURE, realm: "users" });
  await asking.answer(({ args: [, authid] }) => {
    return authid === "joe" ? "user" : { role: "admin", authid: "root", realm: "users" };
  }, "users");
  const joe = await asking.join(ticket({ authid: "joe", ticket: "" }));
  assertEquals(identity(joe), ["joe", "user", "ticket", "dynamic", "realm1"]);
  const root = await asking.join(ticket({ authid: "jim", ticket: "" }));
  assertEquals(identity(root), ["root", "admin", "ticket", "dynamic", "users"]);
});

Deno.test("wampcra: the secret, or the password and its salt, come from the authenticator", async () => {
  const salted = { role: "user", secret: "secret2", salt: "salt123", iterations: 100, keylen: 16 };
  const known: Record<string, DynamicPrincipal> = { peter: { role: "user", secret: "secret1" }, paul: salted };
  const authenticate = (_realm: string, authid = "") => known[authid];
  await using asking = new Asking({ method: "wampcra", authenticate });
  for (const [authid, secret] of [["peter", "secret1"], ["paul", "secret2"]] as const) {
    const session = await asking.join(wampcra({ authid, secret }));
    assertEquals(identity(session), [authid, "user", "wampcra", "dynamic", "realm1"]);
    assertEquals(await asking.refusal(wampcra({ authid, secret: "other" })), "wamp.error.authentication_denied");
  }
  assertEquals(await asking.refusal(wampcra({ authid: "mary", secret: "x" })), "wamp.error.authentication_denied");
});

Deno.test("wampcra: unknown ids are challenged with a salt, unless decoy says that nobody has one", async () => {
  for (
    const [decoy, keys] of [[undefined, ["challenge", "iterations", "keylen", "salt"]], [{}, ["challenge"]]] as const
  ) {
    const method = acceptDynamic({ method: "wampcra", authenticate: () => undefined, ...(decoy && { decoy }) });
    const { signal } = new AbortController();
    const decision = await method.begin({
      realm: "realm1",
      session: 1,
      authid: "mary",
      authrole: undefined,
      authextra: {},
      transport: { kind: "local", remoteAddress: "", localAddress: "", isTls: false },
      signal,
      call: () => Promise.reject(new Error("There is no router")),
    });
    assert(decision !== undefined && "challenge" in decision);
    assertEquals(Object.keys(decision.challenge).sort(), [...keys]);
  }
});

Deno.test("scram: credentials in Crossbar.io's hex and in our base64", async () => {
  const { kdf, iterations, memory, salt, storedKey, serverKey } = await scramCredential("pencil");
  const hex = (text: string) => toHex(fromBase64(text)!);
  const theirs = { salt: hex(salt), "stored-key": hex(storedKey), "server-key": hex(serverKey) };
  const known: Record<string, DynamicPrincipal> = {
    ours: { role: "user", kdf, iterations, salt, storedKey, serverKey },
    theirs: { role: "user", kdf, iterations, memory: memory ?? 0, ...theirs },
    broken: { role: "user", kdf, iterations, ...theirs, salt: "no hex" },
  };
  for (const [method, dialect] of [["wamp-scram", "specification"], ["scram", "autobahn"]] as const) {
    const authenticate = (_realm: string, authid = "") => known[authid];
    await using asking = new Asking({ method, authenticate });
    for (const authid of ["ours", "theirs"]) {
      const session = await asking.join(scram({ authid, password: "pencil", dialect }));
      assertEquals(identity(session), [authid, "user", method, "dynamic", "realm1"]);
    }
    for (const [authid, password] of [["ours", "pen"], ["nobody", "pencil"]] as const) {
      const reason = await asking.refusal(scram({ authid, password, dialect }));
      assertEquals(reason, "wamp.error.authentication_denied");
    }
    const broken = await asking.refusal(scram({ authid: "broken", password: "pencil", dialect }));
    assertEquals(broken, "wamp.error.authentication_failed");
  }
});

Deno.test("cryptosign: the authenticator finds the key's owner, or says which key it must be", async () => {
  const { pubkey } = await cryptosign({ privateKey: PRIVATE_KEY }).hello!();
  const other = "545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122";
  const known: Record<string, DynamicPrincipal> = {
    plain: "device",
    right: { role: "device", pubkey: `${pubkey}`.toUpperCase() },
    wrong: { role: "device", pubkey: other },
  };
  await using asking = new Asking({
    method: "cryptosign",
    authenticate: (_realm, authid, { authextra }) => {
      assertEquals(authextra.pubkey, pubkey);
      return authid === undefined ? { role: "device", authid: "found" } : known[authid];
    },
  });
  for (const authid of ["plain", "right"]) {
    const session = await asking.join(cryptosign({ authid, privateKey: PRIVATE_KEY }));
    assertEquals(identity(session), [authid, "device", "cryptosign", "dynamic", "realm1"]);
  }
  assertEquals((await asking.join(cryptosign({ privateKey: PRIVATE_KEY }))).authid, "found");
  for (const authid of ["wrong", "nobody"]) {
    const reason = await asking.refusal(cryptosign({ authid, privateKey: PRIVATE_KEY }));
    assertEquals(reason, "wamp.error.authentication_denied");
  }
});

Deno.test("anonymous: the authenticator gives the role, and no client its own id", async () => {
  await using asking = new Asking({ method: "anonymous", procedure: PROCEDURE });
  await asking.answer(({ args: [, authid] }) => authid === null ? "guest" : null);
  const session = await asking.join({ method: "anonymous" });
  assertEquals(session.authrole, "guest");
  assertMatch(`${session.authid}`, /^[0-9a-z]+$/);
  assertEquals(await asking.refusal({ method: "anonymous", authid: "x" }), "wamp.error.authentication_denied");
});

Deno.test("an authenticator that is not there, fails, or answers nonsense lets nobody in, and is logged", async () => {
  const joe = ticket({ authid: "joe", ticket: "my secret" });
  const answers: readonly (readonly [InvocationHandler | undefined, string])[] = [
    [undefined, "wamp.error.no_such_procedure"],
    [() => Promise.reject(new Error("my secret")), "wamp.error.runtime_error"],
    [() => 5, "TypeError"],
    [() => ({ authid: "joe" }), "TypeError"],
    [() => ({ role: "user", extra: "x" }), "TypeError"],
    [() => ({ role: 1 }), "TypeError"],
  ];
  for (const [handler, error] of answers) {
    const { logger, records } = fieldLogger();
    await using asking = new Asking({ method: "ticket", procedure: PROCEDURE }, { logger });
    if (handler !== undefined) await asking.answer(handler);
    assertEquals(await asking.refusal(joe), "wamp.error.authentication_failed");
    const failed = records.find(({ message }) => message === "Cannot authenticate");
    assertEquals([failed?.fields?.error, failed?.fields?.authmethod], [error, "ticket"]);
    // The authenticator's session tells of its own exceptions.
    const others = records.filter(({ message }) => message !== "Procedure failed");
    assert(!JSON.stringify(others).includes("secret"), JSON.stringify(others));
  }
});

Deno.test("an authenticator that does not answer within authTimeout is not waited for: its call is cancelled", async () => {
  await using asking = new Asking({ method: "ticket", procedure: PROCEDURE }, { authTimeout: 50 });
  const cancelled = Promise.withResolvers<void>();
  await asking.answer(({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        cancelled.resolve();
        reject(signal.reason);
      });
    })
  );
  const reason = await asking.refusal(ticket({ authid: "joe", ticket: "x" }));
  assertEquals(reason, "wamp.error.timeout");
  await cancelled.promise;
  assertEquals(asking.router.statistics("realm1").openCalls, 0);
});

Deno.test("what an authenticator leaves out, or writes wrongly, fails and is no refusal", async () => {
  const scramUser = {
    role: "user",
    kdf: "pbkdf2",
    iterations: 4096,
    salt: "AAAA",
    storedKey: "AAAA",
    serverKey: "AAAA",
  };
  const byMethod: readonly (readonly [Authenticator, AcceptDynamicOptions["method"], unknown])[] = [
    [wampcra({ authid: "joe", secret: "x" }), "wampcra", "user"],
    [wampcra({ authid: "joe", secret: "x" }), "wampcra", { role: "user", secret: "x", salt: 5 }],
    [wampcra({ authid: "joe", secret: "x" }), "wampcra", { role: "user", secret: "x", salt: "s", iterations: 1.5 }],
    [scram({ authid: "joe", password: "x" }), "wamp-scram", { ...scramUser, kdf: "md5" }],
    [scram({ authid: "joe", password: "x" }), "wamp-scram", { ...scramUser, iterations: undefined }],
    [scram({ authid: "joe", password: "x" }), "wamp-scram", { ...scramUser, storedKey: undefined }],
    [cryptosign({ authid: "joe", privateKey: PRIVATE_KEY }), "cryptosign", { role: "user", pubkey: "ff" }],
  ];
  for (const [authenticator, method, answer] of byMethod) {
    const authenticate = () => answer as DynamicPrincipal;
    await using asking = new Asking({ method, authenticate });
    assertEquals(await asking.refusal(authenticator), "wamp.error.authentication_failed", JSON.stringify(answer));
  }
});

Deno.test("errors that say that somebody is refused are told from those that say that something failed", async () => {
  const reasons = new Map([
    ["wamp.error.no_such_principal", "wamp.error.authentication_denied"],
    ["wamp.error.authentication_denied", "wamp.error.authentication_denied"],
    ["com.example.no_such_user", "wamp.error.authentication_denied"],
    ["wamp.error.no_available_callee", "wamp.error.authentication_failed"],
    ["wamp.error.timeout", "wamp.error.authentication_failed"],
  ]);
  for (const [uri, reason] of reasons) {
    const authenticate = () => {
      throw new ApplicationError(uri);
    };
    await using asking = new Asking({ method: "ticket", authenticate });
    assertEquals(await asking.refusal(ticket({ authid: "joe", ticket: "x" })), reason, uri);
  }
});

Deno.test("the router's own session comes back after its realm did", async () => {
  await using asking = new Asking({ method: "ticket", procedure: PROCEDURE, realm: "users" });
  const joe = ticket({ authid: "joe", ticket: "x" });
  for (const role of ["first", "second"]) {
    await asking.answer(() => role, "users");
    assertEquals(await asking.refusal(joe), `joined as ${role}`);
    await asking.router.removeRealm("users");
    assertEquals(await asking.refusal(joe), "wamp.error.authentication_failed");
    asking.router.addRealm({ uri: "users" });
  }
});

Deno.test("options of acceptDynamic are checked", () => {
  const authenticate = () => "user";
  const wrong = [{ method: "ticket" }, { method: "ticket", procedure: PROCEDURE, authenticate }, {
    method: "cookie",
    authenticate,
  }];
  for (const options of wrong) {
    assertThrows(() => acceptDynamic(options as AcceptDynamicOptions), TypeError, "acceptDynamic");
  }
});
