import { type MatchEntry, MatchIndex } from "../../../wamp/router/match.ts";
import type { MatchPolicy } from "../../../wamp/uris.ts";
import { seededRandom } from "../../cuts.ts";
import { assert, assertEquals } from "../../std.ts";

interface Entry extends MatchEntry {
  readonly id: number;
}

function indexOf(...entries: readonly (readonly [uri: string, match: MatchPolicy])[]): MatchIndex<Entry> {
  const index = new MatchIndex<Entry>();
  entries.forEach(([uri, match], position) => index.add({ id: position + 1, uri, match }));
  return index;
}

/** The ids of all that match, the best first. */
function matches(index: MatchIndex<Entry>, uri: string): number[] {
  const exact = index.exact(uri);
  const ids = exact === undefined ? [] : [exact.id];
  index.visitPatterns(uri, ({ id }) => {
    ids.push(id);
    return false;
  });
  return ids;
}

Deno.test("MatchIndex matches prefixes by character (WAMP, Pattern-based Subscription, Prefix Matching)", () => {
  const index = indexOf(["com.myapp.topic.emergency", "prefix"]);
  for (const topic of [".11", "-low", ".category.severe", ""]) {
    assertEquals(matches(index, `com.myapp.topic.emergency${topic}`), [1]);
  }
  assertEquals(matches(index, "com.myapp.topic.emerge"), []);
  const procedures = indexOf(["com.myapp.myobject1", "prefix"]);
  for (const rest of [".myprocedure1", "-mysubobject1", ".mysubobject1.myprocedure1", ""]) {
    assertEquals(matches(procedures, `com.myapp.myobject1${rest}`), [1]);
  }
  assertEquals(matches(procedures, "com.myapp.myobject2"), []);
  assertEquals(matches(procedures, "com.myapp.myobject"), []);
});

Deno.test("MatchIndex matches whole components by wildcard (WAMP, Pattern-based Subscription, Wildcard Matching)", () => {
  const index = indexOf(["com.myapp..userevent", "wildcard"]);
  for (const component of ["foo", "bar", "a12"]) {
    assertEquals(matches(index, `com.myapp.${component}.userevent`), [1]);
  }
  for (const topic of ["com.myapp.foo.userevent.bar", "com.myapp.foo.user", "com.myapp2.foo.userevent"]) {
    assertEquals(matches(index, topic), []);
  }
  const ends = indexOf(["..b", "wildcard"], ["a..", "wildcard"], ["..", "wildcard"], ["a.b.c", "wildcard"]);
  assertEquals(matches(ends, "a.b.c"), [4, 2, 3]);
  assertEquals(matches(ends, "x.y.b"), [1, 3]);
  assertEquals(matches(ends, "a.b"), []);
});

Deno.test("MatchIndex ranks as the specification's example (WAMP, Calls matching multiple registrations)", () => {
  const index = indexOf(
    ["a1.b2.c3.d4.e55", "exact"],
    ["a1.b2.c3", "prefix"],
    ["a1.b2.c3.d4", "prefix"],
    ["a1.b2..d4.e5", "wildcard"],
    ["a1.b2.c33..e5", "wildcard"],
    ["a1.b2..d4.e5..g7", "wildcard"],
    ["a1.b2..d4..f6.g7", "wildcard"],
  );
  assertEquals(matches(index, "a1.b2.c3.d4.e55"), [1, 3, 2]);
  assertEquals(matches(index, "a1.b2.c3.d98.e74"), [2]);
  assertEquals(matches(index, "a1.b2.c3.d4.e325"), [3, 2]);
  assertEquals(matches(index, "a1.b2.c55.d4.e5"), [4]);
  // By the definition of prefixes 2 matches as well; by this example it comes after the wildcards.
  assertEquals(matches(index, "a1.b2.c33.d4.e5"), [5, 4, 2]);
  assertEquals(matches(index, "a1.b2.c88.d4.e5.f6.g7"), [6, 7]);
  assertEquals(matches(index, "a2.b2.c2.d2.e2"), []);
  // The text's own: a1.b2..d4 before a1...d4.
  assertEquals(matches(indexOf(["a1...d4", "wildcard"], ["a1.b2..d4", "wildcard"]), "a1.b2.c3.d4"), [2, 1]);
});

Deno.test("MatchIndex stops where the visitor says so", () => {
  const index = indexOf(["a", "prefix"], ["a.", "prefix"], ["a.", "wildcard"], [".bc", "wildcard"], [
    "a.b",
    "prefix",
  ]);
  for (const wanted of [1, 2, 3, 4, 5]) {
    let visited = 0;
    index.visitPatterns("a.bc", () => ++visited === wanted);
    assertEquals(visited, wanted);
  }
});

