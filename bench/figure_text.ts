/**
 * How figures are written.
 *
 * @module
 */

/** What stands where nothing was measured. */
export const NOTHING = "–";

/** A figure with so many digits behind its point. */
export function decimal(value: number | undefined, digits: number): string {
  if (value === undefined || Number.isNaN(value)) return NOTHING;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
