/**
 * A customer: it orders, takes the errors of both services, and has receipts printed by whoever is next.
 *
 * ```sh
 * deno run --allow-net examples/microservices/customer.ts ws://127.0.0.1:8080/ws
 * ```
 *
 * @module
 */

import process from "node:process";
import { ApplicationError, join, type Session } from "@viaduct/viaduct/wamp";
import { type Order, REALM } from "./orders.ts";

type Print = (line: string) => void;

/** What is ordered: the second comes when few are left, and the others fail, each in its own way. */
const WISHES = [["pear", 2], ["pear", 3], ["pear", 2], ["banana", 1], ["plum", 0], ["quince", 1]] as const;
/** Receipts of an order: one for the customer, one for the books. */
const COPIES = 2;

/** Resolves when a procedure has so many callees. */
export async function untilRegistered(session: Session, procedure: string, callees = 1): Promise<void> {
  const there = Promise.withResolvers<void>();
  const look = async (): Promise<void> => {
    const id = await session.call<number | null>("wamp.registration.lookup", [procedure]);
    if (id === null) return;
    if (await session.call<number>("wamp.registration.count_callees", [id]) >= callees) there.resolve();
  };
  await using _registering = await session.subscribe("wamp.registration.on_register", look);
  await look();
  await there.promise;
}

async function place(session: Session, item: string, count: number, print: Print): Promise<Order | undefined> {
  try {
    const order = await session.call<Order>("shop.order.place", [item, count], { timeout: 5_000 });
    print(`${count} ${item}: ${order.total} cents`);
    return order;
  } catch (error) {
    if (!(error instanceof ApplicationError)) throw error;
    // Whoever raised it, and in which language: URI, arguments and keyword arguments are what was given there.
    print(`${count} ${item}: ${error.uri} ${JSON.stringify(error.args)} ${JSON.stringify(error.kwargs)}`);
    return undefined;
  }
}

/** Places some orders, and prints what comes of them. */
export async function shop(session: Session, print: Print): Promise<void> {
  for (const [item, count] of WISHES) {
    const order = await place(session, item, count, print);
    if (order === undefined) continue;
    for (let copy = 0; copy < COPIES; copy++) print(await session.call("shop.receipt.print", [order]));
  }
}

if (import.meta.main) {
  const [url = "ws://127.0.0.1:8080/ws"] = process.argv.slice(2);
  await using session = await join(url, { realm: REALM, agent: "customer" });
  await untilRegistered(session, "shop.receipt.print", 2);
  await shop(session, (line) => console.log(line));
}
