import { defineContract, procedure, type StandardSchema, topic } from "../../wamp/contract.ts";
import { ApplicationError } from "../../wamp/errors.ts";
import { settled } from "../fake_clock.ts";
import { assertEquals, assertRejects, assertThrows } from "../std.ts";
import { reach, withNetwork } from "./component_fixture.ts";

const numbers: StandardSchema<[number, number]> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const list = value as unknown[];
      const isGood = list.length === 2 && list.every((one) => typeof one === "number");
      return isGood ? { value: list as [number, number] } : { issues: [{ message: "must be two numbers" }] };
    },
  },
};
const API = defineContract({
  procedures: {
    "com.example.add": { args: numbers },
    "com.example.length": procedure<[string], number>(),
  },
  topics: { "com.example.tick": topic<[number]>() },
});

Deno.test("A component keeps to a contract, in one session after another", async () => {
  await withNetwork({}, async (network, clock) => {
    const heard: number[] = [];
    const app = network.component();
    const typed = app.withContract(API)
      .register("com.example.add", ({ args: [a, b] }) => a + b)
      .register("com.example.length", ({ args: [text] }) => text.length)
      .subscribe("com.example.tick", ({ args: [tick] }) => heard.push(tick));
    assertThrows(() => typed.register("com.example.other" as "com.example.add", () => 1), TypeError);
    void app.run();
    for (let round = 0; round < 2; round++) {
      await reach(clock, app, "open");
      const sum = await clock.until(typed.call("com.example.add", [1, 2]));
      assertEquals([sum, await clock.until(typed.call("com.example.length", ["four"]))], [3, 4]);
      await clock.until(typed.publish("com.example.tick", [round], { excludeMe: false, acknowledge: true }));
      await settled();
      for await (const { args } of typed.callProgressive("com.example.add", [3, 4])) assertEquals(args, [7]);
      await assertRejects(() => typed.call("com.example.add", [1] as never), ApplicationError, "invalid_argument");
      network.cut();
      await reach(clock, app, "lost");
    }
    assertEquals(heard, [0, 1]);
  });
});
