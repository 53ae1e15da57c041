// The payload sizes that are measured.

import type { BenchmarkOptions } from './benchmark';

export const SIZES_BYTES = [64, 1_000, 10_000, 100_000, 1_000_000, 10_000_000] as const;
const QUICK_SIZES: readonly number[] = [64, 10_000, 1_000_000];

/** Whether a size is measured: one that `--sizes` names; without it, every size, or few of them by `--quick`. */
export function isMeasured(
  sizeBytes: number,
  { sizes, quick }: Pick<BenchmarkOptions, 'sizes' | 'quick'>,
): boolean {
  return sizes?.includes(sizeBytes) ?? (!quick || QUICK_SIZES.includes(sizeBytes));
}
