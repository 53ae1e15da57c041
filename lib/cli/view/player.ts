// Data files as a source that can be stopped, moved, and made faster.

import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { readFrames, type FileFrame, type FrameSlave } from '../../index';
import type { FileStatus, Play, WatchedFile } from '../../view';
import { framesOf, filesRead, readsOnce, recordBytes } from '../support/frame-source';
import { Pace } from '../support/pace';

/** Places are remembered this far apart, for moving back and forth. */
const MARK_BYTES = 1_000_000;

/** Where a record begins. */
interface Mark {
  /** Of all files together. */
  readonly at: number;
  readonly file: number;
  readonly position: number;
}

const BEGINNING: Mark = { at: 0, file: 0, position: 0 };

export class Player implements WatchedFile {
  private isPlaying = true;
  private atEnd = false;
  private at = 0;
  private frames = 0;
  private pace: Pace;
  /** Set by the page: go there. */
  private wanted: number | undefined;

  /** In the order of the file. */
  private readonly marks: Mark[] = [BEGINNING];
  private change = new AbortController();

  /** @param totalBytes of all files, Infinity if unknown. @param rate frames a second. */
  constructor(
    private readonly files: readonly string[],
    private readonly totalBytes: number,
    private rate: number,
    private readonly signal: AbortSignal,
  ) {
    this.pace = new Pace(rate);
  }

  get status(): FileStatus {
    const { isPlaying, atEnd, frames, rate } = this;
    const position = Number.isFinite(this.totalBytes) ? Math.min(1, this.at / this.totalBytes) : 0;
    return { playing: isPlaying && !atEnd, atEnd, position, bytes: this.at, frames, rate };
  }

  play({ playing, position, rate }: Play): void {
    if (rate !== undefined) {
      this.rate = rate;
      this.pace = new Pace(rate === 0 ? undefined : rate);
    }
    if (playing !== undefined) {
      this.isPlaying = playing;
      if (playing && this.atEnd) this.wanted = 0;
    }
    if (position !== undefined && Number.isFinite(this.totalBytes)) this.wanted = position * this.totalBytes;
    // Whatever waits looks again.
    this.change.abort();
    this.change = new AbortController();
  }

  /** Gives the frames to `slave` until the signal is aborted. */
  async run(slave: FrameSlave): Promise<void> {
    let mark = BEGINNING;
    let target = 0;
    for (;;) {
      const end = await this.readFrom(mark, target, slave);
      if (this.isOver()) return;
      if (end === 'end') {
        this.atEnd = true;
        await this.untilChange(() => this.wanted !== undefined);
        if (this.isOver()) return;
      }
      target = readsOnce(this.files) ? Infinity : (this.wanted ?? 0);
      this.wanted = undefined;
      this.atEnd = false;
      mark = this.marks.findLast(({ at }) => at <= target) ?? BEGINNING;
    }
  }

  /** From this record on, shown from `target` on. @returns at the end of the files, or when it is to go elsewhere. */
  private async readFrom(mark: Mark, target: number, slave: FrameSlave): Promise<'end' | 'moved'> {
    this.at = mark.at;
    for await (const { frame, file } of this.framesFrom(mark)) {
      if (this.hasToMove()) return 'moved';
      this.note({ at: this.at, file, position: frame.position });
      const isBefore = this.at + recordBytes(frame) <= target;
      if (!isBefore && !(await this.show(frame, slave))) return 'moved';
      this.at += recordBytes(frame);
      frame.release();
    }
    return 'end';
  }

  /** Waits until it is time for this frame, and for `slave`. @returns false when it is to go elsewhere first. */
  private async show(frame: FileFrame, slave: FrameSlave): Promise<boolean> {
    do {
      await this.untilChange(() => this.isPlaying || this.hasToMove());
      await this.pace.next(this.either).catch(() => undefined);
      if (this.hasToMove()) return false;
    } while (!this.isPlaying);
    const accepted = slave.acceptFrame(frame);
    this.frames += 1;
    let isAccepted = accepted === undefined;
    void Promise.resolve(accepted).finally(() => (isAccepted = true));
    // A program in a browser may take its time; Ctrl-C does not wait for it.
    while (!isAccepted && !this.hasToMove()) {
      await Promise.race([accepted, once(this.either, 'abort')]);
    }
    return true;
  }

  private async *framesFrom({ file, position }: Mark): AsyncGenerator<{ frame: FileFrame; file: number }> {
    const { signal } = this;
    if (readsOnce(this.files)) {
      for await (const frame of framesOf(this.files, { signal })) yield { frame, file: 0 };
      return;
    }
    const paths = await filesRead(this.files);
    for (let i = file; i < paths.length; i++) {
      const start = i === file ? position : 0;
      const source = start === 0 ? [paths[i]!] : createReadStream(paths[i]!, { start });
      for await (const frame of readFrames(source, { signal })) {
        yield { frame: start === 0 ? frame : moved(frame, start), file: i };
      }
    }
  }

  // Methods, because both change while something is waited for.
  private isOver(): boolean {
    return this.signal.aborted;
  }

  private hasToMove(): boolean {
    return this.wanted !== undefined || this.isOver();
  }

  private note(mark: Mark): void {
    if (mark.at - this.marks.at(-1)!.at >= MARK_BYTES) this.marks.push(mark);
  }

  private get either(): AbortSignal {
    return AbortSignal.any([this.signal, this.change.signal]);
  }

  private async untilChange(isEnough: () => boolean): Promise<void> {
    while (!isEnough() && !this.isOver()) {
      const { either } = this;
      if (!either.aborted) await once(either, 'abort');
    }
  }
}

/** A frame of a stream that began at `start`: its position in the file. */
function moved(frame: FileFrame, start: number): FileFrame {
  return Object.assign(frame, { position: frame.position + start });
}
