import type { AuthDialog, AuthMethod, JoinRequest, Principal } from "../../../wamp/auth/accept.ts";
import {
  acceptAnonymous,
  acceptCertificate,
  acceptCryptosign,
  acceptScram,
  acceptTicket,
  acceptWampcra,
} from "../../../wamp/auth/mod.ts";
import type { Authenticator } from "../../../wamp/auth/authenticator.ts";
import { cryptosign } from "../../../wamp/auth/cryptosign.ts";
import { scram, scramCredential } from "../../../wamp/auth/scram.ts";
import { ticket } from "../../../wamp/auth/ticket.ts";
import { deriveSecret, wampcra } from "../../../wamp/auth/wampcra.ts";
import type { Dict } from "../../../wamp/errors.ts";
import type { TransportInfo } from "../../../wamp/transports/transport.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "../../std.ts";
import { countSteps } from "./steps.ts";

const TRANSPORT: TransportInfo = { kind: "websocket", remoteAddress: "", localAddress: "", isTls: false };

function request(authid: string | undefined, change: Partial<JoinRequest> = {}): JoinRequest {
  const { signal } = new AbortController();
  const call = () => Promise.reject(new Error("There is no router"));
  const known = { realm: "realm1", session: 7, authid, authrole: undefined, authextra: {}, transport: TRANSPORT };
  return { ...known, signal, call, ...change };
}

function dialogOf(decision: Awaited<ReturnType<AuthMethod["begin"]>>): AuthDialog {
  assert(decision !== undefined && "challenge" in decision, "Expected a challenge");
  return decision;
}

/** Asserts that a method refuses a HELLO with this `authextra`, and says why. */
async function assertRefused(method: AuthMethod, authextra: Dict, why: RegExp): Promise<void> {
  const decision = await method.begin(request("user", { authextra }));
  assert(decision !== undefined && "refusal" in decision);
  assertMatch(decision.refusal, why);
}

/** Lets a client and a router's method talk, as HELLO, CHALLENGE, AUTHENTICATE and WELCOME carry it. */
async function authenticate(client: Authenticator, method: AuthMethod): Promise<Principal | undefined> {
  const authextra = await client.hello?.() ?? {};
  const decision = await method.begin(request(client.authid, { authextra }));
  if (decision === undefined || "refusal" in decision) return undefined;
  if ("principal" in decision) return decision.principal;
  const answer = await client.answer!({ method: method.method, extra: decision.challenge });
  const principal = await decision.verify(answer.signature, answer.extra ?? {});
  if (principal !== undefined) await client.verifyWelcome?.({ authextra: principal.authextra ?? {} });
  return principal;
}

Deno.test("acceptAnonymous lets anybody in, under a name of its own and the role that was set", async () => {
  const one = await authenticate({ method: "anonymous", authid: "admin" }, acceptAnonymous());
  assertEquals(one?.authrole, "anonymous");
  assert(one?.authid !== "admin");
  const guest = await authenticate({ method: "anonymous" }, acceptAnonymous({ authrole: "guest" }));
  assertEquals(guest?.authrole, "guest");
});

Deno.test("acceptTicket lets in by the ticket, from a record, a function, or a judge", async () => {
  const records = acceptTicket({ principals: { joe: { ticket: "right", role: "user" } } });
  const joe = (text: string) => ticket({ authid: "joe", ticket: text });
  assertEquals(await authenticate(joe("right"), records), { authid: "joe", authrole: "user" });
  assertEquals(await authenticate(joe("wrong"), records), undefined);
  assertEquals(await authenticate(ticket({ authid: "jim", ticket: "right" }), records), undefined);
  for (const authid of ["__proto__", "constructor", "toString"]) {
    assertEquals(await authenticate(ticket({ authid, ticket: "undefined" }), records), undefined);
  }
  const looked = acceptTicket({ principals: (authid) => Promise.resolve({ ticket: `${authid}!`, role: "user" }) });
  assertEquals(await authenticate(joe("joe!"), looked), { authid: "joe", authrole: "user" });
  const judged = acceptTicket({
    verify: (_authid, text) => text === "token" ? { authid: "sub", authrole: "api", authprovider: "jwt" } : undefined,
  });
  assertEquals((await authenticate(joe("token"), judged))?.authid, "sub");
  assertEquals(await authenticate(joe("other"), judged), undefined);
});

