import { acceptAnonymous, acceptTicket, type AuthDecision, type JoinRequest } from "@viaduct/viaduct/wamp/auth";
import { isLoopback, isOwnPage, namesLoopback, restrictToRole, type RoleOptions } from "../../cli/console/access.ts";
import { assert, assertEquals } from "../std.ts";

const REQUEST: JoinRequest = {
  realm: "viaduct.console",
  session: 1,
  authid: "ada",
  authrole: undefined,
  signal: new AbortController().signal,
  authextra: {},
  call: () => Promise.reject(new Error("Not this router's")),
  transport: { kind: "websocket", remoteAddress: "", localAddress: "", isTls: false },
};

Deno.test("isLoopback knows the addresses that only this machine reaches", () => {
  for (const hostname of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) assertEquals(isLoopback(hostname), true);
  for (const hostname of ["0.0.0.0", "::", "192.168.1.1", "127.evil.example", "localhost.evil.example", ""]) {
    assertEquals(isLoopback(hostname), false, hostname);
  }
});

Deno.test("namesLoopback takes names of this machine alone, with any port", () => {
  for (const host of ["localhost", "LOCALHOST:9000", "127.0.0.1:1", "[::1]:9000"]) {
    assertEquals(namesLoopback(host), true, host);
  }
  const others = [null, "", "evil.example", "evil.example:9000", "localhost.evil.example", "127.0.0.1.evil.example"];
  for (const host of [...others, "user@localhost", "localhost/x", "localhost:9000:1", "127.0.0.2", "2130706433"]) {
    assertEquals(namesLoopback(host), false, String(host));
  }
});

Deno.test("isOwnPage takes the page's own origin, under a name of this machine", () => {
  assertEquals(isOwnPage("http://localhost:9000", "localhost:9000"), true);
  assertEquals(isOwnPage("http://127.0.0.1:9000", "127.0.0.1:9000"), true);
  for (
    const [origin, host] of [
      ["http://evil.example:9000", "evil.example:9000"],
      ["http://localhost:3000", "localhost:9000"],
      ["http://localhost:9000", "127.0.0.1:9000"],
      ["http://evil.example", "localhost:9000"],
      ["null", "localhost:9000"],
      ["", "localhost:9000"],
    ] as const
  ) assertEquals(isOwnPage(origin, host), false, `${origin} ${host}`);
});

const ADMIN: RoleOptions = {
  realm: "realm1",
  role: "admin",
  call: (realm, procedure, args) => Promise.resolve([realm, procedure, ...args]),
};

async function decide(decision: AuthDecision | Promise<AuthDecision>, signature = ""): Promise<string | undefined> {
  const decided = await decision;
  if (decided === undefined || "refusal" in decided) return undefined;
  if ("principal" in decided) return decided.principal.authid;
  return (await decided.verify(signature, {}))?.authid;
}

Deno.test("restrictToRole lets in who proves to have the role, and nobody else", async () => {
  const tickets = acceptTicket({
    principals: { ada: { ticket: "a", role: "admin" }, bob: { ticket: "b", role: "user" } },
  });
  const method = restrictToRole(tickets, ADMIN);
  assertEquals(method.method, "ticket");
  assertEquals(await decide(method.begin(REQUEST), "a"), "ada");
  assertEquals(await decide(method.begin(REQUEST), "b"), undefined);
  assertEquals(await decide(method.begin({ ...REQUEST, authid: "bob" }), "b"), undefined);
  assertEquals(await decide(method.begin({ ...REQUEST, authid: "nobody" }), "a"), undefined);
  assertEquals(await decide(restrictToRole(acceptAnonymous(), ADMIN).begin(REQUEST)), undefined);
  assert(await decide(restrictToRole(acceptAnonymous({ authrole: "admin" }), ADMIN).begin(REQUEST)));
});

Deno.test("restrictToRole asks a method as its own realm does, and calls there", async () => {
  const seen: unknown[] = [];
  const method = restrictToRole(
    {
      method: "x",
      isFor: ({ isTls }) => isTls,
      begin: async ({ realm, call }) => {
        seen.push(realm, await call("com.who", [1]), await call("com.who", [2], { realm: "realm2" }));
        return { principal: { authid: "ada", authrole: "admin", realm: "realm2" } };
      },
    },
    ADMIN,
  );
  assertEquals(method.isFor?.(REQUEST.transport), false);
  // The realm that somebody belongs to does not lead out of the console's.
  assertEquals(await method.begin(REQUEST), {
    principal: { authid: "ada", authrole: "admin", authprovider: "static" },
  });
  assertEquals(seen, ["realm1", ["realm1", "com.who", 1], ["realm2", "com.who", 2]]);
});

Deno.test("restrictToRole hands on what is wrong with a request", async () => {
  const refusing = { method: "x", begin: () => ({ refusal: "No key" }) };
  assertEquals(await restrictToRole(refusing, ADMIN).begin(REQUEST), { refusal: "No key" });
});
