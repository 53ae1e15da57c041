// Colours by picocolors, where the stream they go to can show them.

import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

/**
 * For what is written to `stream`: a terminal's, unless NO_COLOR is set; in a pipe or file only with FORCE_COLOR.
 * picocolors itself asks standard output alone, and colours pipes too where CI is set.
 */
export function colorsOf(
  stream: { readonly isTTY?: boolean },
  { NO_COLOR: none = '', FORCE_COLOR: force = '', TERM: term }: NodeJS.ProcessEnv = process.env,
): Colors {
  const isForced = force !== '' && force !== '0';
  const isTerminal = stream.isTTY === true && term !== 'dumb' && force !== '0';
  return pc.createColors(none === '' && (isForced || isTerminal));
}

/** For standard output. */
export const colors = colorsOf(process.stdout);
