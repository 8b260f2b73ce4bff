/**
 * The console: one session of Viaduct's own client, in the browser, that looks once a second.
 *
 * @module
 */

/// <reference lib="dom" />

import { type Authenticator, scram, ticket, wampcra } from "../../../wamp/auth/mod.ts";
import { ERROR_URI, join, JoinError, type Session } from "../../../wamp/mod.ts";
import type { Look } from "../look.ts";
import { socketUrl, waitToRetry } from "./connection.ts";
import { byId, showText } from "./dom.ts";
import { Forms } from "./forms.ts";
import { Rates } from "./rates.ts";
import { isNoSuchRealm, RemoteRealm } from "./remote_realm.ts";
import { Stream } from "./stream.ts";
import { View } from "./view.ts";

const REALM = "viaduct.console";
const INTERVAL = 1_000;
/** A rate over less than this says nothing, in milliseconds. */
const LEAST_SPAN = 900;

const status = byId("status", HTMLSpanElement);
const identity = byId("identity", HTMLParagraphElement);
const problem = byId("problem", HTMLParagraphElement);
const killError = byId("kill-error", HTMLParagraphElement);
const login = byId("login", HTMLFormElement);
const realms = byId("realm", HTMLSelectElement);
const filter = byId("filter", HTMLInputElement);
const places = [byId("main", HTMLElement), byId("rates", HTMLElement), byId("view", HTMLFormElement)];

const rates = new Rates();
const forms = new Forms();
const stream = new Stream();
const view = new View({
  chooseProcedure: (uri) => forms.chooseProcedure(uri),
  chooseTopic: (uri) => forms.chooseTopic(uri),
  kill: (session) => void kill(session),
});

let realm: RemoteRealm | undefined;
let auth: readonly Authenticator[] | undefined;
/** The realm that a person has chosen, until it is turned to. */
let wanted: string | undefined;
/** Ends the pause between two looks. */
let lookNow = (): void => {};

function show(state: "connecting" | "open" | "lost", text: string, details = ""): void {
  status.dataset.state = state;
  status.textContent = text;
  identity.textContent = details;
  for (const place of places) place.hidden = state !== "open";
  for (const fieldset of document.querySelectorAll("fieldset")) fieldset.disabled = state !== "open";
}

async function kill(session: number): Promise<void> {
  showText(killError, "");
  try {
    await realm?.kill(session);
    lookNow();
  } catch (error) {
    showText(killError, error instanceof Error ? error.message : String(error));
  }
}

/** Looks from now on at another realm. */
function turnTo(session: Session, uri: string): RemoteRealm {
  rates.clear();
  view.clear();
  realm = new RemoteRealm(session, uri);
  forms.start(realm);
  if (uri !== "") void stream.start(realm);
  return realm;
}

function showRealms({ realms: uris, realm: current }: Look): void {
  if (uris.join(" ") !== [...realms.options].map(({ value }) => value).join(" ")) {
    realms.replaceChildren(...uris.map((uri) => new Option(uri)));
  }
  if (wanted === undefined) realms.value = current;
}

/** Works with one session until it ends. */
async function use(session: Session): Promise<void> {
  show("open", "connected", `as ${session.authid} at ${location.host}`);
  showText(problem, "");
  let known = 0;
  let before: Look | undefined;
  let current = turnTo(session, "");
  while (session.state === "open") {
    try {
      const look = await current.look(filter.value.trim(), known);
      if (current.uri !== look.realm) current = turnTo(session, look.realm);
      showRealms(look);
      before ??= look;
      view.show(look, before);
      if (look.now - before.now >= LEAST_SPAN) {
        rates.show(look, before);
        before = look;
      }
      known = look.incidents.at(-1)?.number ?? known;
    } catch (error) {
      if (!isNoSuchRealm(error)) throw error;
      current = turnTo(session, "");
      before = undefined;
    }
    if (wanted === undefined) await Promise.race([pause(), session.closed]);
    if (wanted !== undefined) {
      current = turnTo(session, wanted);
      [known, before, wanted] = [0, undefined, undefined];
    }
  }
}

/** A page that nobody looks at does not look either. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => document.hidden || lookNow(), INTERVAL);
    lookNow = () => {
      clearInterval(timer);
      resolve();
    };
  });
}

/** Asks a person who they are. */
async function askWho(): Promise<void> {
  show("lost", "not joined");
  login.hidden = false;
  byId("authid", HTMLInputElement).focus();
  await new Promise<void>((resolve) => {
    login.addEventListener("submit", (event) => {
      event.preventDefault();
      resolve();
    }, { once: true });
  });
  login.hidden = true;
  showText(problem, "");
  const authid = byId("authid", HTMLInputElement).value.trim();
  const secret = byId("secret", HTMLInputElement);
  const [password] = [secret.value];
  secret.value = "";
  auth = [scram({ authid, password }), wampcra({ authid, secret: password }), ticket({ authid, ticket: password })];
}

/** What a router says that wants to know who we are, or to know it better. */
const ABOUT_IDENTITY: readonly string[] = [
  ERROR_URI.AUTHENTICATION_DENIED,
  ERROR_URI.AUTHENTICATION_FAILED,
  ERROR_URI.AUTHENTICATION_REQUIRED,
  ERROR_URI.NO_MATCHING_AUTH_METHOD,
  ERROR_URI.NO_SUCH_PRINCIPAL,
  ERROR_URI.NO_SUCH_ROLE,
];

function isAboutIdentity(error: unknown): boolean {
  return error instanceof JoinError && ABOUT_IDENTITY.includes(error.reason);
}

realms.addEventListener("change", () => {
  wanted = realms.value;
  lookNow();
});
filter.addEventListener("input", () => lookNow());
byId("view", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());

for (let attempt = 0;; attempt++) {
  show("connecting", "connecting");
  try {
    const session = await join(socketUrl(), { realm: REALM, agent: "console", ...(auth !== undefined && { auth }) });
    attempt = 0;
    addEventListener("pagehide", () => void session.leave(), { once: true });
    await use(session);
    const { reason, message } = await session.closed;
    throw new Error(message === "" ? reason : `${reason}: ${message}`);
  } catch (error) {
    if (isAboutIdentity(error)) {
      showText(problem, auth === undefined ? "" : "That did not let you in.");
      await askWho();
      continue;
    }
    show("lost", "disconnected", "trying again …");
    showText(problem, error instanceof Error ? error.message : String(error));
    await waitToRetry(attempt);
  }
}
