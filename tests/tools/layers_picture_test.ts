import { LAYERS } from "../../_tools/check_layers.ts";
import { readSources } from "../../_tools/project.ts";
import { ROOT } from "../support/folders.ts";
import { assertEquals } from "../std.ts";

/** What the picture shows: the name in each box, and whether the box is one of those without input and output. */
async function readPicture(): Promise<Map<string, boolean>> {
  const svg = await Deno.readTextFile(`${ROOT}/docs/layers.svg`);
  const boxes = svg.matchAll(/<rect class="(layer|pure)"[^>]*>\s*<text class="name"[^>]*>([^<]*)</g);
  return new Map([...boxes].map(([, kind, name]) => [name!, kind === "pure"]));
}

Deno.test("docs/layers.svg shows every layer of the table, and no other", async () => {
  const shown = [...(await readPicture()).keys()].sort();
  assertEquals(shown, LAYERS.map(({ name }) => name).sort());
});

Deno.test("docs/layers.svg marks the layers at least half of whose files are sans-I/O", async () => {
  const picture = await readPicture();
  const sources = await readSources(["mod.ts", "internal", "websocket", "wamp", "testing", "cli"]);
  for (const { name, files } of LAYERS) {
    const texts = [...sources].filter(([path]) =>
      files.some((file) => file.endsWith("*") ? path.startsWith(file.slice(0, -1)) : path === file)
    ).map(([, text]) => text);
    const pure = texts.filter((text) => /^ \*.*Sans-I\/O\b/m.test(text));
    assertEquals(picture.get(name), pure.length * 2 >= texts.length, `${name}: ${pure.length} of ${texts.length}`);
  }
});
