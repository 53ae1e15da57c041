// What accepts frames. slaclab/rogue src/rogue/interfaces/stream/Slave.cpp.

import type { Writable } from 'node:stream';
import { CountWaiters, type WaitFrameCountOptions } from '../async/count-waiters';
import { Logging } from '../logging';
import { checkInteger } from '../validate';
import { isFrame, notAFrame, type Frame } from './frame';
import { FrameWritable, type FrameStreamOptions } from './node-streams';

/** A plain function as a slave; a promise it returns holds the master back. */
// A function that returns something else, such as `(frame) => list.push(frame)`, is welcome as well.
export type SlaveFunction = (frame: Frame) => unknown;

/** Anything that accepts frames. */
export interface FrameSlave {
  /**
   * True is a promise: once {@link acceptFrame} has returned, and the promise it may return has resolved, this slave uses a
   * frame's payload only if it has called `frame.retain()` before. What has arrived by a bridge and goes to slaves of this
   * kind alone has its memory used again without a word.
   */
  readonly retainsFrames?: boolean;
  /** Takes one frame; a promise holds the master back until it settles. */
  acceptFrame(frame: Frame): void | Promise<void>;
  /** @internal A master has added this slave. */
  attachedTo?(master: object): void;
}

/** What `to`, `addSlave` and the connect functions take. */
export type SlaveLike = FrameSlave | SlaveFunction;

const DUMP_BYTES_PER_LINE = 8;

/**
 * Counts frames and payload bytes. Override {@link acceptFrame} to do more, and call
 * `super.acceptFrame(frame)` to keep the counters and {@link setDebug}.
 */
export class Slave implements FrameSlave {
  private frames = 0;
  private bytes = 0;
  private debugBytes = 0;
  private debugLog: Logging | undefined;
  /** Made by the first wait. */
  private waiters: CountWaiters | undefined;
  private hasEnded = false;

  /** Frames accepted. */
  get frameCount(): number {
    return this.frames;
  }

  /** Payload bytes accepted. */
  get byteCount(): number {
    return this.bytes;
  }

  /**
   * Resolves to true as soon as {@link frameCount} is `count` or more; to false when that takes longer than `timeoutMs`, or
   * when this slave is stopped before.
   *
   * @param count frames since the beginning, from 0.
   * @throws {RangeError} {TypeError} naming the argument and the value.
   */
  waitFrameCount(count: number, options: WaitFrameCountOptions = {}): Promise<boolean> {
    this.waiters ??= new CountWaiters();
    return this.waiters.wait(count, this.frameCount, this.canGrow, options);
  }

  /** Whether more frames may come. */
  protected get canGrow(): boolean {
    return !this.hasEnded;
  }

  /** @internal No more frames will come: {@link waitFrameCount} resolves to false. */
  endWaits(): void {
    this.hasEnded = true;
    this.waiters?.end();
  }

  /**
   * Logs each frame's size, error and first bytes, at Critical as Rogue does, so that it shows at every level.
   *
   * @param maxBytes payload bytes to log a frame; 0 switches it off.
   * @param name logger name, given the prefix `pyrogue.` unless it has it.
   */
  setDebug(maxBytes: number, name: string): void {
    this.debugBytes = checkInteger('maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER);
    this.debugLog = Logging.create(name);
  }

  /** Counts the frame. @throws {TypeError} when it is none. */
  acceptFrame(frame: Frame): void | Promise<void> {
    if (!isFrame(frame)) throw notAFrame(frame);
    this.frames += 1;
    this.bytes += frame.size;
    this.waiters?.update(this.frameCount);
    if (this.debugBytes > 0 && this.debugLog !== undefined) dump(frame, this.debugBytes, this.debugLog);
  }

  /** A Node stream for `pipeline()`: frames written to it are given to {@link acceptFrame}, one after the other. */
  writable(options?: FrameStreamOptions): Writable {
    return new FrameWritable(this, options);
  }
}

function dump(frame: Frame, maxBytes: number, log: Logging): void {
  log.critical(`Got Size=${frame.size}, Error=${frame.error}, Data:`);
  const shown = frame.payload.subarray(0, maxBytes);
  for (let start = 0; start < shown.length; start += DUMP_BYTES_PER_LINE) {
    const line = [...shown.subarray(start, start + DUMP_BYTES_PER_LINE)]
      .map((byte) => ` 0x${byte.toString(16).padStart(2, '0')}`)
      .join('');
    log.critical(`     ${line}`);
  }
}
