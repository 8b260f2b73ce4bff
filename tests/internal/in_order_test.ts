import { InOrder } from "../../internal/in_order.ts";
import { assert, assertEquals, assertThrows } from "../std.ts";

/** What came, in order; and a way to add to it. */
function recorder(): { readonly came: string[]; readonly order: InOrder; add(value: string | Promise<string>): void } {
  const came: string[] = [];
  const order = new InOrder();
  const add = (value: string | Promise<string>): void => {
    order.add(value, 10, (value) => came.push(value), (error) => came.push(`failed ${error}`));
  };
  return { came, order, add };
}

async function settled(order: InOrder): Promise<void> {
  while (order.isBusy) await Promise.resolve();
}

Deno.test("InOrder hands on at once what is there while nothing is promised", () => {
  const { came, order, add } = recorder();
  add("a");
  add("b");
  assertEquals([came, order.isBusy, order.waiting], [["a", "b"], false, 0]);
});

Deno.test("InOrder keeps the order of what is promised, what fails and what is there", async () => {
  const { came, order, add } = recorder();
  const { promise, resolve } = Promise.withResolvers<string>();
  add(promise);
  add("b");
  add(Promise.reject("c"));
  add(Promise.resolve("d"));
  await Promise.resolve();
  assertEquals([came, order.isBusy, order.waiting, order.cost], [[], true, 4, 40]);
  resolve("a");
  await settled(order);
  assertEquals(came, ["a", "b", "failed c", "d"]);
  assertEquals([order.waiting, order.cost], [0, 0]);
  add("e");
  assert(came.at(-1) === "e", "at once again");
});

Deno.test("InOrder gives what a receiver throws to its caller, or later to the other receiver, and goes on", async () => {
  const order = new InOrder();
  const came: unknown[] = [];
  const fail = (): never => {
    throw new RangeError("bad");
  };
  const add = (value: string | Promise<string>): void => order.add(value, 1, fail, (error) => came.push(error));
  assertThrows(() => add("at once"), RangeError, "bad");
  add(Promise.resolve("later"));
  add("behind");
  await settled(order);
  assertEquals(came.map(String), ["RangeError: bad", "RangeError: bad"]);
});
