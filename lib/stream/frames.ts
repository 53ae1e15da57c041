// Frames for `for await`.

import { Gate } from '../async/gate';
import { Queue } from '../async/queue';
import { checkInteger, checkOptionNames, checkSignal } from '../validate';
import type { Frame } from './frame';
import type { Tap, TapOwner } from './tap';

/** How {@link Master.frames} hands out frames. */
export interface FramesOptions {
  /** Ends the iteration when it is aborted. */
  readonly signal?: AbortSignal;
  /** Frames that may wait for the reader before the source is held back; default 64, at least 1. */
  readonly maxDepth?: number;
}

/** Frames for `for await`: `next()` gives one, or undefined at the end. */
// AsyncIterableIterator has had the type of its end since TypeScript 5.6.
export interface AsyncFrames<T extends Frame = Frame> extends AsyncIterableIterator<T> {
  next(): Promise<IteratorResult<T, undefined>>;
  return(): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): this;
}

interface Reader {
  readonly resolve: (result: IteratorResult<Frame, undefined>) => void;
  readonly reject: (err: Error) => void;
}

const DEFAULT_MAX_DEPTH = 64;
const MAX_MAX_DEPTH = 1_000_000;
const DONE: IteratorResult<Frame, undefined> = { done: true, value: undefined };

/** A bounded queue of frames with a slave's end and a reader's. */
export class FrameIterator implements AsyncFrames, Tap {
  readonly retainsFrames = true;
  private readonly queue = new Queue<Frame>();
  private readonly readers = new Queue<Reader>();
  private readonly gate = new Gate();
  private readonly maxDepth: number;
  private readonly signal: AbortSignal | undefined;
  private ended = false;
  private error: Error | undefined;

  /** @throws {TypeError} {RangeError} for options that are wrong. */
  constructor(
    options: FramesOptions,
    private readonly owner: TapOwner,
  ) {
    checkOptionNames('the options of frames', options, ['signal', 'maxDepth']);
    this.maxDepth = checkInteger('maxDepth', options.maxDepth ?? DEFAULT_MAX_DEPTH, 1, MAX_MAX_DEPTH);
    this.signal = checkSignal(options.signal);
  }

  /** From now on the signal ends the iteration; at once when it is aborted already. */
  watchSignal(): void {
    if (this.signal?.aborted === true) this.leave();
    else if (!this.ended) this.signal?.addEventListener('abort', this.leave, { once: true });
  }

  acceptFrame(frame: Frame): void | Promise<void> {
    if (this.ended) {
      // By a slave that was given this very frame before.
      this.owner.unread(1);
      return;
    }
    // The reader's, who may release it.
    frame.retain();
    const reader = this.readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: frame });
      return;
    }
    this.queue.push(frame);
    if (this.queue.length >= this.maxDepth) return this.gate.wait();
  }

  next(): Promise<IteratorResult<Frame, undefined>> {
    const frame = this.queue.shift();
    if (frame !== undefined) {
      // Not at the first place that is free: the source would be stopped and started for every single frame.
      if (this.queue.length <= this.maxDepth >> 1) this.gate.release();
      return Promise.resolve({ done: false, value: frame });
    }
    if (!this.ended) {
      return new Promise((resolve, reject) => this.readers.push({ resolve, reject }));
    }
    const { error } = this;
    this.error = undefined;
    return error === undefined ? Promise.resolve(DONE) : Promise.reject(error);
  }

  /** Ends the iteration, as `break` does. */
  return(): Promise<IteratorResult<Frame, undefined>> {
    this.leave();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  end(error?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.signal?.removeEventListener('abort', this.leave);
    this.owner.remove(this);
    // What was accepted is still there to be read.
    this.gate.release();
    let reader = this.readers.shift();
    // One reader is told; to the others it is over.
    if (error !== undefined && reader !== undefined) {
      reader.reject(error);
      reader = this.readers.shift();
    } else this.error = error;
    for (; reader !== undefined; reader = this.readers.shift()) reader.resolve(DONE);
  }

  /** The reader wants no more. */
  private readonly leave = (): void => {
    this.owner.unread(this.queue.clear());
    this.error = undefined;
    this.end();
  };
}
