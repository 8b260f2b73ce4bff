/**
 * The file of a configuration, and what it points to.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { ConfigError } from "./config.ts";
import type { SecretSource } from "./config_secrets.ts";

/** Reads files and variables for a configuration. @internal */
export interface ConfigSource extends SecretSource {
  /** What it is called. */
  readonly name: string;
  /** Its text. */
  text(): string;
}

/** A configuration in a file; what it points to is looked for from the file's folder. @internal */
export function fileSource(path: string): ConfigSource {
  const folder = dirname(path);
  return {
    name: path,
    text: () => {
      try {
        return Deno.readTextFileSync(path);
      } catch (error) {
        throw new ConfigError([`${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
      }
    },
    variable: (name) => Deno.env.get(name),
    file: (name) => Deno.readTextFileSync(resolve(folder, name)),
  };
}
