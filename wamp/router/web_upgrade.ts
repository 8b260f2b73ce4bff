/**
 * The upgrade of a request by the platform: within `Deno.serve`, and in frameworks upon it.
 *
 * @module
 */

import { isAllowedOrigin, type OriginPolicy } from "../../websocket/origin.ts";
import type { Serializer } from "../serializers/serializer.ts";

/**
 * Choices for {@linkcode Router.upgrade}.
 *
 * @public
 */
export interface RouterUpgradeOptions {
  /** Which web pages may connect. @default {"same-origin"} */
  readonly origins?: OriginPolicy;
}

/** The platform's function that upgrades. */
type Upgrade = (
  request: Request,
  options: { readonly protocol: string; readonly idleTimeout: number },
) => { readonly response: Response; readonly socket: WebSocket };

/** What {@linkcode upgradeRequest} is told. @internal */
export interface UpgradeContext extends RouterUpgradeOptions {
  /** What is spoken. */
  readonly serializers: readonly Serializer[];
  /** Why nobody is let in now. */
  readonly refusal: string | undefined;
  /** Takes the socket; it is not open yet. */
  readonly accept: (socket: WebSocket, serializer: Serializer) => void;
}

/** Seconds after which the platform gives up a peer that does not answer its pings. */
const IDLE_TIMEOUT = 30;

/**
 * Upgrades a request, or says why not: 426 where it asks for no WebSocket, 403 where it comes from a page that may not
 * connect, 400 where it offers no subprotocol that is spoken, 503 while shutting down.
 *
 * @throws {TypeError} The runtime upgrades no requests.
 *
 * @internal
 */
export function upgradeRequest(request: Request, context: UpgradeContext): Response {
  const { serializers, refusal, accept, origins = "same-origin" } = context;
  const { headers } = request;
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return new Response("Ask for a WebSocket\n", { status: 426, headers: { upgrade: "websocket" } });
  }
  if (refusal !== undefined) return new Response(`${refusal}\n`, { status: 503 });
  const host = headers.get("host") ?? new URL(request.url).host;
  if (!isAllowedOrigin(headers.get("origin") ?? undefined, host, origins)) {
    return new Response("Origin must be one that this server admits, received another\n", { status: 403 });
  }
  const offered = headers.get("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];
  // In the client's order: it knows which one suits it.
  const chosen = offered.map((name) => serializers.find(({ subprotocol }) => subprotocol === name)).find(Boolean);
  if (chosen === undefined) {
    const spoken = serializers.map(({ subprotocol }) => subprotocol).join(", ");
    return new Response(`Offer a subprotocol of these: ${spoken}\n`, { status: 400 });
  }
  const { response, socket } = platformUpgrade()(request, { protocol: chosen.subprotocol, idleTimeout: IDLE_TIMEOUT });
  accept(socket, chosen);
  return response;
}

function platformUpgrade(): Upgrade {
  const upgrade: Upgrade | undefined = globalThis.Deno?.upgradeWebSocket;
  if (upgrade !== undefined) return upgrade;
  throw new TypeError("Cannot upgrade request: runtime must have Deno.upgradeWebSocket, or give sockets to accept()");
}
