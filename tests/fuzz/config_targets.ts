/**
 * What is fuzzed of the command line: the files that it reads.
 *
 * @module
 */

import { ConfigError, readConfig } from "../../cli/config.ts";
import { importCrossbar } from "../../cli/config_import.ts";
import { JsonError, parseJsonDocument } from "../../cli/json_document.ts";
import { assert, assertEquals } from "../std.ts";
import { CONVERSIONS } from "../cli/crossbar_configs.ts";
import type { Target } from "./fuzzing.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const WORDS = [
  '"realms":',
  '"transports":',
  '"auth":[',
  '"method":"ticket"',
  '"uri":""',
  "null",
  "-1",
  "1e9",
  '"": {',
  "[]",
]
  .map((word) => encoder.encode(word));
const CONFIGS = CONVERSIONS.map(({ viaduct }) => encoder.encode(JSON.stringify(viaduct)));

/** What came of reading, coarsely; whatever is wrong with a file is told with its place. */
async function outcomeOf(file: string, read: () => unknown): Promise<string> {
  try {
    await read();
    return "read";
  } catch (error) {
    assert(error instanceof ConfigError, `What is wrong with a file is a ConfigError, received ${error}`);
    assert(error.message.includes(file), `The message names the file, received ${error.message}`);
    return error.message.replace(/\d+|"[^"]*"/g, "…").slice(0, 80);
  }
}

/** The targets of the command line. */
export const CONFIG_TARGETS: readonly Target[] = [
  {
    name: "json documents",
    promise: "nothing that JSON.parse refuses, and the same values",
    seeds: CONFIGS,
    tokens: WORDS,
    check(input) {
      const text = decoder.decode(input);
      try {
        const { value } = parseJsonDocument(text);
        assertEquals(value, JSON.parse(text));
        return "read";
      } catch (error) {
        assert(error instanceof JsonError, `What is wrong with a text is a JsonError, received ${error}`);
        const { line, column } = error.position;
        assert(line >= 1 && column >= 1 && line <= text.split("\n").length, `It stands at ${line}:${column}`);
        return error.message.replace(/"[^"]*"/g, "…").slice(0, 60);
      }
    },
  },
  {
    name: "configurations",
    promise: "a configuration, or a ConfigError that names the place",
    seeds: CONFIGS,
    tokens: WORDS,
    check: (input) => outcomeOf("fuzz.json", () => readConfig(decoder.decode(input), "fuzz.json")),
  },
  {
    name: "configurations of Crossbar.io",
    promise: "what is converted keeps our own rules; else a ConfigError that names the file",
    seeds: CONVERSIONS.map(({ crossbar }) => encoder.encode(JSON.stringify(crossbar))),
    tokens: WORDS,
    check: (input) => outcomeOf("fuzz.json", () => importCrossbar(decoder.decode(input), "fuzz.json")),
  },
];
