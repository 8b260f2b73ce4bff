import { join } from "node:path";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../std.ts";
import { emptyFolder, remove } from "../support/folders.ts";
import { firstSentence, fitPage } from "../../_tools/site/api.ts";
import { refuseOtherFolders, SITE_FOLDER } from "../../_tools/site/build.ts";
import { checkReports, copyReports, describeReports, localize, readReports } from "../../_tools/site/conformance.ts";
import { checkNavigation, NAVIGATION } from "../../_tools/site/navigation.ts";
import { showSource, sourcePageOf } from "../../_tools/site/source_page.ts";
import { pageOf, Stage } from "../../_tools/site/stage.ts";

/** Runs with a folder of files, which is removed afterwards. */
async function withFiles(
  files: Readonly<Record<string, string>>,
  run: (root: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "viaduct-site-" });
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(folder, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(folder, path), text);
    }
    await run(`${folder}/`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Stage leads links to pages of the site, whichever folder they come from", async () => {
  const files = {
    "docs/guides/a.md": "[b](../b.md#c) [changes](../../CHANGELOG.md) [top](#x) [out](https://a.test/b.md)",
  };
  await withFiles({ ...files, "docs/b.md": "# B", "CHANGELOG.md": "# C" }, async (root) => {
    const stage = new Stage(root);
    await stage.addFile("docs/guides/a.md");
    const expected = "[b](/b.md#c) [changes](/project/changelog.md) [top](#x) [out](https://a.test/b.md)";
    assertEquals(stage.pages.get("guides/a.md"), expected);
    assertEquals(stage.problems, []);
  });
});

Deno.test("Stage shows the source files that are linked, and no others", async () => {
  const files = { "docs/a.md": "[code](../x/code.ts#L2)", "x/code.ts": "let a = `<b>`;\n", "x/other.ts": "" };
  await withFiles(files, async (root) => {
    const stage = new Stage(root);
    await stage.addFile("docs/a.md");
    assertEquals(stage.pages.get("a.md"), "[code](/source/x/code.ts.html#L2)");
    assertEquals([...stage.staticPages.keys()], ["source/x/code.ts.html"]);
    assertStringIncludes(stage.staticPages.get("source/x/code.ts.html") ?? "", "let a = `&lt;b&gt;`;");
  });
});

Deno.test("Stage shows a folder with its readme and all of its files, and what the readme links", async () => {
  const files = {
    "docs/a.md": "[x](../x/) [readme](../x/README.md)",
    "x/README.md": "# The X\n\n[main](main.ts) [notes](y/notes.md)\n",
    "x/main.ts": "",
    "x/y/notes.md": "# Notes\n\n[back](../main.ts)\n",
    "x/.hidden": "",
    "x/node_modules/z.js": "",
  };
  await withFiles(files, async (root) => {
    const stage = new Stage(root);
    await stage.addFile("docs/a.md");
    assertEquals(stage.pages.get("a.md"), "[x](/source/x/) [readme](/source/x/)");
    const folder = stage.pages.get("source/x/index.md") ?? "";
    assertStringIncludes(folder, 'title: "The X"');
    assertStringIncludes(folder, "search: false");
    assertStringIncludes(folder, "[main](/source/x/main.ts.html) [notes](/source/x/y/notes.md)");
    assertStringIncludes(folder, "## Files\n\n- [main.ts](/source/x/main.ts.html)\n- [y/](/source/x/y/)\n");
    assertStringIncludes(stage.pages.get("source/x/y/notes.md") ?? "", "[back](/source/x/main.ts.html)");
    assertEquals([...stage.staticPages.keys()], ["source/x/main.ts.html"]);
    assertEquals([...stage.pages.keys()].sort(), [
      "a.md",
      "source/x/index.md",
      "source/x/y/index.md",
      "source/x/y/notes.md",
    ]);
  });
});

Deno.test("Stage copies images, and names links that lead nowhere", async () => {
  await withFiles(
    { "docs/a.md": "![i](i.svg) [gone](gone.md) [too](../gone/)", "docs/i.svg": "<svg/>" },
    async (root) => {
      const stage = new Stage(root);
      await stage.addFile("docs/a.md");
      assertEquals(stage.pages.get("a.md"), "![i](/docs/i.svg) [gone](#) [too](#)");
      assertEquals(stage.problems, ["docs/a.md: gone.md leads nowhere", "docs/a.md: ../gone/ leads nowhere"]);
      await stage.write(`${root}out`);
      assertEquals(await Deno.readTextFile(`${root}out/public/docs/i.svg`), "<svg/>");
      assertEquals(await Deno.readTextFile(`${root}out/a.md`), stage.pages.get("a.md"));
    },
  );
});

