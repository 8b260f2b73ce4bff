/**
 * The frontend: it calls the backend, tells everybody what came back, and listens to what others tell.
 *
 * @module
 */

import { failureMessage } from "@viaduct/viaduct";
import type { Session } from "@viaduct/viaduct/wamp";

/** Every so many ticks it calls. */
const CALL_EVERY = 3;

/** Subscribes. The session's end stops it. */
export async function runFrontend(session: Session, log: (line: string) => void): Promise<void> {
  await session.subscribe("demo.tick", async ({ args: [count] }) => {
    if (typeof count !== "number" || count % CALL_EVERY !== 0) return;
    try {
      const square = await session.call<number>("demo.square", [count], { timeout: 5_000 });
      await session.publish("demo.squared", [count, square]);
    } catch (error) {
      if (session.state === "open") log(`cannot square ${count}: ${failureMessage(error)}`);
    }
  });
  await session.subscribe("demo.", ({ topic, args, kwargs }) => {
    if (topic === "demo.tick") return;
    log(`receives: ${topic} ${JSON.stringify(args)} ${JSON.stringify(kwargs)}`);
  }, { match: "prefix" });
}
