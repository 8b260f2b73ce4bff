/**
 * Which entries match a topic or a procedure: exactly, by prefix or by wildcard, in one index.
 * Sans-I/O.
 *
 * Exact entries are a map, prefixes a radix tree of strings, wildcards a tree of components: the time of a look-up
 * depends on the length of the URI and on how many entries match, not on how many there are.
 *
 * @module
 */

import { isPattern, isUri, type MatchPolicy, type UriRules } from "../uris.ts";

/**
 * The longest URI that is taken, in characters: a pattern of a million empty components would otherwise cost as many
 * nodes.
 */
const MAX_URI_LENGTH = 4096;

/** Whether broker and dealer take `uri` as a topic or a procedure. @internal */
export function isAcceptableUri(uri: string, rules: UriRules): boolean {
  return uri.length <= MAX_URI_LENGTH && isUri(uri, rules);
}

/** Whether broker and dealer take `uri` as a pattern. @internal */
export function isAcceptablePattern(uri: string, match: MatchPolicy, rules: UriRules): boolean {
  return uri.length <= MAX_URI_LENGTH && isPattern(uri, match, rules);
}

/** What an index holds: something under a URI and a policy. @internal */
export interface MatchEntry {
  readonly uri: string;
  readonly match: MatchPolicy;
}

/** Whether a pattern matches `uri`, for a few of both; many patterns stand in a {@linkcode MatchIndex}. @internal */
export function matchesPattern(pattern: string, match: MatchPolicy, uri: string): boolean {
  if (match === "exact") return pattern === uri;
  if (match === "prefix") return uri.startsWith(pattern);
  const expected = pattern.split(".");
  const components = uri.split(".");
  return expected.length === components.length &&
    expected.every((component, index) => component === "" || component === components[index]);
}

/** Entries by URI and policy; one for each pair. @internal */
export class MatchIndex<Entry extends MatchEntry> {
  readonly #exact = new Map<string, Entry>();
  readonly #prefixes = new PrefixTree<Entry>();
  readonly #wildcards = new WildcardTree<Entry>();

  /** How many entries there are. */
  get size(): number {
    return this.#exact.size + this.#prefixes.size + this.#wildcards.size;
  }

  /** How many nodes the trees of patterns hold, for tests: none where there are no patterns. */
  get nodes(): number {
    return this.#prefixes.countNodes() + this.#wildcards.countNodes();
  }

  /** Whether there are entries that are not exact. */
  get hasPatterns(): boolean {
    return this.#prefixes.size + this.#wildcards.size > 0;
  }

  /** The entry for exactly this URI, the first to look at. */
  exact(uri: string): Entry | undefined {
    return this.#exact.get(uri);
  }

  /** The entry under this URI and policy. */
  get(uri: string, match: MatchPolicy): Entry | undefined {
    if (uri.length > MAX_URI_LENGTH) return undefined;
    return this.#table(match).get(uri);
  }

  /** Adds an entry; its URI and policy are free. */
  add(entry: Entry): void {
    this.#table(entry.match).set(entry.uri, entry);
  }

  /** Removes an entry. */
  remove(entry: Entry): void {
    this.#table(entry.match).delete(entry.uri);
  }

  /**
   * Visits the patterns that match, the best first: the longest prefix, shorter ones, then wildcards by the longest
   * portion before each wildcard (WAMP, Pattern-based Registrations, Calls matching multiple registrations).
   *
   * A prefix that ends inside a component goes behind the wildcards. The specification lets `a1.b2.c3` match
   * `a1.b2.c3-x` where it defines prefixes, and not match `a1.b2.c33.d4` where it ranks them: this order keeps both.
   *
   * @param uri What is published or called.
   * @param visit Gets each; `true` ends the visit.
   */
  visitPatterns(uri: string, visit: (entry: Entry) => boolean): void {
    if (uri.length > MAX_URI_LENGTH) return;
    const prefixes = this.#prefixes.size > 0 ? this.#prefixes.find(uri) : [];
    for (const entry of prefixes) {
      if (endsComponent(entry.uri, uri) && visit(entry)) return;
    }
    if (this.#wildcards.size > 0 && this.#wildcards.visit(uri, visit)) return;
    for (const entry of prefixes) {
      if (!endsComponent(entry.uri, uri) && visit(entry)) return;
    }
  }

  /** All entries, by policy. */
  entries(match: MatchPolicy): Iterable<Entry> {
    return this.#table(match).values();
  }

  #table(match: MatchPolicy): EntryTable<Entry> {
    return match === "exact" ? this.#exact : match === "prefix" ? this.#prefixes : this.#wildcards;
  }
}

