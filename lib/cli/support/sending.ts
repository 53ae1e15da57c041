// What send and replay share: frames from somewhere, one after the other, and an account of them.

import type { Frame } from '../../index';
import type { Target } from './arguments';
import { Failure } from './errors';
import { Pace } from './pace';
import { tell, waitForPeer, withBridge, type CommonOptions } from './run';
import { plural, sizeText } from './text';

export const DEFAULT_LINGER_S = 10;

export interface SendingOptions extends CommonOptions {
  /** Frames a second at most. */
  readonly rate?: number;
  /** Seconds. */
  readonly linger: number;
}

/** Frames that the bridge has taken. */
export class Sent {
  frames = 0;
  bytes = 0;
}

/**
 * Sends all of `frames`, and says how much that was.
 *
 * @param onPeer called when there is a peer, before the first frame; what it returns, at the end.
 * @throws {Failure} when some of them did not leave.
 */
export async function sendFrames(
  target: Target,
  options: SendingOptions,
  sent: Sent,
  frames: (signal: AbortSignal) => AsyncIterable<Frame>,
  onPeer: () => () => void = () => () => undefined,
): Promise<void> {
  let lost = 0;
  await withBridge(
    target,
    options,
    async (bridge, interruption) => {
      const { signal } = interruption;
      if (!(await waitForPeer(bridge, target, options, interruption))) return;
      // A send waits for as long as nobody takes it: the end of all ends that, too.
      signal.addEventListener('abort', () => void bridge.stop());
      const atEnd = onPeer();
      const pace = new Pace(options.rate);
      try {
        for await (const frame of frames(signal)) {
          if (signal.aborted) return;
          await pace.next(signal);
          await bridge.acceptFrame(frame);
          sent.frames += 1;
          sent.bytes += frame.size;
        }
      } catch (err) {
        if (!signal.aborted) throw err;
      } finally {
        atEnd();
        await bridge.stop();
        lost = bridge.stats.discarded;
        tell(`${plural(sent.frames, 'frame')}, ${sizeText(sent.bytes)} sent`);
      }
    },
    { lingerMs: Math.ceil(options.linger * 1000) },
  );
  if (lost > 0) {
    throw new Failure(
      `${plural(lost, 'frame')} of these did not leave: the peer left, or --linger is too short`,
    );
  }
}
