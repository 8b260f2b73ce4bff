// Follows every link of the site that is served at the address given, with its fragments; prints what is broken as
// JSON. Links that lead elsewhere are not followed.
import { check } from "linkinator";

const base = process.argv[2];
const { origin } = new URL(base);
const { links } = await check({
  path: base,
  recurse: true,
  checkFragments: true,
  checkCss: true,
  concurrency: 32,
  timeout: 60_000,
  linksToSkip: (link) => Promise.resolve(!link.startsWith(`${origin}/`)),
});
const broken = links.filter(({ state }) => state === "BROKEN").map(({ url, parent, status, failureDetails }) => ({
  url: url.slice(origin.length),
  parent: parent?.slice(origin.length) ?? "",
  reason: status === 200 ? String(failureDetails?.[0]?.message ?? "broken") : `status ${status}`,
}));
const followed = links.filter(({ state }) => state === "OK").length;
console.log(JSON.stringify({ followed, broken }));
