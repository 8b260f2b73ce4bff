/**
 * Checks of calls that take time: progress both ways, canceling, timeouts, concurrency.
 *
 * @module
 */

import { ApplicationError } from "../../../wamp/errors.ts";
import type { Arguments, CallResult } from "../../../wamp/session_api.ts";
import { assert, assertEquals, assertFails, Later, rejection, type SessionCheck } from "./checking.ts";

/** The first arguments of progressive results, and of the last one. */
async function collect(results: AsyncIterable<CallResult>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const { args, progress } of results) values.push(progress ? args[0] : { last: args[0] });
  return values;
}

async function* partsOf(...values: readonly unknown[]): AsyncGenerator<Arguments> {
  for (const value of values) yield await Promise.resolve({ args: [value] });
}

/** @internal */
export const STREAM_CHECKS: readonly SessionCheck[] = [
  {
    name: "what an async iterable yields comes as progressive results, what it returns as the last",
    needs: ["dealer.progressive_call_results"],
    async run({ callee, caller, uri }) {
      const procedure = uri("count");
      const registration = await callee.register(procedure, async function* ({ args: [count] }) {
        for (let index = 0; index < Number(count); index++) yield await Promise.resolve(index);
        return "end";
      });
      assertEquals(await collect(caller.callProgressive(procedure, [3])), [0, 1, 2, { last: "end" }]);
      assertEquals(await collect(caller.callProgressive(procedure, [0])), [{ last: "end" }]);
      assertEquals(await caller.call(procedure, [2]), "end");
      await registration.unregister();
    },
  },
  {
    name: "progress() sends progressive results to a caller that takes them, and nothing to another",
    needs: ["dealer.progressive_call_results"],
    async run({ callee, caller, uri }) {
      const procedure = uri("progress");
      const registration = await callee.register(procedure, async (invocation) => {
        await invocation.progress(["half"], { percent: 50 });
        return invocation.receiveProgress;
      });
      const results: CallResult[] = [];
      for await (const result of caller.callProgressive(procedure)) results.push(result);
      assertEquals(results.map(({ args, kwargs }) => [args, kwargs]), [[["half"], { percent: 50 }], [[true], {}]]);
      assertEquals(await caller.call(procedure), false);
      await registration.unregister();
    },
  },
  {
    name: "an error ends progressive results, after those that came",
    needs: ["dealer.progressive_call_results"],
    async run({ callee, caller, uri }) {
      const [procedure, error] = [uri("half"), uri("error")];
      const registration = await callee.register(procedure, async function* () {
        yield await Promise.resolve(1);
        throw new ApplicationError(error);
      });
      const results = caller.callProgressive(procedure);
      assertEquals((await results.next()).value?.args, [1]);
      await assertFails(results.next(), error);
      assertEquals((await results.next()).done, true);
      await registration.unregister();
    },
  },
  {
    name: "leaving progressive results early cancels the call at the callee",
    needs: ["dealer.progressive_call_results", "dealer.call_canceling"],
    async run({ callee, caller, uri }) {
      const procedure = uri("endless");
      const canceled = new Later();
      const registration = await callee.register(procedure, async (invocation) => {
        invocation.signal.addEventListener("abort", () => canceled.resolve());
        for (let index = 0; index < 3; index++) await invocation.progress([index]);
        await canceled.promise;
      });
      for await (const { args } of caller.callProgressive(procedure)) {
        assertEquals(args, [0]);
        break;
      }
      await canceled.promise;
      await registration.unregister();
    },
  },
  {
    name: "the parts of a progressive invocation reach the handler in order",
    needs: ["dealer.progressive_call_invocations"],
    async run({ callee, caller, uri }) {
      const procedure = uri("sum");
      const registration = await callee.register(procedure, async ({ parts }) => {
        const values: unknown[] = [];
        for await (const { args } of parts) values.push(args[0]);
        return values;
      });
      assertEquals(await collect(caller.callProgressive(procedure, partsOf(1, 2, 3))), [{ last: [1, 2, 3] }]);
      // An ordinary call is one part.
      assertEquals(await caller.call(procedure, ["one"]), ["one"]);
      await registration.unregister();
    },
  },
  {
    name: "parts and progressive results cross each other in one call",
    needs: ["dealer.progressive_call_invocations", "dealer.progressive_call_results"],
    async run({ callee, caller, uri }) {
      const procedure = uri("double");
      const registration = await callee.register(procedure, async function* ({ parts }) {
        for await (const { args } of parts) yield Number(args[0]) * 2;
        return "done";
      });
      const answers: unknown[] = [];
      let answered = new Later();
      async function* ask(): AsyncGenerator<Arguments> {
        for (let index = 1; index <= 3; index++) {
          answered = new Later();
          yield { args: [index] };
          // The next part goes only when the answer to this one is here.
          await answered.promise;
        }
      }
      for await (const { args } of caller.callProgressive(procedure, ask())) {
        answers.push(args[0]);
        answered.resolve();
      }
      assertEquals(answers, [2, 4, 6, "done"]);
      await registration.unregister();
    },
  },
  {
    name: "a callee may answer before the last part; parts behind that are dropped",
    needs: ["dealer.progressive_call_invocations"],
    async run({ callee, caller, uri }) {
      const procedure = uri("impatient");
      const registration = await callee.register(procedure, ({ args }) => args[0]);
      const returned = new Later();
      async function* source(): AsyncGenerator<Arguments> {
        try {
          for (;;) {
            yield { args: ["first"] };
            await new Promise((resolve) => setTimeout(resolve, 0));
          }
        } finally {
          returned.resolve();
        }
      }
      assertEquals(await collect(caller.callProgressive(procedure, source())), [{ last: "first" }]);
      await returned.promise;
      assertEquals(await caller.call(procedure, ["again"]), "again");
      await registration.unregister();
    },
  },
  {
    name: "an aborted signal cancels the call: killnowait rejects at once and interrupts the callee",
    needs: ["dealer.call_canceling"],
    run: (world) => checkCancel(world, "killnowait"),
  },
  {
    name: "cancel mode kill rejects when the callee has stopped",
    needs: ["dealer.call_canceling"],
    run: (world) => checkCancel(world, "kill"),
  },
  {
    name: "cancel mode skip rejects at once and leaves the callee alone",
    needs: ["dealer.call_canceling"],
    async run({ callee, caller, uri }) {
      const procedure = uri("skipped");
      const [called, going] = [new Later(), new Later()];
      let wasInterrupted = false;
      const registration = await callee.register(procedure, async ({ signal }) => {
        called.resolve();
        await going.promise;
        wasInterrupted = signal.aborted;
        return "late";
      });
      const controller = new AbortController();
      const call = rejection(caller.call(procedure, [], { signal: controller.signal, cancelMode: "skip" }));
      await called.promise;
      controller.abort("enough");
      assertEquals(await call, "enough");
      // The callee's late answer is of no interest to anybody, and harms nobody.
      going.resolve();
      const again = caller.call(procedure);
      assertEquals([await again, wasInterrupted], ["late", false]);
      await registration.unregister();
    },
  },
  {
    name: "a signal that was aborted before sends nothing",
    async run({ caller, uri }) {
      const error = new Error("too late");
      const signal = AbortSignal.abort(error);
      assertEquals(await rejection(caller.call(uri("never"), [], { signal })) === error, true);
    },
  },
  {
    name: "a timeout fails the call with wamp.error.timeout and interrupts the callee",
    needs: ["dealer.call_timeout"],
    async run({ callee, caller, uri }) {
      const procedure = uri("slow");
      const canceled = new Later();
      const registration = await callee.register(procedure, async ({ signal }) => {
        signal.addEventListener("abort", () => canceled.resolve());
        await canceled.promise;
      });
      await assertFails(caller.call(procedure, [], { timeout: 30 }), "wamp.error.timeout");
      await canceled.promise;
      await registration.unregister();
    },
  },
  {
    name: "a timeout that is not reached changes nothing",
    async run({ callee, caller, uri }) {
      const procedure = uri("fast");
      const registration = await callee.register(procedure, () => "fast");
      assertEquals(await caller.call(procedure, [], { timeout: 60_000 }), "fast");
      await registration.unregister();
    },
  },
  {
    name: "a concurrency limit is kept, and every call is answered or refused",
    async run({ callee, caller, uri }) {
      const procedure = uri("limited");
      const gates: Later[] = [];
      let [running, most] = [0, 0];
      const started = new Later();
      const registration = await callee.register(procedure, async () => {
        most = Math.max(most, ++running);
        const gate = new Later();
        gates.push(gate);
        if (gates.length === 2) started.resolve();
        await gate.promise;
        running--;
        return "done";
      }, { concurrency: 2 });
      const calls = Array.from({ length: 5 }, () => {
        return caller.call(procedure).catch((error: ApplicationError) => error.uri);
      });
      await started.promise;
      const answers = Promise.all(calls);
      let isDone = false;
      void answers.then(() => isDone = true);
      while (!isDone) {
        gates.shift()?.resolve();
        await Promise.race([answers, new Promise((resolve) => setTimeout(resolve, 0))]);
      }
      for (const answer of await answers) {
        // Crossbar.io has a name of its own for it.
        const isRefusal = /^(wamp\.error\.|crossbar\.error\.max_concurrency_reached$)/.test(String(answer));
        assert(answer === "done" || isRefusal, `Must be answered, was ${answer}`);
      }
      assertEquals(most, 2);
      await registration.unregister();
    },
  },
];

async function checkCancel(
  { callee, caller, uri }: Parameters<SessionCheck["run"]>[0],
  cancelMode: "kill" | "killnowait",
): Promise<void> {
  const procedure = uri(cancelMode);
  const [called, stopped] = [new Later(), new Later()];
  const registration = await callee.register(procedure, async ({ signal }) => {
    called.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    stopped.resolve();
    throw signal.reason;
  });
  const controller = new AbortController();
  const reason = new Error("enough");
  const call = rejection(caller.call(procedure, [], { signal: controller.signal, cancelMode }));
  await called.promise;
  controller.abort(reason);
  assert(await call === reason, "Must reject with the reason of the signal");
  await stopped.promise;
  await registration.unregister();
}
