/**
 * The committed table of the logins that must succeed and of those that must be refused: by Viaduct's client at
 * Crossbar.io, and by the clients of others at Viaduct. A cell or check that a run does not report has failed. What a
 * client cannot do stands in {@linkcode LOGIN_LIMITS}, with the reason.
 *
 * @module
 */

import type { SerializerName } from "../../../wamp/serializers/serializer.ts";
import { type AccountName, ACCOUNTS, CERTIFICATES, NOBODY, ROLE } from "./accounts.ts";
import type { WampTransport } from "./cells.ts";
import type { WampPeer } from "./install.ts";
import type { Login, LoginCheck } from "./logins.ts";

/** One way for a client to a router that asks for a login. */
export interface LoginCell {
  readonly client: WampPeer | "viaduct";
  readonly router: "viaduct" | "crossbar";
  /** `tls` is a WebSocket whose router asks for a certificate. */
  readonly transport: WampTransport | "tls";
  readonly serializer: SerializerName;
  readonly logins: readonly LoginCheck[];
}

/** A kind of login that a client cannot do, and why. */
export interface LoginLimit {
  readonly client: WampPeer;
  readonly login: LoginName;
  readonly reason: string;
}

/** What a login is called: an account, `KEY_ALONE`, or `CERTIFICATE`. */
export type LoginName = AccountName | typeof KEY_ALONE | typeof CERTIFICATE;

const KEY_ALONE = "cryptosign, key alone";
const CERTIFICATE = "tls";
const NO_SCRAM = "it has no SCRAM";
const PBKDF2_BUG = "it gives PBKDF2 the salt as text, which that refuses; the vectors of RFC 7677 and of the " +
  "specification stand in for it";

/** Everything that is not asked. */
const LOGIN_LIMITS: readonly LoginLimit[] = [
  { client: "autobahn-js", login: "scram, argon2id", reason: NO_SCRAM },
  { client: "autobahn-js", login: "scram, pbkdf2", reason: NO_SCRAM },
  { client: "autobahn-js", login: CERTIFICATE, reason: "it gives its WebSocket no options for TLS" },
  { client: "wampy", login: "scram, argon2id", reason: NO_SCRAM },
  { client: "wampy", login: "scram, pbkdf2", reason: NO_SCRAM },
  { client: "wampy", login: KEY_ALONE, reason: "it sends no methods without an id" },
  { client: "autobahn-python", login: "scram, pbkdf2", reason: PBKDF2_BUG },
  { client: "xconn", login: "scram, argon2id", reason: NO_SCRAM },
  { client: "xconn", login: "scram, pbkdf2", reason: NO_SCRAM },
  { client: "xconn", login: KEY_ALONE, reason: "it always sends an id" },
  { client: "xconn", login: CERTIFICATE, reason: "it takes no options for TLS" },
];

/** How each router refuses: a login that is wrong, one by a method that it has not, and none. */
const REFUSALS = {
  viaduct: {
    wrong: "wamp.error.authentication_denied",
    noMethod: "wamp.error.no_matching_auth_method",
    noLogin: "wamp.error.authentication_required",
  },
  crossbar: {
    wrong: "wamp.error.not_authorized",
    noMethod: "wamp.error.no_auth_method",
    noLogin: "wamp.error.no_auth_method",
  },
} as const;

/** Clients that name no methods where they do not log in; others name `anonymous`. */
const NAMELESS: readonly LoginCell["client"][] = ["autobahn-js", "wampy", "autobahn-python"];

type Router = LoginCell["router"];

const NAMES = Object.keys(ACCOUNTS) as AccountName[];

function accountChecks(name: AccountName, router: Router): LoginCheck[] {
  const { method, authid, secret, wrong } = ACCOUNTS[name];
  const login = (change: Partial<Login>): Login => ({ method, authid, secret, ...change });
  const refused = REFUSALS[router].wrong;
  return [
    { check: `${name}: right`, login: login({}), expected: { authid, authrole: ROLE, authmethod: method } },
    { check: `${name}: wrong secret`, login: login({ secret: wrong }), expected: refused },
    { check: `${name}: unknown id`, login: login({ authid: NOBODY }), expected: refused },
  ];
}

function keyChecks(router: Router): LoginCheck[] {
  const { method, authid, secret, wrong } = ACCOUNTS.cryptosign;
  const expected = { authid, authrole: ROLE, authmethod: method };
  return [
    { check: `${KEY_ALONE}: right`, login: { method, secret }, expected },
    { check: `${KEY_ALONE}: unknown key`, login: { method, secret: wrong }, expected: REFUSALS[router].wrong },
  ];
}

function anonymousChecks(client: LoginCell["client"], router: Router): LoginCheck[] {
  const login = { method: "anonymous", secret: "" } as const;
  const { noLogin, noMethod } = REFUSALS[router];
  return [{ check: "anonymous: refused", login, expected: NAMELESS.includes(client) ? noLogin : noMethod }];
}

function checksOf(client: LoginCell["client"], router: Router): LoginCheck[] {
  const can = (login: LoginName): boolean =>
    !LOGIN_LIMITS.some((limit) => limit.client === client && limit.login === login);
  return [
    ...NAMES.filter(can).flatMap((name) => accountChecks(name, router)),
    ...(can(KEY_ALONE) ? keyChecks(router) : []),
    ...anonymousChecks(client, router),
  ];
}

function cell(
  client: LoginCell["client"],
  router: Router,
  transport: WampTransport,
  serializer: SerializerName,
): LoginCell {
  return { client, router, transport, serializer, logins: checksOf(client, router) };
}

function certificateCell(client: LoginCell["client"], router: Router, serializer: SerializerName): LoginCell {
  const { known, unknown } = CERTIFICATES;
  const login = (secret: string): Login => ({ method: "tls", authid: secret, secret });
  const logins = [
    { check: "tls: right", login: login(known), expected: { authid: known, authrole: ROLE, authmethod: "tls" } },
    { check: "tls: unknown certificate", login: login(unknown), expected: REFUSALS[router].wrong },
    { check: "tls: another's id", login: { ...login(unknown), authid: known }, expected: REFUSALS[router].wrong },
  ];
  return { client, router, transport: "tls", serializer, logins };
}

/** Every cell of the matrix. */
export const LOGIN_CELLS: readonly LoginCell[] = [
  cell("viaduct", "crossbar", "websocket", "json"),
  cell("viaduct", "crossbar", "websocket", "cbor"),
  cell("viaduct", "crossbar", "rawsocket", "msgpack"),
  certificateCell("viaduct", "crossbar", "cbor"),
  cell("autobahn-js", "viaduct", "websocket", "json"),
  cell("autobahn-js", "viaduct", "rawsocket", "json"),
  cell("wampy", "viaduct", "websocket", "msgpack"),
  certificateCell("wampy", "viaduct", "json"),
  cell("autobahn-python", "viaduct", "websocket", "cbor"),
  cell("autobahn-python", "viaduct", "rawsocket", "json"),
  certificateCell("autobahn-python", "viaduct", "cbor"),
  cell("xconn", "viaduct", "websocket", "json"),
  cell("xconn", "viaduct", "rawsocket", "cbor"),
];

/** A cell's columns: client, router, transport, serializer. */
export function loginCellColumns({ client, router, transport, serializer }: LoginCell): readonly string[] {
  return [client, router, transport, serializer];
}

/** A cell's name. */
export function loginCellName(cell: LoginCell): string {
  const [client, router, transport, serializer] = loginCellColumns(cell);
  return `login of ${client} / ${router} router / ${transport} / ${serializer}`;
}
