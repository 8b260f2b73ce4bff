/**
 * What the cells of the browser have in common: steps on a page, one after the other, and what they look at.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { failureMessage } from "../../internal/log.ts";
import { ignoredFolder } from "../support/folders.ts";
import type { Page } from "./cdp.ts";
import type { CheckResult } from "./cells.ts";

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Takes one step after the other, whatever became of those before. */
export async function runSteps(steps: Readonly<Record<string, () => Promise<void>>>): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const [check, step] of Object.entries(steps)) {
    try {
      await step();
      results.push({ check });
    } catch (error) {
      results.push({ check, error: failureMessage(error) });
    }
  }
  return results;
}

/** Puts a picture of a page beside the reports. @param least No picture of it that shows any text is smaller. */
export async function takePicture(page: Page, name: string, least: number): Promise<void> {
  const picture = await page.screenshot();
  assert.deepEqual([...picture.subarray(0, PNG.length)], PNG);
  assert.ok(picture.length > least, `${picture.length} bytes`);
  await Deno.writeFile(join(await ignoredFolder("reports", "interop"), name), picture);
}

/** An expression: whether an element has exactly this text. */
export function textIs(selector: string, text: string): string {
  return `(document.querySelector(${JSON.stringify(selector)})?.textContent === ${JSON.stringify(text)})`;
}

/** An expression: whether one of some elements holds all these texts. */
export function someHas(selector: string, texts: readonly string[]): string {
  return `[...document.querySelectorAll(${JSON.stringify(selector)})].some((item) =>
    ${JSON.stringify(texts)}.every((text) => item.textContent.includes(text)))`;
}

/** An expression: whether an element of a list, or of what names its elements itself, holds all these texts. */
export function someItem(selector: string, ...texts: readonly string[]): string {
  return someHas(selector.includes(">") ? selector : `${selector} > li`, texts);
}
