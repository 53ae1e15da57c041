// What a `stream-peer.cjs` has seen.

import type { Peer } from './process';

/** Its account of this moment. */
export interface StreamAccount {
  readonly received: number;
  readonly last: number;
  readonly missing: number;
  /** Frames that came twice, out of order, or not as they were sent. */
  readonly wrong: number;
}

/** Asks it. */
export async function account(peer: Peer): Promise<StreamAccount> {
  const before = peer.said.filter((line) => 'received' in line).length;
  peer.tell({});
  return (await peer.say('received', undefined, before)) as unknown as StreamAccount;
}

/** Frames that have come so far. */
export async function received(peer: Peer): Promise<number> {
  return (await account(peer)).received;
}
