// Wiring a stream. slaclab/rogue include/rogue/Helpers.h: rogueStreamConnect and rogueStreamConnectBiDir.

import { show } from '../errors';
import type { Master } from './master';
import type { FrameSlave, SlaveLike } from './slave';

/** What has both ends, as a bridge has. */
export type MasterAndSlave = Master & FrameSlave;

/**
 * Connects a chain: `streamConnect(a, b, c)` is Rogue's `a >> b >> c`. All but the last must be masters,
 * all but the first slaves.
 *
 * @throws {TypeError} when one of them is not.
 */
export function streamConnect(first: Master, ...rest: [...MasterAndSlave[], SlaveLike]): void {
  if (rest.length === 0) throw new TypeError('streamConnect needs a master and at least one slave');
  let master = first;
  for (const slave of rest) {
    addSlave(master, slave);
    master = slave as MasterAndSlave;
  }
}

/** Connects both ways: `streamConnectBiDir(a, b)` is Rogue's `a == b`. */
export function streamConnectBiDir(a: MasterAndSlave, b: MasterAndSlave): void {
  addSlave(a, b);
  addSlave(b, a);
}

function addSlave(master: Master, slave: SlaveLike): void {
  if (typeof (master as Partial<Master> | undefined)?.addSlave !== 'function')
    throw new TypeError(`${show(master)} is no master: it has no addSlave method`);
  master.addSlave(slave);
}
