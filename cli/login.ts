/**
 * How a command of the command line proves who it is: the options, and what they come to.
 *
 * @module
 */

import { failureMessage } from "../internal/log.ts";
import { anonymous, type Authenticator, certificate, cryptosign, scram, ticket, wampcra } from "../wamp/auth/mod.ts";
import type { ClientTlsOptions } from "../wamp/transports/connect.ts";
import { type CommandArguments, type CommandOption, oneOf, UsageError } from "./command.ts";

/** The options for it. @internal */
export const LOGIN_OPTIONS: readonly CommandOption[] = [
  {
    name: "auth",
    value: "METHOD",
    help: "how to log in: anonymous, ticket, wampcra, wamp-scram, scram (Crossbar.io's), cryptosign or tls",
    default: "anonymous",
  },
  { name: "authid", value: "ID", help: "who to log in as" },
  {
    name: "secret",
    value: "WHERE",
    help: "the ticket, password or private key: env:NAME or file:PATH",
  },
  { name: "ca-cert", value: "FILE", help: "trust this authority too, PEM", multiple: true },
  { name: "cert", value: "FILE", help: "the client's certificate, PEM" },
  { name: "key", value: "FILE", help: "its private key, PEM" },
];

/** What a command joins with. @internal */
export interface Login {
  readonly auth: readonly Authenticator[];
  readonly authid?: string;
  readonly tls?: ClientTlsOptions;
}

/** What a method is made of. */
interface Credentials {
  /** Who; throws where nobody was named. */
  authid(): string;
  /** The secret; throws where there is none. */
  secret(): string;
  readonly named: { readonly authid?: string };
}

/** The methods, called as in a router's configuration. */
const METHODS = {
  "anonymous": ({ named }) => anonymous(named),
  "ticket": ({ authid, secret }) => ticket({ authid: authid(), ticket: secret() }),
  "wampcra": ({ authid, secret }) => wampcra({ authid: authid(), secret: secret() }),
  "wamp-scram": ({ authid, secret }) => scram({ authid: authid(), password: secret() }),
  "scram": ({ authid, secret }) => scram({ authid: authid(), password: secret(), dialect: "autobahn" }),
  "cryptosign": ({ secret, named }) => cryptosign({ privateKey: secret(), ...named }),
  "tls": () => certificate(),
} as const satisfies Readonly<Record<string, (credentials: Credentials) => Authenticator>>;

type Method = keyof typeof METHODS;

const METHOD_NAMES = Object.keys(METHODS) as Method[];
/** The methods that no secret goes with. */
const WITHOUT_SECRET: readonly Method[] = ["anonymous", "tls"];

function readFile(option: string, path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new UsageError(`Option --${option} names a file that cannot be read: ${failureMessage(error)}`);
  }
}

function readVariable(name: string): string {
  let value: string | undefined;
  try {
    value = Deno.env.get(name);
  } catch (error) {
    throw new UsageError(`Option --secret names a variable that cannot be read: ${failureMessage(error)}`);
  }
  if (value === undefined) throw new UsageError(`Option --secret names the variable ${name}, which is not set`);
  return value;
}

/** Finds a secret. It never stands in the arguments themselves, which other processes can read. */
function readSecret(where: string): string {
  const [, kind, place] = /^(env|file):(.+)$/s.exec(where) ?? [];
  if (kind === undefined || place === undefined) {
    throw new UsageError("Option --secret must be env:NAME or file:PATH: arguments can be read by other processes");
  }
  const secret = kind === "file" ? readFile("secret", place).trimEnd() : readVariable(place);
  if (secret === "") throw new UsageError(`Option --secret names the ${kind} ${place}, which is empty`);
  return secret;
}

function readTls(args: CommandArguments): ClientTlsOptions | undefined {
  const files = (name: string): string[] => args.texts(name).map((path) => readFile(name, path));
  const [caCerts, [cert], [key]] = [files("ca-cert"), files("cert"), files("key")];
  if ((cert === undefined) !== (key === undefined)) throw new UsageError("Options --cert and --key go together");
  if (caCerts.length === 0 && cert === undefined) return undefined;
  return { caCerts, ...(cert !== undefined && key !== undefined && { cert, key }) };
}

/**
 * Reads how to log in.
 *
 * @param args The command's arguments, with {@linkcode LOGIN_OPTIONS} among its options.
 * @returns What goes into the options for joining.
 * @throws {UsageError} Something is missing, contradicts something else, or cannot be read.
 * @internal
 */
export function readLogin(args: CommandArguments): Login {
  const method = oneOf(args, "auth", METHOD_NAMES);
  const hasSecret = args.flag("secret");
  if (hasSecret && WITHOUT_SECRET.includes(method)) {
    throw new UsageError(`Option --secret has no effect with --auth ${method}`);
  }
  const named = args.flag("authid") ? { authid: args.text("authid") } : {};
  const credentials: Credentials = {
    named,
    authid: () => {
      if (named.authid === undefined) throw new UsageError(`Option --auth ${method} needs --authid`);
      return named.authid;
    },
    secret: () => {
      if (!hasSecret) throw new UsageError(`Option --auth ${method} needs --secret`);
      return readSecret(args.text("secret"));
    },
  };
  const tls = readTls(args);
  if (method === "tls" && tls?.cert === undefined) throw new UsageError("Option --auth tls needs --cert and --key");
  return { auth: [METHODS[method](credentials)], ...named, ...(tls && { tls }) };
}
