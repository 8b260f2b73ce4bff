/**
 * Medians, percentiles and ratios of measurements.
 *
 * @module
 */

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The smallest value that at least `share` (0 to 1) of all values do not exceed; `sorted` ascends. NaN of nothing. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return NaN;
  const rank = Math.ceil(share * sorted.length) - 1;
  return sorted[Math.min(Math.max(rank, 0), sorted.length - 1)]!;
}

/** The ratios of two servers measured in the same rounds, round by round. */
export function pairedRatios(values: readonly number[], base: readonly number[]): number[] {
  const rounds = Math.min(values.length, base.length);
  return Array.from({ length: rounds }, (_, round) => values[round]! / base[round]!);
}

/**
 * The ratio of two servers measured in the same rounds: the median of each round's own ratio, so that a slow spell of
 * the machine, which hits neighbours in time alike, cancels out. NaN when either has no measurement.
 */
export function pairedRatio(values: readonly number[], base: readonly number[]): number {
  return median(pairedRatios(values, base));
}
