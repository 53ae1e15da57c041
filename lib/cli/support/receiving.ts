// What subcommands share that take frames, and print some of them.

import type { TcpOptions } from '../../index';
import { pause } from './pause';
import type { Peer } from './peer';

// How soon a frame is noticed whose sender has left before anybody saw it.
const LOOK_MS = 50;
// What is printed goes at once, unless its reader has stopped reading.
const OUTPUT_GRACE_MS = 500;
// Memory that is used over and over is faster than a gigabyte of large frames, which the usual 1000 may come to.
const RECEIVE_HIGH_WATER_MARK = 32;

/**
 * For whoever ends at a count, or waits for a disk: what is not taken yet is to wait on the other side, as far as that
 * can be asked for. The connection itself has room for some frames, too.
 */
export function receiveSparingly(count = Infinity): TcpOptions {
  return { receiveHighWaterMark: Math.min(count, RECEIVE_HIGH_WATER_MARK) };
}

/** Resolves when a frame has come for somebody; rejects when the signal is aborted. */
export async function firstFrame(peer: Peer, signal: AbortSignal): Promise<void> {
  while (!hasFrames(peer)) await pause(LOOK_MS, signal);
}

/** A frame says nothing to who only sends: its sender may be gone, and takes none. */
export function hasFrames({ slaveCount, stats }: Peer): boolean {
  return slaveCount > 0 && stats.framesReceived > 0;
}

/**
 * Ends the process in a moment, with the status it has by then: whoever stalls the reading of what we have printed would
 * keep it for as long as that takes. Does nothing where everything is out by then.
 */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), OUTPUT_GRACE_MS).unref();
}
