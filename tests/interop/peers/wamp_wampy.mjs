// Wampy against a WAMP router: runs the checks that its one argument, JSON, asks for.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { runPeerLogins } from "../wamp/logins.ts";
import { Failure, runPeer } from "../wamp/scenario.ts";

const given = JSON.parse(process.argv[2]);
const require = createRequire(given.modules);
const { Wampy, Errors } = require("wampy");
const { w3cwebsocket } = require("websocket");
const SERIALIZERS = {
  json: () => require("wampy/JsonSerializer.js").JsonSerializer,
  msgpack: () => require("wampy/MsgpackSerializer.js").MsgpackSerializer,
  cbor: () => require("wampy/CborSerializer.js").CborSerializer,
};

function failureOf(error) {
  if (error instanceof Errors.AbortError) return new Failure(error.errorUri);
  if (!(error instanceof Errors.WampError)) return error;
  return new Failure(error.errorUri, error.argsList, error.argsDict);
}

function payloadOf({ argsList = [], argsDict = {} }) {
  return { args: argsList, kwargs: argsDict };
}

async function guarded(promise) {
  try {
    return await promise;
  } catch (error) {
    throw failureOf(error);
  }
}

/** What a session needs to log in. */
async function authentication({ method, authid, secret }) {
  if (method === "anonymous") return {};
  const common = { authmethods: [method], authid, authMode: "auto" };
  switch (method) {
    case "tls": {
      const { ca, clients: { [secret]: { cert, key } } } = given.tls;
      const [wsCa, wsCert, wsKey] = [ca, cert, key].map((file) => readFileSync(file, "utf8"));
      const wsRequestOptions = { ca: wsCa, cert: wsCert, key: wsKey };
      return { ...common, authPlugins: { tls: () => "" }, wsRequestOptions };
    }
    case "ticket":
      return { ...common, authPlugins: { ticket: () => secret } };
    case "wampcra":
      return { ...common, authPlugins: { wampcra: (await plugin("wampcra.js")).sign(secret) } };
    case "cryptosign": {
      const key = require("tweetnacl").sign.keyPair.fromSeed(Uint8Array.from(Buffer.from(secret, "hex")));
      const { sign, bytes2hex } = await plugin("cryptosign.js");
      const authextra = { pubkey: bytes2hex(key.publicKey), channel_binding: null };
      return { ...common, authextra, authPlugins: { cryptosign: sign(secret) } };
    }
  }
}

/** Its plugins are modules, which `require` does not take everywhere. */
function plugin(name) {
  return import(pathToFileURL(require.resolve(`wampy/${name}`)).href);
}

async function join(realm, login = { method: "anonymous" }) {
  const serializer = new (SERIALIZERS[given.serializer]())();
  const common = { realm, ws: w3cwebsocket, serializer, autoReconnect: false };
  const session = new Wampy(given.url, { ...common, ...await authentication(login) });
  await guarded(session.connect());
  return partyOf(session);
}

function partyOf(session) {
  return {
    id: Number(session.getSessionId()),
    async call(procedure, args, kwargs = {}) {
      return payloadOf(await guarded(session.call(procedure, { argsList: args, argsDict: kwargs })));
    },
    async callProgressive(procedure, args, onProgress) {
      const progress_callback = (part) => onProgress(payloadOf(part));
      return payloadOf(await guarded(session.call(procedure, { argsList: args }, { progress_callback })));
    },
    async callAndCancel(procedure, args, cancel) {
      const call = session.call(procedure, { argsList: args });
      const { reqId } = session.getOpStatus();
      cancel.then(() => session.cancel(reqId, { mode: "killnowait" }));
      await guarded(call);
    },
    // It asks for an acknowledgement always, and cannot ask for its own events.
    publish: (topic, args, { kwargs = {} }) => guarded(session.publish(topic, { argsList: args, argsDict: kwargs })),
    async subscribe(topic, match, handler) {
      const take = (event) => handler({ topic: event.details.topic ?? topic, ...payloadOf(event) });
      // Without options, as most programs do, it sends `match` as undefined.
      const options = match === "exact" ? undefined : { match };
      const { subscriptionId } = await guarded(session.subscribe(topic, take, options));
      return () => guarded(session.unsubscribe(subscriptionId));
    },
    async register(procedure, match, handler, invoke) {
      const answer = async (invocation) => {
        const progress = (args) => invocation.result_handler({ argsList: args, options: { progress: true } });
        const called = {
          ...payloadOf(invocation),
          procedure: invocation.details.procedure ?? procedure,
          interrupted: new Promise(() => {}),
          ...(invocation.details.receive_progress ? { progress } : {}),
        };
        try {
          const { args, kwargs } = await handler(called);
          return { argsList: args, argsDict: kwargs };
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          throw { error: error.uri, argsList: error.payload.args, argsDict: error.payload.kwargs };
        }
      };
      const options = { ...(match === "exact" ? {} : { match }), ...(invoke === undefined ? {} : { invoke }) };
      await guarded(session.register(procedure, answer, options));
      return () => guarded(session.unregister(procedure));
    },
    leave: () => session.disconnect(),
  };
}

await (given.logins === undefined ? runPeer(given, join) : runPeerLogins(given, join));
process.exit();
