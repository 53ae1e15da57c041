// One connection through a proxy, and what the proxy does to it.

import { Socket } from 'node:net';
import { HOST } from './settings';

// As they were at the beginning: a test that fakes the clock does not fake the network.
const { clearTimeout, performance, setTimeout } = globalThis;

/** What a client sends, and what it gets. */
export type Way = 'requests' | 'answers';

/** What is wrong with the connections of a proxy at the moment. */
export interface Fault {
  /** Bytes that go this way vanish. */
  readonly hung?: Way | 'both';
  /** Bytes wait, and none are lost. */
  readonly isStalled?: boolean;
  /** Every byte is late by this. */
  readonly delayMs?: number;
}

/** A client's connection and ours to the server. */
export class CutLink {
  private readonly server = new Socket();
  private readonly pipes: readonly Pipe[];
  private isConnected = false;
  private wasHung = false;

  /** @param ended called when it is reset or both sides are closed. */
  constructor(
    private readonly client: Socket,
    private readonly port: number,
    private readonly fault: () => Fault,
    private readonly ended: () => void,
  ) {
    const { server } = this;
    this.pipes = [new Pipe(client, server, 'requests', fault), new Pipe(server, client, 'answers', fault)];
    const sides = new Set([client, server]);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.once('close', () => {
        sides.delete(socket);
        if (sides.size === 0) ended();
      });
    }
    this.update();
  }

  /** The fault has changed. A connection that was there while bytes vanished ends with the fault. */
  update(): void {
    const { hung, isStalled } = this.fault();
    if (hung !== undefined) this.wasHung = true;
    else if (this.wasHung) this.reset();
    if (!this.isConnected && !this.wasHung && isStalled !== true) {
      this.isConnected = true;
      this.server.connect(this.port, HOST);
    }
    for (const pipe of this.pipes) pipe.flow();
  }

  /** Both sides see a connection reset by its peer. It counts no more from now on. */
  reset(): void {
    this.ended();
    reset(this.client);
    reset(this.server);
  }
}

interface Piece {
  /** Undefined for the end. */
  readonly bytes: Buffer | undefined;
  readonly dueAt: number;
}

/** One way of a connection. */
class Pipe {
  private pieces: Piece[] = [];
  private timer: NodeJS.Timeout | undefined;
  private wasReset = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly way: Way,
    private readonly fault: () => Fault,
  ) {
    from.on('data', (bytes: Buffer) => this.take(bytes));
    from.on('error', () => (this.wasReset = true));
    from.on('close', () => this.take(undefined));
    to.on('drain', () => this.flow());
    to.on('close', () => clearTimeout(this.timer));
  }

  /** Sends what is due, and reads on unless the fault or the other side forbids it. */
  flow(): void {
    if (this.isHung || this.to.destroyed) this.pieces = [];
    clearTimeout(this.timer);
    const isStalled = this.fault().isStalled === true;
    if (!isStalled) this.send();
    if (isStalled || (this.to.writableNeedDrain && !this.isHung)) this.from.pause();
    else this.from.resume();
  }

  private get isHung(): boolean {
    const { hung } = this.fault();
    return hung === this.way || hung === 'both';
  }

  private take(bytes: Buffer | undefined): void {
    const { delayMs = 0 } = this.fault();
    // Not before the piece that came before it, whatever the delay was then.
    const dueAt = Math.max(performance.now() + delayMs, this.pieces.at(-1)?.dueAt ?? 0);
    this.pieces.push({ bytes, dueAt });
    this.flow();
  }

  private send(): void {
    for (let piece = this.pieces[0]; piece !== undefined; piece = this.pieces[0]) {
      const waitMs = piece.dueAt - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.flow(), waitMs);
        return;
      }
      this.pieces.shift();
      if (piece.bytes !== undefined) this.to.write(piece.bytes);
      else if (this.wasReset) reset(this.to);
      else this.to.destroySoon();
    }
  }
}

/**
 * Has the other side see ECONNRESET. A connection that is about to end, or not yet there, ends without: Node cannot
 * reset it during the shutdown (EINVAL), and then never closes it, upon which the process does not exit.
 */
function reset(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if (isEnding || socket.readyState === 'opening' || socket.pending) socket.destroy();
  else socket.resetAndDestroy();
}
