/**
 * What a browser shows of a page, as shapes of SVG.
 *
 * @module
 */

/// <reference lib="dom" />

/** A shape; `/g` ends a group. */
export interface Shape {
  readonly tag: "rect" | "text" | "path" | "circle" | "g" | "/g";
  readonly fill?: string | undefined;
  readonly stroke?: string | undefined;
  readonly text?: string | undefined;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** How far below its middle the baseline of a line is, for each pixel of the font's size. */
const BASELINE = 0.35;

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A colour, unless it cannot be seen. */
function seen(colour: string): string | undefined {
  return /^rgba\(.*, 0\)$|^transparent$/.test(colour) ? undefined : colour;
}

function addText(
  shapes: Shape[],
  style: CSSStyleDeclaration,
  text: string,
  place: { readonly x: number; readonly middle: number; readonly width?: number },
): void {
  const size = parseFloat(style.fontSize);
  const attributes = {
    x: round(place.x),
    y: round(place.middle + size * BASELINE),
    "font-size": round(size),
    ...(Number(style.fontWeight) > 400 ? { "font-weight": style.fontWeight } : {}),
    ...(place.width === undefined ? {} : { textLength: round(place.width) }),
  };
  shapes.push({ tag: "g", attributes: { class: style.fontFamily.includes("mono") ? "m" : "s" } });
  shapes.push({ tag: "text", fill: style.color, text, attributes });
  shapes.push({ tag: "/g", attributes: {} });
}

/** Adds a text line by line, as it was broken. */
function addLines(shapes: Shape[], node: Text, style: CSSStyleDeclaration): void {
  const range = document.createRange();
  let [line, top, left, right, bottom] = ["", NaN, 0, 0, 0];
  const flush = (): void => {
    const text = line.trimEnd();
    // Where space at the end is not drawn, the width is not that of the text.
    const width = text === line ? { width: right - left } : {};
    if (text !== "") addText(shapes, style, text, { x: left, middle: (top + bottom) / 2, ...width });
    line = "";
  };
  for (let index = 0; index < node.data.length; index++) {
    range.setStart(node, index);
    range.setEnd(node, index + 1);
    const box = range.getBoundingClientRect();
    if (box.width === 0) continue;
    if (line !== "" && Math.abs(box.top - top) > 2) flush();
    if (line === "") [top, left, bottom] = [box.top, box.left, box.bottom];
    line += node.data[index];
    right = box.right;
  }
  flush();
}

/** Adds an element's background and border. */
function addBox(shapes: Shape[], element: Element, style: CSSStyleDeclaration): void {
  const box = element.getBoundingClientRect();
  const isFramed = parseFloat(style.borderTopWidth) > 0 && parseFloat(style.borderLeftWidth) > 0;
  const [fill, stroke] = [seen(style.backgroundColor), isFramed ? seen(style.borderTopColor) : undefined];
  const radius = Math.min(parseFloat(style.borderTopLeftRadius), box.height / 2);
  const inset = stroke === undefined ? 0 : 0.5;
  const [x, width] = [round(box.left + inset), round(Math.max(0, box.width - 2 * inset))];
  if (fill !== undefined || stroke !== undefined) {
    const vertical = { y: round(box.top + inset), height: round(Math.max(0, box.height - 2 * inset)) };
    const attributes = { x, width, ...vertical, ...(radius > 0 ? { rx: round(radius) } : {}) };
    shapes.push({ tag: "rect", fill: fill ?? "none", stroke, attributes });
  }
  if (isFramed) return;
  const add = (border: string, colour: string, y: number): void => {
    if (parseFloat(border) > 0) {
      shapes.push({ tag: "rect", fill: colour, attributes: { x, y: round(y), width, height: 1 } });
    }
  };
  add(style.borderTopWidth, style.borderTopColor, box.top);
  add(style.borderBottomWidth, style.borderBottomColor, box.bottom - 1);
}

/** Adds what a field shows of its own. */
function addField(shapes: Shape[], element: Element, style: CSSStyleDeclaration): void {
  const box = element.getBoundingClientRect();
  const [x, middle] = [box.left + parseFloat(style.paddingLeft) + 1, (box.top + box.bottom) / 2];
  if (element instanceof HTMLInputElement && element.type === "checkbox") {
    const [colour, [left, top]] = [style.accentColor, [round(box.left + 0.5), round(box.top + 0.5)]];
    const stroke = element.checked ? colour : style.color;
    const attributes = { x: left, y: top, width: 16, height: 16, rx: 3 };
    shapes.push({ tag: "rect", fill: element.checked ? colour : "none", stroke, attributes });
    const tick = { d: `M${left + 3.5} ${top + 8.5}l3 3 6-7`, "stroke-width": 2 };
    if (element.checked) shapes.push({ tag: "path", fill: "none", stroke: "Canvas", attributes: tick });
  } else if (element instanceof HTMLInputElement) {
    addText(shapes, style, element.value, { x, middle });
  } else if (element instanceof HTMLSelectElement) {
    addText(shapes, style, element.value, { x, middle });
    const attributes = { d: `M${round(box.right - 20)} ${round(middle - 2)}l4 4 4-4` };
    shapes.push({ tag: "path", fill: "none", stroke: style.color, attributes });
  } else if (element instanceof HTMLTextAreaElement) {
    const line = box.top + parseFloat(style.paddingTop) + parseFloat(style.fontSize) * 0.75;
    addText(shapes, style, element.value, { x, middle: line });
  }
}

/** Adds the dot in front of an element, if it has one. */
function addDot(shapes: Shape[], element: Element): void {
  const dot = getComputedStyle(element, "::before");
  if (dot.content === "none" || seen(dot.backgroundColor) === undefined) return;
  const box = element.getBoundingClientRect();
  const radius = parseFloat(dot.width) / 2;
  const attributes = { cx: round(box.left + radius), cy: round((box.top + box.bottom) / 2), r: round(radius) };
  shapes.push({ tag: "circle", fill: dot.backgroundColor, attributes });
}

function addPath(shapes: Shape[], path: SVGPathElement): void {
  const { left, top, width } = (path.ownerSVGElement ?? path).getBoundingClientRect();
  const transform = `translate(${round(left)} ${round(top)}) scale(${width / 16})`;
  const attributes = { d: path.getAttribute("d") ?? "", transform };
  shapes.push({ tag: "path", fill: getComputedStyle(path).fill, attributes });
}

function addChildren(shapes: Shape[], element: Element, style: CSSStyleDeclaration): void {
  if (element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return;
  for (const child of Array.from(element.childNodes)) {
    if (child instanceof Element) addElement(shapes, child);
    else if (child instanceof Text) addLines(shapes, child, style);
  }
}

function addElement(shapes: Shape[], element: Element): void {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (style.display === "none" || box.width === 0 || box.top > innerHeight) return;
  if (element instanceof SVGPathElement) return addPath(shapes, element);
  addBox(shapes, element, style);
  addField(shapes, element, style);
  addDot(shapes, element);
  const isCut = style.overflowY === "auto" && element.scrollHeight > element.clientHeight;
  if (isCut) {
    const sides = [box.top, innerWidth - box.right, innerHeight - box.bottom, box.left].map((side) =>
      `${round(side)}px`
    );
    shapes.push({ tag: "g", attributes: { style: `clip-path:inset(${sides.join(" ")}) view-box` } });
  }
  addChildren(shapes, element, style);
  if (isCut) shapes.push({ tag: "/g", attributes: {} });
}

/** An expression that gives the shapes of the page it is evaluated in, as JSON, in the order in which they are drawn. */
export function drawExpression(): string {
  const functions = [round, seen, addText, addLines, addBox, addField, addDot, addPath, addChildren, addElement];
  return `(() => {
    const BASELINE = ${BASELINE};
    ${functions.join("\n")}
    const shapes = [];
    addElement(shapes, document.body);
    return JSON.stringify(shapes);
  })()`;
}
