import { ApplicationError } from "../../wamp/errors.ts";
import { MESSAGE } from "../../wamp/messages.ts";
import type { Arguments, CallOptions } from "../../wamp/session_api.ts";
import { withFakeClock } from "../fake_clock.ts";
import { assert, assertEquals, assertRejects } from "../std.ts";
import { scripted, settled } from "./scripted_router.ts";

const NOTHING = { dealer: {} };

Deno.test("Options of a call go on the wire as the specification spells them", async () => {
  const router = await scripted();
  const options: CallOptions = { kwargs: { a: 1 }, timeout: 1_500.5, discloseMe: true, options: { rkey: 7 } };
  void router.session.call("com.example.add", [1], options);
  const call = router.take(MESSAGE.CALL);
  assertEquals(call.options, { rkey: 7, disclose_me: true, timeout: 1_501 });
  assertEquals([call.payload.args, call.payload.kwargs], [[1], { a: 1 }]);
  void router.session.call("com.example.add");
  assertEquals(router.take(MESSAGE.CALL).options, {});
  void router.session.callProgressive("com.example.add", [], options);
  assertEquals(router.take(MESSAGE.CALL).options.receive_progress, true);
  router.result(1);
  router.result(2);
  router.result(3);
});

Deno.test("Options of a call are checked before anything is sent", async () => {
  const router = await scripted();
  for (const timeout of [-1, NaN, Infinity]) {
    await assertRejects(() => router.session.call("com.example.add", [], { timeout }), RangeError);
  }
  const wrong = { cancelMode: "later" as "skip" };
  await assertRejects(() => router.session.callResult("com.example.add", [], wrong), TypeError);
  await assertRejects(() => router.session.callProgressive("com.example.add", [], wrong).next(), TypeError);
  await assertRejects(() => router.session.call(7 as never), TypeError);
  assert(router.isQuiet);
});

Deno.test("A result is owned: it outlives the bytes that it came in", async () => {
  const router = await scripted();
  const call = router.session.callResult("com.example.add");
  router.result(1, [Uint8Array.of(1, 2, 3), "text"], { custom: 1 }, { key: "value" });
  const { args, kwargs, details, progress } = await call;
  assertEquals([args, kwargs], [[Uint8Array.of(1, 2, 3), "text"], { key: "value" }]);
  assertEquals([details, progress], [{ custom: 1 }, false]);
});

Deno.test("A progressive result that was not asked for is no result", async () => {
  const router = await scripted();
  const call = router.session.call("com.example.add");
  router.result(1, ["part"], { progress: true });
  router.result(1, ["whole"]);
  assertEquals(await call, "whole");
});

Deno.test("An ERROR becomes an ApplicationError with its arguments and details", async () => {
  const router = await scripted();
  const call = assertRejects(() => router.session.call("com.example.add"), ApplicationError);
  router.error(MESSAGE.CALL, 1, "com.example.error", ["why"], { key: 1 });
  const { uri, args, kwargs, details, message } = await call;
  assertEquals([uri, args, kwargs, details], ["com.example.error", ["why"], { key: 1 }, {}]);
  assertEquals(message, "com.example.error: why");
});

Deno.test("Abort sends CANCEL with the mode and rejects with the reason; what is answered then is discarded (WAMP, Call Canceling)", async () => {
  for (const cancelMode of [undefined, "killnowait", "skip"] as const) {
    const router = await scripted();
    const controller = new AbortController();
    const reason = new RangeError("Enough");
    const options = { signal: controller.signal, ...(cancelMode && { cancelMode }) };
    const call = assertRejects(() => router.session.call("com.example.add", [], options), RangeError);
    router.take(MESSAGE.CALL);
    controller.abort(reason);
    assertEquals(await call, reason);
    assertEquals(router.take(MESSAGE.CANCEL), {
      ...{ type: MESSAGE.CANCEL, request: 1, options: { mode: cancelMode ?? "killnowait" } },
    });
    router.error(MESSAGE.CALL, 1, "wamp.error.canceled");
    router.result(1, ["late"]);
    assertEquals(router.session.state, "open");
  }
});

