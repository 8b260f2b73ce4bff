/**
 * `viaduct subscribe`: prints events as they come.
 *
 * @module
 */

import type { SessionEvent } from "../wamp/session_api.ts";
import { type Command, wholeNumber } from "./command.ts";
import { JOIN_OPTIONS, MATCH_OPTION, readMatch, readTarget, untilStopped, withSession } from "./joining.ts";
import { formatValue } from "./values.ts";

/** The command. @internal */
export const SUBSCRIBE_COMMAND: Command = {
  name: "subscribe",
  operands: "URI",
  help: "Print the events of a topic or pattern, a line of JSON each, until stopped.",
  options: [
    MATCH_OPTION,
    { name: "count", value: "N", help: "end after so many events; 0 is never", default: "0" },
    ...JOIN_OPTIONS,
  ],
  async run(args, context) {
    const { uri } = readTarget(args);
    const [match, count] = [readMatch(args), wholeNumber(args, "count", 0)];
    await withSession(args, context, async ({ session, output, signal }) => {
      const enough = Promise.withResolvers<void>();
      let received = 0;
      const take = (event: SessionEvent): void => {
        // Events of the same read may follow the last one asked for.
        if (count > 0 && received === count) return;
        output.print(formatEvent(event));
        if (++received === count) enough.resolve();
      };
      await session.subscribe(uri, take, { match });
      output.report(`Subscribed to ${uri}`);
      await Promise.race([enough.promise, untilStopped(signal)]);
    });
  },
};

function formatEvent({ topic, args, kwargs, publication, details }: SessionEvent): string {
  return formatValue({ topic, args, kwargs, publication, details });
}
