// A log on JetStream as the peer of a subcommand: a reader or a writer of it.

import type { Frame, Health, SlaveLike, TcpListener } from '../../index';
import type { JetStreamReader, JetStreamWriter } from '../../jetstream';
import { LogLimit } from '../../log-limit';
import { given, type LogTarget } from './arguments';
import { checkWords, loadJetStream } from './log-target';
import type { Direction, Peer, PeerStats } from './peer';
import { tell } from './run';
import { digits } from './text';

/** How a log is opened. */
export interface LogPeerOptions {
  /** How long the servers may take to answer, in seconds. */
  readonly timeout?: number | undefined;
  /** How long the last frames may take to be stored, in ms. */
  readonly lingerMs?: number | undefined;
}

const NOTHING: PeerStats = {
  framesSent: 0,
  bytesSent: 0,
  framesReceived: 0,
  bytesReceived: 0,
  malformed: 0,
  withoutSlave: 0,
  undelivered: 0,
  discarded: 0,
  sendsWaiting: 0,
  peers: { send: 0, receive: 0 },
  lastError: undefined,
};

/** Opens a log in one direction. @throws {UsageError} for words of the other one. @throws {GeneralError} */
export async function openLog(
  target: LogTarget,
  direction: Direction,
  { timeout, lingerMs }: LogPeerOptions,
): Promise<LogPeer> {
  checkWords(target, direction);
  const { connection, keep, read } = target.log;
  const { JetStreamReader, JetStreamWriter } = loadJetStream();
  const own = {
    ...connection,
    ...given({ timeoutMs: timeout === undefined ? undefined : Math.ceil(timeout * 1000) }),
  };
  if (direction === 'receive') return new LogSource(await JetStreamReader.create({ ...own, ...read }));
  return new LogSink(await JetStreamWriter.create({ ...own, ...keep }), lingerMs);
}

/** What both directions have in common. */
export abstract class LogPeer implements Peer {
  readonly retainsFrames = true;
  private readonly openedAt = Date.now();

  protected constructor(
    private readonly log: JetStreamReader | JetStreamWriter,
    private readonly direction: Direction,
  ) {}

  abstract readonly slaveCount: number;
  abstract readonly stats: PeerStats;
  abstract addSlave(slave: SlaveLike): void;
  abstract send(frame: Frame): Promise<void> | undefined;
  abstract stop(): Promise<void>;

  /** Named as its address is, by `targetText`. */
  get identity(): { readonly role: string; readonly log: string } {
    const { log, servers, role } = this.log.identity;
    return { log: `${log} at ${servers}`, role };
  }

  /** Whether there is a connection to one of the log's servers. */
  get connected(): boolean {
    return this.log.connected;
  }

  acceptFrame(frame: Frame): Promise<void> | undefined {
    return this.send(frame);
  }

  /** Opening it was the wait. */
  waitForPeer(): Promise<void> {
    return Promise.resolve();
  }

  on<E extends 'connect' | 'disconnect' | 'error'>(event: E, listener: TcpListener<E>): void {
    if (event === 'error') this.log.on('error', listener as TcpListener<'error'>);
    else this.onLink(event === 'connect' ? 'connect' : 'disconnect', listener as TcpListener<'connect'>);
  }

  /**
   * As a bridge, it tells of a connection that is there already. A writer has no such events: it loses no frame with a
   * connection.
   */
  private onLink(event: 'connect' | 'disconnect', listener: TcpListener<'connect'>): void {
    const { direction } = this;
    if (direction === 'send') return;
    this.log.on(event, (remoteAddress) => listener({ direction, remoteAddress }));
    if (event === 'connect' && this.connected) listener({ direction, remoteAddress: undefined });
  }

  /** Whether it is connected, and has had a frame within `stallMs`. */
  health(stallMs = Infinity): Health {
    const { log, role } = this.identity;
    const fault = (text: string): Health => ({ healthy: false, reasons: [`${log} (${role}): ${text}`] });
    if (!this.connected) return fault('no connection to a server');
    const silentMs = Date.now() - (this.log.stats.lastFrameAt?.getTime() ?? this.openedAt);
    if (silentMs <= stallMs) return { healthy: true, reasons: [] };
    const what = this.direction === 'receive' ? 'no frame has come' : 'no frame was sent';
    return fault(`${what} for ${digits(silentMs / 1000)} s, and ${digits(stallMs / 1000)} s is the limit`);
  }

  protected get peers(): PeerStats['peers'] {
    return { send: 0, receive: 0, [this.direction]: this.connected ? 1 : 0 };
  }
}

class LogSource extends LogPeer {
  private readonly added: SlaveLike[] = [];
  private adding: NodeJS.Immediate | undefined;

  constructor(private readonly reader: JetStreamReader) {
    super(reader, 'receive');
  }

  get slaveCount(): number {
    return this.reader.slaveCount + this.added.length;
  }

  get stats(): PeerStats {
    const { framesReceived, bytesReceived, foreign: malformed, lastError } = this.reader.stats;
    return { ...NOTHING, framesReceived, bytesReceived, malformed, lastError, peers: this.peers };
  }

  /** Reading begins with the first slave. In the next turn, so that no slave misses a frame that another one gets. */
  addSlave(slave: SlaveLike): void {
    this.added.push(slave);
    this.adding ??= setImmediate(() => {
      this.adding = undefined;
      for (const one of this.added.splice(0)) this.reader.addSlave(one);
    });
  }

  /** Refused by the subcommands before: a log that is read takes nothing. */
  send(): Promise<void> {
    return Promise.reject(new Error(`${this.identity.log} is read here`));
  }

  finished(): Promise<void> {
    return this.reader.finished();
  }

  async stop(): Promise<void> {
    clearImmediate(this.adding);
    await this.reader.stop();
  }
}

class LogSink extends LogPeer {
  private waiting = 0;

  constructor(
    private readonly writer: JetStreamWriter,
    private readonly lingerMs: number | undefined,
  ) {
    super(writer, 'send');
    const lines = new LogLimit(tell);
    const { log } = this.identity;
    writer.on('disconnect', () => lines.note(`no connection to ${log}: frames wait until it is back`));
    writer.on('connect', () => lines.note(`connected to ${log} again`));
  }

  readonly slaveCount = 0;

  addSlave(): void {
    // Nothing comes from a log that is written.
  }

  get stats(): PeerStats {
    const { framesSent, bytesSent, notStored: discarded, lastError } = this.writer.stats;
    const { waiting: sendsWaiting, peers } = this;
    return { ...NOTHING, framesSent, bytesSent, discarded, sendsWaiting, lastError, peers };
  }

  /** The promise settles when there is room for more frames. */
  send(frame: Frame): Promise<void> | undefined {
    const accepted = this.writer.acceptFrame(frame) as Promise<void> | undefined;
    if (accepted === undefined) return undefined;
    this.waiting += 1;
    return accepted.finally(() => (this.waiting -= 1));
  }

  /** Ends when all frames are stored, and after `lingerMs` at the latest. */
  async stop(): Promise<void> {
    await this.writer.stop(given({ lingerMs: this.lingerMs }));
  }
}
