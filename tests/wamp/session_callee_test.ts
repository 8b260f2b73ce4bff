import { ApplicationError } from "../../wamp/errors.ts";
import { MESSAGE } from "../../wamp/messages.ts";
import { Payload } from "../../wamp/payload.ts";
import { positional, Result } from "../../wamp/result.ts";
import type { Invocation, InvocationHandler, RegisterOptions, Registration } from "../../wamp/session_api.ts";
import { HIGH_WATER_MARK } from "../../wamp/transports/transport.ts";
import { withFakeClock } from "../fake_clock.ts";
import { assert, assertEquals, assertRejects } from "../std.ts";
import { scripted, type ScriptedRouter, settled } from "./scripted_router.ts";

interface Registered {
  readonly router: ScriptedRouter;
  readonly registration: Registration;
}

/** A session with one registration, whose id is 5. */
async function registered(handler: InvocationHandler, options: RegisterOptions = {}): Promise<Registered> {
  const router = await scripted();
  const registering = router.session.register("com.example.work", handler, options);
  router.registered(5);
  return { router, registration: await registering };
}

/** Asserts the next message to be a YIELD, and gives its arguments. */
function yielded(router: ScriptedRouter, request: number): readonly unknown[] {
  const message = router.take(MESSAGE.YIELD);
  assertEquals(message.request, request);
  return message.payload.args;
}

/** Asserts the next message to be an ERROR, and gives its URI and arguments. */
function failed(router: ScriptedRouter, request: number): readonly unknown[] {
  const message = router.take(MESSAGE.ERROR);
  assertEquals([message.requestType, message.request], [MESSAGE.INVOCATION, request]);
  return [message.error, ...message.payload.args];
}

Deno.test("Options of a registration go on the wire as the specification spells them", async () => {
  const router = await scripted();
  const options: RegisterOptions = {
    ...{ match: "prefix", invoke: "roundrobin", concurrency: 3, discloseCaller: true, forceReregister: true },
    options: { forward_timeout: true },
  };
  void router.session.register("com.example.work.", () => {}, options);
  const { request, procedure, options: wire } = router.take(MESSAGE.REGISTER);
  assertEquals([request, procedure], [1, "com.example.work."]);
  assertEquals(wire, {
    ...{ forward_timeout: true, match: "prefix", invoke: "roundrobin", concurrency: 3 },
    ...{ disclose_caller: true, force_reregister: true },
  });
  router.say({ type: MESSAGE.REGISTERED, request: 1, registration: 5 });
});

Deno.test("Options of a registration are checked before anything is sent", async () => {
  const { session, transport } = await scripted();
  for (const concurrency of [0, -1, 1.5, NaN]) {
    await assertRejects(() => session.register("com.example.work", () => {}, { concurrency }), RangeError);
  }
  await assertRejects(() => session.register("com.example.work", 7 as never), TypeError);
  await assertRejects(() => session.register("com..work", () => {}), ApplicationError, "invalid_uri");
  assertEquals(transport.sent, []);
});

Deno.test("A refused registration rejects with the router's error", async () => {
  const router = await scripted();
  const registering = assertRejects(() => router.session.register("com.example.work", () => {}), ApplicationError);
  router.error(MESSAGE.REGISTER, 1, "wamp.error.procedure_already_exists");
  assertEquals((await registering).uri, "wamp.error.procedure_already_exists");
});

Deno.test("An invocation right behind REGISTERED finds its handler", async () => {
  const router = await scripted();
  const registering = router.session.register("com.example.work", positional((a: number, b: number) => a + b));
  router.registered(5);
  router.invoke(1, 5, [1, 2]);
  assertEquals(yielded(router, 1), [3]);
  const { id, procedure, match, active } = await registering;
  assertEquals([id, procedure, match, active], [5, "com.example.work", "exact", true]);
});

Deno.test("An invocation tells its procedure, its details and whether the caller takes progress", async () => {
  const seen: unknown[] = [];
  const { router } = await registered(({ args, kwargs, procedure, details, receiveProgress }) => {
    seen.push([args, kwargs, procedure, details, receiveProgress]);
  });
  const details = { procedure: "com.example.work.now", caller: 7, receive_progress: true };
  router.invoke(1, 5, [1], details);
  router.invoke(2, 5);
  assertEquals(seen, [
    [[1], {}, "com.example.work.now", details, true],
    [[], {}, "com.example.work", {}, false],
  ]);
});

