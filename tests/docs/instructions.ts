/**
 * Reads a page of docs/getting_started/ as what its reader is asked to do. The sentence before a block of code says
 * what the block is:
 *
 * - "Save this as `NAME`": a file.
 * - "Make …" (`sh`): commands that prepare a folder.
 * - "Run …" (`sh`): a command that ends by itself.
 * - "Start …" (`sh`): a command that keeps running until the end of the page.
 * - "Stop …, and start …" (`sh`): the same, once the first that was started has been stopped by Ctrl+C.
 * - "It prints …" (`txt`): what the last command prints; all that is there, where the command ends.
 * - "`NAME` now also prints" (`txt`): what the running command with this file prints beyond what was shown before.
 * - "Stop …, and `NAME` also prints" (`txt`): what it prints once it has been stopped by Ctrl+C.
 *
 * @module
 */

/** A file to save. */
export interface FileStep {
  readonly kind: "file";
  readonly name: string;
  readonly text: string;
}

/** Commands to give. */
export interface CommandStep {
  readonly kind: "prepare" | "run" | "start" | "restart";
  readonly commands: readonly string[];
}

/** Lines to expect. */
export interface OutputStep {
  readonly kind: "output";
  /** The file whose command prints them. @default {the last command} */
  readonly of?: string;
  /** Whether that command is stopped first. @default {false} */
  readonly isLast?: boolean;
  readonly lines: readonly string[];
}

/** What the reader of a page is asked to do. */
export type Step = FileStep | CommandStep | OutputStep;

const FENCE = /^```(\S*)(?: (\S+))?\n([^]*?)^```$/gm;
const LANGUAGES_OF_FILES: readonly string[] = ["ts", "json", "html"];
const COMMANDS: readonly (readonly [RegExp, CommandStep["kind"]])[] = [
  [/^Make\b/, "prepare"],
  [/^Run\b/, "run"],
  [/^Start\b/, "start"],
  [/^Stop\b.*\bstart\b/, "restart"],
];

/**
 * Reads the steps of a page.
 *
 * @param page Its Markdown.
 * @returns The steps in their order.
 * @throws {SyntaxError} A block does not say what it is.
 */
export function readSteps(page: string): Step[] {
  return [...page.matchAll(FENCE)].map((match) => {
    const [, language = "", , text = ""] = match;
    const sentence = sentenceBefore(page.slice(0, match.index));
    const step = readStep(language, sentence, text);
    if (step === undefined) throw new SyntaxError(`"${sentence}" does not say what the block below is (${language})`);
    return step;
  });
}

/** The last sentence of the paragraph that ends a text. */
function sentenceBefore(text: string): string {
  const paragraph = text.trimEnd().split("\n\n").at(-1) ?? "";
  return paragraph.trim().replaceAll("\n", " ").split(". ").at(-1) ?? "";
}

function readStep(language: string, sentence: string, text: string): Step | undefined {
  const lines = text.trimEnd().split("\n");
  if (LANGUAGES_OF_FILES.includes(language)) {
    const [, name] = /^Save this as `([^`]+)`/.exec(sentence) ?? [];
    return name === undefined ? undefined : { kind: "file", name, text };
  }
  if (language === "sh") {
    const [, kind] = COMMANDS.find(([pattern]) => pattern.test(sentence)) ?? [];
    return kind === undefined ? undefined : { kind, commands: lines };
  }
  if (language !== "txt") return undefined;
  if (/^It prints\b/.test(sentence)) return { kind: "output", lines };
  const [, stop, of] = /^(Stop\b.*\band )?`([^`]+)` (?:now )?also prints:$/.exec(sentence) ?? [];
  return of === undefined ? undefined : { kind: "output", of, lines, ...(stop !== undefined && { isLast: true }) };
}
