/**
 * The pages beside the socket.
 *
 * @module
 */

import page from "./page/index.html" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import { Sources } from "./sources.ts";

/** Makes a function that answers plain requests. */
export function createSite(): (request: Request) => Promise<Response> {
  const sources = new Sources();
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return answerPage();
    if (pathname === "/style.css") return new Response(style, { headers: headersOf("text/css") });
    return await sources.answer(pathname) ?? new Response("Not found\n", { status: 404 });
  };
}

/** A nonce lets the page's own import map in; scripts and styles come from here and from nowhere else. */
function answerPage(): Response {
  const nonce = crypto.randomUUID();
  return new Response(page.replaceAll("NONCE", nonce), {
    headers: {
      ...headersOf("text/html"),
      "content-security-policy": `default-src 'none'; script-src 'self' 'nonce-${nonce}'; style-src 'self'; ` +
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
  });
}

function headersOf(type: string): Record<string, string> {
  return {
    "content-type": `${type}; charset=utf-8`,
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
  };
}
