// What a StreamWriter hands out to record frames. slaclab/rogue src/rogue/utilities/fileio/StreamWriterChannel.cpp.

import type { Frame } from '../../stream/frame';
import { Slave } from '../../stream/slave';

/** Records what it accepts; get one from `StreamWriter.getChannel`. */
export class StreamWriterChannel extends Slave {
  readonly retainsFrames = true;
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
    return this.write(frame);
  }

  protected override get canGrow(): boolean {
    return this.isRecording();
  }

  /** @internal A recording begins. */
  restart(): void {
    this.before = super.frameCount;
  }
}
