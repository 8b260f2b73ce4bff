/**
 * Keeps a page joined: where its server is, and when to try again.
 *
 * @module
 */

/// <reference lib="dom" />

const FIRST_DELAY = 500;
const MAX_DELAY = 15_000;

/** The socket beside this page. @internal */
export function socketUrl(): URL {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/**
 * Resolves when it is time to try again: after a random delay up to a bound that doubles, since not all pages should come
 * back to a restarted router at once; or as soon as somebody looks at the page again, or it is online again.
 *
 * @internal
 */
export function waitToRetry(attempt: number): Promise<void> {
  const delay = FIRST_DELAY + Math.random() * Math.min(MAX_DELAY, FIRST_DELAY * 2 ** attempt);
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("online", end);
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    const look = (): void => document.hidden ? undefined : end();
    const timer = setTimeout(end, delay);
    addEventListener("online", end);
    document.addEventListener("visibilitychange", look);
  });
}
