import type { Authenticator } from "../../../wamp/auth/authenticator.ts";
import { fromBase64, fromHex, hmacSha256, toBase64, utf8 } from "../../../wamp/auth/crypto.ts";
import { cryptosign } from "../../../wamp/auth/cryptosign.ts";
import { parsePublicKey, verifySignature } from "../../../wamp/auth/keys.ts";
import { authMessage, deriveKeys, scram, scramCredential, xorBytes } from "../../../wamp/auth/scram.ts";
import { saslprep } from "../../../wamp/auth/saslprep.ts";
import { ticket } from "../../../wamp/auth/ticket.ts";
import { deriveSecret, signChallenge, wampcra } from "../../../wamp/auth/wampcra.ts";
import { concatBytes } from "../../../internal/bytes.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../std.ts";
import { openSsh, pem, privatePem, publicPem, sshLine, sshString } from "./key_forms.ts";

async function answer(authenticator: Authenticator, extra: Record<string, unknown>): Promise<string> {
  const { signature } = await authenticator.answer!({ method: authenticator.method, extra });
  return signature;
}

Deno.test("ticket answers with the ticket, or with what fetches it (WAMP, Ticket-based Authentication)", async () => {
  assertEquals(await answer(ticket({ authid: "joe", ticket: "secret!!!" }), {}), "secret!!!");
  let fetched = 0;
  const fresh = ticket({ authid: "joe", ticket: () => Promise.resolve(`ticket ${++fetched}`) });
  assertEquals([await answer(fresh, {}), await answer(fresh, {})], ["ticket 1", "ticket 2"]);
});

const CHALLENGE = '{"nonce": "LHRTC9zeOIrt_9U3", "authid": "peter", "session": 3251278072152162}';

Deno.test("wampcra signs the challenge by HMAC-SHA-256 under the secret (WAMP, Challenge Response Authentication)", async () => {
  const signature = await answer(wampcra({ authid: "peter", secret: "secret1" }), { challenge: CHALLENGE });
  assertEquals(signature, toBase64(await hmacSha256(utf8("secret1"), utf8(CHALLENGE))));
  assertEquals(signature.length, 44);
});

Deno.test("wampcra signs with the derived secret where the challenge has a salt", async () => {
  const client = wampcra({ authid: "peter", secret: "secret1" });
  const salted = { challenge: CHALLENGE, salt: "salt123", iterations: 100, keylen: 16 };
  const derived = await deriveSecret("secret1", "salt123", 100, 16);
  assertEquals(await answer(client, salted), await signChallenge(derived, CHALLENGE));
  const defaults = await deriveSecret("secret1", "salt123", 1000, 32);
  assertEquals(
    await answer(client, { challenge: CHALLENGE, salt: "salt123" }),
    await signChallenge(defaults, CHALLENGE),
  );
});

Deno.test("wampcra refuses a challenge that is none, or that asks for absurd work", async () => {
  const client = wampcra({ authid: "peter", secret: "secret1" });
  await assertRejects(() => answer(client, {}), TypeError, "no challenge");
  for (const cost of [{ iterations: 0 }, { iterations: 1e9 }, { iterations: "1" }, { keylen: 1e6 }, { keylen: 0.5 }]) {
    await assertRejects(() => answer(client, { challenge: CHALLENGE, salt: "s", ...cost }), RangeError, "iterations");
  }
});

const EXCHANGE = {
  authid: "user",
  clientNonce: "rOprNGfwEbeRWgbNEkqO",
  nonce: "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
  iterations: 4096,
};

