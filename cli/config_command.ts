/**
 * `viaduct config`: what has to do with the router's configuration but needs no router.
 *
 * @module
 */

import { type Command, type CommandContext, UsageError } from "./command.ts";
import { formatConfig, importCrossbar } from "./config_import.ts";
import { CONFIG_SCHEMA } from "./config_schema.ts";
import { fileSource } from "./config_source.ts";

/** The command. @internal */
export const CONFIG_COMMAND: Command = {
  name: "config",
  operands: "schema | import FILE",
  maxOperands: 2,
  help: "Print the JSON Schema of the router's configuration, or convert the router's part of one of Crossbar.io " +
    "(version 2): the result goes to standard output, a list of what has no counterpart to standard error.",
  options: [],
  async run({ positionals: [action, file] }, context) {
    if (action === "schema" && file === undefined) return context.output.print(formatConfig(CONFIG_SCHEMA).trimEnd());
    if (action === "import" && file !== undefined) return await convert(file, context);
    if (action === "import") throw new UsageError("Command config import needs the FILE to convert");
    throw new UsageError(
      `Command config takes schema, or import FILE, received ${[action, file].join(" ").trim() || "nothing"}`,
    );
  },
};

async function convert(file: string, { output }: CommandContext): Promise<void> {
  const { config, notes } = await importCrossbar(fileSource(file).text(), file);
  output.print(formatConfig(config).trimEnd());
  if (notes.length === 0) return output.report("Everything has a counterpart");
  output.report(`What has no counterpart, or is not the same (${notes.length}):`);
  for (const { path, reason } of notes) output.report(`  ${path || "the file"}: ${reason}`);
}
