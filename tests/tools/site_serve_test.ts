import { assert, assertEquals, assertThrows } from "../std.ts";
import { readSettings } from "../../_tools/site/main.ts";
import { serveSite } from "../../_tools/site/serve.ts";

async function withSite(base: string, run: (url: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "viaduct-site-" });
  try {
    await Deno.mkdir(`${folder}/site/sub`, { recursive: true });
    await Deno.writeTextFile(`${folder}/secret.txt`, "secret");
    await Deno.writeTextFile(`${folder}/site/index.html`, "home");
    await Deno.writeTextFile(`${folder}/site/404.html`, "gone");
    await Deno.writeTextFile(`${folder}/site/sub/index.html`, "sub");
    await Deno.writeTextFile(`${folder}/site/a b.css`, "css");
    await using server = serveSite(`${folder}/site`, { base });
    await run(server.url);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function get(url: string): Promise<readonly [number, string, string | null]> {
  const response = await fetch(url);
  return [response.status, await response.text(), response.headers.get("content-type")];
}

Deno.test("serveSite serves files with their types, and folders by their index", () =>
  withSite("/", async (url) => {
    assertEquals(await get(url), [200, "home", "text/html; charset=utf-8"]);
    assertEquals(await get(`${url}sub/`), [200, "sub", "text/html; charset=utf-8"]);
    assertEquals(await get(`${url}a%20b.css?v=1`), [200, "css", "text/css; charset=utf-8"]);
  }));

Deno.test("serveSite answers what is absent with the site's own page", () =>
  withSite("/", async (url) => {
    assertEquals(await get(`${url}absent.html`), [404, "gone", "text/html; charset=utf-8"]);
  }));

Deno.test("serveSite serves below its base path and nowhere else", () =>
  withSite("/a/b/", async (url) => {
    assert(url.endsWith("/a/b/"));
    assertEquals((await get(url))[1], "home");
    assertEquals((await get(new URL("/", url).href))[0], 404);
  }));

Deno.test("serveSite never leaves its folder", () =>
  withSite("/", async (url) => {
    for (const path of ["..%2fsecret.txt", "%2e%2e%2fsecret.txt", "sub/..%2f..%2fsecret.txt", "%00", "%ff"]) {
      assertEquals((await get(url + path))[0], 404, path);
    }
  }));

Deno.test("readSettings has defaults below reports/", () => {
  const settings = readSettings([]);
  assert(settings !== undefined);
  assert(settings.out.endsWith("site"));
  assert(settings.reports.endsWith("autobahn"));
  const { base, check, port, requireReports } = settings;
  assertEquals({ base, check, port, requireReports }, {
    base: "/",
    check: true,
    port: undefined,
    requireReports: false,
  });
});

Deno.test("readSettings takes every option", () => {
  const settings = readSettings(["--base", "/a-b/c/", "--require-reports", "--serve", "--port", "0"]);
  assertEquals([settings?.base, settings?.requireReports, settings?.check, settings?.port], [
    "/a-b/c/",
    true,
    false,
    0,
  ]);
  assertEquals(readSettings(["--no-check"])?.check, false);
  assertEquals(readSettings(["--help"]), undefined);
});

Deno.test("readSettings refuses what it cannot understand", () => {
  for (const base of ["", "a/", "/a", "//", "/a b/"]) assertThrows(() => readSettings(["--base", base]), RangeError);
  for (const port of ["-1", "65536", "x", ""]) assertThrows(() => readSettings([`--port=${port}`]), RangeError);
  assertThrows(() => readSettings(["--what"]), TypeError);
  assertThrows(() => readSettings(["what"]), TypeError);
});