Deno.test("Stage changes a page before it follows its links", async () => {
  await withFiles({ "docs/a.md": "<!-- x -->\n", "x.ts": "" }, async (root) => {
    const stage = new Stage(root, (text, file) => text.replace("<!-- x -->", `[${file}](../x.ts)`));
    await stage.addFile("docs/a.md");
    assertEquals(stage.pages.get("a.md"), "[docs/a.md](/source/x.ts.html)\n");
    assert(stage.staticPages.has("source/x.ts.html"));
  });
});

Deno.test("pageOf and sourcePageOf give each file a page of its own", () => {
  const files = ["README.md", "docs/guides/a.md", "SECURITY.md", "bench/README.md", "examples/notes.md"];
  const pages = ["index.md", "guides/a.md", "project/security.md", "project/benchmarks.md", "source/examples/notes.md"];
  assertEquals(files.map(pageOf), pages);
  assertEquals(["a/b.ts", "a/b.html"].map(sourcePageOf), ["source/a/b.ts.html", "source/a/b_html.html"]);
  assertEquals(sourcePageOf(".github/workflows/.ci.yml"), "source/dot_github/workflows/dot_ci.yml.html");
});

Deno.test("showSource escapes the text and numbers its lines", () => {
  const page = showSource("a/b.ts", 'const a = "<script>";\n// &amp;\n');
  assertStringIncludes(page, "const a = &quot;&lt;script&gt;&quot;;\n// &amp;amp;\n");
  assertStringIncludes(page, '<a id="L2" href="#L2">2</a></pre>');
  assertStringIncludes(page, 'href="../../api/styles.css"');
  assertStringIncludes(page, 'class="language-ts"');
});

Deno.test("checkNavigation names pages that are absent, missing or there twice", () => {
  const sections = [
    { text: "A", entries: [{ text: "a", file: "docs/a.md" }, { text: "b", file: "docs/b.md" }] },
    { text: "B", entries: [{ text: "a", file: "docs/a.md" }] },
  ];
  assertEquals(checkNavigation(["docs/index.md", "docs/a.md", "docs/c.md"], sections), [
    "docs/a.md is in the navigation twice",
    "docs/b.md is in the navigation but absent",
    "docs/c.md is not in the navigation",
  ]);
  assertEquals(checkNavigation(["docs/a.md"], [{ text: "A", entries: [{ text: "a", file: "docs/a.md" }] }]), []);
});

Deno.test("the navigation has the sections that a reader looks for", () => {
  const sections = ["Getting started", "Guides", "Router", "Migrating", "Reference", "Project"];
  assertEquals(NAVIGATION.map(({ text }) => text), sections);
});

const CONTEXT = { toApi: "../", modules: ["", "wamp"], rootUrl: "file:///home/a%20b/project/", onSource: () => {} };

Deno.test("fitPage leads links to source files to their pages, and tells which they are", () => {
  const sources: string[] = [];
  const onSource = (path: string) => sources.push(path);
  const html = '<a href="file:///home/a%20b/project/wamp/join.ts">x</a><a href="https://a.test/">y</a>';
  const page = fitPage(html, { ...CONTEXT, onSource, hasId: () => true });
  assertEquals(page, '<a href="../../source/wamp/join.ts.html">x</a><a href="https://a.test/">y</a>');
  assertEquals(sources, ["wamp/join.ts"]);
});

Deno.test("fitPage takes off fragments that their page has not", () => {
  const hasId = (page: string, id: string) => page === "a.html" && id === "b";
  const html = '<a href="a.html#b"><a href="a.html#c"><a href="#d">';
  assertEquals(fitPage(html, { ...CONTEXT, hasId }), '<a href="a.html#b"><a href="a.html"><a href="">');
});

Deno.test("fitPage names modules as one imports them", () => {
  const html = "<title>join - wamp - Viaduct API documentation</title>" +
    "<a>wamp</a> import { join } from &quot;wamp&quot;; from &quot;.&quot;; from &quot;@viaduct/viaduct/wamp&quot;";
  const page = fitPage(html, { ...CONTEXT, hasId: () => true });
  assertStringIncludes(page, "<title>join - @viaduct/viaduct/wamp - Viaduct API documentation</title>");
  assertStringIncludes(page, "<a>@viaduct/viaduct/wamp</a>");
  const imports =
    "from &quot;@viaduct/viaduct/wamp&quot;; from &quot;@viaduct/viaduct&quot;; from &quot;@viaduct/viaduct/wamp&quot;";
  assertStringIncludes(page, imports);
});

