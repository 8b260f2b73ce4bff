/**
 * What the sessions of a role may do: the permissions of its configuration, found by URI.
 * Sans-I/O.
 *
 * Exact permissions are a map and prefixes a tree, as registrations are: what a request costs does not grow with how
 * many there are.
 *
 * @module
 */

import { ERROR_URI, isPattern, isReserved, type MatchPolicy, type UriRules } from "../uris.ts";
import { type Grant, PLAIN_GRANT } from "./effects.ts";
import { matchesPattern, MatchIndex } from "./match.ts";
import type { Permission, PermissionAction, RoleOptions } from "./router_api.ts";

/** What can be asked for. @internal */
export const ACTIONS: readonly PermissionAction[] = ["call", "register", "publish", "subscribe"];

/**
 * The meta procedures that act upon others. Nobody may call them but by a permission that is about `wamp.` itself.
 */
const ACTING: ReadonlySet<string> = new Set([
  "wamp.session.kill",
  "wamp.session.kill_by_authid",
  "wamp.session.kill_by_authrole",
  "wamp.session.kill_all",
  "wamp.subscription.remove_subscriber",
  "wamp.registration.remove_callee",
]);

/** Whether a call of this procedure acts upon other sessions (WAMP, Session Meta API). @internal */
export function isActing(procedure: string): boolean {
  return ACTING.has(procedure);
}

/** The refusal of a request that is not allowed. @internal */
export const NOT_ALLOWED: Readonly<Record<PermissionAction, Grant>> = Object.freeze({
  call: notAllowed("call"),
  register: notAllowed("register"),
  publish: notAllowed("publish"),
  subscribe: notAllowed("subscribe"),
});

function notAllowed(action: PermissionAction): Grant {
  return Object.freeze({ refusal: [ERROR_URI.NOT_AUTHORIZED, `This session may not ${action} here`] as const });
}

/** A permission as it is looked up. */
interface Rule {
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly verdicts: Readonly<Record<PermissionAction, Grant>>;
}

/** The permissions of a role. @internal */
export class RoleRules {
  /** Exact ones and prefixes. */
  readonly #plain = new MatchIndex<Rule>();
  /** Wildcards, apart since the shortest prefix goes before them. */
  readonly #wild = new MatchIndex<Rule>();
  /** Exact ones and prefixes by URI, so that those below a prefix stand together. */
  readonly #sorted: readonly Rule[];
  /** How many of `#sorted` before an index refuse an action. */
  readonly #refusing: Readonly<Record<PermissionAction, Uint32Array>>;

  /** The permissions must have been checked. */
  constructor({ permissions }: RoleOptions) {
    const rules = permissions.map(ruleOf);
    for (const rule of rules) (rule.match === "wildcard" ? this.#wild : this.#plain).add(rule);
    const sorted = rules.filter(({ match }) => match !== "wildcard").sort(byUri);
    this.#sorted = sorted;
    const count = (action: PermissionAction): Uint32Array => countRefusing(sorted, action);
    this.#refusing = {
      call: count("call"),
      register: count("register"),
      publish: count("publish"),
      subscribe: count("subscribe"),
    };
  }

  /**
   * The verdict on a request: of the most specific permission for its URI; `undefined` where no permission says
   * anything.
   *
   * A pattern is allowed where a permission covers all that it can match, and none that is more specific refuses a part
   * of that: else who may not subscribe to `com.secret` could subscribe to the prefix `com.` instead.
   */
  decide(action: PermissionAction, uri: string, match: MatchPolicy): Grant | undefined {
    if (match === "exact") return this.#find(uri)?.verdicts[action];
    const cover = this.#findCover(uri, match);
    if (cover !== undefined && isRefusing(cover, action)) return NOT_ALLOWED[action];
    const isPierced = match === "prefix" ? this.#isPrefixPierced(action, uri) : this.#isWildcardPierced(action, uri);
    if (isPierced || this.#isPiercedByWildcard(action, uri, match, cover)) return NOT_ALLOWED[action];
    return cover?.verdicts[action];
  }

  #find(uri: string): Rule | undefined {
    const exact = this.#plain.exact(uri);
    if (exact !== undefined) return exact;
    const mustBeReserved = ACTING.has(uri);
    let found: Rule | undefined;
    this.#plain.visitPatterns(uri, (rule) => {
      const isLonger = found === undefined || rule.uri.length > found.uri.length;
      if (isLonger && (!mustBeReserved || isReserved(rule.uri))) found = rule;
      return false;
    });
    if (found !== undefined) return found;
    this.#wild.visitPatterns(uri, (rule) => {
      if (!mustBeReserved || isReserved(rule.uri)) found = rule;
      return found !== undefined;
    });
    return found;
  }

  /** The most specific permission for all that a pattern can match. */
  #findCover(pattern: string, match: MatchPolicy): Rule | undefined {
    let found: Rule | undefined;
    this.#plain.visitPatterns(match === "prefix" ? pattern : literalHead(pattern), (rule) => {
      if (found === undefined || rule.uri.length > found.uri.length) found = rule;
      return false;
    });
    if (found !== undefined || match === "prefix") return found;
    // An empty component of the pattern is found by an empty one of a permission only.
    this.#wild.visitPatterns(pattern, (rule) => {
      found = rule;
      return true;
    });
    return found;
  }

  #isPrefixPierced(action: PermissionAction, prefix: string): boolean {
    const [start, end] = this.#range(prefix);
    const counts = this.#refusing[action];
    return (counts[end] ?? 0) > (counts[start] ?? 0);
  }

  #isWildcardPierced(action: PermissionAction, pattern: string): boolean {
    const [start, end] = this.#range(literalHead(pattern));
    for (let index = start; index < end; index++) {
      const rule = this.#sorted[index];
      if (rule !== undefined && isRefusing(rule, action) && overlaps(pattern, rule.uri, rule.match)) return true;
    }
    return false;
  }

  /** A wildcard counts only where no prefix does. */
  #isPiercedByWildcard(
    action: PermissionAction,
    pattern: string,
    match: MatchPolicy,
    cover: Rule | undefined,
  ): boolean {
    if (cover?.match === "prefix") return false;
    for (const rule of this.#wild.entries("wildcard")) {
      if (!isRefusing(rule, action) || !overlaps(rule.uri, pattern, match)) continue;
      // One that covers it as well is less specific than the one that was found.
      if (cover === undefined || !matchesPattern(rule.uri, "wildcard", pattern)) return true;
    }
    return false;
  }

  /** Where those that begin with `head` stand. */
  #range(head: string): readonly [start: number, end: number] {
    const start = this.#search((uri) => uri < head);
    return [start, this.#search((uri) => uri < head || uri.startsWith(head))];
  }

  /** How many of `#sorted` are before a border. */
  #search(isBefore: (uri: string) => boolean): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#sorted[middle]?.uri ?? "")) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function ruleOf({ uri, match = "exact", allow, disclose = {} }: Permission): Rule {
  const verdict = (action: PermissionAction, disclosed?: boolean): Grant => {
    if (allow[action] !== true) return NOT_ALLOWED[action];
    return disclosed === undefined ? PLAIN_GRANT : Object.freeze({ disclose: disclosed });
  };
  const verdicts = {
    call: verdict("call", disclose.caller),
    register: verdict("register"),
    publish: verdict("publish", disclose.publisher),
    subscribe: verdict("subscribe"),
  };
  return { uri, match, verdicts };
}

