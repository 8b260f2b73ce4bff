import { assertEquals, assertRejects } from "../std.ts";
import { sessionPair, testRouter } from "../../testing/mod.ts";
import { SERIALIZERS } from "../../wamp/serializers/mod.ts";

for (const { name: serializer } of SERIALIZERS) {
  Deno.test(`testRouter lets sessions call and publish: ${serializer}`, async () => {
    await using wamp = testRouter();
    const [backend, frontend] = await Promise.all([wamp.join({ serializer }), wamp.join()]);
    await backend.register("com.example.add", ({ args: [a, b] }) => Number(a) + Number(b));
    assertEquals(await frontend.call("com.example.add", [1, 2]), 3);
    const arrived = Promise.withResolvers<readonly unknown[]>();
    await backend.subscribe("com.example.tick", ({ args }) => arrived.resolve(args));
    await frontend.publish("com.example.tick", ["now"]);
    assertEquals(await arrived.promise, ["now"]);
  });
}

Deno.test("testRouter joins the first realm, or the one named, as one who is not trusted", async () => {
  await using wamp = testRouter({ realms: [{ uri: "com.example.one" }, { uri: "com.example.two" }] });
  const [first, second] = [await wamp.join(), await wamp.join({ realm: "com.example.two" })];
  assertEquals([first.realm, second.realm], ["com.example.one", "com.example.two"]);
  await assertRejects(() => first.register("wamp.custom", () => 1), Error, "wamp.error.invalid_uri");
  await assertRejects(() => wamp.join({ realm: "com.example.three" }), Error, "no_such_realm");
});

Deno.test("testRouter lets its sessions leave when it is disposed of", async () => {
  const wamp = testRouter();
  const session = await wamp.join();
  await wamp[Symbol.asyncDispose]();
  assertEquals((await session.closed).wasClean, true);
});

Deno.test("sessionPair joins two sessions to one realm of their own", async () => {
  await using pair = await sessionPair({ realm: "com.example.realm", serializer: "json" });
  assertEquals([pair.first.realm, pair.second.realm], ["com.example.realm", "com.example.realm"]);
  assertEquals(pair.router.statistics("com.example.realm").sessions, 2);
  await pair.first.register("com.example.whoami", () => "first");
  assertEquals(await pair.second.call("com.example.whoami"), "first");
});

Deno.test("sessionPair rejects where joining fails, and leaves nothing behind", async () => {
  const signal = AbortSignal.abort(new Error("Enough"));
  await assertRejects(() => sessionPair({ signal }), Error, "Enough");
});
