import { assertEquals, assertRejects, assertThrows } from "../std.ts";
import {
  type Command,
  type CommandArguments,
  formatHelp,
  oneOf,
  runCommand,
  UsageError,
  wholeNumber,
} from "../../cli/command.ts";

const OPTIONS: Command["options"] = [
  { name: "size", value: "N", help: "how large", default: "3" },
  { name: "name", value: "NAME", help: "which" },
  { name: "fast", help: "hurry" },
];

/** Reads arguments as a command gets them. */
async function read(args: readonly string[], operands = "OPERAND"): Promise<CommandArguments> {
  const received: CommandArguments[] = [];
  const command: Command = {
    ...{ name: "act", operands, help: "Act.", options: OPTIONS },
    run: (given) => Promise.resolve(void received.push(given)),
  };
  const output = { print: () => {}, report: () => {} };
  await runCommand(command, args, { output, signal: new AbortController().signal });
  assertEquals(received.length, 1);
  return received[0]!;
}

Deno.test("runCommand gives options, their defaults, switches and operands", async () => {
  const args = await read(["there", "--name", "x", "--fast"]);
  assertEquals([args.text("size"), args.text("name"), args.flag("fast")], ["3", "x", true]);
  assertEquals(args.positionals, ["there"]);
  const bare = await read([]);
  assertEquals([bare.text("size"), bare.text("name"), bare.flag("fast")], ["3", "", false]);
});

Deno.test("runCommand takes what follows -- as operands", async () => {
  assertEquals((await read(["--", "--fast"])).positionals, ["--fast"]);
});

Deno.test("runCommand refuses more operands than the command has", async () => {
  await assertRejects(() => read(["a", "b"]), UsageError, "Command act takes 1 operands, received a b");
  await assertRejects(() => read(["a"], ""), UsageError, "Command act takes 0 operands, received a");
});

Deno.test("oneOf gives the word, or says which there are", async () => {
  const args = await read(["--name", "red"]);
  assertEquals(oneOf(args, "name", ["red", "blue"]), "red");
  assertThrows(() => oneOf(args, "name", ["blue"]), UsageError, `Option --name must be one of blue, received "red"`);
});

Deno.test("wholeNumber gives the number, or says which are allowed", async () => {
  assertEquals(wholeNumber(await read([]), "size", 3), 3);
  for (const text of ["2", "-4", "4.5", "1e3", "", " 4", "four"]) {
    const args = await read([`--size=${text}`]);
    const message = `Option --size must be a whole number of at least 3, received ${JSON.stringify(text)}`;
    assertThrows(() => wholeNumber(args, "size", 3), UsageError, message);
  }
});

Deno.test("formatHelp shows operands, options and defaults", () => {
  const command = { name: "act", operands: "WHERE", help: "Act.", options: OPTIONS, run: () => Promise.resolve() };
  assertEquals(formatHelp([command]).split("\n"), [
    "Usage:",
    "  viaduct act WHERE [OPTIONS]",
    "      Act.",
    "      --size N                 how large (default: 3)",
    "      --name NAME              which",
    "      --fast                   hurry",
  ]);
});

const MANY: Command["options"] = [
  { name: "pair", value: "A=B", help: "a pair", multiple: true },
  { name: "exec", value: "CMD...", help: "a command", rest: true },
];

/** Reads arguments as a command with many operands and a last option gets them. */
async function readMany(args: readonly string[]): Promise<CommandArguments> {
  const received: CommandArguments[] = [];
  const printed: string[] = [];
  const command: Command = {
    ...{ name: "act", operands: "OPERAND...", maxOperands: Infinity, help: "Act.", options: MANY },
    run: (given) => Promise.resolve(void received.push(given)),
  };
  const output = { print: (line: string) => void printed.push(line), report: () => {} };
  await runCommand(command, args, { output, signal: new AbortController().signal });
  assertEquals([received.length, printed.length], [1, 0]);
  return received[0]!;
}

Deno.test("runCommand takes negative numbers as operands and as values, not as options", async () => {
  const args = await readMany(["a", "-1", "-.5", "--pair", "-2", "-3e5"]);
  assertEquals([args.positionals, args.texts("pair")], [["a", "-1", "-.5", "-3e5"], ["-2"]]);
  await assertRejects(() => readMany(["-x"]), UsageError, "Unknown option '-x'");
});

Deno.test("runCommand gives all values of an option that may be given several times", async () => {
  assertEquals((await readMany(["--pair", "a=1", "--pair=b=2"])).texts("pair"), ["a=1", "b=2"]);
  const bare = await readMany([]);
  assertEquals([bare.texts("pair"), bare.flag("pair")], [[], false]);
});

Deno.test("runCommand gives the last option everything behind it", async () => {
  const args = await readMany(["a", "--exec", "sh", "-c", "--pair", "--help", "-1"]);
  assertEquals([args.positionals, args.texts("exec")], [["a"], ["sh", "-c", "--pair", "--help", "-1"]]);
  assertEquals([args.flag("exec"), args.flag("pair")], [true, false]);
  await assertRejects(() => readMany(["a", "--exec"]), UsageError, "--exec must be followed by a command");
});

Deno.test("runCommand takes --help behind -- as an operand", async () => {
  assertEquals((await readMany(["a", "--", "--help", "-h"])).positionals, ["a", "--help", "-h"]);
});
