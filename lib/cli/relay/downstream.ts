// One of the servers that `relay` passes frames on to.

import { setTimeout as pause } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { Fifo, GeneralError, type Frame, type FrameSlave, type TcpCore } from '../../index';
import { integer, parseTarget, targetText, type Target } from '../support/arguments';
import { openBridge, type CommonOptions } from '../support/run';
import { passing } from '../support/slaves';

const FIFO_LINGER_MS = 1_000;
// Rogue's own high-water mark.
const MAX_QUEUED = 1_000;

/** Where frames go, and what happens when they are not taken as fast as they come. */
export interface Destination extends Target {
  /** Frames that may wait before more are dropped; undefined: nothing is, and the source is held back. */
  readonly drop?: number;
}

/** `ADDR:PORT`, `ADDR:PORT,block`, `ADDR:PORT,drop=N`; again for more. */
export function destinations(text: string, before: Destination[] = []): Destination[] {
  const [address = '', ...words] = text.split(',');
  const mode = words.join(',');
  const target = parseTarget(address);
  if (words.length === 0 || mode === 'block') return [...before, target];
  if (!mode.startsWith('drop=')) {
    throw new InvalidArgumentError('give ADDR:PORT,block or ADDR:PORT,drop=N with N frames that may wait');
  }
  return [...before, { ...target, drop: integer(1, 2 ** 32 - 1)(mode.slice('drop='.length)) }];
}

/** A server, and in front of it a queue if it may not hold back the source. */
export class Downstream implements FrameSlave {
  readonly name: string;
  readonly mode: string;
  readonly mayDrop: boolean;
  /** The first error of a frame that it refused, an empty one for example. */
  refusal: string | undefined;
  private given = 0;
  private underWay: Promise<void> | undefined;
  private ending = false;
  private stopped: Promise<void> | undefined;
  private readonly fifo: Fifo | undefined;

  private constructor(
    { drop, ...target }: Destination,
    /** For the frames of its clients. */
    readonly bridge: TcpCore,
    private readonly drainMs: number,
  ) {
    this.name = targetText(target);
    this.mayDrop = drop !== undefined;
    this.mode = drop === undefined ? 'block' : `drop=${drop}`;
    if (drop === undefined) return;
    this.fifo = new Fifo(drop, 0, true);
    this.fifo.addSlave(passing((frame) => this.send(frame)));
  }

  /** @param lingerMs how long the last frames may take in all on their way to clients that are to have them. */
  static async open(to: Destination, options: CommonOptions, lingerMs: number): Promise<Downstream> {
    const own = { ...options, listen: true };
    // One half for the frame that waits for room, and one for those that the bridge has then: a queue that gives room
    // only when it is half empty takes about as long for either.
    const halfMs = Math.ceil(lingerMs / 2);
    if (to.drop === undefined)
      return new Downstream(to, await openBridge(to, own, { lingerMs: halfMs }), halfMs);
    // What waits is in the Fifo: a long queue behind it would show a slow monitor the past.
    const sendHighWaterMark = Math.min(to.drop, MAX_QUEUED);
    const restMs = Math.min(FIFO_LINGER_MS, halfMs);
    return new Downstream(to, await openBridge(to, own, { sendHighWaterMark, lingerMs: restMs }), restMs);
  }

  acceptFrame(frame: Frame): void | Promise<void> {
    this.given += 1;
    if (this.fifo === undefined) return this.send(frame);
    this.fifo.acceptFrame(frame);
  }

  /** Frames that are on their way to clients, or there. */
  get taken(): number {
    const { framesSent, discarded } = this.bridge.stats;
    return framesSent - discarded;
  }

  get bytes(): number {
    return this.bridge.stats.bytesSent;
  }

  /** Frames that wait at this moment. */
  get waiting(): number {
    return (this.fifo?.size ?? 0) + this.bridge.stats.sendsWaiting;
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

  /** Frames that its bridge never took. */
  get notSent(): number {
    return this.given - this.bridge.stats.framesSent;
  }

  /** Frames that it had taken, and that were still here, at least in part, when their connection ended. */
  get discarded(): number {
    return this.bridge.stats.discarded;
  }

  /** Whether the source waits because no client is there. */
  get isHoldingBack(): boolean {
    if (this.fifo !== undefined) return false;
    const { sendsWaiting, peers } = this.bridge.stats;
    return sendsWaiting > 0 && peers.send === 0;
  }

  /** Gives clients, if there are any, a moment for what waits; no more frames are to come. */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    if (this.bridge.stats.peers.send > 0) await this.drain();
    this.ending = true;
    await this.bridge.stop();
  }

  private async drain(): Promise<void> {
    if (this.fifo === undefined)
      await Promise.race([this.underWay, pause(this.drainMs, undefined, { ref: false })]);
    else await this.fifo.stop({ lingerMs: this.drainMs });
  }

  // Never rejects: what one of several refuses, the others may have, and the frame is counted here.
  private send(frame: Frame): void | Promise<void> {
    this.underWay = this.bridge.send(frame)?.catch((err: unknown) => {
      if (!isStopped(err)) this.refusal ??= (err as Error).message;
    });
    return this.underWay;
  }
}

/** Whether this is how what a bridge had not sent ends with it. */
export function isStopped(err: unknown): boolean {
  return err instanceof GeneralError && err.code === 'ERR_BRIDGE_STOPPED';
}