Deno.test("acceptWampcra lets in by the secret, plain and salted", async () => {
  const secret = await deriveSecret("secret2", "salt123", 50, 16);
  const method = acceptWampcra({
    users: {
      peter: { secret: "secret1", role: "user" },
      paul: { secret, role: "user", salt: "salt123", iterations: 50, keylen: 16 },
    },
  });
  assertEquals(await authenticate(wampcra({ authid: "peter", secret: "secret1" }), method), {
    authid: "peter",
    authrole: "user",
  });
  assertEquals((await authenticate(wampcra({ authid: "paul", secret: "secret2" }), method))?.authid, "paul");
  for (const [authid, wrong] of [["peter", "secret2"], ["paul", "secret1"], ["mary", "secret1"]] as const) {
    assertEquals(await authenticate(wampcra({ authid, secret: wrong }), method), undefined);
  }
});

Deno.test("acceptWampcra challenges with everything that the specification asks for, never twice the same", async () => {
  const method = acceptWampcra({ users: { peter: { secret: "secret1", role: "user" } } });
  const first = dialogOf(await method.begin(request("peter"))).challenge;
  const second = dialogOf(await method.begin(request("peter"))).challenge;
  const { nonce, timestamp, ...rest } = JSON.parse(`${first.challenge}`);
  assertEquals(rest, {
    authid: "peter",
    authrole: "user",
    authmethod: "wampcra",
    authprovider: "static",
    session: 7,
  });
  assert(!Number.isNaN(Date.parse(timestamp)));
  assert(nonce !== JSON.parse(`${second.challenge}`).nonce);
});

Deno.test("a response to one challenge does not answer another: replays are refused", async () => {
  const method = acceptWampcra({ users: { peter: { secret: "secret1", role: "user" } } });
  const client = wampcra({ authid: "peter", secret: "secret1" });
  const first = dialogOf(await method.begin(request("peter")));
  const { signature } = await client.answer!({ method: "wampcra", extra: first.challenge });
  const second = dialogOf(await method.begin(request("peter")));
  assertEquals(await second.verify(signature, {}), undefined);
  assertEquals(await first.verify(signature.slice(0, -1), {}), undefined);
  assertEquals((await first.verify(signature, {}))?.authid, "peter");
});

const SCRAM_USER = { ...await scramCredential("pencil"), role: "user" };

Deno.test("acceptScram lets in by the password and proves itself (WAMP, Salted Challenge Response Authentication)", async () => {
  const method = acceptScram({ users: { user: SCRAM_USER } });
  const principal = await authenticate(scram({ authid: "user", password: "pencil" }), method);
  assertEquals([principal?.authid, principal?.authrole], ["user", "user"]);
  assertEquals(await authenticate(scram({ authid: "user", password: "pen" }), method), undefined);
  assertEquals(await authenticate(scram({ authid: "nobody", password: "pencil" }), method), undefined);
});

Deno.test("acceptScram speaks Autobahn's dialect, which has another name for the method and signs the nonce only", async () => {
  const argon2id13 = () => new Uint8Array(32).fill(7);
  const cost = { kdf: "argon2id13", iterations: 2, memory: 64, dialect: "autobahn", argon2id13 } as const;
  const method = acceptScram({
    users: { user: { ...await scramCredential("pencil", cost), role: "user" } },
    dialect: "autobahn",
  });
  const client = scram({ authid: "user", password: "pencil", dialect: "autobahn", argon2id13 });
  assertEquals([method.method, client.method], ["scram", "scram"]);
  assertEquals((await authenticate(client, method))?.authid, "user");
  const dialog = dialogOf(await method.begin(request("user", { authextra: await client.hello!() })));
  assertEquals(dialog.challenge.kdf, "argon2id-13");
  const { signature } = await client.answer!({ method: "scram", extra: dialog.challenge });
  assertEquals(await dialog.verify(signature, { nonce: "AAAA" }), undefined);
  assertEquals((await dialog.verify(signature, {}))?.authid, "user");
  // The specification's client understands neither the name of the function nor what is signed.
  const other = scram({ authid: "user", password: "pencil", argon2id13 });
  const { challenge } = dialogOf(await method.begin(request("user", { authextra: await other.hello!() })));
  await assertRejects(async () => await other.answer!({ method: "scram", extra: challenge }), TypeError, "argon2id-13");
});

