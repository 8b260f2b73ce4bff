/**
 * `viaduct register`: answers the calls of a procedure, with their own arguments or by a command.
 *
 * @module
 */

import type { Invocation, InvocationHandler } from "../wamp/session_api.ts";
import { Result } from "../wamp/mod.ts";
import { type Command, type CommandContext, oneOf, wholeNumber } from "./command.ts";
import { Executor } from "./exec.ts";
import { JOIN_OPTIONS, MATCH_OPTION, readMatch, readTarget, untilStopped, withSession } from "./joining.ts";
import { formatValue } from "./values.ts";

/** The command. @internal */
export const REGISTER_COMMAND: Command = {
  name: "register",
  operands: "URI",
  help: "Answer the calls of a procedure or pattern until stopped: with their own arguments, or by running a command.",
  options: [
    MATCH_OPTION,
    { name: "invoke", value: "HOW", help: "single, first, last, random or roundrobin", default: "single" },
    { name: "concurrency", value: "N", help: "invocations at a time; 0 is any number", default: "0" },
    { name: "quiet", help: "do not print invocations" },
    ...JOIN_OPTIONS,
    {
      name: "exec",
      value: "CMD...",
      help: "run this for each invocation: JSON on its input, each line of its output a result (last option)",
      rest: true,
    },
  ],
  async run(args, context) {
    const { uri } = readTarget(args);
    const command = args.texts("exec");
    const executor = command.length === 0 ? undefined : new Executor(command);
    const answer = executor?.handler ?? echo;
    const handler = args.flag("quiet") ? answer : printing(answer, context);
    const concurrency = wholeNumber(args, "concurrency", 0) || Infinity;
    const invoke = oneOf(args, "invoke", ["single", "first", "last", "random", "roundrobin"]);
    const match = readMatch(args);
    try {
      await withSession(args, context, async ({ session, output, signal }) => {
        await session.register(uri, handler, { match, invoke, concurrency });
        output.report(`Registered ${uri}`);
        await untilStopped(signal);
      });
    } finally {
      // The end of the session has ended its commands.
      await executor?.idle();
    }
  },
};

function echo({ args, kwargs }: Invocation): Result {
  return new Result(args, kwargs);
}

/** Prints each invocation before it is answered. */
function printing(handler: InvocationHandler, { output }: CommandContext): InvocationHandler {
  return (invocation) => {
    const { procedure, args, kwargs, details } = invocation;
    output.print(formatValue({ procedure, args, kwargs, details }));
    return handler(invocation);
  };
}