Deno.test("fitPage lists the modules on the first page alone", () => {
  const first = "<title>Viaduct API documentation</title><main></main>";
  assertStringIncludes(
    fitPage(first, { ...CONTEXT, hasId: () => true }),
    'href="wamp/index.html">@viaduct/viaduct/wamp',
  );
  const other = "<title>a - Viaduct API documentation</title><main></main>";
  assert(!fitPage(other, { ...CONTEXT, hasId: () => true }).includes("wamp/index.html"));
});

Deno.test("firstSentence fits a cell of a table", () => {
  assertEquals(firstSentence("One `a.b` thing.\nAnother.\n"), "One `a.b` thing.");
  assertEquals(firstSentence("Over\ntwo lines, e.g. this. `Code` follows."), "Over two lines, e.g. this.");
  assertEquals(firstSentence("A {@linkcode b} | <c>\n\nAnother paragraph."), "A `b` \\| &lt;c>");
  assertEquals(firstSentence("The ways:\n\n- a\n"), "The ways.");
  assertEquals(firstSentence(""), "");
});

const OK = { behavior: "OK", behaviorClose: "OK" };
const EXPECTED = { suite: "s", groups: [{ group: "1", name: "Framing", cases: { "1.1": OK, "1.2": OK } }] };

function index(cases: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ viaduct: cases });
}

Deno.test("readReports judges both roles, and checkReports asks for all cases of both", async () => {
  const files = {
    "server/framing/index.json": index({ "1.1": OK, "1.2": OK }),
    "client/framing/index.json": index({ "1.1": OK, "1.2": { ...OK, behavior: "NON-STRICT" } }),
  };
  await withFiles(files, async (root) => {
    const reports = await readReports(root, EXPECTED);
    assertEquals(reports.map(({ role, parts }) => [role, ...parts]), [["server", "framing"], ["client", "framing"]]);
    assertEquals(checkReports(reports), ["client: 1 cases are not as expected"]);
    const text = describeReports(reports, EXPECTED);
    assertStringIncludes(text, "As server, 2 of 2 cases ended as expected, as client 1 of 2.");
    assertStringIncludes(text, "| 1 | Framing | 2 | 2 | 1 |");
    assertStringIncludes(text, "[framing](/conformance/client/framing/index.html)");
  });
});

Deno.test("readReports takes a build without reports, which checkReports refuses", async () => {
  await withFiles({}, async (root) => {
    const reports = await readReports(root, EXPECTED);
    assertStringIncludes(describeReports(reports, EXPECTED), "This build of the site has no reports");
    const problem = "there is no report; run deno task conformance";
    assertEquals(checkReports(reports), [`server: ${problem}`, `client: ${problem}`]);
  });
});

Deno.test("copyReports takes the suite's pages and leaves its logs", async () => {
  const files = {
    "from/server/framing/index.json": index({ "1.1": OK }),
    "from/server/framing/index.html": "<html>",
    "from/server/framing/spec.json": "{}",
    "from/server/framing/suite.log": "a path of this machine",
  };
  await withFiles(files, async (root) => {
    await copyReports(await readReports(`${root}from`, EXPECTED), `${root}from`, `${root}to`);
    const names = [...Deno.readDirSync(`${root}to/server/framing`)].map(({ name }) => name).sort();
    assertEquals(names, ["index.html", "index.json"]);
  });
});

Deno.test("localize takes off images from elsewhere and leaves every other byte", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const page = encode(
    '<a href="https://a.test/"><img src="https://a.test/b.png"   width="8" alt="B c">  </img></a><img src="d.png">',
  );
  const bytes = Uint8Array.of(...page, 0x80, 0xff, 0xc3, 0x28);
  const expected = Uint8Array.of(
    ...encode('<a href="https://a.test/">B c</a><img src="d.png">'),
    0x80,
    0xff,
    0xc3,
    0x28,
  );
  assertEquals(new Uint8Array(localize(bytes)), expected);
});

Deno.test("the build empties no folder that is neither its own nor a site, reports of others included", async () => {
  await withFiles({ "site/hashmap.json": "{}", "other/a.txt": "kept" }, async (root) => {
    for (const folder of ["site", "absent"]) await refuseOtherFolders(join(root, folder));
    await assertRejects(() => refuseOtherFolders(join(root, "other")), Error, "is no site");
  });
  await refuseOtherFolders(SITE_FOLDER);
  const folder = await emptyFolder("reports", "no_site");
  try {
    await Deno.writeTextFile(join(folder, "report.txt"), "kept");
    await assertRejects(() => refuseOtherFolders(folder), Error, "is no site");
  } finally {
    await remove(folder);
  }
});
