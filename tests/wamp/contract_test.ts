import {
  type ArgsInput,
  type ArgsOutput,
  defineContract,
  procedure,
  type ProcedureOf,
  type ResultInput,
  type ResultOutput,
  type StandardResult,
  type StandardSchema,
  topic,
  type TopicUri,
} from "../../wamp/contract.ts";
import { ApplicationError } from "../../wamp/errors.ts";
import { MESSAGE } from "../../wamp/messages.ts";
import { positional, Result } from "../../wamp/result.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../std.ts";
import { scripted, type ScriptedRouter, settled } from "./scripted_router.ts";

/** A validator by the Standard Schema. */
function schema<Input, Output = Input>(
  validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>,
): StandardSchema<Input, Output> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const pair = schema<[number, number]>((value) => {
  const [a, b] = value as unknown[];
  if (typeof a === "number" && typeof b === "number") return { value: [a, b] };
  return { issues: [{ message: "must be numbers", path: [0, { key: "x" }] }, { message: "second" }] };
});
/** Takes a number or its text, and gives the number, later. */
const numeric = schema<number | string, number>((value) => {
  const number = Number(value);
  return Promise.resolve(Number.isNaN(number) ? { issues: [{ message: "must be numeric" }] } : { value: number });
});
const numericList = schema<(number | string)[], number[]>((value) => ({ value: (value as unknown[]).map(Number) }));
const keywords = schema<Record<string, unknown>>((value) => {
  return "key" in (value as object) ? { value: value as Record<string, unknown> } : {
    issues: [{ message: "must have a key" }],
  };
});

const API = defineContract({
  procedures: {
    "com.example.add": { args: pair, result: numeric },
    "com.example.sum": { args: numericList },
    "com.example.keyed": { kwargs: keywords },
    "com.example.typed": procedure<[string], { readonly length: number }>(),
  },
  topics: {
    "com.example.changed": { args: pair },
    "com.example.tick": topic<[number]>(),
  },
});

async function registered(
  uri: string,
  register: (router: ScriptedRouter) => Promise<unknown>,
): Promise<ScriptedRouter> {
  const router = await scripted();
  const registering = register(router);
  assertEquals(router.transport.sent.length, 1, uri);
  router.registered(5);
  await registering;
  return router;
}

Deno.test("A contract types arguments and results, with and without validators", async () => {
  const router = await scripted();
  const typed = router.session.withContract(API);
  const sum = typed.call("com.example.add", [1, 2]);
  const length = typed.call("com.example.typed", ["text"]);
  await settled();
  router.result(1, ["3"]);
  router.result(2, [{ length: 4 }]);
  const value: number = await sum;
  const object: { readonly length: number } = await length;
  assertEquals([value, object.length], [3, 4]);
  // @ts-expect-error: two numbers are asked for
  await assertRejects(() => typed.call("com.example.add", ["1", 2]), ApplicationError);
  // @ts-expect-error: one string is asked for
  void typed.call("com.example.typed", [1]).catch(() => {});
  // @ts-expect-error: the contract has no such procedure
  await assertRejects(() => typed.call("com.example.other", []), TypeError, "not in the contract");
  // @ts-expect-error: nor such a topic
  await assertRejects(() => typed.publish("com.example.other", []), TypeError, "not in the contract");
  // @ts-expect-error: it has this as a topic
  assertThrows(() => typed.register("com.example.tick", () => {}), TypeError);
  router.transport.lose();
});

type Equal<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends (<T>() => T extends Right ? 1 : 2) ? true : false;

Deno.test("What goes into a validator types the sender, what comes out the receiver", () => {
  type Add = ProcedureOf<typeof API, "com.example.add">;
  type Sum = ProcedureOf<typeof API, "com.example.sum">;
  type Typed = ProcedureOf<typeof API, "com.example.typed">;
  type Keyed = ProcedureOf<typeof API, "com.example.keyed">;
  const facts: readonly true[] = [
    true satisfies Equal<ArgsInput<Add>, [number, number]>,
    true satisfies Equal<ResultInput<Add>, number | string>,
    true satisfies Equal<ResultOutput<Add>, number>,
    true satisfies Equal<ArgsInput<Sum>, (number | string)[]>,
    true satisfies Equal<ArgsOutput<Sum>, number[]>,
    true satisfies Equal<ArgsInput<Typed>, [string]>,
    true satisfies Equal<ResultOutput<Typed>, { readonly length: number }>,
    true satisfies Equal<ArgsInput<Keyed>, readonly unknown[]>,
    true satisfies Equal<ResultOutput<Keyed>, unknown>,
    true satisfies Equal<TopicUri<typeof API>, "com.example.changed" | "com.example.tick">,
    true satisfies Equal<TopicUri<{ readonly procedures: Record<"com.example.add", Add> }>, never>,
  ];
  assert(facts.every((fact) => fact));
});

