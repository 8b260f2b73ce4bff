/**
 * The pages beside the socket. What the page has in common with the console of `viaduct router --console` it takes from
 * there: its style, its forms, and how its scripts are served.
 *
 * @module
 */

import page from "./page/index.html" with { type: "text" };
import { pageHeaders, Sources } from "../../cli/console/sources.ts";

/** Makes a function that answers plain requests. */
export function createSite(): (request: Request) => Promise<Response> {
  const sources = new Sources({ prefix: "examples/demo/page/", folder: new URL("./page/", import.meta.url) });
  return async (request) => {
    const { pathname } = new URL(request.url);
    return pathname === "/" ? answerPage() : await sources.answer(pathname);
  };
}

/** A nonce lets the page's own import map in; scripts and styles come from here and from nowhere else. */
function answerPage(): Response {
  const nonce = crypto.randomUUID();
  return new Response(page.replaceAll("NONCE", nonce), { headers: pageHeaders("text/html", nonce) });
}
