// AutobahnJS against a WAMP router: runs the checks that its one argument, JSON, asks for.

import { createRequire } from "node:module";
import { runPeerLogins } from "../wamp/logins.ts";
import { Failure, runPeer } from "../wamp/scenario.ts";

const given = JSON.parse(process.argv[2]);
const require = createRequire(given.modules);
const autobahn = require("autobahn");
const { JSONSerializer, MsgpackSerializer, CBORSerializer } = autobahn.serializer;
const SERIALIZERS = { json: JSONSerializer, msgpack: MsgpackSerializer, cbor: CBORSerializer };

function transport() {
  const { protocol, hostname, port } = new URL(given.url);
  // Its RawSocket speaks JSON only.
  if (protocol === "rs:") return { type: "rawsocket", host: hostname, port: Number(port) };
  return { type: "websocket", url: given.url, serializers: [new SERIALIZERS[given.serializer]()] };
}

function failureOf(error) {
  return error instanceof autobahn.Error ? new Failure(error.error, error.args, error.kwargs) : error;
}

/** Its results come unwrapped where they are one value. */
function payloadOf(result) {
  if (result instanceof autobahn.Result) return result;
  return { args: result === null ? [] : [result], kwargs: {} };
}

async function guarded(promise) {
  try {
    return await promise;
  } catch (error) {
    throw failureOf(error);
  }
}

/** What a connection needs to log in. */
function authentication({ method, authid, secret }) {
  if (method === "anonymous") return {};
  const { auth_cra, auth_cryptosign } = autobahn;
  const common = { authmethods: [method], authid };
  switch (method) {
    case "ticket":
      return { ...common, onchallenge: () => secret };
    case "wampcra":
      return {
        ...common,
        onchallenge(_session, _method, { challenge, salt, iterations, keylen }) {
          const key = salt === undefined ? secret : auth_cra.derive_key(secret, salt, iterations, keylen);
          return auth_cra.sign(key, challenge);
        },
      };
    case "cryptosign": {
      const key = require("tweetnacl").sign.keyPair.fromSeed(Uint8Array.from(Buffer.from(secret, "hex")));
      const authextra = { pubkey: auth_cryptosign.public_key(key), channel_binding: null };
      const onchallenge = (_session, _method, extra) => auth_cryptosign.sign_challenge(key, extra);
      return { ...common, authextra, onchallenge };
    }
  }
}

function join(realm, login = { method: "anonymous" }) {
  return new Promise((resolve, reject) => {
    let left;
    const connection = new autobahn.Connection({
      transports: [transport()],
      realm,
      ...authentication(login),
      max_retries: 0,
      on_user_error() {},
      on_internal_error: (error) => reject(error),
    });
    connection.onopen = (session) =>
      resolve(partyOf(session, () => {
        const closed = new Promise((resolve) => left = resolve);
        connection.close();
        return closed;
      }));
    connection.onclose = (reason, details) => {
      reject(new Failure(details.reason ?? reason));
      left?.();
      return true;
    };
    connection.open();
  });
}

function partyOf(session, leave) {
  return {
    id: session.id,
    async call(procedure, args, kwargs) {
      return payloadOf(await guarded(session.call(procedure, args, kwargs)));
    },
    async callProgressive(procedure, args, onProgress) {
      const call = session.call(procedure, args, {}, { receive_progress: true });
      return payloadOf(await guarded(call.then(undefined, undefined, (part) => onProgress(payloadOf(part)))));
    },
    async callAndCancel(procedure, args, cancel) {
      const call = session.call(procedure, args);
      // Of the other modes it says itself that the call is cancelled, and takes the router's answer for a violation.
      cancel.then(() => call.cancel({ mode: "kill" }));
      await guarded(call);
    },
    async publish(topic, args, { kwargs = {}, acknowledge = false, excludeMe = true }) {
      return await guarded(session.publish(topic, args, kwargs, { acknowledge, exclude_me: excludeMe }));
    },
    async subscribe(topic, match, handler) {
      const take = (args, kwargs, event) => handler({ topic: event.topic, args, kwargs });
      const subscription = await guarded(session.subscribe(topic, take, { match }));
      return () => guarded(subscription.unsubscribe());
    },
    async register(procedure, match, handler, invoke = "single") {
      const answer = async (args, kwargs, { procedure, progress }) => {
        const called = { args, kwargs, procedure, interrupted: new Promise(() => {}) };
        try {
          const result = await handler({ ...called, ...(progress ? { progress } : {}) });
          return new autobahn.Result(result.args, result.kwargs);
        } catch (error) {
          if (!(error instanceof Failure)) throw error.message;
          throw new autobahn.Error(error.uri, error.payload.args, error.payload.kwargs);
        }
      };
      const registration = await guarded(session.register(procedure, answer, { match, invoke }));
      return () => guarded(registration.unregister());
    },
    leave,
  };
}

await (given.logins === undefined ? runPeer(given, join) : runPeerLogins(given, join));
process.exit();
