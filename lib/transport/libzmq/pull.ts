// The receiving end: messages from a PULL socket of the zeromq package, one after the other, at the pace of
// whoever takes the frames.

import type { Pull } from 'zeromq';
import { monotonicMs, nextTurn, pause } from '../../async/clock';
import { systemCode } from '../../errors';
import { describeMalformed, flagsOf, isFrame } from '../../wire/message';
import type { TransportSink } from '../transport';
import type { Inflow } from './admission';

// zeromq.js receives at once, and fails at once where there is nothing, with a timeout of 0; otherwise it asks first
// and waits. Asking costs a system call (libzmq looks whether its I/O thread has left word), a fifth of what a small
// message costs to receive; failing costs several times that.
const AT_ONCE = 0;
const FOR_EVER = -1;

// Messages that come this close together, this many in a row, are taken without asking until there is none.
const CLOSE_MS = 0.05;
const IN_A_ROW = 32;

// Taking without asking never waits, so the event loop is given its turn after this many.
const MESSAGES_PER_TURN = 512;

// Waiting for this long without anything coming, libzmq has nothing.
const LOOK_MS = 3;
// How long counting what is left may take.
const COUNT_MS = 100;

/** A PULL socket and the loop that empties it. */
export class PullEnd implements Inflow {
  /** Messages taken so far. */
  taken = 0;
  /** How often there was nothing to take. */
  emptied = 0;
  /** True while it waits for the next message. */
  waiting = false;
  /** Frames that libzmq had when {@link stop} was called. */
  undelivered = 0;
  private receiving = false;
  private onStopped: (() => void) | undefined;
  // What `socket.closed` says, without a call into the binding for every frame.
  private readonly state = { closed: false };

  constructor(
    readonly socket: Pull,
    private readonly maxFrameBytes: number,
    private readonly sink: Pick<TransportSink, 'frame' | 'malformed' | 'failed'>,
  ) {}

  get closed(): boolean {
    return this.state.closed;
  }

  /** Nothing is handed to the sink from now on; the socket is to be closed when this resolves, within a moment. */
  stop(): Promise<void> {
    if (this.state.closed) return Promise.resolve();
    this.state.closed = true;
    // The slaves have a frame, perhaps for ever.
    if (!this.receiving) return this.countRest();
    if (this.waiting) return Promise.resolve();
    return new Promise((resolve) => (this.onStopped = resolve));
  }

  /** Resolves when nothing has come for `idleMs`, when `messages` have been taken, or when it is stopped. */
  async whenEmptied(messages: number, idleMs = LOOK_MS): Promise<void> {
    const last = this.taken + messages;
    let idleSince = Infinity;
    for (let before = -1; !this.state.closed && this.taken < last; before = this.taken) {
      const now = monotonicMs();
      if (!this.waiting || this.taken !== before) idleSince = now;
      else if (now - idleSince >= idleMs) return;
      await pause(LOOK_MS);
    }
  }

  /** Receives until {@link stop}, handing every message to the sink. Never rejects. */
  async receive(): Promise<void> {
    const { socket, state } = this;
    let asking = true;
    let inARow = 0;
    let since = monotonicMs();
    while (!state.closed) {
      let parts: Buffer[];
      this.waiting = asking;
      this.receiving = true;
      try {
        parts = await socket.receive();
      } catch (err) {
        this.waiting = false;
        this.receiving = false;
        this.emptied += 1;
        if (isClosed(state)) {
          this.onStopped?.();
          return;
        }
        if (systemCode(err) !== 'EAGAIN') {
          this.sink.failed(err);
          return;
        }
        // There was none. When asking, too: zeromq.js takes libzmq's word that there may be one.
        if (!asking) socket.receiveTimeout = FOR_EVER;
        asking = true;
        inARow = 0;
        since = monotonicMs();
        continue;
      }
      this.waiting = false;
      this.receiving = false;
      // The bridge may have been stopped while this message was on its way to us.
      if (isClosed(state)) {
        if (isFrame(parts)) this.undelivered += 1;
        await this.countRest();
        this.onStopped?.();
        return;
      }
      this.taken += 1;
      const taken = this.handOver(parts);
      if (taken !== undefined) await taken;
      inARow += 1;
      if (!asking) {
        if (inARow % MESSAGES_PER_TURN === 0) await nextTurn();
      } else if (inARow === IN_A_ROW && !isClosed(state)) {
        const now = monotonicMs();
        asking = now - since > IN_A_ROW * CLOSE_MS;
        if (!asking) socket.receiveTimeout = AT_ONCE;
        inARow = 0;
        since = now;
      }
    }
  }

  /** Takes what libzmq has and counts it. */
  private async countRest(): Promise<void> {
    const { socket } = this;
    const end = monotonicMs() + COUNT_MS;
    try {
      socket.receiveTimeout = AT_ONCE;
      while (monotonicMs() < end) if (isFrame(await socket.receive())) this.undelivered += 1;
    } catch {
      // There is none left, or the socket is closed.
    }
  }

  private handOver(parts: Buffer[]): undefined | Promise<void> {
    const { sink, maxFrameBytes } = this;
    if (!isFrame(parts)) {
      sink.malformed(
        describeMalformed(
          parts.length,
          parts.map(({ length }) => length),
        ),
      );
      return undefined;
    }
    const payload = parts[3];
    if (payload.length > maxFrameBytes) {
      // Only limits too low for libzmq, which holds its own commands against them, come here.
      sink.malformed(`Bad message sizes. payload=${payload.length}, maxFrameBytes=${maxFrameBytes}`);
      return undefined;
    }
    return sink.frame(payload, flagsOf(parts), parts[1][0]!, parts[2][0]!);
  }
}

/** A call, because the compiler takes a flag for constant across an await. */
function isClosed(state: { readonly closed: boolean }): boolean {
  return state.closed;
}
