import { ApplicationError } from "../../wamp/errors.ts";
import { join, type JoinOptions } from "../../wamp/join.ts";
import { aes256gcm, encrypted } from "../../wamp/passthru_cipher.ts";
import type { PayloadCodec } from "../../wamp/passthru.ts";
import type { Passthru } from "../../wamp/passthru_api.ts";
import { Result } from "../../wamp/result.ts";
import { createRouter } from "../../wamp/router/router.ts";
import type { Router } from "../../wamp/router/router_api.ts";
import { cbor, json, msgpack } from "../../wamp/serializers/mod.ts";
import type { Serializer } from "../../wamp/serializers/serializer.ts";
import type { Arguments, Session, SessionEvent } from "../../wamp/session_api.ts";
import { localPair } from "../../wamp/transports/local.ts";
import { assert, assertEquals, assertRejects } from "../std.ts";
import { scripted } from "./scripted_router.ts";

const KEY = new Uint8Array(32).fill(1);
const SECRET: Passthru = { scheme: "wamp", serializer: "cbor", cipher: "aes256gcm", keyid: "k" };
const PLAIN: Passthru = { scheme: "x_plain", serializer: "json" };
const PROCEDURE = "com.example.procedure";
const TOPIC = "com.example.topic";

async function joined(
  router: Router,
  options: Partial<JoinOptions> = { passthru: [aes256gcm({ keys: { k: KEY } })] },
  serializer: Serializer = cbor,
): Promise<Session> {
  const [ours, theirs] = localPair(serializer);
  router.attach(theirs);
  return await join(ours, { realm: "realm1", ...options });
}

/** A router, a callee and subscriber, and a caller and publisher. */
async function fixture(caller: Serializer = cbor, callee: Serializer = cbor): Promise<
  AsyncDisposable & { readonly router: Router; readonly backend: Session; readonly frontend: Session }
> {
  const router = createRouter();
  const backend = await joined(router, undefined, callee);
  const frontend = await joined(router, undefined, caller);
  return { router, backend, frontend, [Symbol.asyncDispose]: () => router[Symbol.asyncDispose]() };
}

/** Resolves when something has been called so often. */
function counted(count: number): { readonly reached: Promise<void>; readonly step: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { reached: promise, step: () => --count === 0 ? resolve() : undefined };
}

Deno.test("a call and its result are passed through, whatever the sessions speak (WAMP, Payload Passthru Mode)", async () => {
  for (const [caller, callee] of [[cbor, cbor], [json, msgpack], [msgpack, json]] as const) {
    await using peers = await fixture(caller, callee);
    const { backend, frontend } = peers;
    const seen: unknown[] = [];
    await backend.register(PROCEDURE, ({ args, kwargs, details }) => {
      seen.push(args, kwargs, details.ppt_scheme, details.ppt_cipher, details.ppt_keyid);
      return new Result(["answer", KEY], { more: true });
    });
    for (const passthru of [SECRET, PLAIN]) {
      const result = await frontend.callResult(PROCEDURE, ["question", KEY], { kwargs: { a: 1 }, passthru });
      assertEquals([result.args, result.kwargs], [["answer", KEY], { more: true }]);
      assertEquals([result.details.ppt_scheme, result.details.ppt_cipher], [passthru.scheme, passthru.cipher]);
      assertEquals(seen.splice(0), [["question", KEY], { a: 1 }, passthru.scheme, passthru.cipher, passthru.keyid]);
    }
    assertEquals(await frontend.call(PROCEDURE, ["question"]), "answer", "others go as ever");
    assertEquals(seen.splice(2), [undefined, undefined, undefined]);
  }
});

Deno.test("the router sees one binary argument and no more (WAMP, Payload Passthru Mode, Message Structure)", async () => {
  await using peers = await fixture();
  const outsider = await peers.router.join("realm1");
  const { promise, resolve } = Promise.withResolvers<SessionEvent>();
  const unknowing = await joined(peers.router, { passthru: [{ cipher: "aes256gcm", encode: () => KEY, decode: raw }] });
  await unknowing.subscribe(TOPIC, resolve);
  await peers.frontend.publish(TOPIC, ["secret"], { passthru: SECRET });
  const { args, kwargs } = await promise;
  assert(args[0] instanceof Uint8Array && args.length === 1);
  assertEquals(kwargs, {});
  assert(!new TextDecoder().decode(args[0]).includes("secret"));
  await outsider.leave();
});

function raw(bytes: Uint8Array): Arguments {
  return { args: [bytes] };
}

Deno.test("events are decoded in the order in which they came, those between them too", async () => {
  await using peers = await fixture();
  const { backend, frontend } = peers;
  const seen: unknown[] = [];
  const { reached, step } = counted(50);
  await backend.subscribe(TOPIC, ({ args, kwargs }) => {
    seen.push(args[0] ?? kwargs.n);
    step();
  });
  for (let n = 0; n < 50; n++) {
    const passthru = [SECRET, PLAIN, undefined][n % 3];
    if (passthru === undefined) void frontend.publish(TOPIC, [n]);
    else await frontend.publish(TOPIC, [], { kwargs: { n }, passthru });
  }
  await reached;
  assertEquals(seen, Array.from({ length: 50 }, (_, n) => n));
});

