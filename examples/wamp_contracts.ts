/**
 * A contract: what procedures and topics take and give, known to TypeScript and checked at both ends.
 *
 * ```sh
 * deno run --allow-net examples/wamp_contracts.ts
 * ```
 *
 * @module
 */

import { ApplicationError, defineContract, procedure, type StandardSchema, topic } from "@viaduct/viaduct/wamp";
import { createRouter } from "@viaduct/viaduct/wamp/router";

/** A validator. Those of Zod, Valibot, ArkType and others fit as they are: they follow the Standard Schema. */
function schema<Value>(what: string, isValid: (value: unknown) => value is Value): StandardSchema<Value> {
  const validate = (value: unknown) => isValid(value) ? { value } : { issues: [{ message: `must be ${what}` }] };
  return { "~standard": { version: 1, vendor: "example", validate } };
}

const twoNumbers = schema("two numbers", (value): value is [number, number] => {
  return Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "number");
});
const aNumber = schema("a number", (value): value is number => typeof value === "number");

const api = defineContract({
  procedures: {
    "com.example.divide": { args: twoNumbers, result: aNumber },
    "com.example.greet": procedure<[name: string], string>(), // types alone, not checked
  },
  topics: { "com.example.divided": topic<[result: number]>() },
});

await using router = createRouter();

await using backend = await router.join("realm1");
const provided = backend.withContract(api);
await provided.register("com.example.divide", async ({ args: [a, b] }) => {
  await provided.publish("com.example.divided", [a / b]);
  return a / b;
});
await provided.register("com.example.greet", ({ args: [name] }) => `Hello, ${name}`);

await using session = await router.join("realm1");
const typed = session.withContract(api);
const heard = Promise.withResolvers<number>();
await typed.subscribe("com.example.divided", ({ args: [result] }) => heard.resolve(result));

const greeting: string = await typed.call("com.example.greet", ["Ada"]);
console.log(greeting);
console.log(`84 / 2 = ${await typed.call("com.example.divide", [84, 2])}, published ${await heard.promise}`);

// typed.call("com.example.divide", ["84", 2]) does not compile. Who does without the contract is told by the callee:
try {
  await session.call("com.example.divide", ["84", 2]);
} catch (error) {
  if (!(error instanceof ApplicationError)) throw error;
  console.log(error.uri);
}