/** What the three tables have in common. */
interface EntryTable<Entry> {
  get(uri: string): Entry | undefined;
  set(uri: string, entry: Entry): unknown;
  delete(uri: string): unknown;
  values(): Iterable<Entry>;
}

/** What the nodes of both trees have in common. */
interface TreeNode<Entry> {
  readonly entry: Entry | undefined;
  readonly children: ReadonlyMap<unknown, TreeNode<Entry>>;
}

/** All nodes but the root. */
function nodesBelow<Entry>(root: TreeNode<Entry>): TreeNode<Entry>[] {
  const nodes = Array.from(root.children.values());
  // The list grows while it is walked.
  for (const node of nodes) {
    for (const child of node.children.values()) nodes.push(child);
  }
  return nodes;
}

function entriesBelow<Entry>(root: TreeNode<Entry>): Entry[] {
  return nodesBelow(root).concat(root).map(({ entry }) => entry).filter((entry) => entry !== undefined);
}

/** A node of the radix tree: the characters between its parent and itself. */
interface PrefixNode<Entry> {
  label: string;
  entry: Entry | undefined;
  /** By the first character of their labels. */
  readonly children: Map<number, PrefixNode<Entry>>;
}

/**
 * Entries under strings, found by everything that begins with one of them. A prefix is one of characters, not of
 * components: `com.myapp.topic.emergency` matches `com.myapp.topic.emergency-low` (WAMP, Prefix Matching).
 */
