import { JoinError } from "../../wamp/errors.ts";
import { join } from "../../wamp/join.ts";
import { createRouter } from "../../wamp/router/router.ts";
import { serveRouter } from "../../wamp/router/server.ts";
import { json } from "../../wamp/serializers/mod.ts";
import { localPair } from "../../wamp/transports/local.ts";
import { assert, assertEquals, assertRejects } from "../std.ts";
import { memoryPair } from "../memory_stream.ts";
import { ScriptedTransport, settled } from "./scripted_router.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };

Deno.test("join takes a URL as text or as an object, and a transport that is open", async () => {
  await using router = createRouter();
  await using server = await serveRouter(router, LOCAL);
  const [ours, theirs] = localPair(json);
  router.attach(theirs);
  for (const target of [server.url, new URL(server.url), ours]) {
    const session = await join(target, { realm: "realm1" });
    assertEquals([session.realm, session.state], ["realm1", "open"]);
    assertEquals((await session.leave()).wasClean, true);
  }
});

Deno.test("join of a realm that is not there rejects with JoinError and leaves nothing open", async () => {
  await using router = createRouter();
  await using server = await serveRouter(router, LOCAL);
  const error = await assertRejects(() => join(server.url, { realm: "realm9" }), JoinError);
  assertEquals(error.reason, "wamp.error.no_such_realm");
});

Deno.test("join picks the serializer by preference", async () => {
  const seen: string[] = [];
  await using router = createRouter();
  const attach = router.attach.bind(router);
  router.attach = (transport, ...rest) => {
    seen.push(transport.serializer.name);
    attach(transport, ...rest);
  };
  await using server = await serveRouter(router, LOCAL);
  for (const serializers of [undefined, ["json", "cbor"], ["msgpack.batched"]] as const) {
    const session = await join(server.url, { realm: "realm1", ...(serializers && { serializers }) });
    await session.leave();
  }
  assertEquals(seen, ["cbor", "json", "msgpack.batched"]);
});

Deno.test("join gives up after its timeout where nobody answers, and when its signal is aborted", async () => {
  const listener = Deno.listen(LOCAL);
  const url = `ws://127.0.0.1:${listener.addr.port}/ws`;
  const open: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const conn of listener) open.push(conn);
  })();
  await assertRejects(() => join(url, { realm: "realm1", timeout: 30 }));
  const controller = new AbortController();
  const joining = assertRejects(() => join(url, { realm: "realm1", signal: controller.signal }), RangeError, "Enough");
  controller.abort(new RangeError("Enough"));
  await joining;
  await assertRejects(() => join(url, { realm: "realm1", signal: controller.signal }), RangeError);
  listener.close();
  await accepting;
  for (const conn of open) conn.close();
});

Deno.test("join gives up on a transport whose router says nothing", async () => {
  const transport = new ScriptedTransport();
  const error = await assertRejects(() => join(transport, { realm: "realm1", timeout: 10 }), DOMException);
  assertEquals([error.name, transport.ending], ["TimeoutError", "fail"]);
});

Deno.test("A session that has joined does not end with its signal", async () => {
  await using router = createRouter();
  await using server = await serveRouter(router, LOCAL);
  for (const transport of [undefined, "web"] as const) {
    const controller = new AbortController();
    const options = { realm: "realm1", signal: controller.signal, ...(transport && { transport }) };
    const session = await join(server.url, options);
    controller.abort();
    assert(await session.call<number>("wamp.session.count") > 0);
    await session.leave();
  }
});

Deno.test("join refuses options that are wrong", async () => {
  const transport = new ScriptedTransport();
  for (const timeout of [0, -1, NaN]) {
    await assertRejects(() => join(transport, { realm: "realm1", timeout }), RangeError, "timeout");
  }
  await assertRejects(() => join("http://127.0.0.1/", { realm: "realm1" }), SyntaxError);
  transport.lose();
});

Deno.test("What a session sends within one turn leaves in one write", async () => {
  const [near, far] = memoryPair();
  const joining = join("rs://memory.invalid:1", {
    ...{ realm: "realm1", serializers: ["json"], dial: () => Promise.resolve(near) },
  });
  // WAMP, RawSocket Transport: the handshake, and then length-prefixed messages.
  far.push(Uint8Array.of(0x7f, 0xf1, 0, 0));
  const welcome = new TextEncoder().encode('[2,1,{"roles":{}}]');
  far.peer.push(Uint8Array.of(0x7f, 0xf1, 0, 0));
  await settled();
  far.peer.push(Uint8Array.of(0, 0, 0, welcome.length), welcome);
  const session = await joining;
  await settled();
  const before = near.writes;
  for (let count = 0; count < 50; count++) void session.publish("com.example.topic", [count]);
  for (let count = 0; count < 50; count++) session.call("com.example.add", [count]).catch(() => {});
  await settled();
  assertEquals(near.writes - before, 1);
  far.end();
  near.end();
  await session.closed;
});
