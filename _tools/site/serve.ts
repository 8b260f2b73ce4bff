/**
 * Serves a folder of static files, as a plain web server does.
 *
 * @module
 */

import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** A running server. */
export interface SiteServer extends AsyncDisposable {
  /** The site's address, with its base path. */
  readonly url: string;
  /** Resolves when the server has ended. */
  readonly finished: Promise<void>;
}

/** What a server is started with. */
export interface ServeOptions {
  /** The port on 127.0.0.1; 0 takes a free one. @default {0} */
  readonly port?: number;
  /** The path that the site is below, with a slash at both ends. @default {"/"} */
  readonly base?: string;
}

/**
 * Starts a server for a built site on 127.0.0.1.
 *
 * @param folder The site's folder.
 * @param options Where it listens.
 * @returns The server.
 */
export function serveSite(folder: string, { port = 0, base = "/" }: ServeOptions = {}): SiteServer {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    (request) => answer(folder, base, new URL(request.url).pathname),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}${base}`,
    finished: server.finished,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function answer(folder: string, base: string, pathname: string): Promise<Response> {
  const path = readPath(base, pathname);
  if (path === undefined) return notFound(folder);
  try {
    const file = path === "" || path.endsWith("/") ? `${path}index.html` : path;
    return fileResponse(await Deno.readFile(join(folder, file)), file, 200);
  } catch {
    return notFound(folder);
  }
}

/** The path below the base; `undefined` where it leads elsewhere. */
function readPath(base: string, pathname: string): string | undefined {
  if (!pathname.startsWith(base)) return undefined;
  try {
    const path = decodeURIComponent(pathname.slice(base.length));
    return path.split(/[/\\]/).includes("..") || path.includes("\0") ? undefined : path;
  } catch {
    return undefined;
  }
}

async function notFound(folder: string): Promise<Response> {
  try {
    return fileResponse(await Deno.readFile(join(folder, "404.html")), "404.html", 404);
  } catch {
    return new Response("Not found", { status: 404 });
  }
}

function fileResponse(bytes: Uint8Array<ArrayBuffer>, file: string, status: number): Response {
  const type = TYPES[extname(file)] ?? "application/octet-stream";
  return new Response(bytes, { status, headers: { "content-type": type, "cache-control": "no-store" } });
}
