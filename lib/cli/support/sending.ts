// What send and replay share: frames from somewhere, one after the other, and an account of them.

import { accessSync, constants } from 'node:fs';
import type { Frame } from '../../index';
import type { AnyTarget } from './arguments';
import { Departures, unsentText } from './departures';
import { Failure } from './errors';
import { Pace } from './pace';
import { withPeer } from './open';
import { tell, type CommonOptions } from './run';
import { grouped, plural, sizeText } from './text';
import { waitForPeer } from './wait-for-peer';

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

/** Frames that the peer has accepted. */
export class Sent {
  frames = 0;
  bytes = 0;
}

/** How sending ended. */
interface End {
  isDone: boolean;
  wasInterrupted: boolean;
  /** What has not left. */
  unsent?: string | undefined;
  /** What may not have arrived. */
  doubt?: string | undefined;
}

/**
 * Sends all of `frames`, and says how much that was.
 *
 * @param onPeer called when there is a peer, before the first frame; what it returns, at the end.
 * @throws {Failure} when some of them did not leave, or nobody knows whether they did.
 */
export async function sendFrames(
  target: AnyTarget,
  options: SendingOptions,
  sent: Sent,
  frames: (signal: AbortSignal) => AsyncIterable<Frame>,
  onPeer: () => () => void = () => () => undefined,
): Promise<void> {
  const end: End = { isDone: false, wasInterrupted: false };
  await withPeer(
    target,
    'send',
    options,
    async (peer, interruption) => {
      const { signal } = interruption;
      if (!(await waitForPeer(peer, target, options, interruption))) {
        throw new Failure('interrupted before a peer came');
      }
      const departures = new Departures(peer, () => sent.frames);
      const atEnd = onPeer();
      const pace = new Pace(options.rate);
      const sendAll = async (): Promise<void> => {
        for await (const frame of frames(signal)) {
          if (signal.aborted) return;
          await pace.next(signal);
          const accepted = peer.send(frame);
          if (accepted !== undefined) await accepted;
          sent.frames += 1;
          sent.bytes += frame.size;
        }
        end.isDone = !signal.aborted;
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
        await departures.stop();
        const lost = peer.identity.log === undefined ? 0 : peer.stats.discarded;
        const notStored = lost > 0 ? `, ${grouped(lost)} of these not stored` : '';
        tell(`${plural(sent.frames, 'frame')}, ${sizeText(sent.bytes)} sent${notStored}`);
      }
      // What goes on for ever is there for peers that come and go.
      const told = options.endless === true ? departures.lostBefore : 0;
      end.unsent = unsentText(peer, '--linger is too short', told);
      end.doubt = departures.doubt(end.isDone);
    },
    { lingerMs: Math.ceil(options.linger * 1000) },
  );
  judge(end, sent, options.endless === true);
}

/** @throws {Failure} for whatever was not sent, or may not have been. */
function judge({ isDone, wasInterrupted, unsent, doubt }: End, sent: Sent, isEndless: boolean): void {
  if (isDone && sent.frames === 0) throw new Failure('there was nothing to send: the input is empty');
  const faults: string[] = [];
  if (wasInterrupted && !isEndless) faults.push('interrupted before everything was sent');
  if (unsent !== undefined) faults.push(unsent);
  else if (doubt !== undefined && isEndless) tell(doubt);
  else if (doubt !== undefined) faults.push(doubt);
  if (faults.length > 0) throw new Failure(faults.join('; '));
}
