// What is opened on a log whose size grows.

/** Readers by where they begin: until they have their first frame, `now` until it is open. */
export const OPENINGS = [
  'connection alone',
  'writer',
  'reader, now',
  'reader, first',
  'reader, time',
  'reader, frame',
  'reader, last',
] as const;

export type Opening = (typeof OPENINGS)[number];

/** How many frames `reader, last` asks for. */
export const LAST_FRAMES = 100;
