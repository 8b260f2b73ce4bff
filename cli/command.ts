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
  /** It may be given several times. @default {false} */
  readonly multiple?: boolean;
  /** It takes all arguments behind it, whatever they are, so that it stands last. @default {false} */
  readonly rest?: boolean;
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
  /** All values of an option that may be given several times, or that takes the rest. */
  texts(name: string): readonly string[];
  /** Whether an option or a switch was given. */
  flag(name: string): boolean;
}

/** A command. @internal */
export interface Command {
  readonly name: string;
  /** Its positional arguments, for the help. */
  readonly operands: string;
  /** How many of them there may be. @default {1, where `operands` names any} */
  readonly maxOperands?: number;
  readonly help: string;
  readonly options: readonly CommandOption[];
  run(args: CommandArguments, context: CommandContext): Promise<void>;
}

/** Reads arguments and runs a command. @internal */
export async function runCommand(command: Command, args: readonly string[], context: CommandContext): Promise<void> {
  const { own, rest } = splitRest(command, args);
  const beforeTerminator = own.includes("--") ? own.slice(0, own.indexOf("--")) : own;
  if (beforeTerminator.includes("--help") || beforeTerminator.includes("-h")) {
    return context.output.print(formatHelp([command]));
  }
  await command.run(readArguments(command, own, rest), context);
}

/** Parts what belongs to the command from what its last option takes whole. */
function splitRest(
  { options }: Command,
  args: readonly string[],
): { readonly own: readonly string[]; readonly rest: readonly string[] | undefined } {
  const name = options.find((option) => option.rest === true)?.name;
  const index = name === undefined ? -1 : args.indexOf(`--${name}`);
  if (index === -1) return { own: args, rest: undefined };
  if (index === args.length - 1) throw new UsageError(`Option --${name} must be followed by a command`);
  return { own: args.slice(0, index), rest: args.slice(index + 1) };
}

/** Stands in front of a negative number, which would be read as an option. No argument of a process can hold it. */
const NEGATIVE = "\0";

function readArguments(
  command: Command,
  args: readonly string[],
  rest: readonly string[] | undefined,
): CommandArguments {
  const options: ParseArgsOptionsConfig = {};
  for (const { name, value, multiple = false } of command.options) {
    options[name] = { type: value === undefined ? "boolean" : "string", multiple };
  }
  const guarded = args.map((arg) => /^-\.?\d/.test(arg) ? NEGATIVE + arg : arg);
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: guarded, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replaceAll(NEGATIVE, "") : String(error));
  }
  const positionals = parsed.positionals.map(unguard);
  const { maxOperands = command.operands === "" ? 0 : 1 } = command;
  if (positionals.length > maxOperands) {
    throw new UsageError(`Command ${command.name} takes ${maxOperands} operands, received ${positionals.join(" ")}`);
  }
  const values = (name: string): readonly string[] => [parsed.values[name] ?? []].flat().map(String).map(unguard);
  const defaults = new Map(command.options.map((option) => [option.name, option.default]));
  const isRest = (name: string): boolean => command.options.some((option) => option.name === name && option.rest);
  return {
    positionals,
    text: (name) => values(name)[0] ?? defaults.get(name) ?? "",
    texts: (name) => isRest(name) ? rest ?? [] : values(name),
    flag: (name) => isRest(name) ? rest !== undefined : parsed.values[name] !== undefined,
  };
}

function unguard(text: string): string {
  return text.startsWith(NEGATIVE) ? text.slice(NEGATIVE.length) : text;
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
