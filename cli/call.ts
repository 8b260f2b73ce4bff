/**
 * `viaduct call`: calls a procedure and prints its result.
 *
 * @module
 */

import type { CancelMode } from "../wamp/messages.ts";
import type { CallOptions, CallResult } from "../wamp/session_api.ts";
import { type Command, type CommandArguments, oneOf, wholeNumber } from "./command.ts";
import { JOIN_OPTIONS, type JoinedContext, KWARG_OPTION, readTarget, withSession } from "./joining.ts";
import { formatValue } from "./values.ts";

/** The command. @internal */
export const CALL_COMMAND: Command = {
  name: "call",
  operands: "URI [ARGUMENT...]",
  maxOperands: Infinity,
  help: "Call a procedure and print its result as JSON: a single value by itself, else its args and kwargs.",
  options: [
    KWARG_OPTION,
    { name: "progress", help: "take progressive results, a line each" },
    { name: "details", help: "print args, kwargs and details whatever they are" },
    { name: "cancel", value: "MODE", help: "how Ctrl+C cancels: kill, killnowait or skip", default: "killnowait" },
    { name: "disclose", help: "ask the router to tell the callee who calls" },
    ...JOIN_OPTIONS,
  ],
  async run(args, context) {
    const target = readTarget(args);
    const choices = readCallOptions(args, target.kwargs);
    const call = args.flag("progress") ? callProgressive : callOnce;
    await withSession(args, context, async (joined) => {
      await call(joined, target.uri, target.args, choices, args.flag("details"));
    });
  },
};

function readCallOptions(args: CommandArguments, kwargs: CallOptions["kwargs"] & object): CallOptions {
  return {
    kwargs,
    timeout: wholeNumber(args, "timeout", 0),
    cancelMode: oneOf<CancelMode>(args, "cancel", ["killnowait", "kill", "skip"]),
    discloseMe: args.flag("disclose"),
  };
}

async function callOnce(
  { session, output, signal }: JoinedContext,
  uri: string,
  args: readonly unknown[],
  options: CallOptions,
  isWhole: boolean,
): Promise<void> {
  output.print(formatResult(await session.callResult(uri, args, { ...options, signal }), isWhole));
}

async function callProgressive(
  { session, output, signal }: JoinedContext,
  uri: string,
  args: readonly unknown[],
  options: CallOptions,
  isWhole: boolean,
): Promise<void> {
  for await (const result of session.callProgressive(uri, args, { ...options, signal })) {
    output.print(formatResult(result, isWhole));
  }
}

/** One value by itself, nothing as `null`, anything else with its args and kwargs. */
function formatResult({ args, kwargs, details }: CallResult, isWhole: boolean): string {
  if (isWhole) return formatValue({ args, kwargs, details });
  if (args.length > 1 || Object.keys(kwargs).length > 0) return formatValue({ args, kwargs });
  return formatValue(args[0] ?? null);
}