Deno.test("acceptScram refuses a foreign nonce, a truncated proof, and channel binding", async () => {
  const method = acceptScram({ users: { user: SCRAM_USER } });
  const client = scram({ authid: "user", password: "pencil" });
  const authextra = await client.hello!();
  const dialog = dialogOf(await method.begin(request("user", { authextra })));
  const { signature, extra } = await client.answer!({ method: "wamp-scram", extra: dialog.challenge });
  assertEquals(await dialog.verify(signature, { ...extra, nonce: "AAAA" }), undefined);
  assertEquals(await dialog.verify(signature.slice(0, 40), extra!), undefined);
  assertEquals(await dialog.verify("!", extra!), undefined);
  assertEquals(await dialog.verify(signature, { ...extra, channel_binding: "tls-unique" }), undefined);
  await assertRefused(method, { ...authextra, channel_binding: "tls-unique" }, /channel_binding must be null/);
  for (const wrong of [{ nonce: "!" }, { nonce: "" }, {}]) await assertRefused(method, wrong, /nonce in base64/);
  // No id that anybody could have: RFC 4013 forbids the character.
  assertEquals(await method.begin(request("user\u0007", { authextra })), undefined);
});

const PRIVATE_KEY = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
const OTHER_KEY = "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd";

async function publicKeyOf(privateKey: string): Promise<string> {
  return `${(await cryptosign({ privateKey }).hello!()).pubkey}`;
}

Deno.test("acceptCryptosign lets in by the key, with and without a name (WAMP, Cryptosign-based Authentication)", async () => {
  const keys = [await publicKeyOf(PRIVATE_KEY)];
  const method = acceptCryptosign({ principals: { device: { keys, role: "device" } } });
  const device = { authid: "device", authrole: "device" };
  assertEquals(await authenticate(cryptosign({ privateKey: PRIVATE_KEY }), method), device);
  assertEquals(await authenticate(cryptosign({ privateKey: PRIVATE_KEY, authid: "device" }), method), device);
  assertEquals(await authenticate(cryptosign({ privateKey: PRIVATE_KEY, authid: "other" }), method), undefined);
  assertEquals(await authenticate(cryptosign({ privateKey: OTHER_KEY }), method), undefined);
  const looked = acceptCryptosign({ principals: (key) => ({ authid: key.slice(0, 8), role: "any" }) });
  assertEquals((await authenticate(cryptosign({ privateKey: OTHER_KEY }), looked))?.authrole, "any");
  assertThrows(() => acceptCryptosign({ principals: { a: { keys: ["ff"], role: "x" } } }), TypeError, "public key");
});

Deno.test("acceptCryptosign refuses a signature by another key, of another challenge, and channel binding", async () => {
  const keys = [await publicKeyOf(PRIVATE_KEY)];
  const method = acceptCryptosign({ principals: { device: { keys, role: "device" } } });
  const authextra = { pubkey: keys[0] };
  const [one, two] = [
    dialogOf(await method.begin(request("device", { authextra }))),
    dialogOf(await method.begin(request("device", { authextra }))),
  ];
  const answerBy = async (privateKey: string, dialog: AuthDialog) =>
    (await cryptosign({ privateKey }).answer!({ method: "cryptosign", extra: dialog.challenge })).signature;
  assertEquals(await one.verify(await answerBy(OTHER_KEY, one), {}), undefined);
  assertEquals(await one.verify(await answerBy(PRIVATE_KEY, two), {}), undefined);
  assertEquals(await one.verify("ff", {}), undefined);
  assertEquals((await one.verify(await answerBy(PRIVATE_KEY, one), {}))?.authid, "device");
  await assertRefused(method, { ...authextra, channel_binding: "tls-unique" }, /channel_binding must be null/);
  for (const wrong of [{}, { pubkey: "ff" }, { pubkey: 1 }]) await assertRefused(method, wrong, /32 bytes in hex/);
});

