import { assertEquals } from "../std.ts";
import { DisturbedRouter } from "../support/disturbed_router.ts";
import { COMPONENT_CHECKS, runComponentProgram } from "./component_checks.ts";

Deno.test("The component program of all runtimes passes here, over both WebSockets, and leaves nothing behind", async (t) => {
  for (const transport of [undefined, "web"] as const) {
    await t.step(transport ?? "ours", async () => {
      await using router = await DisturbedRouter.start();
      const results = await runComponentProgram({ url: router.url, transport });
      assertEquals(results.filter(({ error }) => error !== undefined), []);
      assertEquals(results.map(({ check }) => check), COMPONENT_CHECKS);
    });
  }
});
