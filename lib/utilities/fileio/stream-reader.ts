// Rogue's file player. slaclab/rogue src/rogue/utilities/fileio/StreamReader.cpp.

import { nextTurn } from '../../async/clock';
import { describeError, GeneralError } from '../../errors';
import { Logging } from '../../logging';
import { FailureLog } from '../../stream/failures';
import { Master } from '../../stream/master';
import type { SlaveLike } from '../../stream/slave';
import { Mutex } from '../../async/mutex';
import { FileFrames } from './file-frames';
import { READ_OPTIONS, type FileSource, type ReadFramesOptions } from './read-options';

/** One file, or sequence of files, being played. */
interface Playing {
  readonly source: FileFrames;
  /** Resolves at the end of it, however it came about; {@link failure} says whether it was one. */
  done: Promise<void>;
  failure: Error | undefined;
  /** Nothing of it happens any more. */
  stopped: boolean;
  /** Ends {@link done} without waiting for a slave. */
  readonly abandon: () => void;
}

/** What a {@link StreamReader} reads; it plays batches as they are, and a splitter behind it takes them apart. */
export type StreamReaderOptions = Omit<ReadFramesOptions, 'signal' | 'batched'>;

const OPTIONS = READ_OPTIONS.filter((name) => name !== 'signal' && name !== 'batched');

/**
 * Plays data files into a stream, as fast as its slaves accept; while it has none it waits for one.
 *
 * ```ts
 * const reader = new StreamReader();
 * reader.to(tcp);
 * await reader.open('run.dat');
 * await reader.closeWait();
 * ```
 */
export class StreamReader extends Master implements AsyncDisposable {
  private readonly failures = new FailureLog(Logging.create('fileio.StreamReader'));
  private playing: Playing | undefined;
  /** Of open and close. */
  private readonly mutex = new Mutex();
  private played = 0;
  /** Woken when a slave is added, and when one is missed. */
  private onSlave: (() => void) | undefined;
  private readonly missing = new Set<() => void>();

  /** @throws {TypeError} {RangeError} for options that are wrong. */
  constructor(private readonly options: StreamReaderOptions = {}) {
    super();
    // So that a wrong option is told here, and not when a file is opened.
    new FileFrames('checks the options', options, 'StreamReader', OPTIONS);
  }

  /** Frames that the slaves have accepted since {@link open}. */
  get frameCount(): number {
    return this.played;
  }

  /** True until the last frame has been accepted. */
  get isActive(): boolean {
    return this.playing?.stopped === false;
  }

  /** As {@link isActive}, by Rogue's other name for it. */
  get isOpen(): boolean {
    return this.isActive;
  }

  override addSlave(slave: SlaveLike): void {
    super.addSlave(slave);
    this.onSlave?.();
  }

  /**
   * Opens the file and begins to play it; one that is still played is closed. `frames()` and `readable()` get all of
   * it when they are called before this, or right behind it.
   *
   * @param paths as for `readFrames`: a file, the first part (`.1`) of a recording, a list of files, or a stream of bytes.
   * @throws {GeneralError} `ERR_FILE_OPEN`
   */
  open(paths: FileSource): Promise<void> {
    const source = new FileFrames(paths, this.options, 'StreamReader', OPTIONS);
    return this.mutex.runExclusive(async () => {
      await this.end();
      await source.open();
      this.played = 0;
      let abandon: () => void = () => undefined;
      const abandoned = new Promise<void>((resolve) => (abandon = resolve));
      const playing: Playing = { source, done: abandoned, failure: undefined, stopped: false, abandon };
      playing.done = Promise.race([this.play(playing), abandoned]);
      this.playing = playing;
    });
  }

  /**
   * Resolves when everything has been played, at once when nothing is.
   * @throws {GeneralError} `ERR_FILE_READ`, `ERR_FILE_FORMAT`, `ERR_TORN_RECORD`
   * @throws {GeneralError} `ERR_NO_SLAVE`: there is nobody to play it to, so there would be no end.
   * @throws what a slave, or `onConfig`, failed with: that ends the playing.
   */
  async closeWait(): Promise<void> {
    const { playing } = this;
    if (playing === undefined) return;
    let isMissing: () => void = () => undefined;
    const missing = new Promise<void>((_resolve, reject) => {
      isMissing = () => reject(this.noSlave());
    });
    if (this.onSlave !== undefined && this.slaveCount === 0) isMissing();
    this.missing.add(isMissing);
    try {
      await Promise.race([playing.done, missing]);
    } finally {
      this.missing.delete(isMissing);
    }
    if (playing.failure !== undefined) throw playing.failure;
  }

  /**
   * Ends the playing at once, and with it what `frames()` and `readable()` have handed out, for this file or for one
   * that was still to be opened. A frame that a slave has not accepted yet is still that slave's.
   */
  close(): Promise<void> {
    return this.mutex.runExclusive(async () => {
      const closed = this.end();
      this.endTaps();
      await closed;
    });
  }

  /** {@link close}, by the name all modules with something to end have. */
  override stop(): Promise<void> {
    return this.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async end(): Promise<void> {
    const { playing } = this;
    this.playing = undefined;
    if (playing === undefined) return;
    const wasActive = !playing.stopped;
    playing.stopped = true;
    playing.abandon();
    this.onSlave?.();
    if (wasActive) this.endTaps();
    await playing.source.close();
  }

  /** Never rejects. Once `playing` is stopped it touches nothing: another one may be under way. */
  private async play(playing: Playing): Promise<void> {
    const { source } = playing;
    try {
      // So that whoever awaits open() can still add a slave.
      await nextTurn();
      while (!playing.stopped) {
        const frame = source.take();
        if (frame === undefined) {
          if (!(await source.fill())) break;
          continue;
        }
        // As in Rogue: no bridge to a Rogue peer can send it.
        if (frame.size === 0) continue;
        while (this.slaveCount === 0 && !isStopped(playing)) await this.slaveAdded();
        if (isStopped(playing)) return;
        const accepted = this.deliver(frame);
        frame.release();
        if (accepted !== undefined) await accepted;
        if (isStopped(playing)) return;
        this.played += 1;
      }
      if (isStopped(playing)) return;
      playing.stopped = true;
      this.endTaps();
    } catch (err) {
      // Of a file that was closed meanwhile nobody wants to know.
      if (isStopped(playing)) return;
      playing.stopped = true;
      playing.failure = err instanceof Error ? err : new Error(describeError(err));
      this.failures.note(`Playing has ended after ${this.played} frames`, err);
      this.endTaps(playing.failure);
    } finally {
      await source.close();
    }
  }

  private async slaveAdded(): Promise<void> {
    for (const tell of this.missing) tell();
    await new Promise<void>((resolve) => (this.onSlave = resolve));
    this.onSlave = undefined;
  }

  private noSlave(): GeneralError {
    return new GeneralError(
      'ERR_NO_SLAVE',
      `${this.played} frames were played, and there is no slave to take the next one: add one, or close()`,
    );
  }
}

/** A call, because the compiler takes a flag for constant across an await. */
function isStopped({ stopped }: Playing): boolean {
  return stopped;
}