Deno.test("Mode kill waits for the callee: an error rejects with the reason, a result resolves", async () => {
  for (const isResult of [true, false]) {
    const router = await scripted();
    const controller = new AbortController();
    const options: CallOptions = { signal: controller.signal, cancelMode: "kill" };
    const call = router.session.call("com.example.add", [], options).catch((reason) => reason);
    router.take(MESSAGE.CALL);
    controller.abort("enough");
    assertEquals(router.take(MESSAGE.CANCEL).options, { mode: "kill" });
    let hasEnded = false;
    void call.then(() => hasEnded = true);
    await settled();
    assertEquals(hasEnded, false);
    if (isResult) router.result(1, ["in time"]);
    else router.error(MESSAGE.CALL, 1, "wamp.error.canceled");
    assertEquals(await call, isResult ? "in time" : "enough");
  }
});

Deno.test("A router that does not announce canceling gets no CANCEL", async () => {
  const router = await scripted(NOTHING);
  const controller = new AbortController();
  const options: CallOptions = { signal: controller.signal, cancelMode: "kill" };
  const call = router.session.call("com.example.add", [], options).catch((reason) => reason);
  router.take(MESSAGE.CALL);
  controller.abort("enough");
  assertEquals(await call, "enough");
  assert(router.isQuiet);
});

Deno.test("A settled call listens to its signal no more", async () => {
  const router = await scripted();
  const controller = new AbortController();
  const call = router.session.call("com.example.add", [], { signal: controller.signal });
  router.take(MESSAGE.CALL);
  router.result(1, [1]);
  assertEquals(await call, 1);
  controller.abort();
  assert(router.isQuiet);
});

Deno.test("A timeout is kept here where the router does not announce that it does (WAMP, Call Timeouts)", async () => {
  const router = await scripted({ dealer: { features: { call_cancelling: true } } });
  await withFakeClock(async (clock) => {
    const { session } = router;
    const failed = assertRejects(() => session.call("com.example.slow", [], { timeout: 100 }), ApplicationError);
    const quick = session.call("com.example.quick", [], { timeout: 100 });
    assertEquals(router.take(MESSAGE.CALL).options, {});
    router.take(MESSAGE.CALL);
    router.result(2, ["quick"]);
    assertEquals(await quick, "quick");
    await clock.advance(90);
    assert(router.isQuiet);
    await clock.advance(50);
    const { uri, args } = await failed;
    assertEquals([uri, args], ["wamp.error.timeout", ["No result within 100 ms"]]);
    assertEquals(router.take(MESSAGE.CANCEL).request, 1);
    assertEquals(clock.timers, 0);
  });
});

Deno.test("Progressive results wait for a slow iteration, up to 16 MiB, beyond which the call is cancelled", async () => {
  const router = await scripted();
  const results = router.session.callProgressive("com.example.flood");
  router.take(MESSAGE.CALL);
  const chunk = new Uint8Array(4 << 20);
  for (let index = 0; index < 4; index++) router.result(1, [chunk], { progress: true });
  assertEquals(router.take(MESSAGE.CANCEL), { type: MESSAGE.CANCEL, request: 1, options: { mode: "killnowait" } });
  router.result(1, [chunk], { progress: true });
  for (let index = 0; index < 4; index++) assertEquals((await results.next()).done, false);
  const error = await assertRejects(() => results.next(), ApplicationError);
  assertEquals(error.uri, "wamp.error.payload_size_exceeded");
  assertEquals((await results.next()).done, true);
});

Deno.test("Several steps of an iteration may wait at once; the end ends them all", async () => {
  const router = await scripted();
  const results = router.session.callProgressive("com.example.count");
  const steps = [results.next(), results.next(), results.next(), results.next()];
  router.result(1, [1], { progress: true });
  router.result(1, [2]);
  assertEquals((await Promise.all(steps)).map(({ done, value }) => [done, value?.args[0]]), [
    ...[[false, 1], [false, 2], [true, undefined], [true, undefined]],
  ]);
});

Deno.test("return() cancels the call and ends the iteration, throw() with an error", async () => {
  const router = await scripted();
  const first = router.session.callProgressive("com.example.count");
  router.take(MESSAGE.CALL);
  router.result(1, ["waiting"], { progress: true });
  assertEquals((await first.return?.())?.done, true);
  assertEquals(router.take(MESSAGE.CANCEL).request, 1);
  assertEquals((await first.next()).done, true);
  await first.return?.();
  assert(router.isQuiet);
  const second = router.session.callProgressive("com.example.count");
  router.take(MESSAGE.CALL);
  await assertRejects(async () => await second.throw?.(new RangeError("Enough")), RangeError);
  assertEquals(router.take(MESSAGE.CANCEL).request, 2);
});

