/**
 * How the programs of the fleet read their command line, and how they fail.
 *
 * @module
 */

import process from "node:process";
import { failureMessage } from "@viaduct/viaduct";

/** Reads a port from the command line. */
export function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new Error(`Port must be 0 to 65535, received "${text}"`);
  return Number(text);
}

/** Runs a program to its end; a failure is told with how the program is used. */
export async function runProgram(main: () => Promise<void>, usage: string): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(failureMessage(error));
    console.error(usage);
    process.exitCode = 1;
  }
}