function isRefusing({ verdicts }: Rule, action: PermissionAction): boolean {
  return verdicts[action].refusal !== undefined;
}

function byUri(one: Rule, other: Rule): number {
  return one.uri < other.uri ? -1 : one.uri > other.uri ? 1 : 0;
}

function countRefusing(rules: readonly Rule[], action: PermissionAction): Uint32Array {
  const counts = new Uint32Array(rules.length + 1);
  for (const [index, rule] of rules.entries()) {
    counts[index + 1] = (counts[index] ?? 0) + (isRefusing(rule, action) ? 1 : 0);
  }
  return counts;
}

/** What all that a wildcard pattern matches begins with. */
function literalHead(pattern: string): string {
  if (pattern.startsWith(".")) return "";
  const end = pattern.indexOf("..");
  return end < 0 ? pattern : pattern.slice(0, end + 1);
}

/** Whether some URI is matched by the wildcard pattern and by the other one, of whatever policy. */
function overlaps(wildcard: string, other: string, match: MatchPolicy): boolean {
  if (match === "exact") return matchesPattern(wildcard, "wildcard", other);
  const components = wildcard.split(".");
  const others = other.split(".");
  if (match === "wildcard") {
    return components.length === others.length &&
      components.every((one, index) => one === "" || others[index] === "" || one === others[index]);
  }
  const last = others.length - 1;
  return others.length <= components.length && others.every((part, index) => {
    const component = components[index] ?? "";
    return component === "" || (index < last ? component === part : component.startsWith(part));
  });
}

/**
 * Checks roles.
 *
 * @throws {TypeError} Something in them is of the wrong kind, or said twice.
 *
 * @internal
 */
export function checkRoles(roles: Readonly<Record<string, RoleOptions>>, uriRules: UriRules): void {
  for (const [name, role] of Object.entries(roles)) {
    if (!Array.isArray(role?.permissions)) throw new TypeError(`Option permissions of role ${name} must be a list`);
    const known = new Set<string>();
    for (const permission of role.permissions) checkPermission(name, permission, uriRules, known);
  }
}

function checkPermission(
  role: string,
  { uri, match = "exact", allow, disclose = {} }: Permission,
  rules: UriRules,
  known: Set<string>,
): void {
  const where = `of a permission of role ${role}`;
  if (match !== "exact" && match !== "prefix" && match !== "wildcard") {
    throw new TypeError(`Option match ${where} must be one of exact, prefix, wildcard, received ${String(match)}`);
  }
  // The empty prefix is that of every URI.
  const isEverything = uri === "" && match === "prefix";
  if (typeof uri !== "string" || !isEverything && !isPattern(uri, match, rules)) {
    throw new TypeError(`Option uri ${where} must be a URI for ${match}, received ${JSON.stringify(uri)}`);
  }
  const name = `${match} ${uri}`;
  if (known.has(name)) throw new TypeError(`Option uri ${where} must be there once, received ${match} ${uri} again`);
  known.add(name);
  checkBooleans(`Option allow ${where}`, allow, ACTIONS);
  checkBooleans(`Option disclose ${where}`, disclose, ["caller", "publisher"]);
}

/** A misspelt name would refuse, or disclose, what nobody meant. */
function checkBooleans(what: string, values: object, names: readonly string[]): void {
  if (typeof values !== "object" || values === null) throw new TypeError(`${what} must be an object`);
  for (const [name, value] of Object.entries(values)) {
    if (!names.includes(name)) throw new TypeError(`${what} must have only ${names.join(", ")}, received ${name}`);
    if (value !== undefined && typeof value !== "boolean") throw new TypeError(`${what}.${name} must be a boolean`);
  }
}