Deno.test("Arguments that break the contract are not sent", async () => {
  const router = await scripted();
  const typed = router.session.withContract(API);
  const wrong = ["1", "2"] as unknown as [number, number];
  const error = await assertRejects(() => typed.call("com.example.add", wrong), ApplicationError);
  assertEquals([error.uri, error.args[0]], [
    "wamp.error.invalid_argument",
    "Positional arguments must keep to the contract: 0.x: must be numbers; second",
  ]);
  assertEquals(error.kwargs, {
    issues: [{ message: "must be numbers", path: ["0", "x"] }, { message: "second", path: [] }],
  });
  await assertRejects(() => typed.callProgressive("com.example.add", wrong).next(), ApplicationError);
  await assertRejects(() => typed.publish("com.example.changed", wrong), ApplicationError);
  await assertRejects(() => typed.call("com.example.keyed", [], { kwargs: { other: 1 } }), ApplicationError, "key");
  assert(router.isQuiet);
});

Deno.test("A result that breaks the contract fails at the caller", async () => {
  const router = await scripted();
  const call = router.session.withContract(API).call("com.example.add", [1, 2]);
  await settled();
  router.result(1, ["no number"]);
  assertEquals((await assertRejects(() => call, ApplicationError)).uri, "wamp.error.invalid_payload");
});

Deno.test("What is checked at once is sent at once, so that order is kept", async () => {
  const router = await scripted();
  const typed = router.session.withContract(API);
  void typed.publish("com.example.changed", [1, 2]);
  void typed.publish("com.example.tick", [3]);
  const call = typed.call("com.example.add", [4, 5]);
  assertEquals(router.take(MESSAGE.PUBLISH).payload.args, [1, 2]);
  assertEquals(router.take(MESSAGE.PUBLISH).payload.args, [3]);
  const { request, payload } = router.take(MESSAGE.CALL);
  assertEquals(payload.args, [4, 5]);
  router.result(request, [9]);
  assertEquals(await call, 9);
});

Deno.test("Arguments may be checked later, and changed by that", async () => {
  const later = schema<number[], string[]>((value) => Promise.resolve({ value: (value as number[]).map(String) }));
  const router = await scripted();
  const typed = router.session.withContract({ topics: { "com.example.later": { args: later } } });
  void typed.publish("com.example.later", [1, 2]);
  await settled();
  assertEquals(router.take(MESSAGE.PUBLISH).payload.args, ["1", "2"]);
  const wrong = schema<number[]>(() => ({ value: 7 as never }));
  const other = router.session.withContract({ topics: { "com.example.wrong": { args: wrong } } });
  await assertRejects(() => other.publish("com.example.wrong", [1]), TypeError, "must give a list");
});

Deno.test("An aborted signal stops a call while its arguments are checked", async () => {
  const router = await scripted();
  const signal = AbortSignal.abort(new RangeError("Enough"));
  await assertRejects(
    () => router.session.withContract(API).call("com.example.add", [1, 2], { signal }),
    RangeError,
  );
  assert(router.isQuiet);
});

Deno.test("Progressive results pass through, and leaving them cancels the call", async () => {
  const router = await scripted();
  const results = router.session.withContract(API).callProgressive("com.example.typed", ["a"]);
  const step = results.next();
  await settled();
  assertEquals(router.take(MESSAGE.CALL).options.receive_progress, true);
  router.result(1, [1], { progress: true });
  assertEquals((await step).value?.args, [1]);
  await results.return?.();
  assertEquals(router.take(MESSAGE.CANCEL).request, 1);
});

