// The bridges of this process that are open: entered when they have started, left when they have stopped.

import { NumberedSet } from '../metrics/numbered';
import type { TcpCore } from './core';
import type { Meters } from './meters';

/** What a bridge is called in metrics. */
export interface BridgeIdentity {
  /** `<addr>:<port>` */
  readonly bridge: string;
  readonly role: 'server' | 'client';
}

/** What the registry needs of a bridge. */
export interface RegisteredBridge {
  readonly identity: BridgeIdentity;
  readonly meters: Pick<Meters, 'countChannels'>;
}

/** A set of bridges with their numbers. */
export class BridgeRegistry<B extends RegisteredBridge> {
  private readonly numbered = new NumberedSet<B>(keyOf);
  private countsChannels = false;

  enter(bridge: B): void {
    this.numbered.enter(bridge);
    if (this.countsChannels) bridge.meters.countChannels();
  }

  /** Idempotent; a bridge that never entered is none of ours. */
  leave(bridge: B): void {
    this.numbered.leave(bridge);
  }

  /** All of them with their numbers, in the order in which they came. */
  get bridges(): ReadonlyMap<B, number> {
    return this.numbered.all;
  }

  /** Bridges count by channel from now on: those that are open, and those that come. */
  countChannels(): void {
    if (this.countsChannels) return;
    this.countsChannels = true;
    for (const bridge of this.bridges.keys()) bridge.meters.countChannels();
  }
}

/** The bridges of this process; in a worker thread, those of that thread. */
export const registry = new BridgeRegistry<TcpCore>();

function keyOf({ identity: { bridge, role } }: RegisteredBridge): string {
  return `${role} ${bridge}`;
}
