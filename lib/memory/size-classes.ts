// The sizes in which memory is kept: four to each doubling, so that at most a fifth of a payload's memory is unused.

const SMALLEST_BYTES = 64;
const SMALLEST_EXPONENT = 6;
const STEPS = 4;
const STEP_BITS = 2;
const LARGEST_EXPONENT = 26;

/** Larger payloads belong to no class. */
export const MAX_CLASSED_BYTES = 2 ** LARGEST_EXPONENT;

/** The bytes of each class, the smallest first; all are multiples of 8. */
export const SIZE_CLASS_BYTES: readonly number[] = [SMALLEST_BYTES, ...largerClasses()];

function* largerClasses(): Generator<number> {
  for (let exponent = SMALLEST_EXPONENT; exponent < LARGEST_EXPONENT; exponent++)
    for (let step = 1; step <= STEPS; step++) yield 2 ** exponent * (1 + step / STEPS);
}

/** The index of the smallest class that holds `size` bytes, 1..{@link MAX_CLASSED_BYTES}. */
export function sizeClassOf(size: number): number {
  if (size <= SMALLEST_BYTES) return 0;
  const last = size - 1;
  const exponent = 31 - Math.clz32(last);
  // The two bits behind the highest one say which quarter of the doubling it is.
  return (exponent - SMALLEST_EXPONENT) * STEPS + (last >>> (exponent - STEP_BITS)) - STEPS + 1;
}
