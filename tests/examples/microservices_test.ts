import { ApplicationError, type Session } from "@viaduct/viaduct/wamp";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
import { assertEquals } from "../std.ts";
import { interrupt, LIMIT, runExample, startExample } from "./example.ts";

/** Stands in for the service in Python, whose own run is a cell of `deno task interop`. */
async function price(session: Session): Promise<void> {
  await session.register("shop.price.quote", async ({ args: [item, count] }) => {
    if (typeof count !== "number" || count < 1) {
      throw new ApplicationError("shop.error.invalid_count", [count], { least: 1 });
    }
    const left = await session.call<number>("shop.stock.count", [item]);
    if (item === "quince") throw new ApplicationError("wamp.error.runtime_error", [item]);
    return 100 * count + left;
  });
  await session.register("shop.receipt.print", () => "another receipt", { invoke: "roundrobin" });
}

Deno.test("microservices call each other in both directions, pass errors on, and take turns", async () => {
  await using router = createRouter();
  await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
  await price(await router.join("realm1"));
  const orders = await startExample("microservices/orders.ts", [server.url]);
  try {
    await orders.line(/^orders: open$/, LIMIT);
    const { code, lines } = await runExample("microservices/customer.ts", [server.url]);
    assertEquals(lines, [
      "2 pear: 206 cents",
      ...["another receipt", "2 × pear, 2.06 € (receipt by TypeScript)"],
      "3 pear: 304 cents",
      ...["another receipt", "3 × pear, 3.04 € (receipt by TypeScript)"],
      '2 pear: shop.error.out_of_stock ["pear"] {"left":1,"asked":2}',
      '1 banana: shop.error.unknown_item ["banana"] {"known":["pear","plum","quince"]}',
      '0 plum: shop.error.invalid_count [0] {"least":1}',
      '1 quince: wamp.error.runtime_error ["quince"] {}',
    ]);
    assertEquals(code, 0);
    assertEquals(await interrupt(orders), 0);
  } finally {
    await orders.stop();
  }
});
