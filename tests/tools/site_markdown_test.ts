import { assertEquals } from "../std.ts";
import { fillPlaceholders, findLinks, rewriteLinks, titleOf } from "../../_tools/site/markdown.ts";

function mark(text: string): string {
  return rewriteLinks(text, (target) => `{${target}}`);
}

const REWRITTEN: readonly (readonly [string, string, string])[] = [
  ["a link", "[a](b.md)", "[a]({b.md})"],
  ["a link with a fragment", "[a](b.md#c-d)", "[a]({b.md#c-d})"],
  ["a link with a title", '[a](b.md "a title")', '[a]({b.md} "a title")'],
  ["a link between angle brackets", "[a](<b.md>)", "[a]({b.md})"],
  ["a link with parentheses", "[a](b_(c).md)", "[a](<{b_(c).md}>)"],
  ["an image", "![a](b.svg)", "![a]({b.svg})"],
  ["an image in a link", "[![a](b.svg)](c.md)", "[![a]({b.svg})]({c.md})"],
  ["code as a link's text", "[`a](b)`](c.md)", "[`a](b)`]({c.md})"],
  ["a text over two lines", "[a\nb](c.md)", "[a\nb]({c.md})"],
  ["a definition", "[a]: b.md\n", "[a]: {b.md}\n"],
  ["attributes of HTML", '<a href="b.md"><img src="c.svg"></a>', '<a href="{b.md}"><img src="{c.svg}"></a>'],
  ["a link after code", "`x` [a](b.md) ``y`z``", "`x` [a]({b.md}) ``y`z``"],
  [
    "links of the front matter",
    "---\nlink: b.md\n  - src: 'c.svg'\nhero: d.md\n---\n[a](e.md)",
    "---\nlink: {b.md}\n  - src: '{c.svg}'\nhero: d.md\n---\n[a]({e.md})",
  ],
];

for (const [what, text, expected] of REWRITTEN) {
  Deno.test(`rewriteLinks changes ${what}`, () => {
    assertEquals(mark(text), expected);
  });
}

const LEFT: readonly (readonly [string, string])[] = [
  ["a block of code", "```md\n[a](b.md)\n```\n"],
  ["a block whose fence is longer than those in it", "````md\n```\n[a](b.md)\n```\n[a](b.md)\n````\n"],
  ["a block with tildes", "~~~\n[a](b.md)\n```\n[a](b.md)\n~~~\n"],
  ["a block in a list", "- a\n\n  ```md\n  [a](b.md)\n  ```\n"],
  ["a block that nothing closes", "```\n[a](b.md)\n"],
  ["a code span", "`[a](b.md)` and ``[a](b.md) ` ``"],
  ["a code span over two lines", "`[a]\n(b.md) [a](b.md)`"],
  ["brackets without a target", "[a] (b.md), a[0](), f(a)"],
];

for (const [what, text] of LEFT) {
  Deno.test(`rewriteLinks leaves ${what}`, () => assertEquals(mark(text), text));
}

Deno.test("rewriteLinks goes on after a block of code", () => {
  assertEquals(mark("```\n[a](b)\n```\n[a](b)\n"), "```\n[a](b)\n```\n[a]({b})\n");
});

Deno.test("findLinks lists targets in order", () => {
  assertEquals(findLinks("[a](b.md) `[c](d)` ![e](f.svg)\n\n[g]: h\n"), ["b.md", "f.svg", "h"]);
});

Deno.test("titleOf takes the first heading without its marks, and none from the front matter", () => {
  assertEquals(titleOf('---\ntitle: "x"\n---\n\ntext\n\n# The `code` *of* a\n\n# Second\n'), "The code of a");
  assertEquals(titleOf("## Second level\n"), undefined);
});

Deno.test("fillPlaceholders puts text where a comment stands alone, outside code", () => {
  const text =
    "<!-- plot a -->\n\n`<!-- plot a -->`\n\n```md\n<!-- plot a -->\n```\n\n<!-- plot b -->\n<!-- other a -->\n";
  assertEquals(
    fillPlaceholders(text, "plot", (name) => name === "a" ? "<svg>$&</svg>" : undefined),
    "<svg>$&</svg>\n\n`<!-- plot a -->`\n\n```md\n<!-- plot a -->\n```\n\n<!-- plot b -->\n<!-- other a -->\n",
  );
});

Deno.test("fillPlaceholders takes a comment without a name", () => {
  assertEquals(fillPlaceholders("<!-- conformance -->\n", "conformance", (name) => `[${name}]`), "[]\n");
});
