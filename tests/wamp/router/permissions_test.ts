import { ACTIONS, checkRoles, RoleRules } from "../../../wamp/router/permissions.ts";
import type { Permission, PermissionAction } from "../../../wamp/router/router_api.ts";
import { matchesPattern } from "../../../wamp/router/match.ts";
import type { MatchPolicy } from "../../../wamp/uris.ts";
import { assert, assertEquals, assertThrows } from "../../std.ts";

const ALL: Permission["allow"] = { call: true, register: true, publish: true, subscribe: true };

function rule(match: MatchPolicy, uri: string, allow: Permission["allow"] = ALL): Permission {
  return { uri, match, allow };
}

/** `true`: allowed, `false`: refused, `undefined`: no permission says anything. */
function decide(
  rules: RoleRules,
  uri: string,
  match: MatchPolicy = "exact",
  action: PermissionAction = "subscribe",
): boolean | undefined {
  const verdict = rules.decide(action, uri, match);
  return verdict && verdict.refusal === undefined;
}

Deno.test("the most specific permission counts alone: exact, longest prefix, wildcard", () => {
  const rules = new RoleRules({
    permissions: [
      rule("prefix", "", { call: true }),
      rule("prefix", "com.a.", { publish: true }),
      rule("prefix", "com.a.b", { register: true }),
      rule("exact", "com.a.b.c", { subscribe: true }),
      rule("wildcard", "com..d.e", ALL),
    ],
  });
  const allowed = (uri: string): string => {
    return ACTIONS.filter((action) => decide(rules, uri, "exact", action)).join();
  };
  assertEquals(allowed("org.x"), "call");
  assertEquals(allowed("com.a.x"), "publish");
  assertEquals(allowed("com.a.bx"), "register", "a prefix is one of characters");
  assertEquals(allowed("com.a.b.c"), "subscribe");
  assertEquals(allowed("com.z.d.e"), "call", "the shortest prefix goes before a wildcard");
});

Deno.test("a wildcard counts where no prefix does, the one with the longest literal head first", () => {
  const rules = new RoleRules({
    permissions: [rule("wildcard", "com..run", { call: true }), rule("wildcard", "com.a.", { publish: true })],
  });
  assertEquals(decide(rules, "com.b.run", "exact", "call"), true);
  assertEquals(decide(rules, "com.a.run", "exact", "call"), false);
  assertEquals(decide(rules, "com.a.run", "exact", "publish"), true);
  assertEquals(decide(rules, "com.b.walk", "exact", "call"), undefined);
});

Deno.test("disclosure goes with the permission for the call or the publication", () => {
  const rules = new RoleRules({
    permissions: [{ uri: "com.a", allow: ALL, disclose: { caller: true, publisher: false } }],
  });
  assertEquals(rules.decide("call", "com.a", "exact"), { disclose: true });
  assertEquals(rules.decide("publish", "com.a", "exact"), { disclose: false });
  assertEquals(rules.decide("subscribe", "com.a", "exact"), {});
});

Deno.test("procedures that act upon others need a permission that is about wamp. (WAMP, Session Meta API)", () => {
  const kill = "wamp.session.kill";
  for (
    const [match, uri, expected] of [
      ["prefix", "", undefined],
      ["prefix", "wam", undefined],
      ["prefix", "wamp", true],
      ["prefix", "wamp.", true],
      ["exact", kill, true],
      ["wildcard", "wamp.session.", true],
      ["wildcard", "..kill", undefined],
      ["exact", "wamp.session.kill_all", undefined],
    ] as const
  ) {
    const rules = new RoleRules({ permissions: [rule(match, uri)] });
    assertEquals(decide(rules, kill, "exact", "call"), expected, `${match} ${uri}`);
  }
  const rules = new RoleRules({ permissions: [rule("prefix", "")] });
  assertEquals(decide(rules, "wamp.session.count", "exact", "call"), true);
});

Deno.test("a pattern needs a permission that covers it, and none that takes a part away", () => {
  const rules = new RoleRules({
    permissions: [
      rule("prefix", "com."),
      rule("exact", "com.secret", { call: true }),
      rule("prefix", "com.inner.", {}),
      rule("prefix", "com.inner.open."),
      rule("exact", "org.only"),
      rule("wildcard", "net..x"),
    ],
  });
  for (
    const [match, pattern, expected] of [
      ["prefix", "com.public.", true],
      ["prefix", "com.secret.", true],
      ["prefix", "com.sec", false],
      ["prefix", "com.secret", false],
      ["prefix", "com.", false],
      ["prefix", "com", false],
      ["prefix", "com.inner.", false],
      ["prefix", "com.inner.open.", true],
      ["prefix", "org.only", undefined],
      ["prefix", "net.", undefined],
      ["wildcard", "com..x", false],
      ["wildcard", "com..public.x", false],
      ["wildcard", "com.public..x", true],
      ["wildcard", "com.", false],
      ["wildcard", "com.a.", true],
      ["wildcard", "net..x", true],
      ["wildcard", "net.a.x", true],
      ["wildcard", "net..", undefined],
      ["wildcard", "..x", false],
      ["wildcard", ".only", undefined],
    ] as const
  ) {
    assertEquals(decide(rules, pattern, match), expected, `${match} ${pattern}`);
  }
});

