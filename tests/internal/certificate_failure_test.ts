import { isCertificateFailure } from "../../internal/certificate_failure.ts";
import { assertEquals } from "../std.ts";

Deno.test("A certificate that is not trusted is told from other failures, in Deno and in Node", () => {
  const named = (name: string, code?: string): Error => Object.assign(new Error(name), { name, code });
  const codes = ["CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"];
  for (const code of [...codes, "ERR_TLS_CERT_ALTNAME_INVALID", "SELF_SIGNED_CERT_IN_CHAIN"]) {
    assertEquals(isCertificateFailure(named("Error", code)), true);
  }
  assertEquals(isCertificateFailure(named("InvalidData")), true);
  for (const other of [named("Error", "ECONNRESET"), named("ConnectionRefused"), new Error("x"), "InvalidData"]) {
    assertEquals(isCertificateFailure(other), false);
  }
});
