/**
 * The blocks of code in a page.
 *
 * @module
 */

/** The texts of all blocks of a language, in their order; those that documentation tests ignore as well. */
export function codeBlocks(markdown: string, language: string): string[] {
  const blocks = markdown.matchAll(/^```(\w+)(?: ignore)?\n([^]*?)^```$/gm);
  return [...blocks].filter(([, one]) => one === language).map(([, , text = ""]) => text);
}
