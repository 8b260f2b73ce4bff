/**
 * Checks of calls: arguments and results, errors, registrations, policies and patterns.
 *
 * @module
 */

import { ApplicationError } from "../../../wamp/errors.ts";
import { positional, Result } from "../../../wamp/result.ts";
import {
  assert,
  assertEquals,
  assertFails,
  ending,
  Later,
  rejection,
  type SessionCheck,
  type World,
} from "./checking.ts";

/** Calls a procedure that answers with what it is given, and gives what came back. */
async function echo({ callee, caller, uri }: World, args: readonly unknown[], kwargs = {}): Promise<Result> {
  const procedure = uri("echo");
  const registration = await callee.register(procedure, (invocation) => {
    return new Result(invocation.args, invocation.kwargs);
  });
  const answer = await caller.callResult(procedure, args, { kwargs });
  await registration.unregister();
  return new Result(answer.args, answer.kwargs);
}

async function checkEcho(world: World, ...values: readonly unknown[]): Promise<void> {
  assertEquals((await echo(world, values)).args, values);
}

/** @internal */
export const RPC_CHECKS: readonly SessionCheck[] = [
  {
    name: "a call gives the first result of a registered procedure",
    async run({ callee, caller, uri }) {
      const procedure = uri("add");
      const registration = await callee.register(procedure, positional((a: number, b: number) => a + b));
      assert(registration.active && registration.id > 0, "Registration must be active");
      assertEquals(await caller.call(procedure, [1, 2]), 3);
      assertEquals(await callee.call(procedure, [3, 4]), 7);
      await registration.unregister();
      await registration.unregister();
      assert(!registration.active, "Registration must have ended");
      await assertFails(caller.call(procedure, [1, 2]), "wamp.error.no_such_procedure");
    },
  },
  {
    name: "positional and keyword arguments go both ways",
    async run(world) {
      const answer = await echo(world, [1, "two"], { three: 3, list: [4] });
      assertEquals([answer.args, answer.kwargs], [[1, "two"], { three: 3, list: [4] }]);
      assertEquals(await echo(world, []), new Result());
      assertEquals(await echo(world, [], { only: "keywords" }), new Result([], { only: "keywords" }));
    },
  },
  {
    name: "a handler that returns nothing answers with no arguments",
    async run({ callee, caller, uri }) {
      const procedure = uri("nothing");
      const registration = await callee.register(procedure, () => {});
      assertEquals(await caller.call(procedure), undefined);
      assertEquals((await caller.callResult(procedure)).args, []);
      await registration.unregister();
    },
  },
  {
    name: "numbers, booleans and null arrive as they were",
    run: (world) => checkEcho(world, null, true, false, 0, 1, -1, 23, 24, -33, 255, 256, 65_536, 2 ** 31, -(2 ** 31)),
  },
  {
    name: "large and fractional numbers arrive as they were",
    run: (world) => checkEcho(world, 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 32, 0.5, -1.25, 1e-10, 123456.789),
  },
  {
    name: "integers beyond 2^53 arrive without loss, as bigints",
    run: (world) => checkEcho(world, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n),
  },
  {
    name: "any Unicode text arrives as it was",
    run: (world) =>
      checkEcho(world, "", "ascii", "\u00fc\u00df", "\u2603", "\u{1f600}", 'a\u0000b"\\\n', "x".repeat(300)),
  },
  {
    name: "lists and dictionaries nest",
    run: (world) => checkEcho(world, [], {}, [[[]]], { a: { b: [{ c: null }] } }, [{ "": 1, "k\u00eby": [2] }]),
  },
  {
    name: "bytes arrive as bytes",
    async run(world) {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      const { args } = await echo(world, [bytes, [new Uint8Array()], { b: Uint8Array.of(1) }]);
      assertEquals(args, [bytes, [new Uint8Array()], { b: Uint8Array.of(1) }]);
    },
  },
  {
    name: "a payload of a mebibyte arrives whole",
    async run(world) {
      const text = "0123456789abcdef".repeat(65_536);
      const { args } = await echo(world, [text, new Uint8Array(100_000).fill(7)]);
      assert(args[0] === text && (args[1] as Uint8Array).length === 100_000, "Payload must arrive as it was");
    },
  },
  {
    name: "asynchronous handlers answer in their own order",
    async run({ callee, caller, uri }) {
      const procedure = uri("gate");
      const gates = [new Later(), new Later()];
      const registration = await callee.register(procedure, async ({ args: [index] }) => {
        await gates[Number(index)]?.promise;
        return index;
      });
      const done: unknown[] = [];
      const calls = [0, 1].map((index) => caller.call(procedure, [index]).then((value) => done.push(value)));
      gates[1]?.resolve();
      await calls[1];
      gates[0]?.resolve();
      await Promise.all(calls);
      assertEquals(done, [1, 0]);
      await registration.unregister();
    },
  },
  {
    name: "an ApplicationError reaches the caller with its URI and arguments",
    async run({ callee, caller, uri }) {
      const [procedure, error] = [uri("fail"), uri("error")];
      const registration = await callee.register(procedure, ({ args: [isLate] }) => {
        const failure = new ApplicationError(error, ["why", 42], { field: "age" });
        if (!isLate) throw failure;
        return Promise.reject(failure);
      });
      for (const isLate of [false, true]) {
        assertEquals(await assertFails(caller.call(procedure, [isLate]), error), {
          args: ["why", 42],
          kwargs: { field: "age" },
        });
      }
      await registration.unregister();
    },
  },
  {
    name: "any other exception reaches the caller as wamp.error.runtime_error",
    async run({ callee, caller, uri }) {
      const procedure = uri("broken");
      const registration = await callee.register(procedure, () => {
        throw new RangeError("Out of cheese");
      });
      const { args } = await assertFails(caller.call(procedure), "wamp.error.runtime_error");
      assertEquals(args, ["Out of cheese"]);
      await registration.unregister();
    },
  },
  {
    name: "a result that cannot be encoded fails at the caller, and the session goes on",
    async run({ callee, caller, uri }) {
      const procedure = uri("function");
      const registration = await callee.register(procedure, ({ args: [good] }) => good ? "good" : () => {});
      await assertFails(caller.call(procedure), "wamp.error.invalid_payload");
      assertEquals(await caller.call(procedure, [true]), "good");
      await registration.unregister();
    },
  },
  {
    name: "arguments that cannot be encoded fail before anything is sent",
    async run({ callee, caller, uri }) {
      const error = await rejection(caller.call(uri("never"), [() => {}]));
      assert(error instanceof TypeError, "Must be a TypeError");
      await checkAlive({ callee, caller, uri });
    },
  },
  {
    name: "a bad URI is refused with wamp.error.invalid_uri",
    async run({ callee, caller, uri }) {
      for (const bad of ["", "white space", "com..example", "com.example#"]) {
        await assertFails(caller.call(bad), "wamp.error.invalid_uri");
        await assertFails(callee.register(bad, () => {}), "wamp.error.invalid_uri");
      }
      await checkAlive({ callee, caller, uri });
    },
  },
  {
    name: "a procedure can be registered once only",
    async run({ callee, third, uri }) {
      const procedure = uri("single");
      const registration = await callee.register(procedure, () => 1);
      await assertFails(third.register(procedure, () => 2), "wamp.error.procedure_already_exists");
      await registration.unregister();
      const again = await third.register(procedure, () => 2);
      assertEquals(await callee.call(procedure), 2);
      await again.unregister();
    },
  },
  {
    name: "many calls in flight find their answers",
    async run({ callee, caller, uri }) {
      const procedure = uri("many");
      const registration = await callee.register(procedure, ({ args: [value] }) => value);
      const calls = Array.from({ length: 300 }, (_, index) => caller.call(procedure, [index]));
      assertEquals(await Promise.all(calls), Array.from({ length: 300 }, (_, index) => index));
      await registration.unregister();
    },
  },
  {
    name: "a handler can call in turn",
    async run({ callee, caller, uri }) {
      const [inner, outer] = [uri("inner"), uri("outer")];
      const registrations = [
        await caller.register(inner, ({ args: [value] }) => Number(value) + 1),
        await callee.register(outer, async ({ args: [value] }) => Number(await callee.call(inner, [value])) * 2),
      ];
      assertEquals(await caller.call(outer, [20]), 42);
      for (const registration of registrations) await registration.unregister();
    },
  },
  {
    name: "a prefix registration gets every procedure below it, and is told which",
    needs: ["dealer.pattern_based_registration"],
    async run({ callee, caller, uri }) {
      const prefix = uri("tree");
      const registration = await callee.register(prefix, ({ procedure }) => procedure, { match: "prefix" });
      assertEquals([registration.match, registration.procedure], ["prefix", prefix]);
      assertEquals(await caller.call(`${prefix}.leaf.one`), `${prefix}.leaf.one`);
      await registration.unregister();
      await assertFails(caller.call(`${prefix}.leaf`), "wamp.error.no_such_procedure");
    },
  },
  {
    name: "a wildcard registration gets what fits, and an exact one goes before it",
    needs: ["dealer.pattern_based_registration"],
    async run({ callee, caller, uri }) {
      const base = uri("wild");
      const registrations = [
        await callee.register(`${base}..get`, ({ procedure }) => `any ${procedure}`, { match: "wildcard" }),
        await callee.register(`${base}.user.get`, () => "exact"),
      ];
      assertEquals(await caller.call(`${base}.item.get`), `any ${base}.item.get`);
      assertEquals(await caller.call(`${base}.user.get`), "exact");
      await assertFails(caller.call(`${base}.item.set`), "wamp.error.no_such_procedure");
      for (const registration of registrations) await registration.unregister();
    },
  },
  {
    name: "roundrobin takes callees in turn, first and last take the first and the last",
    needs: ["dealer.shared_registration"],
    async run({ callee, third, caller, uri }) {
      const expected = {
        roundrobin: ["a", "b", "a", "b"],
        first: ["a", "a", "a", "a"],
        last: ["b", "b", "b", "b"],
      } as const;
      for (const invoke of ["roundrobin", "first", "last"] as const) {
        const procedure = uri(invoke);
        const registrations = [
          await callee.register(procedure, () => "a", { invoke }),
          await third.register(procedure, () => "b", { invoke }),
        ];
        const answers: unknown[] = [];
        for (let index = 0; index < 4; index++) answers.push(await caller.call(procedure));
        assertEquals(answers, expected[invoke]);
        for (const registration of registrations) await registration.unregister();
      }
    },
  },
  {
    name: "random takes one of the callees, and another policy is refused",
    needs: ["dealer.shared_registration"],
    async run({ callee, third, caller, uri }) {
      const procedure = uri("random");
      const registrations = [
        await callee.register(procedure, () => "a", { invoke: "random" }),
        await third.register(procedure, () => "b", { invoke: "random" }),
      ];
      assert(["a", "b"].includes(await caller.call<string>(procedure)), "Must be one of the callees");
      await assertFails(
        caller.register(procedure, () => "c", { invoke: "first" }),
        "wamp.error.procedure_exists_with_different_invocation_policy",
        "wamp.error.procedure_already_exists",
      );
      for (const registration of registrations) await registration.unregister();
    },
  },
  {
    name: "a callee that leaves fails its open calls with wamp.error.canceled",
    async run(world) {
      const { caller, uri } = world;
      const leaving = await world.join();
      const procedure = uri("gone");
      const called = new Later();
      await leaving.register(procedure, () => {
        called.resolve();
        return new Promise(() => {});
      });
      const call = caller.call(procedure);
      const failed = assertFails(call, "wamp.error.canceled");
      await called.promise;
      await leaving.leave();
      await failed;
      await assertFails(caller.call(procedure), "wamp.error.no_such_procedure");
    },
  },
];

/** Asserts that both sessions still work. */
async function checkAlive({ callee, caller, uri }: Pick<World, "callee" | "caller" | "uri">): Promise<void> {
  const procedure = uri("alive");
  const registration = await callee.register(procedure, () => "alive");
  await ending([registration], async () => assertEquals(await caller.call(procedure), "alive"));
}
