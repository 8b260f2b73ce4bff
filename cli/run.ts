/**
 * `viaduct run`: runs the components of a program until they are stopped.
 *
 * @module
 */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { failureMessage } from "../internal/log.ts";
import { run } from "../wamp/component.ts";
import type { Component, ComponentStatus } from "../wamp/component_api.ts";
import { type Command, type CommandOutput, UsageError } from "./command.ts";
import { NoSessionError } from "./exit_code.ts";

/** The command. @internal */
export const RUN_COMMAND: Command = {
  name: "run",
  operands: "FILE...",
  maxOperands: Infinity,
  help: "Run the components that modules export by default, one or a list, until stopped; connect again where lost.",
  options: [
    { name: "quiet", help: "do not report what becomes of the connections" },
  ],
  async run(args, { output, signal }) {
    if (args.positionals.length === 0) throw new UsageError("A module must be given");
    const components: Component[] = [];
    for (const file of args.positionals) {
      const loaded = await loadComponents(file);
      if (!args.flag("quiet")) { for (const one of loaded) reportStatus(file, one, output); }
      components.push(...loaded);
    }
    try {
      await run(components, { signal });
    } catch (error) {
      throw new NoSessionError("A component has failed", { cause: error });
    }
  },
};

/** Loads a module, by its path or URL, and takes its components. */
async function loadComponents(file: string): Promise<readonly Component[]> {
  // One letter is a drive.
  const url = /^[a-z][a-z\d+.-]+:/i.test(file) ? file : pathToFileURL(resolve(file)).href;
  let module: { readonly default?: unknown };
  try {
    module = await import(url);
  } catch (error) {
    throw new Error(`Cannot load ${file}`, { cause: error });
  }
  const components = [module.default].flat();
  if (components.length === 0 || !components.every(isComponent)) {
    throw new UsageError(`Module ${file} must export a component or a list of components by default`);
  }
  return components;
}

/** Whether it is a component: of any copy of this library, since the module may have one of its own. */
function isComponent(value: unknown): value is Component {
  return typeof value === "object" && value !== null && "run" in value && typeof value.run === "function" &&
    "onStatus" in value && typeof value.onStatus === "function";
}

function reportStatus(file: string, component: Component, output: CommandOutput): void {
  component.onStatus((status) => {
    const text = describe(status);
    if (text !== undefined) output.report(`${file}: ${text}`);
  });
}

/** What is told of a status; nothing of steps on the way, and of the end, which ends the command. */
function describe(status: ComponentStatus): string | undefined {
  switch (status.state) {
    case "open": {
      const pending = status.pending.map(({ kind, uri, cause }) => `; no ${kind} of ${uri}: ${failureMessage(cause)}`);
      return `Session ${status.session} at ${status.transport}${pending.join("")}`;
    }
    case "lost":
      return `Not connected; next attempt in ${Math.ceil(status.retryIn)} ms: ${failureMessage(status.cause)}`;
    default:
      return undefined;
  }
}
