/**
 * The exit codes of the command line.
 *
 * @module
 */

import { failureMessage } from "../internal/log.ts";
import { ApplicationError, JoinError, SessionClosedError, TransportLostError } from "../wamp/errors.ts";
import { ERROR_URI } from "../wamp/uris.ts";
import { UsageError } from "./command.ts";
import { formatValue } from "./values.ts";

/** What a process ends with. @internal */
export const EXIT = {
  /** Everything was done. */
  OK: 0,
  /** The other side answered with an error, or the command failed. */
  FAILED: 1,
  /** The arguments cannot be understood. */
  MISUSED: 2,
  /** No connection, no session, or the session was lost. */
  NO_SESSION: 3,
  /** It took longer than `--timeout`, or than the router or the callee allows. */
  TIMEOUT: 4,
  /** Stopped by Ctrl+C or SIGTERM before it was done. */
  STOPPED: 130,
} as const;

/** For the help. @internal */
export const EXIT_CODES_HELP = `Exit codes:
  0  done (router, register, subscribe and run: also when stopped by Ctrl+C or SIGTERM)
  1  the other side answered with an error, or the command failed
  2  the arguments, or the configuration, cannot be understood
  3  no connection, the realm refused the session, or the session was lost (run: for good)
  4  it took longer than --timeout, or than the other side allows
  130  stopped before it was done`;

/** No session could be had. @internal */
export class NoSessionError extends Error {
  override readonly name = "NoSessionError";
}

/** The time given by `--timeout` is over. @internal */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** A command was stopped before it was done. @internal */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

/** The exit code for what a command threw. @internal */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.MISUSED;
  if (error instanceof DeadlineError) return EXIT.TIMEOUT;
  if (error instanceof StoppedError) return EXIT.STOPPED;
  if (error instanceof ApplicationError) return error.uri === ERROR_URI.TIMEOUT ? EXIT.TIMEOUT : EXIT.FAILED;
  const isWithoutSession = error instanceof NoSessionError || error instanceof JoinError ||
    error instanceof SessionClosedError || error instanceof TransportLostError;
  return isWithoutSession ? EXIT.NO_SESSION : EXIT.FAILED;
}

/** The line for standard error. An error of the other side is told whole: its URI, then its arguments as JSON. @internal */
export function describeFailure(error: unknown): string {
  if (error instanceof ApplicationError) {
    const { uri, args, kwargs } = error;
    const payload = [
      ...args.length > 0 ? [formatValue(args)] : [],
      ...Object.keys(kwargs).length > 0 ? [formatValue(kwargs)] : [],
    ];
    return [uri, ...payload].join(" ");
  }
  const isOurs = error instanceof UsageError || error instanceof NoSessionError || error instanceof DeadlineError ||
    error instanceof StoppedError;
  if (!isOurs) return failureMessage(error);
  return error.cause === undefined ? error.message : `${error.message}: ${failureMessage(error.cause)}`;
}