Deno.test("publications that are encrypted leave in the order of their calls, and are acknowledged", async () => {
  await using peers = await fixture();
  const { backend, frontend } = peers;
  const seen: unknown[] = [];
  const sizes = [100_000, 1, 50_000, 2];
  const { reached, step } = counted(sizes.length);
  await backend.subscribe(TOPIC, ({ args: [size] }) => {
    seen.push((size as string).length);
    step();
  });
  const ids = await Promise.all(sizes.map((size) => {
    return frontend.publish(TOPIC, ["x".repeat(size)], { passthru: SECRET, acknowledge: true });
  }));
  assert(ids.every((id) => typeof id === "number"));
  await reached;
  assertEquals(seen, sizes);
});

Deno.test("an error's arguments are passed through too, and its URI is not (WAMP, Payload Passthru Mode)", async () => {
  await using peers = await fixture();
  const { backend, frontend } = peers;
  await backend.register(PROCEDURE, ({ args: [kind] }) => {
    if (kind === "empty") throw new ApplicationError("com.example.empty");
    if (kind === "unwritable") throw new ApplicationError("com.example.unwritable", [() => 1]);
    if (kind === "result") return () => 1;
    throw new ApplicationError("com.example.bad", ["why"], { field: 1 });
  });
  const fail = async (kind: string): Promise<ApplicationError> => {
    return await frontend.call(PROCEDURE, [kind], { passthru: SECRET }).then(() => assert(false), (error) => error);
  };
  const bad = await fail("bad");
  assertEquals([bad.uri, bad.args, bad.kwargs], ["com.example.bad", ["why"], { field: 1 }]);
  assertEquals(bad.details.ppt_cipher, "aes256gcm");
  assertEquals((await fail("empty")).uri, "com.example.empty");
  assertEquals((await fail("unwritable")).uri, "com.example.unwritable");
  assertEquals((await fail("result")).uri, "wamp.error.invalid_payload");
});

Deno.test("progressive results and calls in parts are passed through in order", async () => {
  await using peers = await fixture();
  const { backend, frontend } = peers;
  await backend.register(PROCEDURE, async function (invocation) {
    let sum = 0;
    for await (const { args, kwargs } of invocation.parts) {
      sum += Number(args[0] ?? kwargs.n ?? 0);
      void invocation.progress([sum], { n: args[0] });
    }
    return sum;
  });
  async function* parts(): AsyncGenerator<Arguments> {
    yield { args: [1] };
    yield { args: [2] };
    yield { kwargs: { n: 3 } };
  }
  for (const passthru of [SECRET, PLAIN]) {
    const results: unknown[] = [];
    for await (const { args, progress } of frontend.callProgressive(PROCEDURE, parts(), { passthru })) {
      results.push([args[0], progress]);
    }
    assertEquals(results, [[1, true], [3, true], [6, true], [6, false]]);
    const single: unknown[] = [];
    for await (const { args } of frontend.callProgressive(PROCEDURE, [5], { passthru })) single.push(args[0]);
    assertEquals(single, [5, 5]);
  }
});

Deno.test("the first part of a call comes first, however long it takes to be decoded", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow: PayloadCodec = {
    cipher: "slow",
    encode: ([text = "end"]) => new TextEncoder().encode(String(text)),
    decode: async (bytes) => {
      const text = new TextDecoder().decode(bytes);
      if (text === "one") await promise;
      return { args: [text] };
    },
  };
  await using router = createRouter();
  const [backend, frontend] = [await joined(router, { passthru: [slow] }), await joined(router, { passthru: [slow] })];
  await backend.register(PROCEDURE, async ({ parts }) => {
    const all: unknown[] = [];
    for await (const { args } of parts) all.push(args[0]);
    return all.join(" ");
  });
  async function* parts(): AsyncGenerator<Arguments> {
    yield { args: ["one"] };
    yield { args: ["two"] };
    // All are there, and only the first is missing.
    await frontend.call("wamp.session.count");
    await backend.call("wamp.session.count");
    resolve();
  }
  const passthru = { scheme: "x_a", cipher: "slow" };
  const last = await frontend.callProgressive(PROCEDURE, parts(), { passthru }).next();
  assertEquals(last.value?.args, ["one two end"]);
});

Deno.test("calls that are passed through begin in the order of the calls", async () => {
  await using peers = await fixture();
  const { backend, frontend } = peers;
  const seen: unknown[] = [];
  await backend.register(PROCEDURE, ({ args: [n] }) => void seen.push((n as string).length));
  const sizes = [100_000, 1, 60_000, 2];
  await Promise.all(sizes.map((size) => frontend.call(PROCEDURE, ["x".repeat(size)], { passthru: SECRET })));
  assertEquals(seen, sizes);
});

