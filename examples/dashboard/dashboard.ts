/**
 * The dashboard's server: a router that knows who may publish, the page, and producers to begin with.
 *
 * @module
 */

import { type Component, run } from "@viaduct/viaduct/wamp";
import { acceptAnonymous, acceptTicket } from "@viaduct/viaduct/wamp/auth";
import { type AuthorizationRequest, createRouter, type Router, serveRouter } from "@viaduct/viaduct/wamp/router";
import { pageHeaders, Sources } from "../../cli/console/sources.ts";
import page from "./page/index.html" with { type: "text" };
import { type Metric, SAMPLE_PREFIX, SURGE_PREFIX } from "./page/samples.ts";
import { createProducer, SimulatedService, type Source } from "./producer.ts";

/** How many samples the router keeps, of all producers together, for pages that come later. */
const KEPT = 5_000;
/** What viewers may call beside the procedures of producers. */
const LOOKING_BACK = ["wamp.subscription.lookup", "wamp.subscription.get_events"];
const PRODUCER_NAME = /^[A-Za-z0-9_-]{1,32}$/;
/** What the services have to do, in requests in a second. */
const SERVICES: Readonly<Record<string, number>> = { checkout: 90, search: 240, "sign-in": 40 };

/** The running dashboard. */
export interface Dashboard {
  /** The address of the page. */
  readonly page: URL;
  /** The address for WAMP. */
  readonly url: string;
  /** What a producer joins with. */
  readonly ticket: string;
  /** Says goodbye to all, and ends. */
  stop(): Promise<void>;
}

/** A viewer sees everything and publishes nothing; a producer speaks in its own name alone, which is its authid. */
function authorize({ action, uri, match, session: { authid, authrole } }: AuthorizationRequest): boolean {
  if (authrole === "producer") {
    return action === "publish" && uri === SAMPLE_PREFIX + authid ||
      action === "register" && match === "exact" && uri === SURGE_PREFIX + authid;
  }
  return action === "subscribe" && uri.startsWith(SAMPLE_PREFIX) ||
    action === "call" && (uri.startsWith(SURGE_PREFIX) || LOOKING_BACK.includes(uri));
}

function createDashboardRouter(ticket: string): Router {
  return createRouter({
    realms: [{
      uri: "dashboard",
      auth: [
        acceptTicket({
          principals: (authid) => PRODUCER_NAME.test(authid) ? { ticket, role: "producer" } : undefined,
        }),
        acceptAnonymous({ authrole: "viewer" }),
      ],
      authorize,
      eventStores: [{ uri: SAMPLE_PREFIX, match: "prefix", limit: KEPT }],
      // A page that is too slow for everything gets less, instead of being cut off.
      slowConsumer: "drop",
    }],
  });
}

/** What the router itself does: no simulation. */
class RouterSource implements Source {
  readonly #router: Router;
  #before: { readonly time: number; readonly received: number; readonly sent: number };

  constructor(router: Router) {
    this.#router = router;
    this.#before = this.#count();
  }

  measure(): readonly Metric[] {
    const [before, now] = [this.#before, this.#before = this.#count()];
    const rate = (more: number): number => 1_000 * more / Math.max(1, now.time - before.time);
    return [
      { name: "Sessions", unit: "", value: this.#router.metrics().realms[0]?.sessions ?? 0 },
      { name: "Received", unit: "/s", value: rate(now.received - before.received) },
      { name: "Sent", unit: "/s", value: rate(now.sent - before.sent) },
    ];
  }

  #count(): { readonly time: number; readonly received: number; readonly sent: number } {
    const [realm] = this.#router.metrics().realms;
    const sum = (counts: Readonly<Record<string, number>> = {}): number => {
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    };
    return { time: performance.now(), received: sum(realm?.received), sent: sum(realm?.sent) };
  }
}

/** Answers plain requests: the page, and the scripts that it imports. */
function createSite(): (request: Request) => Promise<Response> {
  const sources = new Sources({ prefix: "examples/dashboard/page/", folder: new URL("./page/", import.meta.url) });
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/") return await sources.answer(pathname);
    const nonce = crypto.randomUUID(); // lets the page's own import map in
    return new Response(page.replaceAll("NONCE", nonce), { headers: pageHeaders("text/html", nonce) });
  };
}

/** Starts everything. */
export async function startDashboard(hostname: string, port: number): Promise<Dashboard> {
  const ticket = crypto.randomUUID();
  const router = createDashboardRouter(ticket);
  const server = await serveRouter(router, { hostname, port, fetch: createSite() });
  const { url } = server;
  const sources: [string, Source][] = Object.entries(SERVICES).map((
    [name, load],
  ) => [name, new SimulatedService(load)]);
  const producers: Component[] = [...sources, ["router", new RouterSource(router)] as const]
    .map(([name, source]) => createProducer({ url, name, ticket, source }));
  const ending = new AbortController();
  const running = run(producers, { signal: ending.signal });
  const stop = async (): Promise<void> => {
    ending.abort();
    await running;
    await server.shutdown();
    await router.shutdown();
  };
  return { page: new URL("/", url.replace(/^ws/, "http")), url, ticket, stop };
}