Deno.test("What a handler returns is the result: nothing, one value, or a Result", async () => {
  const { router } = await registered(({ args: [kind] }) => {
    if (kind === "whole") return new Result([1, 2], { a: 3 });
    return kind === "late" ? Promise.resolve("late") : kind;
  });
  router.invoke(1, 5);
  router.invoke(2, 5, [null]);
  router.invoke(3, 5, ["whole"]);
  router.invoke(4, 5, ["late"]);
  await settled();
  assertEquals([yielded(router, 1), yielded(router, 2)], [[], [null]]);
  const { payload, options } = router.take(MESSAGE.YIELD);
  assertEquals([payload.args, payload.kwargs, options], [[1, 2], { a: 3 }, {}]);
  assertEquals(yielded(router, 4), ["late"]);
});

Deno.test("Arguments outlive their message, looked at or not, in a handler that throws too", async () => {
  const kept: Invocation[] = [];
  const { router } = await registered((invocation) => {
    kept.push(invocation);
    if (kept.length === 1) throw new Error("First");
    return kept.length === 2 ? Promise.resolve(kept[1]?.args.length) : undefined;
  });
  for (let request = 1; request <= 3; request++) {
    router.say({
      ...{ type: MESSAGE.INVOCATION, request, registration: 5, details: {} },
      payload: Payload.of([Uint8Array.of(1, 2, 3), "text"], { key: "value" }),
    });
  }
  await settled();
  for (const { args, kwargs } of kept) {
    assertEquals([args, kwargs], [[Uint8Array.of(1, 2, 3), "text"], { key: "value" }]);
  }
});

Deno.test("What a handler throws becomes an ERROR; a bad URI in it does not reach the router", async () => {
  const thrown: unknown[] = [
    new ApplicationError("com.example.error", ["why"]),
    new RangeError("Out of range"),
    "no error",
    new ApplicationError("not a uri", ["why"]),
    new ApplicationError("com.example.error", [() => {}]),
  ];
  const { router } = await registered(({ args: [index] }) => {
    throw thrown[Number(index)];
  });
  for (let index = 0; index < thrown.length; index++) router.invoke(index + 1, 5, [index]);
  assertEquals(failed(router, 1), ["com.example.error", "why"]);
  assertEquals(failed(router, 2), ["wamp.error.runtime_error", "Out of range"]);
  assertEquals(failed(router, 3), ["wamp.error.runtime_error", "no error"]);
  assertEquals(failed(router, 4), ["wamp.error.runtime_error", "not a uri: why"]);
  assertEquals(failed(router, 5), ["com.example.error", "The arguments of the error cannot be encoded"]);
});

Deno.test("A result that cannot be encoded becomes an ERROR", async () => {
  const { router } = await registered(({ args: [isLate] }) => isLate ? Promise.resolve(() => {}) : () => {});
  router.invoke(1, 5);
  router.invoke(2, 5, [true]);
  await settled();
  for (const request of [1, 2]) {
    const [uri, text] = failed(router, request);
    assertEquals(uri, "wamp.error.invalid_payload");
    assert(String(text).startsWith("Cannot encode the result: "));
  }
});

Deno.test("An invocation of no registration is answered with ERROR, so that its caller does not hang", async () => {
  const router = await scripted();
  router.invoke(1, 99);
  assertEquals(failed(router, 1), ["wamp.error.no_such_registration"]);
});

Deno.test("Above the concurrency limit invocations wait in order; an interrupted one does not", async () => {
  const open: (() => void)[] = [];
  const begun: unknown[] = [];
  const { router } = await registered(({ args: [name] }) => {
    begun.push(name);
    if (name === "sync") return name;
    return new Promise((resolve) => open.push(() => resolve(name)));
  }, { concurrency: 1 });
  const names = ["a", "b", "interrupted", "sync", "sync", "c"];
  for (const [index, name] of names.entries()) router.invoke(index + 1, 5, [name]);
  assertEquals(begun, ["a"]);
  router.say({ type: MESSAGE.INTERRUPT, request: 3, options: {} });
  assertEquals(failed(router, 3), ["wamp.error.canceled"]);
  open[0]?.();
  await settled();
  assertEquals([yielded(router, 1), begun], [["a"], ["a", "b"]]);
  open[1]?.();
  await settled();
  assertEquals(begun, ["a", "b", "sync", "sync", "c"]);
  assertEquals([yielded(router, 2), yielded(router, 4), yielded(router, 5)], [["b"], ["sync"], ["sync"]]);
  open[2]?.();
  await settled();
  assertEquals(yielded(router, 6), ["c"]);
});

