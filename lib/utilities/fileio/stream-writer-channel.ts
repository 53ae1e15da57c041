// What a StreamWriter hands out to record frames. slaclab/rogue src/rogue/utilities/fileio/StreamWriterChannel.cpp.

import type { Frame } from '../../stream/frame';
import { Slave } from '../../stream/slave';
import { CountWaiters, type WaitFrameCountOptions } from './count-waiters';

/** Records what it accepts; get one from `StreamWriter.getChannel`. */
export class StreamWriterChannel extends Slave {
  readonly retainsFrames = true;
  private readonly waiters = new CountWaiters();
  private before = 0;

  /** @internal */
  constructor(
    private readonly write: (frame: Frame) => void | Promise<void>,
    private readonly isRecording: () => boolean,
  ) {
    super();
  }

  /** Frames accepted since the recording began, those that were left out included. */
  override get frameCount(): number {
    return super.frameCount - this.before;
  }

  override acceptFrame(frame: Frame): void | Promise<void> {
    super.acceptFrame(frame) as undefined;
    const written = this.write(frame);
    this.waiters.update(this.frameCount);
    return written;
  }

  /** As `StreamWriter.waitFrameCount`, for the frames of this channel. */
  waitFrameCount(count: number, options: WaitFrameCountOptions = {}): Promise<boolean> {
    return this.waiters.wait(count, this.frameCount, this.isRecording(), options);
  }

  /** @internal A recording begins. */
  restart(): void {
    this.before = super.frameCount;
  }

  /** @internal A recording ends. */
  endWaits(): void {
    this.waiters.end();
  }
}
