/**
 * The service in TypeScript: it knows what is in stock and takes orders. What they cost it asks the one in Python.
 *
 * ```sh
 * deno run --allow-net examples/microservices/orders.ts ws://127.0.0.1:8080/ws
 * ```
 *
 * @module
 */

import process from "node:process";
import { ApplicationError, type Component, component, type Invocation, run } from "@viaduct/viaduct/wamp";

/** The realm of all who take part. */
export const REALM = "realm1";

/** What an order came to. */
export interface Order {
  readonly item: string;
  readonly count: number;
  /** What it costs, in cents. */
  readonly total: number;
}

/** The store: what is in it, and what was ordered of that. */
class Stock {
  readonly #left = new Map([["pear", 6], ["plum", 40], ["quince", 3]]);

  /** How many there are; who asks for what was never here learns what is. */
  count(item: string): number {
    const left = this.#left.get(item);
    if (left !== undefined) return left;
    throw new ApplicationError("shop.error.unknown_item", [item], { known: [...this.#left.keys()] });
  }

  /** Takes some out, all or none. */
  take(item: string, count: number): void {
    const left = this.count(item);
    if (count > left) throw new ApplicationError("shop.error.out_of_stock", [item], { left, asked: count });
    this.#left.set(item, left - count);
  }
}

/** An argument of a call, which may come from anybody in any language. */
function textAt({ args }: Invocation, index: number): string {
  const value = args[index];
  if (typeof value === "string") return value;
  throw new ApplicationError("wamp.error.invalid_argument", [`Argument ${index} must be a string`]);
}

/** A receipt, for an order that came as the argument. The service in Python makes them as well: they take turns. */
function printReceipt({ args: [order] }: Invocation): string {
  const { item, count, total } = order as Order;
  return `${count} × ${item}, ${(total / 100).toFixed(2)} € (receipt by TypeScript)`;
}

/** Makes the service for a router at this address; it registers again whenever the connection was lost. */
export function createOrders(url: string): Component {
  const stock = new Stock();
  const orders = component({ transports: url, realm: REALM, agent: "orders" });
  return orders
    .register("shop.stock.count", (invocation) => stock.count(textAt(invocation, 0)))
    .register("shop.order.place", async (invocation): Promise<Order> => {
      const [item, count] = [textAt(invocation, 0), invocation.args[1]];
      // Python answers, or fails: an error that nobody catches here goes on to the caller, as it is.
      const total = await orders.call<number>("shop.price.quote", [item, count], { signal: invocation.signal });
      stock.take(item, Number(count));
      return { item, count: Number(count), total };
    })
    .register("shop.receipt.print", printReceipt, { invoke: "roundrobin" });
}

if (import.meta.main) {
  const [url = "ws://127.0.0.1:8080/ws"] = process.argv.slice(2);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  const orders = createOrders(url).onStatus(({ state }) => console.log(`orders: ${state}`));
  await run([orders], { signal: stop.signal });
}
