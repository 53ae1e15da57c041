// A queue between a source and slaves that are slower at times. slaclab/rogue src/rogue/interfaces/stream/Fifo.cpp.

import { lingerMsOf, settlesWithin, type LingerOptions } from '../async/linger';
import { Queue } from '../async/queue';
import { Logging } from '../logging';
import { ownCopy } from '../memory/payload-memory';
import { checkBoolean, checkInteger } from '../validate';
import { FailureLog } from './failures';
import { Frame } from './frame';
import { StreamModule } from './module';

const MAX_UINT32 = 2 ** 32 - 1;

/**
 * Accepts every frame at once, so that its source never waits, and gives them to its slaves one after the other, at
 * their pace. A frame that finds `maxDepth` others waiting is dropped and counted in `dropCount`.
 *
 * `new Fifo(100)` in front of a monitor: the monitor may be slow, the source is not held back.
 */
export class Fifo extends StreamModule {
  private readonly log = Logging.create('stream.Fifo');
  private readonly failures = new FailureLog(this.log);
  private readonly queue = new Queue<Frame>();
  /** True while slaves have a frame: from within one of them, too, the next one waits its turn. */
  private busy = false;
  private errors = 0;
  private onIdle: (() => void) | undefined;
  private ending: Promise<void> | undefined;

  /**
   * @param maxDepth frames that may wait, besides the one the slaves have; 0 for any number.
   * @param trimSize bytes of each payload to keep; 0 for all. Without effect when `noCopy` is true.
   * @param noCopy true passes on the frames themselves; false (the default) copies, so that nothing a slave keeps or
   *   changes is the source's, and a small part kept does not keep a large payload.
   * @throws {RangeError} {TypeError} naming the argument and the value.
   */
  constructor(
    private readonly maxDepth: number,
    private readonly trimSize = 0,
    private readonly noCopy = false,
  ) {
    super();
    checkInteger('maxDepth', maxDepth, 0, MAX_UINT32);
    checkInteger('trimSize', trimSize, 0, MAX_UINT32);
    checkBoolean('noCopy', noCopy);
  }

  /** Frames that wait now, without the one the slaves have. */
  get size(): number {
    return this.queue.length;
  }

  /**
   * Frames that a slave failed to accept. Their senders do not wait, so the log has the error: at Info where the slave is a
   * bridge that was stopped, else at Error.
   */
  get errorCount(): number {
    return this.errors;
  }

  /**
   * Takes no more frames, gives its slaves up to `lingerMs` for those that wait, and drops and counts what is left
   * then. Further calls return the promise of the first.
   *
   * @throws {RangeError} {TypeError} for a wrong `lingerMs`; nothing is stopped.
   */
  override stop(options: LingerOptions = {}): Promise<void> {
    const lingerMs = lingerMsOf(options);
    this.stopped = true;
    this.ending ??= this.end(lingerMs);
    return this.ending;
  }

  private async end(lingerMs: number): Promise<void> {
    const idle = new Promise<void>((resolve) => (this.onIdle = resolve));
    if (this.busy) await settlesWithin(lingerMs, idle);
    const left = this.queue.clear();
    if (left > 0) {
      this.drop(left);
      this.log.warning(
        `${left} frames were dropped: the slaves had not taken them ${lingerMs} ms after stop()`,
      );
    }
    this.finish();
  }

  /** Takes the frame, or drops it: either way at once. */
  override acceptFrame(frame: Frame): void {
    super.acceptFrame(frame) as undefined;
  }

  protected override pass(frame: Frame): void {
    if (this.maxDepth > 0 && this.queue.length >= this.maxDepth) {
      this.drop();
      return;
    }
    const own = this.noCopy ? frame : copyOf(frame, this.trimSize);
    own.beginUse();
    this.queue.push(own);
    if (!this.busy) this.giveWaiting();
  }

  /** Gives what waits to the slaves, until one of them is to be waited for. */
  private giveWaiting(): void {
    this.busy = true;
    for (let frame = this.queue.shift(); frame !== undefined; frame = this.queue.shift()) {
      const accepted = this.deliver(frame);
      // The delivery is a use of its own.
      frame.endUse();
      if (accepted === undefined) continue;
      accepted
        .catch((err: unknown) => {
          this.errors += 1;
          this.failures.note('A slave did not accept a frame', err);
        })
        .finally(() => this.giveWaiting());
      return;
    }
    this.busy = false;
    this.onIdle?.();
  }
}

function copyOf(frame: Frame, trimSize: number): Frame {
  const { payload } = frame;
  const kept = trimSize > 0 && trimSize < payload.length ? payload.subarray(0, trimSize) : payload;
  return new Frame(ownCopy(kept), frame);
}
