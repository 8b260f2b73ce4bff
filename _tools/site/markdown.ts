/**
 * Reads and changes Markdown as text: links, titles, comments that stand for something.
 *
 * @module
 */

/** A fence opens or closes a block of code: its marker is in the first group. */
const FENCE = /^ {0,12}(?:> ?)*(?:[-*+] +)*(`{3,}|~{3,})(.*)$/;
const FRONT_MATTER = /^---\n[\s\S]*?\n---\n/;
/**
 * What may hold a link, in this order: a code span (which holds none), the end of `[text](target "title")`, a definition
 * `[name]: target`, and an attribute of an HTML element.
 */
const LINKS =
  /(?<!`)(?<code>`+)(?!`)[\s\S]*?[^`]\k<code>(?!`)|(?<open>\]\(\s*)(?:<(?<angle>[^>\n]*)>|(?<plain>[^\s()<>]+(?:\([^\s()]*\)[^\s()]*)*))(?<close>(?:\s+"[^"]*")?\s*\))|(?<define>^ {0,3}\[[^\]\n]+\]:\s+)(?<defined>\S+)|(?<attribute>\b(?:href|src)=")(?<value>[^"\n]+)"/gm;
/** A member of the front matter that is a link. */
const FRONT_LINKS = /^(?<key>[ -]*(?:link|src): *)(?<quote>["']?)(?<target>[^"'\n]+?)\k<quote> *$/gm;

/** Changes a link's target; what it returns is put in its place. */
export type Rewrite = (target: string) => string;

/**
 * Changes the targets of links in Markdown, outside code.
 *
 * @param text The Markdown.
 * @param rewrite Gives the new target.
 * @returns The Markdown with the new targets.
 */
export function rewriteLinks(text: string, rewrite: Rewrite): string {
  const [front, body] = splitFrontMatter(text);
  const links = front.replace(FRONT_LINKS, (...match) => {
    const { key = "", quote = "", target = "" } = match.at(-1);
    return `${key}${quote}${rewrite(target)}${quote}`;
  });
  return links + mapProse(body, (prose) => prose.replace(LINKS, (...match) => replaceLink(match, rewrite)));
}

function replaceLink(match: readonly unknown[], rewrite: Rewrite): string {
  const groups = match.at(-1) as Readonly<Record<string, string | undefined>>;
  const { code, open, angle, plain, close, define, defined, attribute, value } = groups;
  if (code !== undefined) return String(match[0]);
  if (open !== undefined) return `${open}${bracketed(rewrite(angle ?? plain ?? ""))}${close}`;
  if (define !== undefined) return `${define}${rewrite(defined ?? "")}`;
  return `${attribute}${rewrite(value ?? "")}"`;
}

/** A target with spaces or brackets stands between angle brackets. */
function bracketed(target: string): string {
  return /[\s()]/.test(target) ? `<${target}>` : target;
}

/**
 * Finds the links in Markdown, outside code.
 *
 * @param text The Markdown.
 * @returns Their targets, in order.
 */
export function findLinks(text: string): string[] {
  const targets: string[] = [];
  rewriteLinks(text, (target) => {
    targets.push(target);
    return target;
  });
  return targets;
}

/** Takes the front matter off a text; it is empty where there is none. */
export function splitFrontMatter(text: string): [string, string] {
  const front = FRONT_MATTER.exec(text)?.[0] ?? "";
  return [front, text.slice(front.length)];
}

/** Changes what is not in a block of code. */
export function mapProse(text: string, change: (prose: string) => string): string {
  const parts: string[] = [];
  let lines: string[] = [];
  let fence: string | undefined;
  const flush = (isProse: boolean): void => {
    const part = lines.join("");
    parts.push(isProse ? change(part) : part);
    lines = [];
  };
  for (const line of text.split(/(?<=\n)/)) {
    const marker = FENCE.exec(line.trimEnd());
    if (fence === undefined && marker?.[1] !== undefined) {
      flush(true);
      fence = marker[1];
      lines.push(line);
    } else if (fence !== undefined && marker?.[1]?.startsWith(fence) && marker[2]?.trim() === "") {
      lines.push(line);
      flush(false);
      fence = undefined;
    } else lines.push(line);
  }
  flush(fence === undefined);
  return parts.join("");
}

/**
 * Puts HTML where a comment of the form `<!-- kind NAME -->` stands alone in a line.
 *
 * @param text The Markdown.
 * @param kind The comment's first word.
 * @param draw Gives what is put in its place; `undefined` leaves the comment.
 * @returns The Markdown with it.
 */
export function fillPlaceholders(text: string, kind: string, draw: (name: string) => string | undefined): string {
  const comment = new RegExp(`^<!-- ${kind}(?: (\\S+))? -->$`, "gm");
  return mapProse(text, (prose) => prose.replace(comment, (whole, name) => draw(name ?? "") ?? whole));
}

/** The text of the first heading, without its marks; `undefined` where there is none. */
export function titleOf(text: string): string | undefined {
  return /^# +(.+?) *#*$/m.exec(splitFrontMatter(text)[1])?.[1]?.replaceAll(/[`*]/g, "");
}
