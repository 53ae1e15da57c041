// Frames for Node's pipeline().

import { Readable, Writable } from 'node:stream';
import { show } from '../errors';
import { isPromise } from './accepted';
import { Frame } from './frame';
import type { FrameSlave } from './slave';
import { Hold, logUnread, type Tap, type TapOwner } from './tap';

/** As Node's streams of objects. */
export interface FrameStreamOptions {
  /** Frames that the stream holds before it holds back who writes to it; default 16, as Node's. */
  readonly highWaterMark?: number;
}

/** What a master sends, as a Node stream of {@link Frame}s. */
export class FrameReadable extends Readable implements Tap {
  private readonly hold = new Hold();

  constructor(
    options: FrameStreamOptions,
    private readonly owner: TapOwner,
  ) {
    super({ ...options, objectMode: true });
  }

  acceptFrame(frame: Frame): void | Promise<void> {
    if (this.destroyed || this.readableEnded) return;
    if (!this.push(frame)) return this.hold.wait();
  }

  end(error?: Error): void {
    this.owner.remove(this);
    this.hold.release();
    if (error === undefined) this.push(null);
    else this.destroy(error);
  }

  override _read(): void {
    this.hold.release();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    logUnread(this.readableLength);
    this.owner.remove(this);
    // Whose frame was not taken is told why.
    this.hold.release(error ?? undefined);
    done(error);
  }
}

/** What a slave takes, as a Node stream of {@link Frame}s. */
export class FrameWritable extends Writable {
  constructor(
    private readonly slave: FrameSlave,
    options: FrameStreamOptions = {},
  ) {
    super({ ...options, objectMode: true });
  }

  override _write(frame: unknown, _encoding: string, done: (error?: Error | null) => void): void {
    if (!(frame instanceof Frame)) {
      done(new TypeError(`a stream of frames was given ${show(frame)}, but takes Frame objects only`));
      return;
    }
    try {
      const accepted: unknown = this.slave.acceptFrame(frame);
      if (isPromise(accepted)) accepted.then(() => done(), done);
      else done();
    } catch (err) {
      done(err instanceof Error ? err : new Error(`a slave threw ${show(err)}`));
    }
  }
}
