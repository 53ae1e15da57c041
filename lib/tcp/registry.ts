// The bridges of this process that are open: entered when they have started, left when they have stopped.

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

/**
 * A set of bridges. Each has a number among those with the same identity, as two clients of one server have: the
 * smallest that is free when it enters. A bridge keeps its number until it leaves, so that its series stay its own.
 */
export class BridgeRegistry<B extends RegisteredBridge> {
  private readonly numbers = new Map<B, number>();
  private readonly taken = new Map<string, Set<number>>();
  private countsChannels = false;

  enter(bridge: B): void {
    const key = keyOf(bridge);
    const taken = this.taken.get(key) ?? new Set();
    let number = 1;
    while (taken.has(number)) number += 1;
    this.taken.set(key, taken.add(number));
    this.numbers.set(bridge, number);
    if (this.countsChannels) bridge.meters.countChannels();
  }

  /** Idempotent; a bridge that never entered is none of ours. */
  leave(bridge: B): void {
    const number = this.numbers.get(bridge);
    if (number === undefined) return;
    this.numbers.delete(bridge);
    const key = keyOf(bridge);
    const taken = this.taken.get(key)!;
    taken.delete(number);
    if (taken.size === 0) this.taken.delete(key);
  }

  /** All of them with their numbers, in the order in which they came. */
  get bridges(): ReadonlyMap<B, number> {
    return this.numbers;
  }

  /** Bridges count by channel from now on: those that are open, and those that come. */
  countChannels(): void {
    if (this.countsChannels) return;
    this.countsChannels = true;
    for (const bridge of this.numbers.keys()) bridge.meters.countChannels();
  }
}

/** The bridges of this process; in a worker thread, those of that thread. */
export const registry = new BridgeRegistry<TcpCore>();

function keyOf({ identity: { bridge, role } }: RegisteredBridge): string {
  return `${role} ${bridge}`;
}
