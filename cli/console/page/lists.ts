/**
 * Fills lists of what is in a realm.
 *
 * @module
 */

/// <reference lib="dom" />

import { byId, make } from "./dom.ts";

/** More than these are counted, not shown. */
const MAX_SHOWN = 100;

/** A number with its noun. @internal */
export function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

/** Shows entries in a list, and how many there are. @internal */
export function fillList<Entry>(
  id: string,
  entries: readonly Entry[],
  options: { readonly nothing: string; readonly total?: number },
  draw: (entry: Entry) => HTMLLIElement,
): void {
  const { nothing, total = entries.length } = options;
  const list = byId(id, HTMLUListElement);
  byId(`${id}-count`, HTMLSpanElement).textContent = String(total);
  const items = entries.slice(0, MAX_SHOWN).map(draw);
  if (items.length === 0) items.push(make("li", "empty", nothing));
  else if (total > items.length) items.push(make("li", "empty", `and ${total - items.length} more`));
  keepFocus(list, () => list.replaceChildren(...items));
}

/** Changes what is in an element; whoever moves through it by keyboard keeps their place. @internal */
export function keepFocus(element: HTMLElement, change: () => void): void {
  const focused = element.contains(document.activeElement) ? labelOf(document.activeElement) : undefined;
  change();
  if (focused === undefined) return;
  for (const button of element.querySelectorAll("button")) if (labelOf(button) === focused) button.focus();
}

function labelOf(element: Element | null): string {
  return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
}

/** Offers URIs to a field. @internal */
export function suggest(id: string, uris: readonly string[]): void {
  const list = byId(id, HTMLDataListElement);
  const texts = uris.slice(0, MAX_SHOWN);
  // Drawn anew only where it changed: an open list of suggestions would close.
  if (texts.join("\n") === [...list.options].map(({ value }) => value).join("\n")) return;
  list.replaceChildren(...texts.map((uri) => {
    const option = document.createElement("option");
    option.value = uri;
    return option;
  }));
}