Deno.test("who has no codec is told, or hears nothing", async () => {
  const router = createRouter();
  const [keyless, knowing] = [await joined(router, {}), await joined(router)];
  const unsupported = "wamp.error.feature_not_supported";
  const error = await assertRejects(() => keyless.call(PROCEDURE, [1], { passthru: SECRET }), ApplicationError);
  assertEquals(error.uri, unsupported);
  await keyless.register(PROCEDURE, () => assert(false, "must not run"));
  const refused = await assertRejects(() => knowing.call(PROCEDURE, [1], { passthru: SECRET }), ApplicationError);
  assertEquals(refused.uri, unsupported);
  const events: unknown[] = [];
  const { reached, step } = counted(1);
  await keyless.subscribe(TOPIC, ({ args }) => {
    events.push(args[0]);
    step();
  });
  await knowing.publish(TOPIC, ["secret"], { passthru: SECRET });
  await knowing.publish(TOPIC, ["plain"]);
  await reached;
  assertEquals(events, ["plain"]);
  await knowing.register("com.example.other", () => "secret", { passthru: SECRET });
  const unread = await assertRejects(() => keyless.call("com.example.other"), ApplicationError);
  assertEquals(unread.uri, unsupported, "of the result");
  await router.shutdown();
});

Deno.test("a wrong key is wamp.error.invalid_payload, at callee and caller", async () => {
  const router = createRouter();
  const wrong = await joined(router, { passthru: [aes256gcm({ keys: { k: new Uint8Array(32) } })] });
  const right = await joined(router);
  await wrong.register(PROCEDURE, () => assert(false, "must not run"));
  const called = await assertRejects(() => right.call(PROCEDURE, [1], { passthru: SECRET }), ApplicationError);
  assertEquals(called.uri, "wamp.error.invalid_payload");
  await right.register("com.example.other", ({ args: [fails] }) => {
    if (fails) throw new ApplicationError("com.example.bad", ["secret"]);
    return "secret";
  }, { passthru: SECRET });
  const answered = await assertRejects(() => wrong.call("com.example.other", [false]), ApplicationError);
  assertEquals(answered.uri, "wamp.error.invalid_payload");
  const failed = await assertRejects(() => wrong.call("com.example.other", [true]), ApplicationError);
  assertEquals([failed.uri, failed.args], ["com.example.bad", []]);
  await router.shutdown();
});

Deno.test("a call is aborted while it is being encrypted, and is never sent", async () => {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const slow = encrypted({ cipher: "slow", encrypt: () => promise, decrypt: (bytes) => bytes });
  const router = createRouter();
  const session = await joined(router, { passthru: [slow] });
  let isCalled = false;
  await session.register(PROCEDURE, () => isCalled = true);
  const controller = new AbortController();
  const passthru = { scheme: "x_a", cipher: "slow" };
  const calls = [
    session.call(PROCEDURE, [1], { passthru, signal: controller.signal }),
    session.callProgressive(PROCEDURE, [1], { passthru, signal: controller.signal }).next(),
  ];
  controller.abort(new Error("no more"));
  for (const call of calls) await assertRejects(() => call, Error, "no more");
  resolve(KEY);
  await session.call("wamp.session.count");
  assertEquals(isCalled, false);
  await session.leave();
  await assertRejects(() => session.call(PROCEDURE, [1], { passthru }), Error);
  await router.shutdown();
});

Deno.test("what is being encrypted when the session ends fails with it", async () => {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const slow = encrypted({ cipher: "slow", encrypt: () => promise, decrypt: (bytes) => bytes });
  const router = createRouter();
  const session = await joined(router, { passthru: [slow] });
  const passthru = { scheme: "x_a", cipher: "slow" };
  const work = [
    session.call(PROCEDURE, [1], { passthru }),
    session.publish(TOPIC, [1], { passthru }),
    session.callProgressive(PROCEDURE, [1], { passthru }).next(),
  ];
  await session.leave();
  resolve(KEY);
  for (const one of work) await assertRejects(() => one as Promise<unknown>, Error, "ended");
  await router.shutdown();
});

Deno.test("nothing is passed through by a router that does not announce it (WAMP, Payload Passthru Mode)", async () => {
  const router = await scripted();
  const { session } = router;
  for (
    const work of [
      () => session.call(PROCEDURE, [1], { passthru: PLAIN }),
      () => session.publish(TOPIC, [1], { passthru: PLAIN }),
      () => session.callProgressive(PROCEDURE, [1], { passthru: PLAIN }).next(),
    ]
  ) {
    const error = await assertRejects<ApplicationError>(work, ApplicationError, "payload_passthru_mode");
    assertEquals(error.uri, "wamp.error.feature_not_supported");
  }
  assert(router.isQuiet);
});