Deno.test("MatchIndex removes nothing but what is there", () => {
  const index = indexOf(["a.b", "prefix"], ["a.c", "prefix"], ["a.b", "wildcard"], ["a", "exact"]);
  for (const [uri, match] of [["a.", "prefix"], ["a", "prefix"], ["a", "wildcard"], ["b", "exact"]] as const) {
    index.remove({ id: 0, uri, match });
    assertEquals(index.size, 4);
  }
});

Deno.test("MatchIndex keeps no more nodes than prefixes need when they come and go", () => {
  const index = indexOf(["com.a", "prefix"]);
  const nodes = () => index.nodes;
  assertEquals(nodes(), 1);
  const other = { id: 2, uri: "com.b", match: "prefix" } as const;
  index.add(other);
  assertEquals(nodes(), 3, "com. and two below");
  index.remove(other);
  assertEquals(nodes(), 1, "joined again");
  const inner = { id: 3, uri: "co", match: "prefix" } as const;
  index.add(inner);
  assertEquals(nodes(), 2);
  index.remove(inner);
  assertEquals(nodes(), 1);
  assertEquals(matches(index, "com.a"), [1]);
});

Deno.test("MatchIndex takes no URI over 4096 characters, so that dots cost no memory", () => {
  const index = indexOf(["", "prefix"], [".".repeat(4096), "wildcard"]);
  const long = "a".repeat(4097);
  assertEquals(matches(index, long), []);
  assertEquals(index.get(long, "wildcard"), undefined);
});

/** What matches, by the words of the specification. */
function naive(entries: readonly Entry[], uri: string): Entry[] {
  const parts = uri.split(".");
  const portions = (pattern: string) => pattern.split(".").map((part) => (part === "" ? "0" : "1")).join("");
  const fits = (pattern: string) => {
    const own = pattern.split(".");
    return own.length === parts.length && own.every((part, at) => part === "" || part === parts[at]);
  };
  const longest = (a: Entry, b: Entry) => b.uri.length - a.uri.length;
  const prefixes = entries.filter(({ match, uri: own }) => match === "prefix" && uri.startsWith(own)).sort(longest);
  const isWhole = ({ uri: own }: Entry) => `${uri}.`.startsWith(own === "" || own.endsWith(".") ? own : `${own}.`);
  return [
    ...entries.filter(({ match, uri: own }) => match === "exact" && own === uri),
    ...prefixes.filter(isWhole),
    ...entries.filter(({ match, uri: own }) => match === "wildcard" && fits(own))
      .sort((a, b) => portions(b.uri) < portions(a.uri) ? -1 : 1),
    ...prefixes.filter((entry) => !isWhole(entry)),
  ];
}

Deno.test("MatchIndex agrees with a naive list while entries come and go", () => {
  const random = seededRandom(4);
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[Math.floor(random() * values.length)];
    assert(value !== undefined);
    return value;
  };
  const uriOf = (parts: readonly string[]) => Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(parts));
  const index = new MatchIndex<Entry>();
  let entries: Entry[] = [];
  for (let step = 0; step < 6000; step++) {
    const match = pick<MatchPolicy>(["exact", "prefix", "wildcard"]);
    const uri = uriOf(match === "exact" ? ["a", "ab", "b"] : ["a", "ab", "b", ""]).join(".");
    const known = entries.find((entry) => entry.uri === uri && entry.match === match);
    assertEquals(index.get(uri, match), known);
    if (known === undefined && entries.length < 60) {
      const entry = { id: step, uri, match };
      index.add(entry);
      entries.push(entry);
    } else {
      const gone = known ?? pick(entries);
      index.remove(gone);
      entries = entries.filter((entry) => entry !== gone);
    }
    assertEquals(index.size, entries.length);
    assertEquals(index.hasPatterns, entries.some((entry) => entry.match !== "exact"));
    if (step % 50 === 0) {
      // No node without an entry has fewer than two children, and no wildcard is longer than 4 components.
      const count = (match: MatchPolicy) => entries.filter((entry) => entry.match === match).length;
      assert(index.nodes <= 2 * count("prefix") + 4 * count("wildcard"));
    }
    const called = uriOf(["a", "ab", "b"]).join(".");
    assertEquals(matches(index, called), naive(entries, called).map(({ id }) => id), called);
  }
  for (const match of ["exact", "prefix", "wildcard"] as const) {
    const ids = Array.from(index.entries(match), ({ id }) => id).sort((a, b) => a - b);
    assertEquals(ids, entries.filter((entry) => entry.match === match).map(({ id }) => id));
  }
  for (const entry of entries) index.remove(entry);
  assertEquals([index.size, index.hasPatterns, index.nodes], [0, false, 0]);
  for (const match of ["exact", "prefix", "wildcard"] as const) {
    assertEquals([...index.entries(match)], []);
    index.remove({ id: 0, uri: "never.was", match });
  }
});
