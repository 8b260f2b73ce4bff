import { ApplicationError } from "../../wamp/errors.ts";
import { MESSAGE } from "../../wamp/messages.ts";
import type { PayloadCodec } from "../../wamp/passthru.ts";
import { Payload } from "../../wamp/payload.ts";
import { assert, assertEquals, assertRejects } from "../std.ts";
import { scripted, type ScriptedRouter, settled } from "./scripted_router.ts";

const PASSES = { features: { payload_passthru_mode: true, progressive_call_invocations: true, call_canceling: true } };
const PPT = { ppt_scheme: "x_slow" };
const MEBIBYTE = new Uint8Array(1 << 20);

/** A session whose payloads take until `resolve` to be decoded. */
async function slow(): Promise<{
  readonly router: ScriptedRouter;
  readonly warnings: readonly string[];
  readonly resolve: () => void;
}> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const codec: PayloadCodec = {
    scheme: "x_slow",
    encode: () => MEBIBYTE,
    decode: async (bytes) => {
      await promise;
      return { args: [bytes.length] };
    },
  };
  const warnings: string[] = [];
  const ignore = (): void => {};
  const logger = { debug: ignore, info: ignore, error: ignore, warn: (message: string) => warnings.push(message) };
  const router = await scripted({ broker: PASSES, dealer: PASSES }, { passthru: [codec], logger });
  return { router, warnings, resolve };
}

Deno.test("events that wait to be decoded are bounded by number and bytes; those beyond are dropped, with one warning", async () => {
  for (const [bytes, fit] of [[new Uint8Array(1), 10_000], [MEBIBYTE, 15]] as const) {
    const { router, warnings, resolve } = await slow();
    let count = 0;
    const subscribing = router.session.subscribe("com.example.topic", () => count++);
    router.subscribed(5);
    await subscribing;
    for (let index = 0; index < fit + 10; index++) router.event(5, [bytes], PPT);
    assertEquals([count, warnings.length], [0, 1]);
    resolve();
    while (count < fit) await settled();
    router.event(5, [bytes], {});
    await settled();
    assertEquals(count, fit + 1, "there is room again");
  }
});

Deno.test("invocations that wait to be decoded are bounded; those beyond fail with wamp.error.unavailable", async () => {
  const { router, resolve } = await slow();
  let count = 0;
  const registering = router.session.register("com.example.procedure", () => void count++);
  router.registered(5);
  await registering;
  for (let index = 1; index <= 16; index++) router.invoke(index, 5, [MEBIBYTE], PPT);
  while (router.isQuiet) await settled();
  const { request, error } = router.take(MESSAGE.ERROR);
  assertEquals([request, error], [16, "wamp.error.unavailable"]);
  resolve();
  while (count < 15) await settled();
  assertEquals(count, 15);
});

Deno.test("an invocation that is interrupted while it is decoded fails at once and never runs", async () => {
  const { router, resolve } = await slow();
  const registering = router.session.register("com.example.procedure", () => assert(false, "must not run"));
  router.registered(5);
  await registering;
  router.invoke(1, 5, [MEBIBYTE], PPT);
  router.say({ type: MESSAGE.INTERRUPT, request: 1, options: {} });
  assertEquals(router.take(MESSAGE.ERROR).error, "wamp.error.canceled");
  resolve();
  await settled();
  assert(router.isQuiet);
});

Deno.test("parts that wait to be decoded are bounded; beyond that the invocation fails", async () => {
  const { router, resolve } = await slow();
  const registering = router.session.register("com.example.procedure", () => assert(false, "must not run"));
  router.registered(5);
  await registering;
  for (let index = 0; index < 20; index++) router.invoke(1, 5, [MEBIBYTE], { ...PPT, progress: true });
  resolve();
  while (router.isQuiet) await settled();
  assertEquals(router.take(MESSAGE.ERROR).error, "wamp.error.unavailable");
  await settled();
  assert(router.isQuiet);
});

Deno.test("results that wait to be decoded are bounded; beyond that the call is cancelled", async () => {
  const { router, resolve } = await slow();
  const next = router.session.callProgressive("com.example.procedure").next();
  router.take(MESSAGE.CALL);
  for (let index = 0; index < 17; index++) router.result(1, [MEBIBYTE], { ...PPT, progress: true });
  const error = await assertRejects<ApplicationError>(() => next, ApplicationError);
  assertEquals(error.uri, "wamp.error.payload_size_exceeded");
  router.take(MESSAGE.CANCEL);
  resolve();
  await settled();
  assert(router.isQuiet);
});

Deno.test("a progressive result that cannot be decoded ends its call", async () => {
  const { router } = await slow();
  const next = router.session.callProgressive("com.example.procedure").next();
  router.take(MESSAGE.CALL);
  router.result(1, ["no bytes"], { ...PPT, progress: true });
  const error = await assertRejects<ApplicationError>(() => next, ApplicationError);
  assertEquals(error.uri, "wamp.error.invalid_payload");
  router.take(MESSAGE.CANCEL);
});

Deno.test("a call in parts ends while a part is encoded, and no more is sent of it", async () => {
  const { router } = await slow();
  const results = router.session.callProgressive("com.example.procedure", parts(), { passthru: { scheme: "x_slow" } });
  async function* parts(): AsyncGenerator<{ readonly args: readonly unknown[] }> {
    yield { args: [1] };
    void results.return?.();
    yield { args: [2] };
  }
  while (router.isQuiet) await settled();
  router.take(MESSAGE.CALL);
  router.take(MESSAGE.CANCEL);
  await settled();
  assert(router.isQuiet);
});

Deno.test("an ERROR for a YIELD that its caller could not take changes nothing (WAMP, Payload Passthru Mode)", async () => {
  const { router } = await slow();
  const call = router.session.call("com.example.procedure");
  router.take(MESSAGE.CALL);
  router.say({
    type: MESSAGE.ERROR,
    requestType: MESSAGE.YIELD,
    request: 1,
    details: {},
    error: "wamp.error.feature_not_supported",
    payload: Payload.EMPTY,
  });
  router.result(1, ["answer"]);
  assertEquals(await call, "answer");
});
