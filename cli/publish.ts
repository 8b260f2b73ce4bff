/**
 * `viaduct publish`: publishes an event.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { JOIN_OPTIONS, KWARG_OPTION, readTarget, withSession } from "./joining.ts";
import { formatValue } from "./values.ts";

/** The command. @internal */
export const PUBLISH_COMMAND: Command = {
  name: "publish",
  operands: "URI [ARGUMENT...]",
  maxOperands: Infinity,
  help: "Publish an event. With --acknowledge, wait for the router and print the publication's id.",
  options: [
    KWARG_OPTION,
    { name: "acknowledge", help: "wait until the router has taken it; fails where it refuses" },
    { name: "disclose", help: "ask the router to tell subscribers who publishes" },
    ...JOIN_OPTIONS,
  ],
  async run(args, context) {
    const { uri, args: values, kwargs } = readTarget(args);
    const acknowledge = args.flag("acknowledge");
    await withSession(args, context, async ({ session, output, signal }) => {
      const published = session.publish(uri, values, { kwargs, acknowledge, discloseMe: args.flag("disclose") });
      const publication = await orAborted(published, signal);
      if (acknowledge) output.print(formatValue({ publication }));
    });
  },
};

/** What a promise comes to, unless the signal is faster. */
async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
