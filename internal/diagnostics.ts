/**
 * Channels by which tools of the runtime watch what goes on: `node:diagnostics_channel`, silent where there is none.
 *
 * @module
 */

import { builtin } from "./builtins.ts";

/**
 * A channel. Ask {@linkcode hasSubscribers} before a message is made: with nobody listening, that is all it costs.
 *
 * @internal
 */
export interface DiagnosticsChannel<Message extends object> {
  readonly hasSubscribers: boolean;
  /** Hands a message to all who listen, at once. What these throw reaches the process, not the caller. */
  publish(message: Message): void;
}

const SILENT: DiagnosticsChannel<object> = { hasSubscribers: false, publish() {} };

/**
 * The channel with a name; the same for each asking.
 *
 * @typeParam Message What is published.
 * @param name The name.
 * @returns The channel.
 *
 * @internal
 */
export function diagnosticsChannel<Message extends object>(name: string): DiagnosticsChannel<Message> {
  return builtin("node:diagnostics_channel")?.channel(name) ?? SILENT;
}
