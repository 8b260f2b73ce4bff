/**
 * The page: a component in the browser. It stays connected, and fetches what was measured before it came, or while it
 * was away.
 *
 * @module
 */

/// <reference lib="dom" />

import { component, type Session } from "@viaduct/viaduct/wamp";
import { socketUrl } from "../../../cli/console/page/connection.ts";
import { byId, showText } from "../../../cli/console/page/dom.ts";
import { Board } from "./board.ts";
import { readSample, SAMPLE_PREFIX, type SampleEvent, SURGE_PREFIX, WINDOW } from "./samples.ts";

/** How often the charts move, in milliseconds. */
const FRAME = 250;
/** How long a producer may take to answer, in milliseconds. */
const PATIENCE = 5_000;

const status = byId("status", HTMLSpanElement);
const identity = byId("identity", HTMLParagraphElement);
const problem = byId("problem", HTMLParagraphElement);

let received = 0;

const board = new Board(byId("board", HTMLElement), (producer) => void surge(producer));
const app = component({ transports: socketUrl().href, realm: "dashboard", agent: "page", retry: { maxDelay: 5_000 } })
  .subscribe(SAMPLE_PREFIX, (event) => {
    received++;
    const sample = readSample(event);
    if (sample !== undefined) board.add(sample, Date.now());
  }, { match: "prefix" })
  .onJoin((session) => fetchPast(session))
  .onStatus(({ state }) => show(state === "joining" ? "connecting" : state));

function show(state: string): void {
  status.dataset.state = state;
  status.textContent = state === "open" ? "connected" : state === "connecting" ? "connecting" : "disconnected";
}

/** What the router keeps of the last minute. Live samples may come before: each is put where its time belongs. */
async function fetchPast(session: Session): Promise<void> {
  showText(problem, "");
  const subscription = await session.call("wamp.subscription.lookup", [SAMPLE_PREFIX, { match: "prefix" }]);
  const events = await session.call<readonly HistoryEvent[]>("wamp.subscription.get_events", [subscription], {
    kwargs: { from_time: new Date(Date.now() - WINDOW).toISOString() },
  });
  for (const { details: { topic }, kwargs = {} } of events) {
    const sample = readSample({ topic, kwargs });
    if (sample !== undefined) board.add(sample);
  }
}

/** An event as the history has it. */
interface HistoryEvent extends Partial<Pick<SampleEvent, "kwargs">> {
  readonly details: { readonly topic: string };
}

async function surge(producer: string): Promise<void> {
  try {
    await app.call(SURGE_PREFIX + producer, [], { timeout: PATIENCE });
    showText(problem, "");
  } catch (error) {
    showText(problem, `${producer} does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}

setInterval(() => {
  if (!document.hidden) requestAnimationFrame(() => board.draw(Date.now()));
}, FRAME);
setInterval(() => {
  identity.textContent = `${board.size} producers, ${received} samples in the last second`;
  received = 0;
}, 1_000);
await app.run();
