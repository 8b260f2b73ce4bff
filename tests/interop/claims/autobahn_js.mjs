// What docs/comparison.md says of AutobahnJS: autobahn_js.mjs PACKAGE_JSON URL joins and provides com.example.hello;
// with `facts` in place of the URL it prints a line of JSON for each other claim.

import { createRequire } from "node:module";

const [, , modules, url] = process.argv;
const require = createRequire(modules);

if (url === "facts") {
  const count = Object.keys(require("autobahn/package.json").dependencies).length;
  console.log(JSON.stringify({ check: `needs ${count} other packages` }));
} else {
  const { Connection } = require("autobahn");
  const connection = new Connection({ url, realm: "realm1", initial_retry_delay: 0.1, protocols: ["wamp.2.json"] });
  // Called for each session: registering is the program's.
  connection.onopen = (session) => session.register("com.example.hello", () => "hello");
  connection.open();
}
