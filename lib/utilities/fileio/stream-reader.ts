// Rogue's file player. slaclab/rogue src/rogue/utilities/fileio/StreamReader.cpp.

import { describeError } from '../../errors';
import { Logging } from '../../logging';
import { Master } from '../../stream/master';
import { FileFrames, type FileFrame, type ReadFramesOptions } from './file-frames';

/** One file, or sequence of files, being played. */
interface Playing {
  readonly source: FileFrames;
  /** Resolves at the end of it; rejects with what ended it. */
  done: Promise<void>;
  stopped: boolean;
  /** Ends {@link done} without waiting for a slave. */
  readonly abandon: () => void;
}

/**
 * Plays data files into a stream, as fast as its slaves accept:
 *
 * ```ts
 * const reader = new StreamReader();
 * reader.to(tcp);
 * await reader.open('run.dat');
 * await reader.closeWait();
 * ```
 */
export class StreamReader extends Master implements AsyncDisposable {
  private readonly log = Logging.create('fileio.StreamReader');
  private playing: Playing | undefined;
  private played = 0;

  /** @throws {TypeError} {RangeError} for options that are wrong. */
  constructor(private readonly options: Omit<ReadFramesOptions, 'signal'> = {}) {
    super();
    // So that a wrong option is told here, and not when a file is opened.
    new FileFrames('checks the options', options, 'StreamReader');
  }

  /** Frames that the slaves have accepted since {@link open}. */
  get frameCount(): number {
    return this.played;
  }

  /** True until the last frame has been accepted. */
  get isActive(): boolean {
    return this.playing !== undefined && !this.playing.stopped;
  }

  /** As {@link isActive}, by Rogue's other name for it. */
  get isOpen(): boolean {
    return this.isActive;
  }

  /**
   * Opens the file and begins to play it; one that is still played is closed.
   *
   * @param paths as for `readFrames`: a file, the first part (`.1`) of a recording, or a list of files.
   * @throws {GeneralError} `ERR_FILE_OPEN`
   */
  async open(paths: string | readonly string[]): Promise<void> {
    const source = new FileFrames(paths, this.options, 'StreamReader');
    await this.close();
    await source.open();
    this.played = 0;
    let abandon: () => void = () => undefined;
    const abandoned = new Promise<void>((resolve) => (abandon = resolve));
    const playing: Playing = { source, done: abandoned, stopped: false, abandon };
    playing.done = Promise.race([this.play(playing), abandoned]);
    // Told by closeWait, and by the log where nobody asks.
    playing.done.catch(() => undefined);
    this.playing = playing;
  }

  /**
   * Resolves when everything has been played, at once when nothing is.
   * @throws {GeneralError} `ERR_FILE_READ`, `ERR_FILE_FORMAT`, `ERR_TORN_RECORD`
   * @throws what a slave failed with: that ends the playing.
   */
  async closeWait(): Promise<void> {
    await this.playing?.done;
  }

  /** Ends the playing at once. What `frames()` and `readable()` have handed out ends as well. */
  async close(): Promise<void> {
    const { playing } = this;
    if (playing === undefined) return;
    this.playing = undefined;
    playing.stopped = true;
    playing.abandon();
    await playing.source.close();
    this.endTaps();
  }

  /** {@link close}, by the name all modules with something to end have. */
  override stop(): Promise<void> {
    return this.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async play(playing: Playing): Promise<void> {
    const { source } = playing;
    try {
      while (!playing.stopped) {
        const frame = source.take();
        if (frame !== undefined) await this.give(frame);
        else if (!(await source.fill())) break;
      }
      playing.stopped = true;
      this.endTaps();
    } catch (err) {
      // Of a file that was closed meanwhile nobody wants to know.
      if (playing.stopped) return;
      playing.stopped = true;
      this.log.error(`Playing has ended after ${this.played} frames: ${describeError(err)}`);
      this.endTaps(err instanceof Error ? err : new Error(describeError(err)));
      throw err;
    } finally {
      await source.close();
    }
  }

  private async give(frame: FileFrame): Promise<void> {
    // As in Rogue: no bridge to a Rogue peer can send it.
    if (frame.size === 0) return;
    await this.deliver(frame);
    this.played += 1;
  }
}
