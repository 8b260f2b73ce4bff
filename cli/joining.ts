/**
 * What the commands that join a realm share: their options, the session, and how it ends.
 *
 * @module
 */

import { failureMessage } from "../internal/log.ts";
import { type Dict, JoinError } from "../wamp/errors.ts";
import { join } from "../wamp/join.ts";
import type { SerializerName } from "../wamp/serializers/serializer.ts";
import type { Session } from "../wamp/session_api.ts";
import type { MatchPolicy } from "../wamp/uris.ts";
import {
  type CommandArguments,
  type CommandContext,
  type CommandOption,
  oneOf,
  UsageError,
  wholeNumber,
} from "./command.ts";
import { LOGIN_OPTIONS, readLogin } from "./login.ts";
import { DeadlineError, NoSessionError, StoppedError } from "./exit_code.ts";
import { parseKeywords, parseValue } from "./values.ts";

/** Where a router is looked for, and where `viaduct router` listens. */
const DEFAULT_URL = "ws://127.0.0.1:8080/ws";

const SERIALIZER_NAMES: readonly SerializerName[] = [
  "cbor",
  "msgpack",
  "json",
  "ubjson",
  "cbor.batched",
  "msgpack.batched",
  "json.batched",
  "ubjson.batched",
];
const URL_SCHEMES = /^(?:wss?|rss?|unix|ws\+unix):/;
/** How long connecting may take without `--timeout`, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** The longest delay of a timer. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** The options of every command that joins. @internal */
export const JOIN_OPTIONS: readonly CommandOption[] = [
  { name: "url", value: "URL", help: "the router: ws, wss, rs, rss or unix", default: DEFAULT_URL },
  { name: "realm", value: "URI", help: "the realm to join", default: "realm1" },
  {
    name: "serializer",
    value: "NAME",
    help: "cbor, msgpack, json or ubjson; more than one: those offered",
    multiple: true,
  },
  { name: "timeout", value: "MS", help: "give up after so many milliseconds; 0 is never", default: "0" },
  ...LOGIN_OPTIONS,
];

/** The option for keyword arguments. @internal */
export const KWARG_OPTION: CommandOption = {
  name: "kwarg",
  value: "NAME=VALUE",
  help: "a keyword argument; JSON where it is JSON, else a string",
  multiple: true,
};

/** The option for patterns. @internal */
export const MATCH_OPTION: CommandOption = {
  name: "match",
  value: "HOW",
  help: "exact, prefix or wildcard",
  default: "exact",
};

/** What a command does with its session. @internal */
export interface JoinedContext extends CommandContext {
  /** The session. */
  readonly session: Session;
  /** Aborted when the command is stopped, its time is over, or the session has ended. */
  readonly signal: AbortSignal;
}

/** The URI that a command is about, and the arguments behind it. @internal */
export interface Target {
  readonly uri: string;
  readonly args: readonly unknown[];
  readonly kwargs: Dict;
}

/** Reads the URI and the arguments. @internal */
export function readTarget(args: CommandArguments): Target {
  const [uri, ...values] = args.positionals;
  if (uri === undefined) throw new UsageError("A URI must be given");
  return { uri, args: values.map(parseValue), kwargs: parseKeywords(args.texts("kwarg")) };
}

/** Reads `--match`. @internal */
export function readMatch(args: CommandArguments): MatchPolicy {
  return oneOf(args, "match", ["exact", "prefix", "wildcard"]);
}

function readSerializers(args: CommandArguments): readonly SerializerName[] | undefined {
  const names = args.texts("serializer").flatMap((text) => text.split(","));
  for (const name of names) {
    if (!SERIALIZER_NAMES.some((known) => known === name)) {
      throw new UsageError(
        `Option --serializer must be one of ${SERIALIZER_NAMES.join(", ")}, received ${JSON.stringify(name)}`,
      );
    }
  }
  return names.length === 0 ? undefined : SERIALIZER_NAMES.filter((name) => names.includes(name))
    .sort((a, b) => names.indexOf(a) - names.indexOf(b));
}

function readUrl(args: CommandArguments): string {
  const url = args.text("url");
  if (!URL_SCHEMES.test(url) || !URL.canParse(url)) {
    throw new UsageError(`Option --url must be like ${DEFAULT_URL}, rs://host:port or unix:/path, received ${url}`);
  }
  return url;
}

/**
 * Joins, lets a command work, and leaves with GOODBYE, whatever happens.
 *
 * @param args The command's arguments.
 * @param context What the command was given.
 * @param work What to do with the session; it ends early when its signal is aborted.
 * @throws {StoppedError} The command was stopped before the work was done, and the work did not take that as its end.
 * @throws {DeadlineError} The time was over.
 * @throws {NoSessionError} There was no session, or it ended by itself.
 * @internal
 */
export async function withSession(
  args: CommandArguments,
  context: CommandContext,
  work: (joined: JoinedContext) => Promise<void>,
): Promise<void> {
  const timeout = Math.min(wholeNumber(args, "timeout", 0), MAX_TIMEOUT);
  const ended = new AbortController();
  const stop = (): void => ended.abort(new StoppedError("Stopped"));
  const timer = timeout === 0
    ? undefined
    : setTimeout(() => ended.abort(new DeadlineError(`Not done within ${timeout} ms`)), timeout);
  context.signal.addEventListener("abort", stop, { once: true });
  if (context.signal.aborted) stop();
  try {
    const session = await openSession(args, ended.signal, timeout);
    await workAndLeave(session, ended, context, work);
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener("abort", stop);
  }
}

async function openSession(args: CommandArguments, signal: AbortSignal, timeout: number): Promise<Session> {
  const [url, realm, serializers, login] = [readUrl(args), args.text("realm"), readSerializers(args), readLogin(args)];
  try {
    return await join(url, {
      realm,
      signal,
      timeout: timeout === 0 ? CONNECT_TIMEOUT : timeout,
      ...login,
      ...(serializers === undefined ? {} : { serializers }),
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof JoinError) throw error;
    throw new NoSessionError(`Cannot join ${realm} at ${url}`, { cause: error });
  }
}

async function workAndLeave(
  session: Session,
  ended: AbortController,
  context: CommandContext,
  work: (joined: JoinedContext) => Promise<void>,
): Promise<void> {
  void session.closed.then(({ reason, message }) => {
    const why = message === "" ? reason : `${reason}: ${message}`;
    ended.abort(new NoSessionError(`The session has ended: ${why}`));
  });
  try {
    await work({ session, output: context.output, signal: ended.signal });
  } catch (error) {
    // What the abort caused is told as its cause: the deadline, the stop, the end of the session.
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    await session.leave().catch((error: unknown) => context.output.report(`viaduct: ${failureMessage(error)}`));
  }
}

/** Resolves when the command is stopped; rejects when its time is over or the session ends by itself. @internal */
export function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => signal.reason instanceof StoppedError ? resolve() : reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
