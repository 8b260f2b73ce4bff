/**
 * The opening handshake without its socket: what a server does with a request, and what a client does. The requests are
 * a bare one and one as a browser sends it.
 */

import { HeaderList } from "../websocket/headers.ts";
import {
  acceptUpgrade,
  checkUpgradeResponse,
  classifyRequest,
  encodeKey,
  formatUpgradeRequest,
  refuseOrigin,
  type UpgradeRequestOptions,
} from "../websocket/handshake.ts";
import { formatRequestHead, RequestHeadParser, ResponseHeadParser } from "../websocket/http1.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const BROWSER_FIELDS: readonly (readonly [string, string])[] = [
  ["Host", "chat.example.com"],
  ["Connection", "Upgrade"],
  ["Pragma", "no-cache"],
  ["Cache-Control", "no-cache"],
  [
    "User-Agent",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  ],
  ["Upgrade", "websocket"],
  ["Origin", "http://chat.example.com"],
  ["Sec-WebSocket-Version", "13"],
  ["Accept-Encoding", "gzip, deflate, br, zstd"],
  ["Accept-Language", "en-US,en;q=0.9,de;q=0.8"],
  ["Cookie", "session=6f1ed002ab5595859014ebf0951522d9; theme=dark; consent=necessary"],
  ["Sec-WebSocket-Key", KEY],
  ["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"],
  ["Sec-WebSocket-Protocol", "chat.v2, chat.v1"],
];
const BARE: UpgradeRequestOptions = { url: new URL("ws://chat.example.com/room?id=7"), key: KEY };
const FULL: UpgradeRequestOptions = {
  ...BARE,
  subprotocols: ["chat.v2", "chat.v1"],
  headers: { authorization: "Bearer 6f1ed002ab5595859014ebf0951522d9", origin: "http://chat.example.com" },
  compression: {},
};

/** A request, and what the server makes of it. */
interface Sample {
  readonly name: string;
  readonly request: Uint8Array;
  readonly accept: Parameters<typeof acceptUpgrade>[1];
}

const SAMPLES: readonly Sample[] = [
  { name: "bare request", request: formatUpgradeRequest(BARE), accept: {} },
  {
    name: "browser's request",
    request: formatRequestHead(
      "GET",
      "/room?id=7",
      new HeaderList(BROWSER_FIELDS.map(([name, value]) => [name, value])),
    ),
    accept: { subprotocol: "chat.v2", compression: {} },
  },
];

/** Parses, checks and answers a request, as a server does for each client. */
function answer({ request, accept }: Sample, cut: number): Uint8Array {
  const parser = new RequestHeadParser();
  for (let at = 0; at < request.length; at += cut) {
    const head = parser.push(request.subarray(at, at + cut));
    if (head === undefined) continue;
    const decision = classifyRequest(head);
    if (decision.kind !== "upgrade") throw new Error(`Request must be an upgrade, received ${decision.kind}`);
    if (refuseOrigin(decision.upgrade, "same-origin") !== undefined) throw new Error("Origin must be admitted");
    return acceptUpgrade(decision.upgrade, accept).head;
  }
  throw new Error("Request must be complete");
}

for (const sample of SAMPLES) {
  const group = `server, ${sample.name} of ${sample.request.length} B`;
  Deno.bench(`parse and answer, ${group}`, { group }, (): void => {
    answer(sample, sample.request.length);
  });
  Deno.bench(`parse and answer, in reads of 64 B, ${group}`, { group }, (): void => {
    answer(sample, 64);
  });
  Deno.bench(`parse, ${group}`, { group }, (): void => {
    new RequestHeadParser().push(sample.request);
  });
}

/** What a server answers to a client's request. */
function responseTo(options: UpgradeRequestOptions): Uint8Array {
  const [subprotocol] = options.subprotocols ?? [];
  const accept = { subprotocol, compression: options.compression, headers: { server: "bench" } };
  return answer({ name: "", request: formatUpgradeRequest(options), accept }, Infinity);
}

for (const [name, options] of [["bare", BARE], ["with every option", FULL]] as const) {
  const group = `client, ${name}`;
  const response = responseTo(options);
  Deno.bench(`request, ${group}`, { group }, (): void => {
    formatUpgradeRequest({ ...options, key: encodeKey(crypto.getRandomValues(new Uint8Array(16))) });
  });
  Deno.bench(`parse and check the answer, ${group}`, { group }, (): void => {
    const head = new ResponseHeadParser().push(response);
    if (head === undefined) throw new Error("Response must be complete");
    checkUpgradeResponse(head, options);
  });
}
