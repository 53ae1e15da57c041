// Whether memory grows, fault by fault.

// Fewer say nothing: what fills once, as V8's code and malloc's arenas, is still filling.
const LEAST_SAMPLES = 12;
// Good runs make one step of some 20 MB, at a moment of their own.
const ALLOWED_MEGABYTES = 40;

/**
 * V8 and malloc give memory back when they like, so the least of many samples is what counts: a leak raises it, too.
 *
 * @param samples RSS in MB after each fault. @returns what is wrong: the last quarter is above the second.
 */
export function growthIn(samples: readonly number[]): string | undefined {
  if (samples.length < LEAST_SAMPLES) return undefined;
  const quarter = Math.floor(samples.length / 4);
  const begin = Math.min(...samples.slice(quarter, 2 * quarter));
  const end = Math.min(...samples.slice(-quarter));
  if (end - begin <= ALLOWED_MEGABYTES) return undefined;
  return `grew from ${Math.round(begin)} to ${Math.round(end)} MB of memory in ${samples.length} rounds`;
}