Deno.test("An aborted signal ends the iteration with its reason", async () => {
  const router = await scripted();
  const controller = new AbortController();
  const results = router.session.callProgressive("com.example.count", [], { signal: controller.signal });
  router.take(MESSAGE.CALL);
  const step = assertRejects(() => results.next(), RangeError);
  controller.abort(new RangeError("Enough"));
  await step;
  assertEquals(router.take(MESSAGE.CANCEL).request, 1);
  const signal = AbortSignal.abort(new RangeError("Before"));
  await assertRejects(() => router.session.callProgressive("com.example.count", [], { signal }).next(), RangeError);
});

Deno.test("Parts are CALLs of one id: options with the first, `progress` but for the last (WAMP, Progressive Call Invocations)", async () => {
  const router = await scripted();
  async function* parts(): AsyncGenerator<Arguments, Arguments> {
    yield { args: [1], kwargs: { a: 1 } };
    yield await Promise.resolve({ args: [2] });
    return { args: [3] };
  }
  const results = router.session.callProgressive("com.example.sum", parts(), { discloseMe: true });
  await settled();
  const calls = [router.take(MESSAGE.CALL), router.take(MESSAGE.CALL), router.take(MESSAGE.CALL)];
  assertEquals(calls.map(({ request, options, payload }) => [request, options, payload.args, payload.kwargs]), [
    [1, { receive_progress: true, disclose_me: true, progress: true }, [1], { a: 1 }],
    [1, { progress: true }, [2], {}],
    [1, {}, [3], {}],
  ]);
  router.result(1, [6]);
  assertEquals((await results.next()).value?.args, [6]);
  assertEquals(router.session.call("com.example.next") instanceof Promise, true);
  assertEquals(router.take(MESSAGE.CALL).request, 2);
  router.result(2);
});

Deno.test("A source without parts makes an ordinary call", async () => {
  const router = await scripted();
  async function* parts(): AsyncGenerator<Arguments> {}
  const results = router.session.callProgressive("com.example.sum", parts());
  await settled();
  const { options, payload } = router.take(MESSAGE.CALL);
  assertEquals([options, payload.args], [{ receive_progress: true }, []]);
  router.result(1);
  assertEquals((await results.next()).value?.progress, false);
});

Deno.test("A router without progressive invocations is not asked for them", async () => {
  const router = await scripted(NOTHING);
  async function* parts(): AsyncGenerator<Arguments> {
    yield await Promise.resolve({ args: [1] });
  }
  const error = await assertRejects(
    () => router.session.callProgressive("com.example.sum", parts()).next(),
    ApplicationError,
  );
  assertEquals(error.uri, "wamp.error.feature_not_supported");
  assert(router.isQuiet);
});

Deno.test("A source that fails, or gives what is no part, cancels the call and fails it", async () => {
  async function* failing(): AsyncGenerator<Arguments> {
    yield await Promise.resolve({ args: [1] });
    throw new RangeError("Source is dry");
  }
  async function* wrong(): AsyncGenerator<Arguments> {
    yield await Promise.resolve({ args: [1] });
    yield { args: "no list" as never };
  }
  for (const [source, text] of [[failing(), "Source is dry"], [wrong(), "{ args, kwargs }"]] as const) {
    const router = await scripted();
    const results = router.session.callProgressive("com.example.sum", source);
    await assertRejects(() => results.next(), Error, text);
    router.take(MESSAGE.CALL);
    assertEquals(router.take(MESSAGE.CANCEL).request, 1);
  }
});

Deno.test("A source is ended when the call ends before it", async () => {
  const router = await scripted();
  let wasEnded = false;
  async function* parts(): AsyncGenerator<Arguments> {
    try {
      for (;;) {
        yield { args: [1] };
        await settled();
      }
    } finally {
      wasEnded = true;
    }
  }
  const results = router.session.callProgressive("com.example.sum", parts());
  await settled();
  router.result(1, ["enough"]);
  assertEquals((await results.next()).value?.args, ["enough"]);
  for (let turn = 0; turn < 5 && !wasEnded; turn++) await settled();
  assert(wasEnded);
});
