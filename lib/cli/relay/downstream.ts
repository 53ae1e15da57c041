// One of the servers and logs that `relay` passes frames on to.

import { setTimeout as pause } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { Fifo, GeneralError, type Frame, type FrameSlave, type TcpCore } from '../../index';
import { given, integer, isLog, isLogText, targetText, type AnyTarget } from '../support/arguments';
import type { LogPeer } from '../support/log-peer';
import { parseAnyTarget } from '../support/log-target';
import { openPeer } from '../support/open';
import { NEVER, type CommonOptions } from '../support/run';
import { passing } from '../support/slaves';

const FIFO_LINGER_MS = 1_000;
// Rogue's own high-water mark.
const MAX_QUEUED = 1_000;

/** Where frames go, and what happens when they are not taken as fast as they come. */
export type Destination = AnyTarget & {
  /** Frames that may wait before more are dropped; undefined: nothing is, and the source is held back. */
  readonly drop?: number;
};

/** An address of a server or a log, alone or with `,block` or `,drop=N`; again for more. */
export function destinations(text: string, before: Destination[] = []): Destination[] {
  const [address, mode] = split(text);
  const target = parseAnyTarget(address);
  if (mode === undefined || mode === 'block') return [...before, target];
  if (!mode.startsWith('drop=')) {
    throw new InvalidArgumentError('give the address with ,block or ,drop=N with N frames that may wait');
  }
  return [...before, { ...target, drop: integer(1, 2 ** 32 - 1)(mode.slice('drop='.length)) }];
}

/** The address, and what follows its comma. Behind the hosts of a log, and a comma between them, comes its stream. */
function split(text: string): [address: string, mode: string | undefined] {
  const pattern = isLogText(text) ? /^(\w+:\/\/[^/]*(?:\/[^,]*)?)(?:,(.*))?$/s : /^([^,]*)(?:,(.*))?$/s;
  const [, address = '', mode] = pattern.exec(text) ?? [];
  return [address, mode];
}

/** A server or a log, and in front of it a queue if it may not hold back the source. */
export class Downstream implements FrameSlave {
  readonly name: string;
  /** The port, or the stream: it tells them apart, and leaves room for numbers. */
  readonly shortName: string;
  readonly isLog: boolean;
  readonly mode: string;
  readonly mayDrop: boolean;
  /** The first error of a frame that it refused, an empty one for example. */
  refusal: string | undefined;
  /** Called with the error of a log that takes no frame any more. */
  onFailed: (error: Error) => void = () => undefined;
  private given = 0;
  private underWay: Promise<void> | undefined;
  private ending = false;
  private hasFailed = false;
  private stopped: Promise<void> | undefined;
  private readonly fifo: Fifo | undefined;

  private constructor(
    target: Destination,
    /** For the frames of its clients. */
    readonly peer: TcpCore | LogPeer,
    private readonly drainMs: number,
  ) {
    const { drop } = target;
    this.name = targetText(target);
    this.shortName = isLog(target) ? target.log.connection.stream : `:${target.port}`;
    this.isLog = isLog(target);
    this.mayDrop = drop !== undefined;
    this.mode = drop === undefined ? 'block' : `drop=${drop}`;
    if (drop === undefined) return;
    this.fifo = new Fifo(drop, 0, true);
    this.fifo.addSlave(passing((frame) => this.send(frame)));
  }

  /** @param lingerMs how long the last frames may take in all on their way to clients that are to have them. */
  static async open(to: Destination, options: CommonOptions, lingerMs: number): Promise<Downstream> {
    // What a log does not have is for the others: check-logs.ts refuses it where there are no others.
    const own = isLog(to) ? given({ timeout: options.timeout }) : { ...options, listen: true };
    // One half for the frame that waits for room, and one for those that the bridge has then: a queue that gives room
    // only when it is half empty takes about as long for either.
    const halfMs = Math.ceil(lingerMs / 2);
    if (to.drop === undefined)
      return new Downstream(to, await openPeer(to, 'send', own, { lingerMs: halfMs }), halfMs);
    // What waits is in the Fifo: a long queue behind it would show a slow monitor the past.
    const sendHighWaterMark = Math.min(to.drop, MAX_QUEUED);
    const restMs = Math.min(FIFO_LINGER_MS, halfMs);
    const peer = await openPeer(to, 'send', own, { sendHighWaterMark, lingerMs: restMs });
    return new Downstream(to, peer, restMs);
  }

  acceptFrame(frame: Frame): void | Promise<void> {
    this.given += 1;
    if (this.fifo === undefined) return this.send(frame);
    this.fifo.acceptFrame(frame);
  }

  /** Frames that are on their way to clients, or there. */
  get taken(): number {
    const { framesSent, discarded } = this.peer.stats;
    return framesSent - discarded;
  }

  get bytes(): number {
    return this.peer.stats.bytesSent;
  }

  /** Frames that wait at this moment. */
  get waiting(): number {
    return (this.fifo?.size ?? 0) + this.peer.stats.sendsWaiting;
  }

  /** Of one that may drop: frames that found the queue full so far; in the end, all that were not taken. */
  get dropped(): number {
    if (this.fifo === undefined) return 0;
    return this.ending ? this.given - this.taken : this.fifo.dropCount;
  }

  /** Of one that may not drop: frames that no client had taken in the end. */
  get notTaken(): number {
    return this.mayDrop || !this.ending ? 0 : this.given - this.taken;
  }

  /** Frames that its bridge, or its log, never took. */
  get notSent(): number {
    return this.given - this.peer.stats.framesSent;
  }

  /** Frames that it had taken, and that were still here, at least in part, when their connection ended. */
  get discarded(): number {
    return this.peer.stats.discarded;
  }

  /** Whether the source waits because no client, or no server of the log, is there. */
  get isHoldingBack(): boolean {
    if (this.fifo !== undefined) return false;
    const { sendsWaiting, peers } = this.peer.stats;
    return sendsWaiting > 0 && peers.send === 0;
  }

  /** Gives clients, if there are any, a moment for what waits; no more frames are to come. */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    if (this.peer.stats.peers.send > 0 && !this.hasFailed) await this.drain();
    this.ending = true;
    await this.peer.stop();
  }

  private async drain(): Promise<void> {
    if (this.fifo === undefined)
      await Promise.race([this.underWay, pause(this.drainMs, undefined, { ref: false })]);
    else await this.fifo.stop({ lingerMs: this.drainMs });
  }

  // Never rejects: what one of several refuses, the others may have, and the frame is counted here.
  private send(frame: Frame): void | Promise<void> {
    this.underWay = this.peer.send(frame)?.catch((err: unknown) => {
      return isStopped(err) ? undefined : this.onRefused(err as Error);
    });
    return this.underWay;
  }

  /** Never resolves where no further frame is to come, because the log that must have each of them takes none. */
  private onRefused(err: Error): Promise<void> | undefined {
    if (!(err instanceof GeneralError) || !err.code.startsWith('ERR_LOG_')) {
      this.refusal ??= err.message;
      return undefined;
    }
    if (!this.hasFailed) this.onFailed(err);
    this.hasFailed = true;
    return this.mayDrop ? undefined : NEVER;
  }
}

/** Whether this is how what a bridge had not sent ends with it. */
export function isStopped(err: unknown): boolean {
  return err instanceof GeneralError && ['ERR_BRIDGE_STOPPED', 'ERR_LOG_STOPPED'].includes(err.code);
}