/** Numbers that are the same in every run. */
function seeded(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(seed / 2_147_483_648 * below);
  };
}

const COMPONENTS = ["a", "b", "ab"];

/** Every URI of up to three components of these. */
function universe(): string[] {
  const [one, ...longer] = [COMPONENTS, COMPONENTS, COMPONENTS];
  const uris = [...one ?? []];
  let last = uris.slice();
  for (const components of longer) {
    last = last.flatMap((uri) => components.map((component) => `${uri}.${component}`));
    uris.push(...last);
  }
  return uris;
}

function randomPattern(random: (below: number) => number, match: MatchPolicy): string {
  const length = 1 + random(3);
  const parts = Array.from({ length }, () => match === "wildcard" && random(2) === 0 ? "" : COMPONENTS[random(3)]!);
  const uri = parts.join(".");
  if (match === "prefix") return uri.slice(0, random(uri.length + 1));
  return uri === "" ? "." : uri;
}

/** What the rule says in words, one permission after the other. */
function decideSlowly(permissions: readonly Permission[], uri: string): boolean | undefined {
  const matching = permissions.filter((one) => matchesPattern(one.uri, one.match ?? "exact", uri));
  const exact = matching.find(({ match }) => match === "exact");
  const prefixes = matching.filter(({ match }) => match === "prefix").sort((a, b) => b.uri.length - a.uri.length);
  const heads = (pattern: string): string => pattern.split(".").map((part) => part === "" ? "1" : "0").join("");
  const wildcards = matching.filter(({ match }) => match === "wildcard");
  wildcards.sort((a, b) => heads(a.uri) < heads(b.uri) ? -1 : 1);
  const first = exact ?? prefixes[0] ?? wildcards[0];
  return first && first.allow.subscribe === true;
}

Deno.test("random permissions: as the rule in words, and a pattern never gets what its URIs would not", () => {
  const uris = universe();
  let allowed = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const random = seeded(seed);
    const permissions = new Map<string, Permission>();
    for (let count = random(6); count >= 0; count--) {
      const match = (["exact", "prefix", "wildcard"] as const)[random(3)]!;
      const one = rule(match, randomPattern(random, match), { subscribe: random(3) > 0 });
      permissions.set(`${match} ${one.uri}`, one);
    }
    const list = [...permissions.values()];
    const rules = new RoleRules({ permissions: list });
    for (const uri of uris) assertEquals(decide(rules, uri), decideSlowly(list, uri), `${seed} ${uri}`);
    for (let count = 0; count < 20; count++) {
      const match = random(2) === 0 ? "prefix" : "wildcard";
      const pattern = randomPattern(random, match);
      if (decide(rules, pattern, match) !== true) continue;
      allowed++;
      for (const uri of uris) {
        if (matchesPattern(pattern, match, uri)) {
          assert(decide(rules, uri) === true, `${seed} ${match} ${pattern} ${uri}`);
        }
      }
    }
  }
  assert(allowed > 500, `Only ${allowed} patterns were allowed`);
});

Deno.test("roles that say something wrong, or twice, are refused", () => {
  for (
    const [role, message] of [
      [{}, "Option permissions of role user must be a list"],
      [{ permissions: [{ uri: "com a", allow: {} }] }, "must be a URI for exact"],
      [{ permissions: [{ uri: "", allow: {} }] }, "must be a URI for exact"],
      [{ permissions: [{ uri: "", match: "wildcard", allow: {} }] }, "must be a URI for wildcard"],
      [{ permissions: [{ uri: 7, allow: {} }] }, "must be a URI for exact"],
      [{ permissions: [{ uri: "a", match: "regex", allow: {} }] }, "must be one of exact, prefix, wildcard"],
      [{ permissions: [{ uri: "a" }] }, "must be an object"],
      [{ permissions: [{ uri: "a", allow: { calls: true } }] }, "must have only call, register, publish, subscribe"],
      [{ permissions: [{ uri: "a", allow: { call: 1 } }] }, "call must be a boolean"],
      [{ permissions: [{ uri: "a", allow: {}, disclose: { callee: true } }] }, "must have only caller, publisher"],
      [{ permissions: [{ uri: "a", allow: {} }, { uri: "a", match: "exact", allow: {} }] }, "received exact a again"],
    ] as const
  ) {
    assertThrows(() => checkRoles({ user: role as never }, "loose"), TypeError, message);
  }
  checkRoles({ user: { permissions: [rule("prefix", ""), rule("wildcard", "a..b"), rule("exact", "a")] } }, "loose");
});
