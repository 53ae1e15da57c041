// What a process of a soak tells of itself.

/** Counts that a peer tells ten times a second. */
export const COUNTS = [
  'frames',
  'bytes',
  'corrupted',
  'duplicated',
  'reordered',
  'late',
  'missing',
  'strange',
  'framesSent',
  'notSent',
  'discarded',
  'undelivered',
  'malformed',
  'refusedPeers',
] as const;

/** Totals over all processes that a side has been. */
export type Totals = Record<(typeof COUNTS)[number], number>;

/** What a peer says. */
export type Report = Readonly<Totals & Mark & { rssMegabytes: number; hushed: boolean; lastBefore: number }>;

/** A place in what a side sends: a number, and in which of its lives. */
export interface Mark {
  readonly life: number;
  readonly last: number;
}

/** Whether something at `at` comes behind the mark. */
export function isPast(at: Mark, mark: Mark): boolean {
  return at.life > mark.life || (at.life === mark.life && at.last > mark.last);
}

export function newTotals(): Totals {
  return Object.fromEntries(COUNTS.map((name) => [name, 0])) as Totals;
}
