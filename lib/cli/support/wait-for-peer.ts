// The wait for a peer, with what is said meanwhile and at its end.

import { lookBefore } from '../doctor/look';
import { given, isLog, targetText, type AnyTarget } from './arguments';
import { Failure } from './errors';
import type { Peer } from './peer';
import { firstFrame, hasFrames } from './receiving';
import { DEFAULT_TIMEOUT_S, tell, type CommonOptions, type Interruption } from './run';
import { noticeSilence } from './silence';

const TELL_WAITING_MS = 1_000;

/**
 * Waits for both directions, or for a frame where somebody takes frames: who sent it may have left before anybody saw
 * it come. @returns false when it was interrupted. @throws {Failure} when nobody comes.
 */
export async function waitForPeer(
  peer: Peer,
  target: AnyTarget,
  options: CommonOptions,
  { signal }: Interruption,
): Promise<boolean> {
  if (isLog(target)) {
    // Opening it was the wait.
    if (peer.slaveCount > 0) noticeSilence(peer, target, signal, tell);
    return true;
  }
  const { listen = false } = options;
  const timeout = options.timeout ?? (listen ? undefined : DEFAULT_TIMEOUT_S);
  const timeoutMs = timeout === undefined ? undefined : Math.ceil(timeout * 1000);
  const who = listen ? `a client on ${targetText(target)}` : targetText(target);
  // A wait that is over by then is not told of, however late this machine is.
  const isLong = timeoutMs === undefined || timeoutMs > TELL_WAITING_MS;
  const telling = isLong ? setTimeout(() => tell(`waiting for ${who} ...`), TELL_WAITING_MS) : undefined;
  const settled = new AbortController();
  const either = AbortSignal.any([signal, settled.signal]);
  // A server with CURVE tells nothing to whoever has no keys.
  const canLook = !listen && options.curve === undefined;
  const look = !canLook || timeoutMs === undefined ? undefined : lookBefore(timeoutMs, peer, target);
  try {
    const connected = peer.waitForPeer({ signal: either, ...given({ timeoutMs }) });
    await Promise.race([connected, firstFrame(peer, either)]);
    return true;
  } catch (err) {
    if (signal.aborted || hasFrames(peer)) return hasFrames(peer);
    if (look?.text !== undefined) {
      throw new Failure(`no peer at ${targetText(target)} within ${timeout} s: ${look.text}`);
    }
    const hint = listen ? '' : `; 'rogue-bridge doctor ${targetText(target)}' looks closer`;
    const keys = options.curve === undefined ? '' : "; with --curve each side needs the other's .public file";
    throw new Failure(`${(err as Error).message}${keys}${hint}`);
  } finally {
    clearTimeout(telling);
    settled.abort();
    look?.stop();
  }
}
