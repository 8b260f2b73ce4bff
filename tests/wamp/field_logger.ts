/**
 * A logger that keeps what it is given, the fields included.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";

/** One record. */
export interface LogRecord {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** Keeps all records, of every level. */
export function fieldLogger(): { readonly logger: Logger; readonly records: LogRecord[] } {
  const records: LogRecord[] = [];
  const note = (message: string, fields?: LogRecord["fields"]): void => void records.push({ message, fields });
  return { logger: { debug: note, info: note, warn: note, error: note }, records };
}
