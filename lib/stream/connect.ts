// Wiring a stream. slaclab/rogue include/rogue/Helpers.h: rogueStreamConnect and rogueStreamConnectBiDir.

import type { Master } from './master';
import type { FrameSlave, SlaveLike } from './slave';

/** What has both ends, as a bridge has. */
export type MasterAndSlave = Master & FrameSlave;

/**
 * Connects a chain: `streamConnect(a, b, c)` is Rogue's `a >> b >> c`. All but the last must be masters,
 * all but the first slaves.
 */
export function streamConnect(first: Master, ...rest: [...MasterAndSlave[], SlaveLike]): void {
  let master = first;
  for (const slave of rest) {
    master.addSlave(slave);
    master = slave as MasterAndSlave;
  }
}

/** Connects both ways: `streamConnectBiDir(a, b)` is Rogue's `a == b`. */
export function streamConnectBiDir(a: MasterAndSlave, b: MasterAndSlave): void {
  a.addSlave(b);
  b.addSlave(a);
}
