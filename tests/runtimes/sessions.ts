/**
 * Runs the session suite in Node or Bun, over the runtime's own WebSocket. Prints a line of JSON for each check.
 *
 * @module
 */

import { argv } from "node:process";
import { join } from "../../wamp/join.ts";
import type { SerializerName } from "../../wamp/serializers/serializer.ts";
import { runSessionSuite } from "../wamp/suite/suite.ts";

const { url, serializer }: { url: string; serializer: SerializerName } = JSON.parse(argv[2] ?? "");
const results = await runSessionSuite(() => join(url, { realm: "realm1", serializers: [serializer] }));
for (const result of results) console.log(JSON.stringify(result));