Deno.test("scram computes the proof and the verifier of RFC 7677 §3", async () => {
  const message = authMessage(EXCHANGE, "specification");
  const keys = await deriveKeys("pencil", { kdf: "pbkdf2", ...EXCHANGE });
  const proof = xorBytes(keys.clientKey, await hmacSha256(keys.storedKey, message));
  assertEquals(toBase64(proof), "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  assertEquals(toBase64(await hmacSha256(keys.serverKey, message)), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
});

Deno.test("authMessage escapes what separates (RFC 5802 §5.1), and follows Autobahn's dialect", () => {
  const text = (dialect: "specification" | "autobahn") =>
    new TextDecoder().decode(
      authMessage({ authid: "a=b,c", clientNonce: "x", nonce: "xy", salt: "cw==", iterations: 2 }, dialect),
    );
  assertEquals(text("specification"), "n=a=3Db=2Cc,r=x,r=xy,s=cw==,i=2,c=biws,r=xy");
  assertEquals(text("autobahn"), "n=a=3Db=2Cc,r=x,r=xy,s=cw==,i=2,c=,r=xy");
});

/** The router's half of an exchange. */
async function challengeFor(client: Authenticator): Promise<{ nonce: string; extra: Record<string, unknown> }> {
  const { nonce } = await client.hello!() as { nonce: string };
  const { clientNonce: _, nonce: __, authid: ___, ...parameters } = EXCHANGE;
  return { nonce, extra: { kdf: "pbkdf2", ...parameters, nonce: `${nonce}SBmkFIh7sSo=`, memory: null } };
}

Deno.test("scram proves the password, and checks what the router proves (WAMP-SCRAM, Authentication Exchange)", async () => {
  const client = scram({ authid: "user", password: "pencil" });
  const { nonce, extra } = await challengeFor(client);
  const { signature, extra: answered } = await client.answer!({ method: "wamp-scram", extra });
  assertEquals(answered, { nonce: extra.nonce, channel_binding: null, cbind_data: null });
  const credential = await scramCredential("pencil", { salt: EXCHANGE.salt, iterations: EXCHANGE.iterations });
  const message = authMessage({ ...EXCHANGE, clientNonce: nonce, nonce: `${extra.nonce}` }, "specification");
  const storedKey = fromBase64(credential.storedKey)!;
  const recovered = xorBytes(fromBase64(signature)!, await hmacSha256(storedKey, message));
  assertEquals(new Uint8Array(await crypto.subtle.digest("SHA-256", recovered)), storedKey);
  const verifier = toBase64(await hmacSha256(fromBase64(credential.serverKey)!, message));
  assertThrows(() => client.verifyWelcome!({ authextra: { verifier: "v=AAAA" } }), TypeError, "does not prove");
  assertThrows(() => client.verifyWelcome!({}), TypeError, "does not prove");
  client.verifyWelcome!({ authextra: { verifier: `v=${verifier}` } });
  assertThrows(() => client.verifyWelcome!({ authextra: { verifier } }), TypeError, "does not prove");
});

Deno.test("scram takes a fresh nonce for each joining, and answers each nonce once", async () => {
  const client = scram({ authid: "user", password: "pencil" });
  const [first, second] = [await challengeFor(client), await challengeFor(client)];
  assert(first.nonce !== second.nonce);
  await answer(client, first.extra);
  await assertRejects(() => answer(client, first.extra), TypeError, "does not continue ours");
  await assertRejects(() => answer(client, { ...second.extra, nonce: "AAAA" }), TypeError, "does not continue ours");
});

Deno.test("scram takes a challenge whose nonce continues ours as bytes, as Crossbar.io builds it", async () => {
  const client = scram({ authid: "user", password: "pencil" });
  const { nonce, extra } = await challengeFor(client);
  const continued = toBase64(new Uint8Array([...fromBase64(nonce)!, ...new Uint8Array(16).fill(7)]));
  assert(continued.startsWith(nonce));
  assertEquals((await answer(client, { ...extra, nonce: continued })).length, 44);
});

Deno.test("scram refuses cheap rounds, absurd ones, unknown functions, and Argon2id where it was not given", async () => {
  const client = scram({ authid: "user", password: "pencil" });
  const refused = [
    [{ iterations: 4095 }, "4096 to"],
    [{ iterations: 1e9 }, "4096 to"],
    [{ kdf: "md5" }, "kdf md5"],
    [{ salt: 1 }, "salt number"],
    [{ salt: "!" }, "not base64"],
    [{ kdf: "argon2id13", iterations: 2, memory: 1024 }, "argon2id13 is not set"],
  ] as const;
  for (const [change, message] of refused) {
    const { extra } = await challengeFor(client);
    await assertRejects(() => answer(client, { ...extra, ...change }), Error, message);
  }
});

Deno.test("scram hands Argon2id the cost of the challenge; Autobahn's dialect signs with its base64 text", async () => {
  const calls: unknown[] = [];
  const argon2id13 = (input: { iterations: number; memory: number }) => {
    calls.push([input.iterations, input.memory]);
    return new Uint8Array(32).fill(7);
  };
  const salt = "c2FsdA==";
  const cost = { kdf: "argon2id13", salt, iterations: 2, memory: 64 } as const;
  const plain = await deriveKeys("pencil", cost, { argon2id13 });
  const text = await deriveKeys("pencil", cost, { argon2id13, dialect: "autobahn" });
  assertEquals(calls, [[2, 64], [2, 64]]);
  assertEquals(plain.clientKey, await hmacSha256(new Uint8Array(32).fill(7), utf8("Client Key")));
  const base64 = toBase64(new Uint8Array(32).fill(7)).replace("=", "");
  assertEquals(text.clientKey, await hmacSha256(utf8(base64), utf8("Client Key")));
});

// WAMP, Cryptosign-based Authentication, Test Vectors
const VECTORS = [
  [
    "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03",
  ],
  [
    "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
    "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
    "d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660f",
  ],
  [
    "6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b",
    "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
    "7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1ec184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30b",
  ],
] as const;

Deno.test("cryptosign signs the specification's vectors, and its public key verifies them", async () => {
  for (const [privateKey, challenge, signature] of VECTORS) {
    const client = cryptosign({ privateKey });
    assertEquals(await answer(client, { challenge }), signature + challenge);
    const { pubkey } = await client.hello!() as { pubkey: string };
    assert(await verifySignature(pubkey, fromHex(signature, 64)!, fromHex(challenge, 32)!));
    assertEquals(await verifySignature(pubkey, fromHex(signature, 64)!, new Uint8Array(32)), false);
  }
});

Deno.test("a public key that is no point of the curve verifies nothing, and a short signature neither", async () => {
  for (const publicKey of ["02".padEnd(64, "0"), "ff".repeat(32), "00".repeat(32), "zz".repeat(32), ""]) {
    assertEquals(await verifySignature(publicKey, new Uint8Array(64), new Uint8Array(32)), false, publicKey);
  }
  const { pubkey } = await cryptosign({ privateKey: VECTORS[0][0] }).hello!();
  assertEquals(await verifySignature(`${pubkey}`, new Uint8Array(63), new Uint8Array(32)), false);
});

Deno.test("cryptosign refuses channel binding and a challenge that is not 32 bytes", async () => {
  const client = cryptosign({ privateKey: VECTORS[0][0], authid: "joe" });
  assertEquals(client.authid, "joe");
  const bound = { challenge: VECTORS[0][1], channel_binding: "tls-unique" };
  await assertRejects(() => answer(client, bound), TypeError, "tls-unique is not supported");
  for (const challenge of [undefined, "ff", "zz".repeat(32)]) {
    await assertRejects(() => answer(client, { challenge }), TypeError, "not 32 bytes");
  }
});

Deno.test("cryptosign reads private keys in hex, PEM and OpenSSH's format, all the same key", async () => {
  const [privateKey, challenge, signature] = VECTORS[1];
  const seed = fromHex(privateKey, 32)!;
  const { pubkey } = await cryptosign({ privateKey }).hello!() as { pubkey: string };
  const publicKey = fromHex(pubkey, 32)!;
  for (const form of [privateKey + pubkey, ` ${privateKey}\n`, privatePem(seed), openSsh(seed, publicKey)]) {
    assertEquals(await answer(cryptosign({ privateKey: form }), { challenge }), signature + challenge);
  }
});

Deno.test("cryptosign says what is wrong with a private key", async () => {
  const seed = new Uint8Array(32);
  const wrong: readonly [string, string][] = [
    ["ff", "expected hex"],
    ["-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----", "malformed"],
    [pem("PRIVATE KEY", new Uint8Array(48)), "not one of Ed25519"],
    [openSsh(seed, seed, "aes256-ctr"), "encrypted by aes256-ctr"],
    [openSsh(seed, seed, "none", 6), "check bytes differ"],
    [pem("OPENSSH PRIVATE KEY", utf8("openssh-key-v1\x00\x00\x00\x00\x04non")), "ends early"],
    [pem("OPENSSH PRIVATE KEY", utf8("something else, long enough")), "magic is wrong"],
  ];
  for (const [privateKey, message] of wrong) {
    await assertRejects(async () => await cryptosign({ privateKey }).hello!(), TypeError, message);
  }
});

Deno.test("parsePublicKey reads hex, PEM and a line of OpenSSH", () => {
  const hex = "545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122";
  const bytes = fromHex(hex, 32)!;
  const forms = [hex, hex.toUpperCase(), publicPem(bytes), sshLine(bytes)];
  for (const form of forms) assertEquals(parsePublicKey(form), hex);
  const rsa = `ssh-ed25519 ${toBase64(concatBytes([sshString("ssh-rsa"), sshString(bytes)]))}`;
  for (const form of ["ff", rsa, "ssh-ed25519 !", pem("PUBLIC KEY", new Uint8Array(44))]) {
    assertThrows(() => parsePublicKey(form), TypeError, "Cannot read public key");
  }
});

Deno.test("saslprep maps, normalizes and forbids as RFC 4013 §3 shows", () => {
  const examples = [["I\u00ADX", "IX"], ["user", "user"], ["USER", "USER"], ["\u00AA", "a"], ["\u2168", "IX"]] as const;
  for (const [text, prepared] of examples) assertEquals(saslprep(text), prepared);
  assertEquals(saslprep("a\u00A0b\u3000"), "a b ");
  assertEquals(saslprep("\u0627\u0031\u0628"), "\u0627\u0031\u0628");
  for (const text of ["\u0007\u00E9", "\u0627\u0031", "\u0627a\u0628", "\uE000", "\uFFFD", "\u200E"]) {
    assertThrows(() => saslprep(text), RangeError);
  }
});
