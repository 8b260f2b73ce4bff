/**
 * Prints by how many megabytes this process grows while many deflaters are made, used and closed. It is a process of its
 * own, run by deflate_test.ts, because other tests would disturb the figure.
 */

import { ContextDeflater } from "../../websocket/deflate.ts";

const DEFLATERS = 1500;
const message = new TextEncoder().encode("Hello");

/** Makes, uses and closes deflaters, as connections that come and go do. */
async function churn(count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    const deflater = new ContextDeflater({ windowBits: 15, level: 6, memLevel: 8 });
    await deflater.deflate(message);
    deflater.close();
  }
}

await churn(200);
const before = Deno.memoryUsage().rss;
await churn(DEFLATERS);
console.log(Math.round((Deno.memoryUsage().rss - before) / 2 ** 20));
