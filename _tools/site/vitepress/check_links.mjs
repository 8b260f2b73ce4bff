// Follows every link of the site that is served at the address given, with its fragments, then the links of those pages
// in the folder given that no link leads to; prints what is broken as JSON. Links that lead elsewhere are not followed.
import { check } from "linkinator";
import { readdirSync } from "node:fs";
import { sep } from "node:path";

const [base, folder] = process.argv.slice(2);
const { origin } = new URL(base);
const options = {
  checkFragments: true,
  checkCss: true,
  concurrency: 32,
  timeout: 60_000,
  linksToSkip: (link) => Promise.resolve(!link.startsWith(`${origin}/`)),
};

const { links } = await check({ ...options, path: base, recurse: true });
const seen = new Set(links.map(({ url }) => decodeURI(url.replace(/#.*/, ""))));
const pages = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".html"))
  .map((name) => base + name.replaceAll(sep, "/"))
  .filter((page) => !seen.has(page) && !seen.has(page.replace(/index\.html$/, "")));
if (pages.length > 0) links.push(...(await check({ ...options, path: pages.map(encodeURI), recurse: false })).links);

const broken = links.filter(({ state }) => state === "BROKEN").map(({ url, parent, status, failureDetails }) => ({
  url: url.slice(origin.length),
  parent: parent?.slice(origin.length) ?? "",
  reason: status === 200 ? String(failureDetails?.[0]?.message ?? "broken") : `status ${status}`,
}));
const followed = new Set(links.filter(({ state }) => state === "OK").map(({ url }) => url)).size;
console.log(JSON.stringify({ followed, broken }));
