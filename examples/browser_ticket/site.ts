/**
 * The requests of the page beside its socket: logging in and out, and a ticket for each session.
 *
 * @module
 */

import type { Router } from "@viaduct/viaduct/wamp/router";
import { pageHeaders, Sources } from "../../cli/console/sources.ts";
import type { Accounts, Person } from "./accounts.ts";
import page from "./page/index.html" with { type: "text" };

const COOKIE = "notes_login";
/** The largest body of a request, in bytes. */
const MAX_BODY = 4_096;

/** What the site is made of. */
export interface SiteOptions {
  readonly router: Router;
  readonly accounts: Accounts;
  /** Ends the sessions of a person who logs out. */
  readonly endSessions: (name: string) => Promise<void>;
}

type Action = (request: Request, cookie: string) => Response | Promise<Response>;

/** Makes a function that answers requests, those for a WebSocket as well. */
export function createSite({ router, accounts, endSessions }: SiteOptions): (request: Request) => Promise<Response> {
  const sources = new Sources({ prefix: "examples/browser_ticket/page/", folder: new URL("./page/", import.meta.url) });

  const actions: Readonly<Record<string, Action>> = {
    "GET /": () => answerPage(),
    "GET /ws": (request) => router.upgrade(request), // no other origin than this one
    "GET /me": (_request, cookie) => answer(accounts.personOf(cookie) ?? null),
    "POST /login": async (request) => {
      const { name, password } = await readCredentials(request);
      const login = await accounts.logIn(name, password);
      if (login === undefined) return refuse(401, "Wrong name or password");
      return answer(login.person, { "set-cookie": cookieOf(login.cookie, request) });
    },
    "POST /ticket": (_request, cookie) => {
      const ticket = accounts.issueTicket(cookie);
      return ticket === undefined ? refuse(401, "Log in first") : answer(ticket);
    },
    "POST /logout": async (request, cookie) => {
      const person: Person | undefined = accounts.logOut(cookie);
      if (person !== undefined) await endSessions(person.name);
      return answer(null, { "set-cookie": `${cookieOf("", request)}; Max-Age=0` });
    },
  };

  return async (request) => {
    const { pathname } = new URL(request.url);
    const action = actions[`${request.method} ${pathname}`];
    if (action === undefined) return await sources.answer(pathname);
    if (request.method === "POST" && !isOwnPage(request)) return refuse(403, "Not from a page of this server");
    try {
      return await action(request, readCookie(request));
    } catch (error) {
      if (error instanceof SyntaxError) return refuse(400, error.message);
      throw error;
    }
  };
}

/** Whether a page of this server asks. A browser says truly which page it is, and whoever else may ask has no cookie. */
function isOwnPage({ headers }: Request): boolean {
  const origin = headers.get("origin");
  return origin === null || URL.parse(origin)?.host === headers.get("host");
}

function readCookie({ headers }: Request): string {
  const cookies = headers.get("cookie")?.split("; ") ?? [];
  return cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? "";
}

/** Scripts cannot read it, and other sites cannot have it sent. */
function cookieOf(value: string, { url }: Request): string {
  const secure = url.startsWith("https:") ? "; Secure" : "";
  return `${COOKIE}=${value}; HttpOnly; SameSite=Strict; Path=/${secure}`;
}

async function readCredentials(request: Request): Promise<{ readonly name: string; readonly password: string }> {
  const size = Number(request.headers.get("content-length") ?? Infinity);
  if (size > MAX_BODY) throw new SyntaxError(`A body must have at most ${MAX_BODY} bytes, and say how many`);
  const body: unknown = await request.json();
  if (typeof body === "object" && body !== null && "name" in body && "password" in body) {
    const { name, password } = body;
    if (typeof name === "string" && typeof password === "string") return { name, password };
  }
  throw new SyntaxError("A login must have a name and a password");
}

function answer(value: unknown, headers: Record<string, string> = {}): Response {
  return Response.json(value, { headers: { "cache-control": "no-store", ...headers } });
}

function refuse(status: number, message: string): Response {
  return new Response(`${message}\n`, { status, headers: { "cache-control": "no-store" } });
}

/** A nonce lets the page's own import map in; scripts and styles come from here and from nowhere else. */
function answerPage(): Response {
  const nonce = crypto.randomUUID();
  return new Response(page.replaceAll("NONCE", nonce), { headers: pageHeaders("text/html", nonce) });
}
