import { assertOriginPolicy, isAllowedOrigin, type OriginPolicy } from "../../websocket/origin.ts";
import { assertEquals, assertThrows } from "../std.ts";

Deno.test("isAllowedOrigin compares host and port with Host, default ports equal, scheme ignored", () => {
  const cases: [string, string][] = [
    ["http://example.com", "example.com"],
    ["https://example.com", "example.com"],
    ["https://example.com", "EXAMPLE.com:443"],
    ["https://example.com", "example.com:80"],
    ["http://Example.com:443", "example.com"],
    ["http://example.com:8080", "example.com:8080"],
    ["https://[::1]:8080", "[0:0::1]:8080"],
    ["http://127.0.0.1:9001", "127.0.0.1:9001"],
  ];
  for (const [origin, host] of cases) assertEquals(isAllowedOrigin(origin, host, "same-origin"), true, origin);
});

Deno.test("isAllowedOrigin refuses other hosts and ports, null and what is no origin", () => {
  const origins = [
    "http://evil-example.com",
    "http://example.com.evil.com",
    "http://evil.com",
    "http://www.example.com",
    "http://example.com:8080",
    "http://example.com.",
    "null",
    "",
    "example.com",
    "http://",
    "http://example.com/",
    "http://example.com@evil.com",
    "http://evil.com@example.com",
    "http://evil.com/example.com",
    "http://evil.com#example.com",
    "http://evil.com\\example.com",
    "http://example.com http://evil.com",
    "http://evil.com, http://example.com",
    "file://example.com",
    "chrome-extension://example.com",
    "http:example.com",
    "//example.com",
  ];
  for (const origin of origins) assertEquals(isAllowedOrigin(origin, "example.com", "same-origin"), false, origin);
  assertEquals(isAllowedOrigin("http://example.com", "example.com:8080", "same-origin"), false);
  assertEquals(isAllowedOrigin("http://", "", "same-origin"), false);
});

Deno.test("isAllowedOrigin admits a request without Origin, whatever the policy", () => {
  const policies: OriginPolicy[] = ["same-origin", "any", ["https://a.com"], () => false];
  for (const policy of policies) assertEquals(isAllowedOrigin(undefined, "example.com", policy), true);
});

Deno.test("isAllowedOrigin admits a list's origins and the same origin", () => {
  const policy = ["https://App.example.org", "http://localhost:3000", "https://b.com:443", "chrome-extension://abc"];
  const admitted = ["https://app.example.org", "http://localhost:3000", "https://b.com", "chrome-extension://abc"];
  for (const origin of [...admitted, "http://example.com"]) {
    assertEquals(isAllowedOrigin(origin, "example.com", policy), true, origin);
  }
  const refused = ["http://app.example.org", "http://localhost", "https://b.com:8443", "null", "https://c.com"];
  for (const origin of [...refused, "https://app.example.org/x"]) {
    assertEquals(isAllowedOrigin(origin, "example.com", policy), false, origin);
  }
  assertEquals(isAllowedOrigin("null", "example.com", ["null"]), true);
});

Deno.test("isAllowedOrigin asks a function, which sees origin and host", () => {
  const seen: string[] = [];
  const policy = (origin: string, host: string): boolean => seen.push(origin, host) > 2;
  assertEquals(isAllowedOrigin("null", "a:1", policy), false);
  assertEquals(isAllowedOrigin("http://b", "a:1", policy), true);
  assertEquals(seen, ["null", "a:1", "http://b", "a:1"]);
  assertEquals(isAllowedOrigin("http://evil", "a", "any"), true);
});

Deno.test("assertOriginPolicy refuses what is no origin", () => {
  const valid: OriginPolicy[] = ["same-origin", "any", [], ["null", "https://a.com:1", "app://x"], () => true];
  for (const policy of valid) assertOriginPolicy(policy);
  for (const entry of ["example.com", "https://a.com/", "https://a.com/x", "*", "", "https://u@a.com", "http://a b"]) {
    assertThrows(() => assertOriginPolicy([entry]), TypeError);
  }
  const wrong: unknown = "example.com";
  assertThrows(() => assertOriginPolicy(wrong as OriginPolicy), TypeError);
});
