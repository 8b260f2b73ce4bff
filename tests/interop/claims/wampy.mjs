// What docs/comparison.md says of Wampy: wampy.mjs PACKAGE_JSON URL joins and provides com.example.hello; with `facts`
// in place of the URL it prints a line of JSON for each other claim.

import { createRequire } from "node:module";

const [, , modules, url] = process.argv;
const require = createRequire(modules);
const { Wampy } = require("wampy");
const { w3cwebsocket } = require("websocket");

if (url === "facts") {
  const root = modules.replace("package.json", "node_modules/wampy/package.json");
  const count = Object.keys(require(root).dependencies).length;
  console.log(JSON.stringify({ check: `needs ${count} other packages` }));
  const check = "has progressive invocations for callers";
  const hasParts = typeof Wampy.prototype.progressiveCall === "function";
  console.log(JSON.stringify(hasParts ? { check } : { check, error: "There is no progressiveCall" }));
} else {
  const session = new Wampy(url, { realm: "realm1", ws: w3cwebsocket, reconnectInterval: 100 });
  await session.connect();
  // Once: the library's is to do it again.
  await session.register("com.example.hello", () => ({ argsList: ["hello"] }));
}
