/**
 * Logins that must succeed and logins that must be refused, for any client; runs in Deno and, with its types erased, in
 * Node.
 *
 * @module
 */

import { type CheckResult, Failure, type Party, runCheck, within } from "./scenario.ts";

/** Who a client says it is, and how it proves that. */
export interface Login {
  readonly method: "anonymous" | "ticket" | "wampcra" | "scram" | "cryptosign" | "tls";
  /** Absent where the client leaves it to the router. */
  readonly authid?: string;
  /** The ticket, the shared secret, the password, the private key in hex, or the name of a certificate. */
  readonly secret: string;
}

/** A login and what must come of it. */
export interface LoginCheck {
  readonly check: string;
  readonly login: Login;
  /** Who the router must take the client for, or the reason with which it must refuse. */
  readonly expected: { readonly authid: string; readonly authrole: string; readonly authmethod: string } | string;
}

/** How a client joins with a login. */
export type LogIn = (realm: string, login: Login) => Promise<Party>;

async function expectRefusal(joining: Promise<Party>, reason: string): Promise<void> {
  try {
    await within(joining, "Being refused");
  } catch (error) {
    if (error instanceof Failure && error.uri === reason) return;
    throw error;
  }
  throw new Error(`Joining must be refused with ${reason}`);
}

async function checkLogin({ login, expected }: LoginCheck, realm: string, logIn: LogIn): Promise<void> {
  const joining = logIn(realm, login);
  if (typeof expected === "string") return await expectRefusal(joining, expected);
  const party = await within(joining, "Joining");
  const { args: [details] } = await within(party.call("wamp.session.get", [party.id]), "Asking who we are");
  for (const [name, value] of Object.entries(expected)) {
    const given = (details as Readonly<Record<string, unknown>>)[name];
    if (given !== value) throw new Error(`Session's ${name} must be ${value}, received ${given}`);
  }
  await within(party.leave(), "Leaving");
}

/** Tries every login. */
export async function runLogins(
  realm: string,
  logins: readonly LoginCheck[],
  logIn: LogIn,
  report: (result: CheckResult) => void,
): Promise<void> {
  for (const login of logins) {
    report(await runCheck(login.check, () => checkLogin(login, realm, logIn)));
  }
}

/** What a peer's program is told that is to log in. */
export interface LoginArguments {
  readonly url: string;
  readonly realm: string;
  readonly serializer: string;
  readonly logins: readonly LoginCheck[];
  /** Files in PEM, where the router asks for a certificate. */
  readonly tls?: { readonly ca: string; readonly clients: Readonly<Record<string, { cert: string; key: string }>> };
  /** A file in the folder that has the program's libraries. */
  readonly modules: string;
}

/** The same, in a program of its own: prints a line of JSON for each check. */
export async function runPeerLogins({ realm, logins }: LoginArguments, logIn: LogIn): Promise<void> {
  await runLogins(realm, logins, logIn, (result) => console.log(JSON.stringify(result)));
}