Deno.test("A handler gets checked arguments; those that break the contract are answered with wamp.error.invalid_argument", async () => {
  const router = await registered("add", ({ session }) => {
    return session.withContract(API).register("com.example.add", ({ args: [a, b] }) => a + b);
  });
  router.invoke(1, 5, [1, 2]);
  await settled();
  assertEquals(router.take(MESSAGE.YIELD).payload.args, [3]);
  router.invoke(2, 5, ["1", 2]);
  await settled();
  assertEquals(router.take(MESSAGE.ERROR).error, "wamp.error.invalid_argument");
});

Deno.test("A handler's result that breaks the contract is answered with wamp.error.invalid_payload", async () => {
  let result: unknown = "no number";
  const router = await registered("add", ({ session }) => {
    return session.withContract(API).register("com.example.add", () => result as number);
  });
  router.invoke(1, 5, [1, 2]);
  await settled();
  assertEquals(router.take(MESSAGE.ERROR).error, "wamp.error.invalid_payload");
  result = new Result(["7", "more"], { a: 1 });
  router.invoke(2, 5, [1, 2]);
  await settled();
  const { payload } = router.take(MESSAGE.YIELD);
  assertEquals([payload.args, payload.kwargs], [[7, "more"], { a: 1 }]);
});

Deno.test("A checked invocation is an invocation in all else", async () => {
  const seen: unknown[] = [];
  const router = await registered("sum", ({ session }) => {
    return session.withContract(API).register("com.example.sum", async (invocation) => {
      const { args, kwargs, procedure, details, receiveProgress, signal } = invocation;
      seen.push(args, kwargs, procedure, details, receiveProgress, signal.aborted);
      await invocation.progress(["part"]);
      for await (const part of invocation.parts) seen.push(part.args);
      return args.length;
    });
  });
  const details = { receive_progress: true };
  router.invoke(1, 5, ["1", "2"], details);
  await settled();
  assertEquals(seen, [[1, 2], {}, "com.example.sum", details, true, false, ["1", "2"]]);
  assertEquals(router.take(MESSAGE.YIELD).options, { progress: true });
  assertEquals(router.take(MESSAGE.YIELD).payload.args, [2]);
});

Deno.test("An async iterable of a contract's handler streams", async () => {
  const router = await registered("add", ({ session }) => {
    async function* count(): AsyncGenerator<number> {
      yield await Promise.resolve(1);
    }
    return session.withContract(API).register("com.example.add", () => count() as unknown as number);
  });
  router.invoke(1, 5, [1, 2], { receive_progress: true });
  await settled();
  assertEquals(router.take(MESSAGE.YIELD).payload.args, [1]);
  assertEquals(router.take(MESSAGE.YIELD).options, {});
});

Deno.test("Events that break the contract are logged and dropped; those that fit arrive", async () => {
  const warnings: string[] = [];
  const ignore = (): void => {};
  const logger = { debug: ignore, info: ignore, error: ignore, warn: (message: string) => warnings.push(message) };
  const router = await scripted(undefined, { logger });
  const typed = router.session.withContract(API);
  const seen: unknown[] = [];
  const subscribing = typed.subscribe("com.example.changed", ({ args: [a, b], topic }) => {
    seen.push([a + b, topic]);
    if (a === 0) throw new RangeError("Zero");
  });
  router.subscribed(5);
  await subscribing;
  router.event(5, [1, 2]);
  router.event(5, ["1", 2]);
  router.event(5, [0, 0]);
  await settled();
  assertEquals(seen, [[3, "com.example.changed"], [0, "com.example.changed"]]);
  assertEquals(warnings, ["Dropping an event that breaks the contract", "Event handler failed"]);
  const plain = typed.subscribe("com.example.tick", ({ args: [count] }) => seen.push(count + 1));
  router.subscribed(6);
  await plain;
  router.event(6, [1]);
  assertEquals(seen.at(-1), 2);
  void typed.publish("com.example.tick", [1]);
  await settled();
  assertEquals(router.take(MESSAGE.PUBLISH).payload.args, [1]);
});

Deno.test("positional() gives a handler its positional arguments", () => {
  assertEquals(positional((a: number, b: number) => a - b)({ args: [3, 1] }), 2);
});

Deno.test("A Result has no arguments unless it is given some", () => {
  const { args, kwargs } = new Result();
  assertEquals([args, kwargs], [[], {}]);
});
