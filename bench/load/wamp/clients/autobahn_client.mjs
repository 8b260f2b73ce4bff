/**
 * AutobahnJS under load, over ws (it takes the platform's WebSocket, which Node 20 lacks and which is slower in later
 * ones), without compression. Arguments: the folder they are installed in, and the orders.
 */

import { createRequire } from "node:module";
import process from "node:process";
import { main } from "./workload.mjs";

const require = createRequire(`${process.argv[2]}/`);
const ws = require("ws");
globalThis.WebSocket = class extends ws.WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { perMessageDeflate: false });
  }
};
const autobahn = require("autobahn");

await main(async (url) => {
  const connection = new autobahn.Connection({
    transports: [{ type: "websocket", url, protocols: ["wamp.2.json"] }],
    realm: "realm1",
    use_es6_promises: true,
    max_retries: 0,
  });
  const session = await new Promise((resolve, reject) => {
    connection.onopen = resolve;
    connection.onclose = (reason, details) => {
      reject(new Error(`Cannot join: ${reason} ${JSON.stringify(details)}`));
      return true;
    };
    connection.open();
  });
  return {
    call: (procedure, args) => session.call(procedure, args),
    register: (procedure, handler) => session.register(procedure, handler),
    publish: (topic, args) => session.publish(topic, args),
    subscribe: (topic, handler) => session.subscribe(topic, handler),
  };
});
