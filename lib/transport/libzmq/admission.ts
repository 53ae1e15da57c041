// How many peers a PULL lets in ahead of what it has read.
//
// What a connection has brought stays in memory until it is read, up to the high-water mark, also after its end.
// Whoever connects, sends and leaves, over and over, would fill it without end, so the next one waits at the gate until
// there is room for its frames.

import { pause } from '../../async/clock';
import { Mutex } from '../../async/mutex';

// So many may come in at once: the frames of as many high-water marks may wait to be read.
const PEERS_AHEAD = 64;
const LOOK_MS = 3;
// Peers that wait cost a descriptor, or libzmq's memory of their question.
const MAX_WAITING = 256;
// libzmq's own mark where a bridge has none.
const DEFAULT_MARK = 1000;

/** What a PULL has read, as its loop knows. */
export interface Inflow {
  /** Messages taken so far. */
  readonly taken: number;
  /** How often there was nothing to take. */
  readonly emptied: number;
  /** True while it waits for the next message. */
  readonly waiting: boolean;
  readonly closed: boolean;
}

/** The gate of one PULL. */
export class Admission {
  /** Set once the PULL is there. */
  inflow: Inflow | undefined;
  private readonly mark: number;
  private ahead = 0;
  private closed = false;
  private takenThen = 0;
  private emptiedThen = 0;
  private readonly mutex = new Mutex();

  constructor(receiveHighWaterMark: number) {
    this.mark = receiveHighWaterMark || DEFAULT_MARK;
  }

  /** True while so many wait that nobody else is to. */
  get isFull(): boolean {
    return this.mutex.pending >= MAX_WAITING;
  }

  /** Resolves when one more may come in, in the order of the calls; to false when the PULL has been closed. */
  admit(): Promise<boolean> {
    return this.mutex.runExclusive(async () => {
      while (this.ahead >= PEERS_AHEAD && !this.isClosed) await this.makeRoom();
      this.ahead += 1;
      // What was read while there was room for all has made none.
      if (this.ahead === PEERS_AHEAD) this.remember();
      return !this.isClosed;
    });
  }

  /** Nobody comes in any more: there will be no PULL. */
  close(): void {
    this.closed = true;
  }

  private get isClosed(): boolean {
    return this.closed || this.inflow?.closed === true;
  }

  /** Waits a moment, and makes room for as many as what was read meanwhile makes room for. */
  private async makeRoom(): Promise<void> {
    const { taken, waiting } = this.inflow ?? {};
    await pause(LOOK_MS);
    const { inflow } = this;
    if (inflow === undefined) return;
    // Waiting for a moment without anything coming: it is empty, too.
    const isIdle = waiting === true && inflow.waiting && inflow.taken === taken;
    const isEmpty = isIdle || inflow.emptied > this.emptiedThen;
    const room = isEmpty ? this.ahead : Math.floor((inflow.taken - this.takenThen) / this.mark);
    if (room === 0) return;
    this.ahead = Math.max(0, this.ahead - room);
    this.remember();
  }

  private remember(): void {
    this.takenThen = this.inflow?.taken ?? 0;
    this.emptiedThen = this.inflow?.emptied ?? 0;
  }
}