Deno.test("acceptCertificate goes by the fingerprint, then by the common name (WAMP, TLS Certificate Authentication)", async () => {
  const method = acceptCertificate({
    principals: { "AB:CD": { role: "admin", authid: "root" }, "sensor": { role: "sensor" } },
  });
  const decide = (peerCertificate?: TransportInfo["peerCertificate"]) =>
    method.begin(request(undefined, { transport: { ...TRANSPORT, isTls: true, peerCertificate } }));
  const admin = { authid: "root", authrole: "admin", authprovider: "tls" };
  assertEquals(await decide({ commonName: "sensor", fingerprint256: "AB:CD" }), { principal: admin });
  const sensor = { authid: "sensor", authrole: "sensor", authprovider: "tls" };
  assertEquals(await decide({ commonName: "sensor", fingerprint256: "00" }), { principal: sensor });
  assertEquals(await decide({ commonName: "constructor", fingerprint256: "00" }), undefined);
  assertEquals(await decide(undefined), undefined);
  const judged = acceptCertificate({ principals: ({ commonName }) => ({ role: commonName }) });
  const decision = await judged.begin(
    request(undefined, { transport: { ...TRANSPORT, peerCertificate: { commonName: "x", fingerprint256: "" } } }),
  );
  assertEquals(decision, { principal: { authid: "x", authrole: "x", authprovider: "tls" } });
});

Deno.test("unknown ids are challenged like known ones: stable salts, the same steps, the same shape", async () => {
  const salted = { secret: await deriveSecret("s", "salt"), role: "user", salt: "salt" };
  const methods: readonly (readonly [AuthMethod, (authid: string) => Authenticator])[] = [
    [
      acceptTicket({ principals: { known: { ticket: "t", role: "user" } } }),
      (authid) => ticket({ authid, ticket: "x" }),
    ],
    [acceptWampcra({ users: { known: salted } }), (authid) => wampcra({ authid, secret: "x" })],
    [acceptScram({ users: { known: SCRAM_USER } }), (authid) => scram({ authid, password: "x" })],
  ];
  for (const [method, client] of methods) {
    const steps = async (authid: string) => await countSteps(() => authenticate(client(authid), method));
    assertEquals(await steps("unknown"), await steps("known"), method.method);
    const begin = async (authid: string) => {
      const authextra = await client(authid).hello?.() ?? {};
      return dialogOf(await method.begin(request(authid, { authextra }))).challenge;
    };
    const [first, again, known] = [await begin("unknown"), await begin("unknown"), await begin("known")];
    assertEquals(first.salt, again.salt);
    assertEquals(Object.keys(first).sort(), Object.keys(known).sort());
  }
});

Deno.test("unknown ids look like one of the users there are: salted or not, at the same cost, of the same role", async () => {
  const plain = { secret: "s", role: "admin" };
  const salted = { secret: "s", role: "user", salt: "12345678", iterations: 5_000, keylen: 16 };
  const shapeOf = (challenge: Readonly<Dict>): string => {
    const { salt, iterations, keylen, challenge: text } = challenge;
    return [JSON.parse(`${text}`).authrole, `${salt ?? ""}`.length, iterations, keylen].join(" ");
  };
  const shapes = async (method: AuthMethod, ids: readonly string[]): Promise<Set<string>> => {
    const dialogs = await Promise.all(ids.map(async (id) => dialogOf(await method.begin(request(id)))));
    return new Set(dialogs.map(({ challenge }) => shapeOf(challenge)));
  };
  const strangers = Array.from({ length: 64 }, (_, index) => `stranger${index}`);
  const method = acceptWampcra({ users: { plain, salted } });
  assertEquals([...await shapes(method, strangers)].sort(), [...await shapes(method, ["plain", "salted"])].sort());
  const looked = acceptWampcra({ users: () => undefined, decoy: { role: "guest", iterations: 7 } });
  assertEquals(await shapes(looked, strangers), new Set(["guest 0  "]));
  const empty = acceptWampcra({ users: {} });
  assertEquals(await shapes(empty, strangers), new Set(["user 16 1000 32"]));
  const scrams = acceptScram({ users: { user: await credentialOf("AAAAAAAAAAA=", 5_000) } });
  const { challenge } = dialogOf(await scrams.begin(request("nobody", { authextra: { nonce: "AAAA" } })));
  assertEquals([challenge.iterations, `${challenge.salt}`.length], [5_000, 12]);
});

