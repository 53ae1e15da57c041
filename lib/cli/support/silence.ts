// What is said of a log that is read from now on, while no frame comes: its frames may be there already.

import type { LogTarget } from './arguments';
import type { Peer } from './peer';

const SILENCE_MS = 1_000;

/**
 * Calls `say` once, if no frame has come in a moment, and that may be because of where the reading begins.
 * @param signal aborted at the end of the reading.
 */
export function noticeSilence(
  peer: Peer,
  { log, name }: LogTarget,
  signal: AbortSignal,
  say: (text: string) => void,
): void {
  const { from = 'now', group } = log.read;
  // A group goes on where it was, whatever the address says.
  if (from !== 'now' || group !== undefined) return;
  setTimeout(() => {
    if (signal.aborted || !peer.connected || peer.stats.framesReceived > 0) return;
    say(`no frame yet: ${name} is read from now on; with ?from=first it is read from its first frame`);
  }, SILENCE_MS).unref();
}
