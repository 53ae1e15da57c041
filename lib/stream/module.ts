// What stream modules have in common: frames go in, some or all of them come out.

import type { Writable } from 'node:stream';
import type { WaitFrameCountOptions } from '../async/count-waiters';
import { Logging } from '../logging';
import { FailureLog } from './failures';
import type { Frame } from './frame';
import { Master } from './master';
import { FrameWritable, type FrameStreamOptions } from './node-streams';
import { Senders } from './senders';
import { Slave, type FrameSlave } from './slave';

const failures = new FailureLog(Logging.create('stream.StreamModule'));

/**
 * A slave and a master in one, as nearly everything between a source and a sink is. A subclass says in {@link pass} what
 * becomes of a frame; counting, `to`, `frames()`, `writable()` and {@link stop} are here.
 *
 * ```ts
 * class Threshold extends StreamModule {
 *   protected override pass(frame: Frame) {
 *     if (frame.array(Uint16Array).some((sample) => sample > 1000)) return this.deliver(frame);
 *     this.drop();
 *   }
 * }
 * tcp.to(new Threshold()).to(writer.getChannel(0));
 * ```
 */
export abstract class StreamModule extends Master implements FrameSlave {
  /** Set it to false in a subclass that goes on using payloads and does not call `frame.retain()`; see `FrameSlave`. */
  readonly retainsFrames: boolean = true;
  private readonly accepted = new Slave();
  private readonly senders = new Senders((reason) =>
    failures.note('A frame that was under way at stop() was not accepted', reason),
  );
  private dropped = 0;
  /** Set by {@link stop}: from then on nothing is passed on. */
  protected stopped = false;

  /** Frames accepted, those that were dropped included. */
  get frameCount(): number {
    return this.accepted.frameCount;
  }

  /** Payload bytes accepted. */
  get byteCount(): number {
    return this.accepted.byteCount;
  }

  /** Frames that were not passed on, since the beginning or {@link clearCount}. */
  get dropCount(): number {
    return this.dropped;
  }

  /** Sets {@link dropCount} to 0. */
  clearCount(): void {
    this.dropped = 0;
  }

  /** As `Slave.waitFrameCount`. */
  waitFrameCount(count: number, options?: WaitFrameCountOptions): Promise<boolean> {
    return this.accepted.waitFrameCount(count, options);
  }

  /** As `Slave.setDebug`, for the frames that come in. */
  setDebug(maxBytes: number, name: string): void {
    this.accepted.setDebug(maxBytes, name);
  }

  acceptFrame(frame: Frame): void | Promise<void> {
    this.accepted.acceptFrame(frame) as undefined;
    if (this.stopped) {
      this.drop();
      return undefined;
    }
    const passed = this.pass(frame);
    return passed === undefined ? undefined : this.senders.wait(passed);
  }

  /** As `Slave.writable`. */
  writable(options?: FrameStreamOptions): Writable {
    return new FrameWritable(this, options);
  }

  /**
   * From now on frames are dropped, and counted in {@link dropCount}; `frames()` and `readable()` end. Senders that
   * wait for a slave go on; their frames are still the slave's, which may accept them later. If it fails instead, the
   * log says so.
   */
  override stop(): void | Promise<void> {
    this.stopped = true;
    this.finish();
  }

  protected override finish(error?: Error): void {
    this.senders.end();
    this.accepted.endWaits();
    super.finish(error);
  }

  /**
   * What becomes of a frame: gives it, or others, to the slaves by {@link deliver}, at once or later, or calls
   * {@link drop}. A promise holds the sender back until it settles.
   */
  protected abstract pass(frame: Frame): void | Promise<void>;

  /** Counts frames that go nowhere, in {@link dropCount}. */
  protected drop(frames = 1): void {
    this.dropped += frames;
  }
}
