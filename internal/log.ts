/**
 * The logging interface that drivers accept, and the one way to format a failure.
 *
 * @module
 */

/**
 * Receives log records. Every method gets a message and a flat record of fields; payloads and secrets are never
 * among them. `console` fits.
 *
 * @example Use
 * ```ts
 * import type { Logger } from "@viaduct/viaduct";
 * import assert from "node:assert/strict";
 *
 * const lines: string[] = [];
 * const logger: Logger = {
 *   debug() {},
 *   info: (message) => lines.push(message),
 *   warn: (message) => lines.push(message),
 *   error: (message) => lines.push(message),
 * };
 * logger.info("Listening", { port: 8080 });
 * assert.deepEqual(lines, ["Listening"]);
 * ```
 *
 * @public
 */
export interface Logger {
  /** Details for somebody who debugs a connection. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Normal events: listening, shutting down. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Something failed for one peer. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Something failed for this program. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

function ignore(): void {}

/** The default logger: silent. @internal */
export const SILENT_LOGGER: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const MAX_CAUSES = 8;

/**
 * Formats an error with its causes on one line.
 *
 * @param error What was thrown; anything is accepted.
 * @returns The messages of the error and of up to eight causes, joined by `: `.
 *
 * @example Use
 * ```ts
 * import { failureMessage } from "@viaduct/viaduct";
 * import assert from "node:assert/strict";
 *
 * const cause = new TypeError("Port is out of range");
 * assert.equal(
 *   failureMessage(new Error("Cannot listen", { cause })),
 *   "Error: Cannot listen: TypeError: Port is out of range",
 * );
 * ```
 *
 * @public
 */
export function failureMessage(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  while (current !== undefined && parts.length < MAX_CAUSES) {
    parts.push(current instanceof Error ? `${current.name}: ${current.message}` : String(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(": ");
}
