import {
  equalSecrets,
  fromBase64,
  fromHex,
  hmacSha256,
  pbkdf2,
  sha256,
  toBase64,
  toHex,
  utf8,
} from "../../../wamp/auth/crypto.ts";
import { assert, assertEquals } from "../../std.ts";

Deno.test("sha256 gives the digest of FIPS 180-2, B.1", async () => {
  const digest = toHex(await sha256(utf8("abc")));
  assertEquals(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

Deno.test("hmacSha256 gives the digest of RFC 4231 §4.3, and takes an empty key", async () => {
  const digest = toHex(await hmacSha256(utf8("Jefe"), utf8("what do ya want for nothing?")));
  assertEquals(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const empty = toHex(await hmacSha256(utf8(""), utf8("")));
  assertEquals(empty, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
});

Deno.test("pbkdf2 gives the key of RFC 7914 §11", async () => {
  const key = toHex(await pbkdf2(utf8("passwd"), utf8("salt"), 1, 64));
  assertEquals(
    key,
    "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc" +
      "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
  );
});

Deno.test("equalSecrets compares contents and lengths", async () => {
  assert(await equalSecrets(utf8("secret"), utf8("secret")));
  for (const other of ["Secret", "secre", "secret1", ""]) {
    assertEquals(await equalSecrets(utf8("secret"), utf8(other)), false);
  }
});

Deno.test("fromBase64 takes the canonical form only (RFC 4648 §3.5)", () => {
  for (const text of ["", "TQ==", "TWE=", "TWFu", "//8="]) assertEquals(toBase64(fromBase64(text)!), text);
  for (const text of ["TQ=", "TQ", "TR==", "TWF=", "T===", "TW Fu", "-_8=", "TWFu\n"]) {
    assertEquals(fromBase64(text), undefined);
  }
});

Deno.test("fromHex wants the length asked for, and hex", () => {
  assertEquals(fromHex("00fF", 2), Uint8Array.of(0, 255));
  for (const text of ["00f", "00fff", "00fg", "0x00"]) assertEquals(fromHex(text, 2), undefined);
});
