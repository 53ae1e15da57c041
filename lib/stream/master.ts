// What sends frames. slaclab/rogue src/rogue/interfaces/stream/Master.cpp.

import type { Readable } from 'node:stream';
import { show } from '../errors';
import { Logging } from '../logging';
import { isPromise } from './accepted';
import { isFrame, notAFrame, type Frame, type FrameOptions } from './frame';
import { FrameIterator, type AsyncFrames, type FramesOptions } from './frames';
import { FrameReadable, type FrameStreamOptions } from './node-streams';
import { reqFrame } from './req-frame';
import type { FrameSlave, SlaveLike } from './slave';
import type { Tap, TapOwner } from './tap';

const ACCEPTED = Promise.resolve();

const log = Logging.create('stream.Frames');

/**
 * Sends frames to the slaves added to it. The first one added is the primary.
 */
export class Master {
  // In order of delivery: newest secondary first, the primary last. Replaced and not changed when a slave
  // is added, so that adding one from within acceptFrame leaves the frame under way alone.
  private slaves: readonly FrameSlave[] = [];
  /** Those of the slaves that {@link frames} and {@link readable} have made. */
  readonly #taps = new Set<Tap>();
  readonly #tapOwner: TapOwner = {
    remove: (tap) => {
      this.#taps.delete(tap);
      this.removeSlave(tap);
    },
    unread: (frames) => {
      if (frames > 0) this.onUnread(frames);
    },
  };
  /** Set when no more frames will come, with what went wrong if something did. */
  #finished: { readonly error: Error | undefined } | undefined;

  /** How many slaves there are. */
  get slaveCount(): number {
    return this.slaves.length;
  }

  /**
   * Adds a slave: anything with an `acceptFrame`, or a function.
   * @throws {TypeError} when it is neither.
   */
  addSlave(slave: SlaveLike): void {
    const added = asSlave(slave);
    const primary = this.slaves.at(-1);
    this.slaves = primary === undefined ? [added] : [added, ...this.slaves];
    added.attachedTo?.(this);
  }

  /** Takes a slave away; false when it is none. Of the others, the one added first becomes the primary if it was that. */
  removeSlave(slave: SlaveLike): boolean {
    const index = this.slaves.findIndex((one) => one === slave || one.acceptFrame === slave);
    if (index < 0) return false;
    this.slaves = this.slaves.filter((_, i) => i !== index);
    return true;
  }

  /** Adds `slave` and returns it, so that `src.to(tcp).to(dst)` is Rogue's `src >> tcp >> dst`. */
  to<S extends SlaveLike>(slave: S): S {
    this.addSlave(slave);
    return slave;
  }

  /**
   * Gives the frame to every slave: the secondary ones first, newest first, the primary last. Each slave is
   * called in that order before this returns, so every slave sees frames in the order of the calls.
   *
   * Settles when all slaves have accepted; awaiting it is the back-pressure. One slave's error does not keep
   * the frame from the others: it rejects with that error when all are done, or with an `AggregateError`
   * when several failed. Without slaves the frame goes nowhere, as in Rogue.
   */
  sendFrame(frame: Frame): Promise<void> {
    return isFrame(frame) ? (this.deliver(frame) ?? ACCEPTED) : Promise.reject(notAFrame(frame));
  }

  /**
   * A frame to be filled and sent, as the function {@link reqFrame}.
   * @throws {RangeError} {TypeError} for a size or metadata out of range.
   */
  reqFrame(size: number, options?: FrameOptions): Frame {
    return reqFrame(size, options);
  }

  /**
   * The frames sent from now on, for `for await`. A reader that is behind by `maxDepth` frames holds the source back,
   * as any slave does. The iteration ends when this master is stopped, after what was accepted until then, and at
   * once by `break` or when `signal` is aborted; it throws what ended the source, where that was an error.
   *
   * @throws {TypeError} {RangeError} for options that are wrong.
   */
  frames(options: FramesOptions = {}): AsyncFrames {
    const iterator = this.#attach(new FrameIterator(options, this.#tapOwner));
    iterator.watchSignal();
    return iterator;
  }

  /**
   * The frames sent from now on as a Node stream of objects, for `pipeline()`. It holds the source back as any slave
   * does, ends when this master is stopped, and is destroyed with the error that ended the source, where there was
   * one. Destroying it takes it away from this master; whose frame it had not taken is told the error.
   */
  readable(options: FrameStreamOptions = {}): Readable {
    return this.#attach(new FrameReadable(options, this.#tapOwner));
  }

  /** Ends what {@link frames} and {@link readable} have handed out: no more frames will come. */
  stop(): void | Promise<void> {
    this.finish();
  }

  /** As {@link stop}, for good, with the error that ended the source where there was one. */
  protected finish(error?: Error): void {
    this.#finished ??= { error };
    this.endTaps(error);
  }

  /** Ends the readers there are now; there may be more frames later. */
  protected endTaps(error?: Error): void {
    for (const tap of [...this.#taps]) tap.end(error);
  }

  /** Frames that readers were given, and left before they had taken them. */
  protected onUnread(frames: number): void {
    log.warning(`${frames} frames were not read: their reader left before it had taken them`);
  }

  #attach<T extends Tap>(tap: T): T {
    if (this.#finished !== undefined) {
      tap.end(this.#finished.error);
      return tap;
    }
    this.#taps.add(tap);
    this.addSlave(tap);
    return tap;
  }

  /** As {@link sendFrame}, for subclasses; undefined when every slave has accepted already, which is the usual case. */
  protected deliver(frame: Frame): Promise<void> | undefined {
    return frame.isPooled ? this.deliverPooled(frame) : this.give(frame);
  }

  /** The memory of the frame may be used again when all slaves have accepted it, unless one of them keeps it. */
  private deliverPooled(frame: Frame): Promise<void> | undefined {
    let slaves = 0;
    for (const { retainsFrames } of this.slaves) if (retainsFrames !== true) slaves += 1;
    frame.beginDelivery(slaves);
    const accepted = this.give(frame);
    if (accepted === undefined) {
      frame.endDelivery(slaves);
      return undefined;
    }
    // Where a slave has failed, the frame is still its sender's, who may try again.
    return accepted.then(() => frame.endDelivery(slaves));
  }

  private give(frame: Frame): Promise<void> | undefined {
    const { slaves } = this;
    if (slaves.length === 1) return acceptOne(slaves[0]!, frame);
    let waiting: Promise<void>[] | undefined;
    for (const slave of slaves) {
      const accepted = acceptOne(slave, frame);
      if (accepted !== undefined) (waiting ??= []).push(accepted);
    }
    return waiting === undefined ? undefined : allAccepted(waiting);
  }
}

/** What a slave's throwing and its rejecting have in common: a rejected promise. */
function acceptOne(slave: FrameSlave, frame: Frame): Promise<void> | undefined {
  try {
    const accepted: unknown = slave.acceptFrame(frame);
    // A function used as a slave may return anything; only a promise is worth waiting for.
    // The promise itself where it is one of the language; any other thing with a `then` is made one.
    return isPromise(accepted) ? Promise.resolve(accepted) : undefined;
  } catch (err) {
    // Whatever a slave threw is passed on as it is.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return Promise.reject(err);
  }
}

async function allAccepted(waiting: readonly Promise<void>[]): Promise<void> {
  const failures = (await Promise.allSettled(waiting)).filter((result) => result.status === 'rejected');
  const [first, ...others] = failures.map((failure): unknown => failure.reason);
  if (failures.length === 0) return;
  if (others.length === 0) throw first;
  throw new AggregateError([first, ...others], `${failures.length} slaves failed to accept the frame`);
}

function asSlave(slave: unknown): FrameSlave {
  if (typeof slave === 'function') return { acceptFrame: slave as FrameSlave['acceptFrame'] };
  if (
    typeof slave === 'object' &&
    slave !== null &&
    typeof (slave as FrameSlave).acceptFrame === 'function'
  ) {
    return slave as FrameSlave;
  }
  throw new TypeError(`slave is ${show(slave)}, but must have an acceptFrame method or be a function`);
}