Deno.test("What waits is bounded; beyond that invocations fail with wamp.error.unavailable", async () => {
  const { router } = await registered(() => new Promise(() => {}), { concurrency: 1 });
  for (let request = 1; request <= 10_001; request++) router.invoke(request, 5);
  assert(router.isQuiet);
  router.invoke(10_002, 5);
  assertEquals(failed(router, 10_002), [
    "wamp.error.unavailable",
    "10000 invocations of com.example.work wait already",
  ]);
  const large = await registered(() => new Promise(() => {}), { concurrency: 1 });
  for (let request = 1; request <= 4; request++) large.router.invoke(request, 5, [new Uint8Array(8 << 20)]);
  assertEquals(large.router.take(MESSAGE.ERROR).error, "wamp.error.unavailable");
});

Deno.test("INTERRUPT aborts the signal; what the handler throws then is wamp.error.canceled (WAMP, Call Canceling)", async () => {
  const { router } = await registered(async ({ signal, args: [kind] }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    if (kind === "reason") throw signal.reason;
    if (kind === "result") return "finished all the same";
    throw new DOMException("The operation was aborted", "AbortError");
  });
  for (const [index, kind] of ["reason", "result", "other", "reason"].entries()) router.invoke(index + 1, 5, [kind]);
  const interrupt = { type: MESSAGE.INTERRUPT, options: {} } as const;
  for (const request of [1, 2, 3]) router.say({ ...interrupt, request });
  router.say({ ...interrupt, request: 4, options: { mode: "killnowait", reason: "wamp.error.timeout" } });
  router.say({ ...interrupt, request: 4 });
  await settled();
  assertEquals(failed(router, 1), ["wamp.error.canceled"]);
  assertEquals(yielded(router, 2), ["finished all the same"]);
  assertEquals(failed(router, 3), ["wamp.error.canceled"]);
  assertEquals(failed(router, 4), ["wamp.error.timeout"]);
});

Deno.test("A signal that is asked for late is aborted already", async () => {
  const gate = Promise.withResolvers<void>();
  let signal: AbortSignal | undefined;
  const { router } = await registered(async (invocation) => {
    await gate.promise;
    signal = invocation.signal;
  });
  router.invoke(1, 5);
  router.say({ type: MESSAGE.INTERRUPT, request: 1, options: {} });
  gate.resolve();
  await settled();
  assertEquals([signal?.aborted, (signal?.reason as ApplicationError).uri], [true, "wamp.error.canceled"]);
});

Deno.test("A forwarded timeout is kept: ERROR wamp.error.timeout, and the signal (WAMP, Call Timeouts)", async () => {
  let signal: AbortSignal | undefined;
  const { router } = await registered((invocation) => {
    signal = invocation.signal;
    return invocation.args[0] === "quick" ? "quick" : new Promise(() => {});
  });
  await withFakeClock(async (clock) => {
    router.invoke(1, 5, ["quick"], { timeout: 100 });
    router.invoke(2, 5, ["slow"], { timeout: 100 });
    assertEquals(yielded(router, 1), ["quick"]);
    await clock.advance(200);
    assertEquals(failed(router, 2), ["wamp.error.timeout", "No result within 100 ms"]);
    assertEquals([signal?.aborted, clock.timers], [true, 0]);
  });
});

Deno.test("progress() sends a YIELD with progress, waits above the transport's mark, and stops with the invocation", async () => {
  let kept: Invocation | undefined;
  const { router } = await registered(async (invocation) => {
    kept = invocation;
    await invocation.progress([1], { a: 1 });
    return "end";
  });
  const { transport } = router;
  transport.bufferedAmount = HIGH_WATER_MARK + 1;
  router.invoke(1, 5, [], { receive_progress: true });
  await settled();
  const { options, payload } = router.take(MESSAGE.YIELD);
  assertEquals([options, payload.args, payload.kwargs], [{ progress: true }, [1], { a: 1 }]);
  assert(router.isQuiet);
  transport.drain();
  await settled();
  assertEquals(yielded(router, 1), ["end"]);
  await kept?.progress(["late"]);
  assert(router.isQuiet);
});