class PrefixTree<Entry> implements EntryTable<Entry> {
  readonly #root: PrefixNode<Entry> = { label: "", entry: undefined, children: new Map() };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(uri: string): Entry | undefined {
    let node: PrefixNode<Entry> | undefined = this.#root;
    let position = 0;
    while (position < uri.length) {
      node = node.children.get(uri.charCodeAt(position));
      if (node === undefined || !uri.startsWith(node.label, position)) return undefined;
      position += node.label.length;
    }
    return node.entry;
  }

  set(uri: string, entry: Entry): void {
    let node = this.#root;
    let position = 0;
    while (position < uri.length) {
      const first = uri.charCodeAt(position);
      let child = node.children.get(first);
      if (child === undefined) {
        child = { label: uri.slice(position), entry: undefined, children: new Map() };
        node.children.set(first, child);
      } else {
        const common = commonLength(child.label, uri, position);
        if (common < child.label.length) node.children.set(first, child = splitNode(child, common));
      }
      position += child.label.length;
      node = child;
    }
    if (node.entry === undefined) this.#size++;
    node.entry = entry;
  }

  delete(uri: string): void {
    let node = this.#root;
    let position = 0;
    const path: PrefixNode<Entry>[] = [];
    while (position < uri.length) {
      path.push(node);
      const child = node.children.get(uri.charCodeAt(position));
      if (child === undefined || !uri.startsWith(child.label, position)) return;
      position += child.label.length;
      node = child;
    }
    if (node.entry === undefined) return;
    node.entry = undefined;
    this.#size--;
    path.push(node);
    tidy(path);
  }

  /** The entries that are a prefix of `uri`, the longest first. */
  find(uri: string): Entry[] {
    const found: Entry[] = [];
    let node: PrefixNode<Entry> | undefined = this.#root;
    let position = 0;
    for (;;) {
      if (node.entry !== undefined) found.push(node.entry);
      if (position === uri.length) break;
      node = node.children.get(uri.charCodeAt(position));
      if (node === undefined || !uri.startsWith(node.label, position)) break;
      position += node.label.length;
    }
    return found.reverse();
  }

  values(): Iterable<Entry> {
    return entriesBelow(this.#root);
  }

  countNodes(): number {
    return nodesBelow(this.#root).length;
  }
}

const DOT = 0x2e;

/** Whether `prefix` ends where a component of `uri` ends. */
function endsComponent(prefix: string, uri: string): boolean {
  return uri.length === prefix.length || prefix === "" || prefix.endsWith(".") || uri.charCodeAt(prefix.length) === DOT;
}

/** How many characters `label` has in common with `uri` from `position` on. */
function commonLength(label: string, uri: string, position: number): number {
  const end = Math.min(label.length, uri.length - position);
  let length = 0;
  while (length < end && label.charCodeAt(length) === uri.charCodeAt(position + length)) length++;
  return length;
}

/** Puts a node above `node` that takes the first `length` characters of its label. @returns The new one. */
function splitNode<Entry>(node: PrefixNode<Entry>, length: number): PrefixNode<Entry> {
  const upper: PrefixNode<Entry> = { label: node.label.slice(0, length), entry: undefined, children: new Map() };
  node.label = node.label.slice(length);
  upper.children.set(node.label.charCodeAt(0), node);
  return upper;
}

/** Takes out what is needed no more at the end of a path from the root: an empty leaf, a node with one child. */
function tidy<Entry>(path: PrefixNode<Entry>[]): void {
  const node = path.pop();
  const parent = path.at(-1);
  if (node === undefined || parent === undefined || node.entry !== undefined) return;
  if (node.children.size === 0) {
    parent.children.delete(node.label.charCodeAt(0));
    tidy(path);
  } else if (node.children.size === 1) {
    for (const child of node.children.values()) {
      child.label = node.label + child.label;
      parent.children.set(child.label.charCodeAt(0), child);
    }
  }
}

/** A node of the tree of components. */
interface WildcardNode<Entry> {
  entry: Entry | undefined;
  readonly children: Map<string, WildcardNode<Entry>>;
}

/** Entries under patterns of components, of which empty ones match everything (WAMP, Wildcard Matching). */
class WildcardTree<Entry> implements EntryTable<Entry> {
  readonly #root: WildcardNode<Entry> = { entry: undefined, children: new Map() };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(uri: string): Entry | undefined {
    let node: WildcardNode<Entry> | undefined = this.#root;
    for (const component of uri.split(".")) {
      node = node.children.get(component);
      if (node === undefined) return undefined;
    }
    return node.entry;
  }

  set(uri: string, entry: Entry): void {
    let node = this.#root;
    for (const component of uri.split(".")) {
      let child = node.children.get(component);
      if (child === undefined) node.children.set(component, child = { entry: undefined, children: new Map() });
      node = child;
    }
    if (node.entry === undefined) this.#size++;
    node.entry = entry;
  }

  delete(uri: string): void {
    const components = uri.split(".");
    const path = [this.#root];
    for (const component of components) {
      const child = path.at(-1)?.children.get(component);
      if (child === undefined) return;
      path.push(child);
    }
    const last = path.pop();
    if (last?.entry === undefined) return;
    last.entry = undefined;
    this.#size--;
    let isEmpty = last.children.size === 0;
    for (let parent = path.pop(); isEmpty && parent !== undefined; parent = path.pop()) {
      parent.children.delete(components.pop() ?? "");
      isEmpty = parent.entry === undefined && parent.children.size === 0;
    }
  }

  /**
   * Visits the entries that match `uri`. At each component the literal one goes before the wildcard: so the longest
   * portion before the first wildcard wins, between equal ones the longest before the second, and so on.
   *
   * @returns Whether the visit was ended.
   */
  visit(uri: string, visit: (entry: Entry) => boolean): boolean {
    const components = uri.split(".");
    const nodes = [this.#root];
    const depths = [0];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const depth = depths.pop() ?? 0;
      if (depth === components.length) {
        if (node.entry !== undefined && visit(node.entry)) return true;
        continue;
      }
      const wildcard = node.children.get("");
      const literal = node.children.get(components[depth] ?? "");
      if (wildcard !== undefined) {
        nodes.push(wildcard);
        depths.push(depth + 1);
      }
      if (literal !== undefined && literal !== wildcard) {
        nodes.push(literal);
        depths.push(depth + 1);
      }
    }
    return false;
  }

  values(): Iterable<Entry> {
    return entriesBelow(this.#root);
  }

  countNodes(): number {
    return nodesBelow(this.#root).length;
  }
}
