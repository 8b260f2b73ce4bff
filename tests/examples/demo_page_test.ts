import type { Session } from "@viaduct/viaduct/wamp";
import { createRouter } from "@viaduct/viaduct/wamp/router";
import { assertEquals, assertThrows } from "../std.ts";
import { Directory, type Entry, type EntryKind } from "../../examples/demo/page/directory.ts";
import { formatArguments, formatValue, InputError, parseList, parseObject } from "../../cli/console/page/values.ts";

/** A directory that can be waited for. */
class Watched {
  readonly topics: string[] = [];
  readonly directory: Directory;
  #changed = Promise.withResolvers<void>();

  constructor(session: Session) {
    this.directory = new Directory(session, () => this.#note(), ({ topic }) => void this.topics.push(topic));
  }

  /** Resolves once the entries of a kind look like this. */
  async until(kind: EntryKind, look: (entry: Entry) => unknown, expected: readonly unknown[]): Promise<void> {
    for (;;) {
      const seen = [...this.directory.entries[kind].values()].map(look);
      if (JSON.stringify(seen) === JSON.stringify(expected)) return;
      await this.#changed.promise;
    }
  }

  #note(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

Deno.test("Directory lists what is in the realm, and follows what changes", async () => {
  await using router = createRouter();
  const callee = await router.join("realm1", { authid: "first" });
  const registration = await callee.register("com.test.a", () => 1, { invoke: "roundrobin" });
  const session = await router.join("realm1", { authid: "watching" });
  const watched = new Watched(session);
  await watched.directory.start();
  const uri = ({ details }: Entry): unknown => details.uri;
  await watched.until("session", ({ details }) => details.authid, ["first", "watching"]);
  await watched.until("registration", uri, ["com.test.a"]);

  const other = await router.join("realm1", { authid: "other" });
  await watched.until("session", ({ details }) => details.authid, ["first", "watching", "other"]);
  await other.register("com.test.a", () => 2, { invoke: "roundrobin" });
  await watched.until("registration", ({ members }) => members, [[callee.id, other.id]]);
  await other.register("com.test.", () => 3, { match: "prefix" });
  await watched.until("registration", ({ details }) => [details.uri, details.match], [
    ["com.test.a", "exact"],
    ["com.test.", "prefix"],
  ]);
  const subscription = await other.subscribe("com.test.topic", () => {});
  await watched.until("subscription", uri, ["wamp.", "com.test.topic"]);

  await subscription.unsubscribe();
  await watched.until("subscription", uri, ["wamp."]);
  await registration.unregister();
  await watched.until("registration", ({ members }) => members, [[other.id], [other.id]]);
  await other.leave();
  await watched.until("registration", uri, []);
  await watched.until("session", ({ details }) => details.authid, ["first", "watching"]);
  assertEquals(watched.topics.filter((topic) => topic.startsWith("wamp.session.")), [
    "wamp.session.on_join",
    "wamp.session.on_leave",
  ]);
});

Deno.test("the page reads arguments as JSON, and says what is wrong with them", () => {
  assertEquals(parseList(` [1, {"a": null}] `), [1, { a: null }]);
  assertEquals(parseList(" "), []);
  assertEquals(parseObject(`{"a": [1]}`), { a: [1] });
  assertEquals(parseObject(""), {});
  for (const text of ["{}", "1", "null", `"[]"`]) {
    assertThrows(() => parseList(text), InputError, "must be a JSON list");
  }
  for (const text of ["[]", "1", "null"]) assertThrows(() => parseObject(text), InputError, "must be a JSON object");
  for (const text of ["[1,", "{a:1}"]) assertThrows(() => parseList(text), InputError, "Not JSON: ");
});

Deno.test("the page writes values on one line, with bytes and large integers", () => {
  assertEquals(
    formatValue([1n << 60n, new Uint8Array([0, 255]), "x"]),
    '["1152921504606846976",{"$binary":"AP8="},"x"]',
  );
  assertEquals(formatValue(undefined), "null");
  assertEquals(formatValue("x".repeat(3_000)).length, 2_001);
  assertEquals(formatArguments([1], { a: 2 }), '[1] {"a":2}');
  assertEquals(formatArguments([], {}), "");
});
