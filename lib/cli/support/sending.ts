// What send and replay share: frames from somewhere, one after the other, and an account of them.

import { accessSync, constants } from 'node:fs';
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
  /** Whether it goes on until somebody ends it. */
  readonly endless?: boolean;
  /** Seconds, whether the other side takes anything or not. */
  readonly duration?: number;
}

/** Tells of a file that cannot be read before anybody is waited for. @throws the system's error. */
export function checkReadable(files: readonly string[]): void {
  for (const file of files) accessSync(file, constants.R_OK);
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
  const end = { isDone: false, wasInterrupted: false };
  await withBridge(
    target,
    options,
    async (bridge, interruption) => {
      const { signal } = interruption;
      if (!(await waitForPeer(bridge, target, options, interruption))) {
        throw new Failure('interrupted before a peer came');
      }
      const atEnd = onPeer();
      const pace = new Pace(options.rate);
      const sendAll = async (): Promise<void> => {
        for await (const frame of frames(signal)) {
          if (signal.aborted) return;
          await pace.next(signal);
          await bridge.acceptFrame(frame);
          sent.frames += 1;
          sent.bytes += frame.size;
        }
        end.isDone = true;
      };
      const sending = sendAll();
      // A frame that nobody takes must not keep us; it ends with its bridge.
      sending.catch(() => undefined);
      try {
        await Promise.race([sending, interruption.wait(options.duration)]);
      } catch (err) {
        if (!signal.aborted) throw err;
      } finally {
        end.wasInterrupted = signal.aborted && !end.isDone;
        // Whatever the frames come from is read no more.
        interruption.stop();
        atEnd();
        await bridge.stop();
        lost = bridge.stats.discarded;
        tell(`${plural(sent.frames, 'frame')}, ${sizeText(sent.bytes)} sent`);
      }
    },
    { lingerMs: Math.ceil(options.linger * 1000) },
  );
  if (end.wasInterrupted && options.endless !== true)
    throw new Failure('interrupted before everything was sent');
  if (end.isDone && sent.frames === 0) throw new Failure('there was nothing to send: the input is empty');
  if (lost > 0) {
    throw new Failure(
      `${plural(lost, 'frame')} of these did not leave: the peer left, or --linger is too short`,
    );
  }
}
