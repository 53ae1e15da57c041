// What one process of a soak is to do.

import type { TcpOptions } from '../../lib/index';

/** Sizes of mixed frames: as many of each. */
export const MIXED_BYTES = [12, 64, 64, 64, 1_000, 1_000, 10_000, 10_000, 100_000, 1_000_000];

/** Told to `peer.ts` as JSON. */
export interface Work {
  /** Of the bridge. */
  readonly options: TcpOptions;
  /** What it sends: frames of mixed size as fast as the bridge takes them, or of one size, at a pace if there is one. */
  readonly sends: 'nothing' | 'mixed' | { readonly sizeBytes: number; readonly framesPerSecond?: number };
  /** How long its slave takes for every so many frames; undefined takes no time. */
  readonly slave?: { readonly takesMs: number; readonly everyFrames: number };
  /** Whether frames of somebody else, which do not carry the sender's mark, are counted apart. */
  readonly strangers?: boolean;
}

/** Heartbeats that notice within half a second, and little under way to be lost. */
export const SOAK_OPTIONS = {
  heartbeatMs: 150,
  lingerMs: 500,
  sendHighWaterMark: 20,
  receiveHighWaterMark: 20,
} satisfies TcpOptions;
