/**
 * The little that the page needs of the DOM. What others sent goes in as text, never as markup.
 *
 * @module
 */

/// <reference lib="dom" />

/** The element with an id, of the kind that the page's markup gives it. @internal */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new TypeError(`The page must have a ${kind.name} #${id}`);
}

/** A new element with a class and with children: elements, or texts. @internal */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  element.append(...children);
  return element;
}

/** A button that does something, and says to screen readers what. @internal */
export function makeButton(className: string, text: string, label: string, act: () => void): HTMLButtonElement {
  const button = make("button", className, text);
  button.type = "button";
  button.title = label;
  if (label !== text) button.setAttribute("aria-label", label);
  button.addEventListener("click", act);
  return button;
}

/** The time of day, to the second. @internal */
export function makeTime(date: Date = new Date()): HTMLTimeElement {
  const time = make("time", "", date.toLocaleTimeString([], { hour12: false }));
  time.dateTime = date.toISOString();
  return time;
}

/** Shows a message, or hides its place. @internal */
export function showText(element: HTMLElement, text: string): void {
  element.textContent = text;
  element.hidden = text === "";
}
