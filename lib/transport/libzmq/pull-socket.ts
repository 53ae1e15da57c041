// The receiving end: messages from a PULL socket of the zeromq package, one after the other, at the pace of
// whoever takes the frames.

import type { Pull } from 'zeromq';
import { monotonicMs, nextTurn } from '../../async/clock';
import { settlesWithin } from '../../async/linger';
import { systemCode } from '../../errors';
import { describeMalformed, flagsOf, isFrame } from '../../wire/message';
import type { PullSocket, TransportOptions, TransportSink } from '../socket';
import { Emptying, type Emptied } from './emptying';
import { ZmqSocket, type Place } from './zmq-socket';

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

// A pipe that was full takes a moment to be filled again; nothing for this long is the end of what has arrived.
const DELIVERED_MS = 50;
// How long counting what is left may take.
const COUNT_MS = 100;

/** A PULL socket and the loop that empties it. */
export class ZmqPullSocket extends ZmqSocket<Pull> implements PullSocket, Emptied {
  /** libzmq does not tell. */
  readonly waiting = 0;
  readonly peersWaiting = 0;
  undelivered = 0;
  taken = 0;
  /** What {@link receive} is about: a message with the slaves, one that it waits for, one that it takes at once. */
  private doing: 'nothing' | 'delivering' | 'waiting' | 'taking' = 'nothing';
  private received: Promise<void> | undefined;
  private readonly emptying = new Emptying(this);
  // What `socket.closed` says, without a call into the binding for every frame.
  private readonly state = { closed: false };

  constructor(
    socket: Pull,
    place: Place,
    private readonly options: Pick<TransportOptions, 'maxFrameBytes' | 'receiveHighWaterMark'>,
    sink: TransportSink,
  ) {
    super(socket, place, sink);
  }

  get isWaiting(): boolean {
    return this.doing === 'waiting';
  }

  get isClosed(): boolean {
    return this.state.closed;
  }

  start(): void {
    this.received ??= this.receive();
  }

  async deliver(limitMs: number): Promise<void> {
    await settlesWithin(
      limitMs,
      new Promise<void>((resolve) => this.emptying.whenEmptied(Infinity, resolve, DELIVERED_MS)),
    );
  }

  async close(): Promise<void> {
    this.state.closed = true;
    this.beginClosing();
    // What is being taken is counted by the loop; the slaves may have a frame for ever.
    if (this.doing === 'taking') await this.received;
    else if (this.doing !== 'waiting') await this.countRest();
    await this.closeSocket(0);
  }

  protected settled(): Promise<void> {
    return new Promise((resolve) => this.emptying.whenEmptied(Infinity, resolve));
  }

  protected left(delivered: () => void): void {
    // What one peer of several may have left, when they are taken in turn.
    const most = (this.options.receiveHighWaterMark || Infinity) * (this.peerCount + 1);
    this.emptying.whenEmptied(most, delivered);
  }

  /** Receives until {@link close}, handing every message to the sink. Never rejects. */
  private async receive(): Promise<void> {
    const { socket, state } = this;
    let asking = true;
    let inARow = 0;
    let since = monotonicMs();
    while (!state.closed) {
      let parts: Buffer[];
      this.doing = asking ? 'waiting' : 'taking';
      try {
        parts = await socket.receive();
      } catch (err) {
        this.doing = 'nothing';
        if (isClosed(state)) return;
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
      // The bridge may have been stopped while this message was on its way to us.
      if (isClosed(state)) {
        if (isFrame(parts)) this.undelivered += 1;
        await this.countRest();
        return;
      }
      this.doing = 'delivering';
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
    const { sink } = this;
    const { maxFrameBytes } = this.options;
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