async function credentialOf(salt: string, iterations: number) {
  return { ...await scramCredential("pencil", { salt, iterations }), role: "user" };
}

Deno.test("what is kept of somebody says under which name, role, realm and provider it joins", async () => {
  const entry = { role: "user", authid: "Joe", authprovider: "db", authextra: { floor: 2 }, realm: "realm2" };
  const { role, ...more } = entry;
  const method = acceptTicket({ principals: { joe: { ticket: "right", ...entry } } });
  assertEquals(await authenticate(ticket({ authid: "joe", ticket: "right" }), method), { authrole: role, ...more });
  const cra = acceptWampcra({ users: { joe: { secret: "s", ...entry } } });
  const { challenge } = dialogOf(await cra.begin(request("joe"))).challenge;
  const { authid, authrole, authprovider } = JSON.parse(`${challenge}`);
  assertEquals([authid, authrole, authprovider], ["Joe", "user", "db"]);
});

Deno.test("an entry without a secret lets nobody in, not even with an empty one", async () => {
  const empty = acceptTicket({ principals: () => ({ role: "user", ticket: "" }) });
  await assertRejects(() => authenticate(ticket({ authid: "joe", ticket: "" }), empty), TypeError, "empty");
  const cra = acceptWampcra({ users: { joe: { secret: "", role: "user" } } });
  await assertRejects(() => authenticate(wampcra({ authid: "joe", secret: "" }), cra), TypeError, "empty");
  for (const options of [{}, { principals: {}, verify: () => undefined }]) {
    assertThrows(() => acceptTicket(options), TypeError, "one of principals and verify");
  }
});

Deno.test("a key that several own is that one's who the client says it is, and nobody's otherwise", async () => {
  const keys = [await publicKeyOf(PRIVATE_KEY)];
  const method = acceptCryptosign({ principals: { one: { keys, role: "a" }, two: { keys, role: "b" } } });
  const as = (authid: string | undefined) =>
    authenticate(cryptosign({ privateKey: PRIVATE_KEY, ...(authid !== undefined && { authid }) }), method);
  assertEquals(await as("two"), { authid: "two", authrole: "b" });
  assertEquals(await as(undefined), undefined);
});

Deno.test("a certificate without a common name is called by its fingerprint", async () => {
  const method = acceptCertificate({ principals: () => Promise.resolve({ role: "x" }) });
  const peerCertificate = { commonName: "", fingerprint256: "AB:CD" };
  const decision = await method.begin(request(undefined, { transport: { ...TRANSPORT, peerCertificate } }));
  assertEquals(decision, { principal: { authid: "AB:CD", authrole: "x", authprovider: "tls" } });
});

Deno.test("decoys stay the same after a restart where a key is set, and differ otherwise", async () => {
  const saltBy = async (decoyKey?: string) => {
    const method = acceptWampcra({ users: () => undefined, ...(decoyKey !== undefined && { decoyKey }) });
    return dialogOf(await method.begin(request("nobody"))).challenge.salt;
  };
  assertEquals(await saltBy("key"), await saltBy("key"));
  assert(await saltBy() !== await saltBy());
});

Deno.test("a lookup that fails refuses the joining with its reason", async () => {
  const method = acceptWampcra({ users: () => Promise.reject(new Error("Database is down")) });
  await assertRejects(async () => await method.begin(request("peter")), Error, "Database is down");
});
