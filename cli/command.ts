/**
 * What a command of the command line is, and how its arguments are read.
 *
 * @module
 */

import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** Arguments that cannot be understood. @internal */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Where a command writes its lines.
 *
 * @public
 */
export interface CommandOutput {
  /** Takes a line of the result, for standard output. */
  print(line: string): void;
  /** Takes a line about what goes on, for standard error. */
  report(line: string): void;
}

/** An option of a command. @internal */
export interface CommandOption {
  /** The option's name, without the dashes. */
  readonly name: string;
  /** What its value is called in the help; absent for a switch. */
  readonly value?: string;
  /** What it does. */
  readonly help: string;
  /** The value where it is not given. */
  readonly default?: string;
}

/** What a running command is given. @internal */
export interface CommandContext {
  readonly output: CommandOutput;
  /** Stops the command. */
  readonly signal: AbortSignal;
}

/** The arguments of a command, read. @internal */
export interface CommandArguments {
  readonly positionals: readonly string[];
  /** The value of an option, or its default. */
  text(name: string): string;
  /** Whether a switch was given. */
  flag(name: string): boolean;
}

/** A command. @internal */
export interface Command {
  readonly name: string;
  /** Its positional arguments, for the help. */
  readonly operands: string;
  readonly help: string;
  readonly options: readonly CommandOption[];
  run(args: CommandArguments, context: CommandContext): Promise<void>;
}

/** Reads arguments and runs a command. @internal */
export async function runCommand(command: Command, args: readonly string[], context: CommandContext): Promise<void> {
  if (args.includes("--help") || args.includes("-h")) return context.output.print(formatHelp([command]));
  await command.run(readArguments(command, args), context);
}

function readArguments(command: Command, args: readonly string[]): CommandArguments {
  const options: ParseArgsOptionsConfig = {};
  for (const { name, value } of command.options) options[name] = { type: value === undefined ? "boolean" : "string" };
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const mostOperands = command.operands === "" ? 0 : 1;
  if (parsed.positionals.length > mostOperands) {
    throw new UsageError(
      `Command ${command.name} takes ${mostOperands} operands, received ${parsed.positionals.join(" ")}`,
    );
  }
  const defaults = new Map(command.options.map((option) => [option.name, option.default]));
  return {
    positionals: parsed.positionals,
    text: (name) => String(parsed.values[name] ?? defaults.get(name) ?? ""),
    flag: (name) => parsed.values[name] === true,
  };
}

/** Reads an option that must be one of a few words. @internal */
export function oneOf<T extends string>(args: CommandArguments, name: string, choices: readonly T[]): T {
  const value = args.text(name);
  const found = choices.find((choice) => choice === value);
  if (found === undefined) {
    throw new UsageError(`Option --${name} must be one of ${choices.join(", ")}, received ${JSON.stringify(value)}`);
  }
  return found;
}

/** Reads an option that must be a whole number. @internal */
export function wholeNumber(args: CommandArguments, name: string, least: number): number {
  const value = args.text(name);
  if (!/^\d+$/.test(value) || Number(value) < least) {
    throw new UsageError(
      `Option --${name} must be a whole number of at least ${least}, received ${JSON.stringify(value)}`,
    );
  }
  return Number(value);
}

/** Formats what `--help` prints. @internal */
export function formatHelp(commands: readonly Command[]): string {
  const lines = ["Usage:"];
  for (const { name, operands, help, options } of commands) {
    lines.push(`  viaduct ${name}${operands === "" ? "" : ` ${operands}`} [OPTIONS]`, `      ${help}`);
    for (const option of options) {
      const usage = `--${option.name}${option.value === undefined ? "" : ` ${option.value}`}`;
      const standard = option.default === undefined ? "" : ` (default: ${option.default})`;
      lines.push(`      ${usage.padEnd(24)} ${option.help}${standard}`);
    }
  }
  return lines.join("\n");
}
