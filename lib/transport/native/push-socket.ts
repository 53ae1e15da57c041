// The sending end: frames to the peers that can take one, in turn.
// zeromq/libzmq src/push.cpp, src/lb.cpp.

import { clearTimeout, setTimeout } from '../../async/clock';
import type { WireFrame } from '../../wire/message';
import type { PushSocket, TransportSink } from '../socket';
import type { Connection } from './connection';
import { ZmtpSocket, type SocketOptions } from './zmtp-socket';

/** Round robin over the peers that are past their handshake; one that is full is passed over. */
export class ZmtpPushSocket extends ZmtpSocket implements PushSocket {
  // Half a millisecond of small frames, and enough of them to fill a batch or two before the turn ends.
  readonly sendsPerTurn = 2048;
  readonly untold = 0;
  /** Never called: what this socket accepts is encoded already. */
  onReturned: PushSocket['onReturned'] = () => undefined;
  protected readonly hasRoom = true;
  private readonly peers: Connection[] = [];
  private next = 0;
  private stopped = false;
  /** Tells the frame at the head of the queue that there may be room. */
  private wake: (() => void) | undefined;

  constructor(options: Omit<SocketOptions, 'type'>, sink: TransportSink) {
    super({ ...options, type: 'PUSH' }, sink);
  }

  trySend(frame: WireFrame): boolean {
    // The frame may have no payload any more once it is sent.
    const { length } = frame.payload;
    const connection = this.choose(length);
    if (connection === undefined) return false;
    connection.send(frame);
    this.sink.sent(length, frame.channel);
    return true;
  }

  async sendWhenPossible(frame: WireFrame, timeoutMs: number | undefined): Promise<boolean> {
    const timeout = { over: false };
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timeout.over = true;
            this.wake?.();
          }, timeoutMs);
    try {
      while (!this.stopped) {
        const connection = this.choose(frame.payload.length);
        if (connection !== undefined) {
          connection.send(frame);
          return true;
        }
        if (timeout.over) return false;
        await new Promise<void>((resolve) => (this.wake = resolve));
        this.wake = undefined;
      }
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  stop(): void {
    this.stopped = true;
    this.wake?.();
  }

  async close(lingerMs: number): Promise<string | undefined> {
    const [first, ...others] = await this.end(lingerMs);
    if (first === undefined) return undefined;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    return `the peer at ${first}${more} had not read everything that it was sent`;
  }

  /** A connection has written frames: there may be room for more. */
  written(): void {
    this.wake?.();
  }

  detached(frames: number, written: boolean): void {
    this.sink.detached(frames, written);
  }

  /** A PUSH decodes no messages. */
  frame(): boolean {
    return true;
  }

  /** As {@link frame}. */
  malformed(): void {
    return undefined;
  }

  protected joined(connection: Connection): void {
    this.peers.push(connection);
    this.wake?.();
  }

  protected left(connection: Connection, delivered: () => void): void {
    const index = this.peers.indexOf(connection);
    if (index >= 0) this.peers.splice(index, 1);
    if (index >= 0 && index < this.next) this.next -= 1;
    if (connection.waiting > 0) this.sink.discarded(connection.waiting);
    delivered();
  }

  private choose(payloadBytes: number): Connection | undefined {
    const { peers } = this;
    const { length } = peers;
    for (let tried = 0; tried < length; tried++) {
      if (this.next >= length) this.next = 0;
      const connection = peers[this.next]!;
      this.next += 1;
      if (connection.hasRoom(payloadBytes)) return connection;
    }
    return undefined;
  }
}
