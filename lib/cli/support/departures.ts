// Whether frames that were sent have left: what the peer counts at its end, and what it cannot know.

import { GeneralError } from '../../index';
import type { Peer } from './peer';
import { plural } from './text';

/** Looks out for peers that leave while there is something to send to them. */
export class Departures {
  // How much had been sent when the first of them left.
  private firstAt: number | undefined;

  /** @param sent how many frames the peer has accepted. */
  constructor(
    private readonly peer: Peer,
    private readonly sent: () => number,
  ) {
    peer.on('disconnect', ({ direction }) => {
      if (direction === 'send' && !this.isStopping && sent() > 0) this.firstAt ??= sent();
    });
  }

  private isStopping = false;

  /** Frames that were lost with peers that left before {@link stop}. */
  lostBefore = 0;

  /** Stops the peer; a disconnection from now on is our own. */
  stop(): Promise<void> {
    this.isStopping = true;
    this.lostBefore = this.peer.stats.discarded;
    return this.peer.stop();
  }

  /**
   * What may be lost with a peer that left too early. One that left behind the last frame is one that had enough.
   * @param isDone whether all there was to send has been sent.
   */
  doubt(isDone: boolean): string | undefined {
    if (this.firstAt === undefined || (isDone && this.firstAt === this.sent())) return undefined;
    return 'the peer left while frames were sent to it: those under way may be lost';
  }
}

/**
 * What a peer that was stopped has not got rid of; undefined when all of it has left, or is stored in the log.
 * @param remedy what the user may do about a time that was too short.
 * @param lostBefore frames that were lost with peers which have left, and are told of otherwise.
 */
export function unsentText({ stats, identity }: Peer, remedy: string, lostBefore = 0): string | undefined {
  const { lastError } = stats;
  const discarded = stats.discarded - lostBefore;
  if (identity.log !== undefined) {
    if (discarded === 0) return undefined;
    return `${plural(discarded, 'frame')} of these were not stored in ${identity.log}: no server took them, or ${remedy}`;
  }
  if (discarded > 0)
    return `${plural(discarded, 'frame')} of these did not leave: the peer left, or ${remedy}`;
  const isLingering = lastError instanceof GeneralError && lastError.code === 'ERR_LINGER';
  return isLingering ? `frames may not have left: the peer takes nothing, or ${remedy}` : undefined;
}
