// Many rounds: in which order, and what is made of them. A round that failed is a NaN, and is left out.

/** The order of round `round`: rotated, and reversed every other time, so that drift hurts all alike. */
export function orderOf<T>(items: readonly T[], round: number): T[] {
  const first = round % Math.max(items.length, 1);
  const rotated = [...items.slice(first), ...items.slice(0, first)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}

/** `fraction` 0.5 is the median; between two samples the mean of them for the median, the nearest rank else. */
export function percentile(samples: readonly number[], fraction: number): number {
  const sorted = samples.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const middle = sorted.length / 2;
  if (fraction === 0.5 && Number.isInteger(middle)) return (sorted[middle - 1]! + sorted[middle]!) / 2;
  return sorted[Math.max(Math.ceil(sorted.length * fraction) - 1, 0)]!;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** How far the rounds lie apart, highest to lowest, as a part of their median. */
export function spread(samples: readonly number[]): number {
  return (percentile(samples, 1) - percentile(samples, 0)) / median(samples);
}

/** Median of the quotients round by round: what slows a round down slows both, and cancels out. */
export function medianRatio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, round) => value / theirs[round]!));
}
