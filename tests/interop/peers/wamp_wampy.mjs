// Wampy against a WAMP router: runs the checks that its one argument, JSON, asks for.

import { createRequire } from "node:module";
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

async function join(realm) {
  const serializer = new (SERIALIZERS[given.serializer]())();
  const session = new Wampy(given.url, { realm, ws: w3cwebsocket, serializer, autoReconnect: false });
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

await runPeer(given, join);
process.exit();
