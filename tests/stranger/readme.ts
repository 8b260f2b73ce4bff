/**
 * The commands that the README begins with.
 *
 * @module
 */

/** What a stranger is told to type. */
export interface FirstCommands {
  /** Starts the demo. */
  readonly demo: string;
  /** Runs the tests. */
  readonly test: string;
}

/**
 * Reads the first block of the README: two commands, each with a comment.
 *
 * @param readme Its Markdown.
 * @returns The commands.
 * @throws {SyntaxError} The block has something else.
 */
export function readFirstCommands(readme: string): FirstCommands {
  const [, block = ""] = /^```(?:sh)?\n([^]*?)^```$/m.exec(readme) ?? [];
  const lines = block.trimEnd().split("\n").map((line) => line.replace(/\s+#.*$/, ""));
  const [demo = "", test = ""] = lines;
  if (lines.length !== 2 || !/^npx -y deno@\S+ task demo$/.test(demo) || !/^npx -y deno@\S+ task test$/.test(test)) {
    throw new SyntaxError(`README must begin with the commands of demo and tests, received ${JSON.stringify(lines)}`);
  }
  return { demo, test };
}