Deno.test("An async iterable is ended when its call is cancelled, and when what it yields cannot be encoded", async () => {
  let ended = 0;
  const gate = Promise.withResolvers<void>();
  const { router } = await registered(async function* ({ args: [kind] }) {
    try {
      yield kind === "bad" ? () => {} : "first";
      await gate.promise;
      yield "second";
    } finally {
      ended++;
    }
  });
  router.invoke(1, 5, [], { receive_progress: true });
  router.invoke(2, 5, ["bad"], { receive_progress: true });
  await settled();
  assertEquals(yielded(router, 1), ["first"]);
  assertEquals(router.take(MESSAGE.ERROR).request, 2);
  router.say({ type: MESSAGE.INTERRUPT, request: 1, options: {} });
  gate.resolve();
  await settled();
  assertEquals([failed(router, 1), ended], [["wamp.error.canceled"], 2]);
});

Deno.test("Parts of a progressive invocation go to its handler; an empty last part only ends them", async () => {
  const { router } = await registered(async ({ parts }) => {
    const values: unknown[] = [];
    for await (const { args, kwargs } of parts) values.push([args, kwargs]);
    return values;
  });
  const progress = { progress: true };
  router.invoke(1, 5, [1], progress);
  router.invoke(1, 5, [2], progress);
  router.invoke(1, 5);
  router.invoke(2, 5, [1], progress);
  await settled();
  router.invoke(2, 5, [2]);
  router.invoke(3, 5, ["only"]);
  await settled();
  assertEquals(yielded(router, 1), [[[[1], {}], [[2], {}]]]);
  assertEquals(yielded(router, 2), [[[[1], {}], [[2], {}]]]);
  assertEquals(yielded(router, 3), [[[["only"], {}]]]);
});

Deno.test("Parts end with an error when the call is cancelled, and early when the handler leaves them", async () => {
  const { router } = await registered(async ({ parts, args: [kind] }) => {
    for await (const { args } of parts) if (kind === "leave") return args[0];
    return "end";
  });
  const progress = { progress: true };
  router.invoke(1, 5, ["wait"], progress);
  router.invoke(2, 5, ["leave"], progress);
  await settled();
  assertEquals(yielded(router, 2), ["leave"]);
  router.invoke(2, 5, ["late"], progress);
  router.invoke(2, 5, ["last"]);
  router.say({ type: MESSAGE.INTERRUPT, request: 1, options: {} });
  await settled();
  assertEquals(failed(router, 1), ["wamp.error.canceled"]);
  assert(router.isQuiet);
});

Deno.test("Parts that nobody takes are bounded: beyond 16 MiB the call fails", async () => {
  const { router } = await registered(() => new Promise(() => {}));
  for (let part = 0; part < 4; part++) router.invoke(1, 5, [new Uint8Array(6 << 20)], { progress: true });
  const [uri] = failed(router, 1);
  assertEquals(uri, "wamp.error.unavailable");
  assert(router.isQuiet);
});

Deno.test("The session's end aborts what handlers work on, and nothing is sent any more", async () => {
  let signal: AbortSignal | undefined;
  const gate = Promise.withResolvers<void>();
  const { router, registration } = await registered(async (invocation) => {
    signal = invocation.signal;
    await gate.promise;
    return "late";
  });
  router.invoke(1, 5, [], { timeout: 60_000 });
  router.transport.lose();
  assertEquals([signal?.aborted, registration.active], [true, false]);
  gate.resolve();
  await settled();
  assert(router.isQuiet);
  await registration.unregister();
});

Deno.test("Unregistering ends a registration once; a failure of the router's is told", async () => {
  const { router, registration } = await registered(() => {});
  const ending = registration.unregister();
  assertEquals(router.take(MESSAGE.UNREGISTER).registration, 5);
  // An invocation that crossed it is still answered.
  router.invoke(1, 5);
  assertEquals(yielded(router, 1), []);
  router.error(MESSAGE.UNREGISTER, 2, "wamp.error.no_such_registration");
  await assertRejects(() => ending, ApplicationError);
  await assertRejects(() => registration.unregister(), ApplicationError);
  const lost = await registered(() => {});
  const disposing = lost.registration[Symbol.asyncDispose]();
  lost.router.transport.lose();
  await disposing;
});

Deno.test("A revoked registration is not active, and its invocations find nothing (WAMP, Registration Revocation)", async () => {
  const { router, registration } = await registered(() => {});
  router.say({ type: MESSAGE.UNREGISTERED, request: 0, details: { registration: 99 } });
  assertEquals(registration.active, true);
  router.say({ type: MESSAGE.UNREGISTERED, request: 0, details: { registration: 5, reason: "moved" } });
  assertEquals(registration.active, false);
  router.invoke(1, 5);
  assertEquals(failed(router, 1), ["wamp.error.no_such_registration"]);
  await registration.unregister();
  assert(router.isQuiet);
});
