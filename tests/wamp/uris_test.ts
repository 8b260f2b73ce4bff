import { CLOSE_URI, ERROR_URI, isPattern, isReserved, isUri } from "../../wamp/uris.ts";
import { assert, assertEquals } from "../std.ts";

Deno.test("isUri takes loose URIs: anything in components but space, dot and # (WAMP, Relaxed/Loose URIs)", () => {
  for (const uri of ["a", "com.example.add", "com.myapp.ünïcode", "A-b.C/d", "com.日本", "1.2", "_", "😀.a"]) {
    assertEquals(isUri(uri), true, uri);
  }
  for (
    const uri of [
      "",
      ".",
      "a.",
      ".a",
      "a..b",
      "a b",
      "a.b ",
      "a\tb",
      "a\n",
      "a#b",
      "#",
      "a.\u00a0.b",
      "a.\u2028",
      "..",
    ]
  ) {
    assertEquals(isUri(uri), false, JSON.stringify(uri));
  }
});

Deno.test("isUri takes strict URIs: lower case, digits and underscores (WAMP, Strict URIs)", () => {
  for (const uri of ["a", "com.example.add_2", "0.1", "_._"]) assertEquals(isUri(uri, "strict"), true, uri);
  for (const uri of ["", "a.", "a..b", "A", "com.Example", "a-b", "ü", "a b", "a\n"]) {
    assertEquals(isUri(uri, "strict"), false, JSON.stringify(uri));
  }
});

Deno.test("isPattern takes a trailing dot in a prefix and empty components in a wildcard (WAMP, Pattern-based Subscriptions)", () => {
  for (const policy of ["prefix", "wildcard"] as const) {
    for (const uri of ["a", "a.", "a.b.", "a..b", ".a", ".", "..", "com.myapp.."]) {
      assertEquals(isPattern(uri, policy), true, uri);
      assertEquals(isPattern(uri, policy, "strict"), true, uri);
    }
    for (const uri of ["", "a b", "a#", " ", "a..b\n"]) assertEquals(isPattern(uri, policy), false, uri);
    assertEquals(isPattern("A..b", policy, "strict"), false);
  }
  assertEquals(isPattern("a.b", "exact"), true);
  for (const uri of ["a.", "a..b", "", "."]) assertEquals(isPattern(uri, "exact"), false, uri);
});

Deno.test("checking a URI takes time in proportion to its length, whatever it is", () => {
  const long = "a".repeat(200_000);
  for (const uri of [`${long} `, `${"a.".repeat(100_000)} `, `${long}.#`, `${".".repeat(200_000)} `]) {
    for (const rules of ["loose", "strict"] as const) {
      // Exponential time would not end; the sum keeps this from being optimized away.
      assertEquals([isUri(uri, rules), isPattern(uri, "wildcard", rules), isPattern(uri, "prefix", rules)], [
        false,
        false,
        false,
      ]);
    }
  }
});

Deno.test("isReserved knows URIs whose first component is wamp (WAMP, Reserved URIs)", () => {
  for (const uri of ["wamp", "wamp.", "wamp.session.count", "wamp..x"]) assertEquals(isReserved(uri), true, uri);
  for (const uri of ["wampx", "wampx.a", "com.wamp", "", "Wamp.a", ".wamp"]) assertEquals(isReserved(uri), false, uri);
});

Deno.test("every predefined URI is a strict one below wamp. (WAMP, Predefined URIs)", () => {
  const uris = [...Object.values(ERROR_URI), ...Object.values(CLOSE_URI)];
  for (const uri of uris) assert(isUri(uri, "strict") && isReserved(uri), uri);
  assertEquals(new Set(uris).size, uris.length);
});
