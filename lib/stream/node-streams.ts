// Frames for Node's pipeline().

import { Readable, Writable } from 'node:stream';
import { nextTick } from '../async/clock';
import { Gate } from '../async/gate';
import { show } from '../errors';
import { checkInteger, checkOptionNames, MAX_INT32 } from '../validate';
import { isPromise } from './accepted';
import { isOrdinaryStop } from './failures';
import { isFrame, type Frame } from './frame';
import type { FrameSlave } from './slave';
import type { Tap, TapOwner } from './tap';

/** As Node's streams of objects. */
export interface FrameStreamOptions {
  /** Frames that the stream holds before it holds back who writes to it; default 16, as Node's. */
  readonly highWaterMark?: number;
}

/** @throws {TypeError} {RangeError} for a name that Node would overlook, and a value that it would refuse in its own words. */
function streamOptions(
  options: FrameStreamOptions,
  what: string,
): { highWaterMark?: number; objectMode: true } {
  checkOptionNames(`the options of ${what}`, options, ['highWaterMark']);
  const { highWaterMark } = options;
  if (highWaterMark === undefined) return { objectMode: true };
  return { objectMode: true, highWaterMark: checkInteger('highWaterMark', highWaterMark, 0, MAX_INT32) };
}

/** What a master sends, as a Node stream of {@link Frame}s. */
export class FrameReadable extends Readable implements Tap {
  readonly retainsFrames = true;
  private readonly gate = new Gate();
  private ended = false;
  /** What ended the source, while frames from before it are still to be read. */
  private failure: Error | undefined;

  constructor(
    options: FrameStreamOptions,
    private readonly owner: TapOwner,
  ) {
    super(streamOptions(options, 'readable'));
  }

  acceptFrame(frame: Frame): void | Promise<void> {
    if (this.ended) {
      // By a slave that was given this very frame before.
      this.owner.unread(1);
      return;
    }
    // The reader's, who may release it.
    frame.retain();
    if (!this.push(frame) && !this.hasEnded()) return this.gate.wait();
  }

  end(error?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.owner.remove(this);
    this.gate.release();
    if (error === undefined) this.push(null);
    else if (this.readableLength === 0) this.destroy(error);
    else this.failure = error;
  }

  override read(size?: number): unknown {
    const frame: unknown = super.read(size);
    const { failure } = this;
    if (failure !== undefined && this.readableLength === 0) {
      this.failure = undefined;
      // Behind the frame that is handed out now.
      nextTick(() => this.destroy(failure));
    }
    return frame;
  }

  override _read(): void {
    this.gate.release();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.ended = true;
    this.owner.unread(this.readableLength);
    this.owner.remove(this);
    // Whose frame was not taken is told why.
    this.gate.release(error ?? undefined);
    done(error);
  }

  /** A call, because whoever reads what is pushed may end this. */
  private hasEnded(): boolean {
    return this.ended;
  }
}

/** What a slave takes, as a Node stream of {@link Frame}s. */
export class FrameWritable extends Writable {
  /** How many streams `pipe()` into this one. */
  private pipes = 0;

  constructor(
    private readonly slave: FrameSlave,
    options: FrameStreamOptions = {},
  ) {
    super(streamOptions(options, 'writable'));
    this.on('pipe', () => (this.pipes += 1));
    this.on('unpipe', () => (this.pipes -= 1));
  }

  /**
   * As Node's, with one difference: `ERR_BRIDGE_STOPPED` is left out where no listener hears it. It would end the process
   * otherwise, at an ordinary shutdown.
   */
  override destroy(error?: Error): this {
    // Each pipe() listens as well, only to throw the error where it is the only one that does.
    const isHeard = this.listenerCount('error') > this.pipes;
    return super.destroy(isHeard || !isOrdinaryStop(error) ? error : undefined);
  }

  override _write(frame: unknown, _encoding: string, done: (error?: Error | null) => void): void {
    if (!isFrame(frame)) {
      done(new TypeError(`a stream of frames was given ${show(frame)}, but takes Frame objects only`));
      return;
    }
    try {
      const accepted: unknown = this.slave.acceptFrame(frame);
      if (isPromise(accepted))
        accepted.then(
          () => done(),
          (err: unknown) => done(asError(err)),
        );
      else done();
    } catch (err) {
      done(asError(err));
    }
  }
}

/** People throw strings, and nothing at all. */
function asError(err: unknown): Error {
  return err instanceof Error ? err : new Error(`a slave failed with ${show(err)}`);
}
