/**
 * Log records as lines: for people, or as JSON.
 *
 * @module
 */

import type { Logger } from "../internal/log.ts";
import type { CommandOutput } from "./command.ts";
import type { LoggingConfig } from "./config_types.ts";
import { formatValue } from "./values.ts";

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

type Level = (typeof LEVELS)[number];

/** Writes records to standard error. Level and format can be changed while it is used. @internal */
export class LineLogger implements Logger {
  readonly #output: CommandOutput;
  #least = 0;
  #isJson = false;

  /** `config` as in {@linkcode configure}. */
  constructor(output: CommandOutput, config: LoggingConfig = {}) {
    this.#output = output;
    this.configure(config);
  }

  /** Takes other choices. */
  configure({ level = "info", format = "text" }: LoggingConfig): void {
    this.#least = LEVELS.indexOf(level);
    this.#isJson = format === "json";
  }

  /** See {@linkcode Logger}. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write("debug", message, fields);
  }

  /** See {@linkcode Logger}. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write("info", message, fields);
  }

  /** See {@linkcode Logger}. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write("warn", message, fields);
  }

  /** See {@linkcode Logger}. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write("error", message, fields);
  }

  #write(level: Level, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (LEVELS.indexOf(level) < this.#least) return;
    const time = new Date().toISOString();
    // The record's own members come first, and cannot be taken by a field of the same name.
    if (this.#isJson) this.#output.report(formatValue({ time, level, message, fields }));
    else this.#output.report(`${time} ${level} ${message}${describeFields(fields)}`);
  }
}

function describeFields(fields: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(fields).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${formatValue(value)}`);
  return parts.length === 0 ? "" : ` ${parts.join(" ")}`;
}
