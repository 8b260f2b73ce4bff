import { ApplicationError, join, JoinError, type Session } from "@viaduct/viaduct/wamp";
import { ticket } from "@viaduct/viaduct/wamp/auth";
import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "../std.ts";
import { interrupt, LIMIT, startExample } from "./example.ts";

/** The running example, and what its page would do. */
class Notes {
  readonly url: string;
  readonly #passwords: ReadonlyMap<string, string>;

  constructor(url: string, passwords: ReadonlyMap<string, string>) {
    this.url = url;
    this.#passwords = passwords;
  }

  async request(
    method: string,
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; text: string; headers: Headers }> {
    const response = await fetch(new URL(path, this.url), { method, ...init });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  passwordOf(name: string): string {
    return this.#passwords.get(name)!;
  }

  /** Logs in, and gives the cookie. */
  async logIn(name: string): Promise<string> {
    const body = JSON.stringify({ name, password: this.passwordOf(name) });
    const { status, headers } = await this.request("POST", "/login", { body });
    assertEquals(status, 200);
    return headers.get("set-cookie")!.split(";")[0]!;
  }

  async ticket(cookie: string): Promise<string> {
    const { status, text } = await this.request("POST", "/ticket", { headers: { cookie } });
    assertEquals(status, 200);
    return JSON.parse(text);
  }

  async join(authid: string, given: string): Promise<Session> {
    const socket = this.url.replace(/^http/, "ws") + "ws";
    return await join(socket, { realm: "realm1", auth: [ticket({ authid, ticket: given })] });
  }

  async session(name: string): Promise<Session> {
    return await this.join(name, await this.ticket(await this.logIn(name)));
  }
}

async function withNotes(use: (notes: Notes) => Promise<void>): Promise<void> {
  const passwords = new Map<string, string>();
  const process = await startExample("browser_ticket/main.ts", ["--port", "0"], (line) => {
    const [, name, password] = /^Log in as (\w+), \w+, password (\S+)$/.exec(line) ?? [];
    if (name !== undefined && password !== undefined) passwords.set(name, password);
  });
  try {
    const [, url = ""] = await process.line(/^Notes at (http:\S+) /, LIMIT);
    await process.line(/^Log in as bob/, LIMIT);
    await use(new Notes(url, passwords));
    assertEquals(await interrupt(process), 0);
  } finally {
    await process.stop();
  }
}

async function isRefused(joining: Promise<Session>): Promise<void> {
  const error = await assertRejects(() => joining);
  assertInstanceOf(error, JoinError);
  assertMatch(error.reason, /^wamp\.error\.(authentication_|no_matching_auth_method$)/);
}

Deno.test("browser_ticket lets in with a ticket, once, and only the person whom it was issued to", async () => {
  await withNotes(async (notes) => {
    const cookie = await notes.logIn("ada");
    const [first, second] = [await notes.ticket(cookie), await notes.ticket(cookie)];
    const session = await notes.join("ada", first);
    assertEquals([session.authid, session.authrole, session.authmethod], ["ada", "editor", "ticket"]);
    await isRefused(notes.join("ada", first));
    await isRefused(notes.join("bob", second));
    await isRefused(notes.join("ada", second)); // Bob has spoiled it.
    await isRefused(notes.join("ada", notes.passwordOf("ada")));
    await isRefused(join(notes.url.replace(/^http/, "ws") + "ws", { realm: "realm1" }));
    await session.leave();
  });
});

Deno.test("browser_ticket has the router decide by role, and tell the backend who writes", async () => {
  await withNotes(async (notes) => {
    const [ada, bob] = [await notes.session("ada"), await notes.session("bob")];
    const heard = Promise.withResolvers<unknown>();
    await bob.subscribe("board.added", ({ args }) => heard.resolve(args[0]));
    await ada.call("board.add", [" hello "]);
    const [note] = await bob.call<readonly Record<string, unknown>[]>("board.list");
    assertEquals(await heard.promise, note);
    assertEquals([note?.id, note?.author, note?.text], [1, "ada", "hello"]);

    const refused = {
      "bob writes": () => bob.call("board.add", ["hello"]),
      "bob publishes": () => bob.publish("board.added", [note], { acknowledge: true }),
      "ada publishes": () => ada.publish("board.added", [note], { acknowledge: true }),
      "ada takes over": () => ada.register("board.list", () => []),
      "ada ends sessions": () => ada.call("wamp.session.kill_all"),
    };
    for (const [what, attempt] of Object.entries(refused)) {
      const error = await assertRejects(attempt);
      assertInstanceOf(error, ApplicationError);
      assertEquals(error.uri, "wamp.error.not_authorized", what);
    }
    for (const text of ["", " ", "x".repeat(501), 1, null]) {
      const error = await assertRejects(() => ada.call("board.add", [text]));
      assertInstanceOf(error, ApplicationError);
      assertEquals(error.uri, "board.error.bad_text");
    }
    for (const session of [ada, bob]) await session.leave();
  });
});

Deno.test("browser_ticket keeps the last 100 notes", async () => {
  await withNotes(async (notes) => {
    const ada = await notes.session("ada");
    for (let number = 1; number <= 101; number++) await ada.call("board.add", [`note ${number}`]);
    const kept = await ada.call<readonly { readonly text: string }[]>("board.list");
    assertEquals([kept.length, kept[0]?.text, kept.at(-1)?.text], [100, "note 2", "note 101"]);
    await ada.leave();
  });
});

Deno.test("browser_ticket gives cookies and tickets to nobody but a page of its own whose person has logged in", async () => {
  await withNotes(async (notes) => {
    const good = { name: "ada", password: notes.passwordOf("ada") };
    const logIn = (body: unknown, headers: Record<string, string> = {}) =>
      notes.request("POST", "/login", { body: typeof body === "string" ? body : JSON.stringify(body), headers });

    const { status, text, headers } = await logIn(good, { origin: new URL(notes.url).origin });
    assertEquals([status, JSON.parse(text)], [200, { name: "ada", role: "editor" }]);
    assertMatch(headers.get("set-cookie")!, /^notes_login=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    const cookie = headers.get("set-cookie")!.split(";")[0]!;

    const attempts = [
      logIn({ ...good, password: "pencil" }),
      logIn({ name: "nobody", password: good.password }),
      logIn(good, { origin: "https://evil.example" }),
      logIn("{"),
      logIn("null"),
      logIn({ name: ["ada"], password: good.password }),
      logIn({ ...good, more: "x".repeat(5_000) }),
      notes.request("POST", "/ticket"),
      notes.request("POST", "/ticket", { headers: { cookie: `${cookie}x` } }),
      notes.request("POST", "/ticket", { headers: { cookie, origin: "https://evil.example" } }),
    ];
    assertEquals((await Promise.all(attempts)).map(({ status }) => status), [
      ...[401, 401, 403, 400, 400, 400, 400],
      ...[401, 401, 403],
    ]);
    for (const { headers } of await Promise.all(attempts)) assertEquals(headers.get("set-cookie"), null);

    const me = async (cookie: string) => JSON.parse((await notes.request("GET", "/me", { headers: { cookie } })).text);
    assertEquals([await me(cookie), await me("")], [{ name: "ada", role: "editor" }, null]);
    const foreign = await notes.request("GET", "/ws", {
      headers: { ...{ upgrade: "websocket", connection: "upgrade", origin: "https://evil.example" } },
    });
    assertEquals(foreign.status, 403);
  });
});

Deno.test("browser_ticket ends the sessions of who logs out, and their tickets are worth nothing", async () => {
  await withNotes(async (notes) => {
    const cookie = await notes.logIn("bob");
    const [session, ada] = [await notes.join("bob", await notes.ticket(cookie)), await notes.session("ada")];
    const [unused, others] = [await notes.ticket(cookie), await notes.ticket(await notes.logIn("bob"))];
    const { status, headers } = await notes.request("POST", "/logout", { headers: { cookie } });
    assertEquals(status, 200);
    assertMatch(headers.get("set-cookie")!, /^notes_login=; .*; Max-Age=0$/);
    assertEquals((await session.closed).reason, "board.close.logged_out");
    assertEquals((await notes.request("POST", "/ticket", { headers: { cookie } })).status, 401);
    await isRefused(notes.join("bob", unused));
    await (await notes.join("bob", others)).leave(); // Bob has logged in elsewhere as well.
    assertEquals(ada.state, "open");
    await ada.leave();
  });
});

Deno.test("browser_ticket serves its page, which lets no injected script run, and nothing outside of it", async () => {
  await withNotes(async (notes) => {
    const { status, text, headers } = await notes.request("GET", "/");
    assertEquals(status, 200);
    const [, nonce = ""] = /script-src 'self' 'nonce-([\w-]{36})'/.exec(headers.get("content-security-policy")!)!;
    assert(text.includes(`<script type="importmap" nonce="${nonce}">`) && !text.includes("NONCE"));
    const script = await notes.request("GET", "/examples/browser_ticket/page/main.ts");
    assertEquals([script.status, /^import type /m.test(script.text)], [200, false]);
    for (const path of ["/examples/browser_ticket/main.ts", "/cli/main.ts", "/deno.json", "/favicon.ico"]) {
      assertEquals((await notes.request("GET", path)).status, 404, path);
    }
  });
});
