// Messages of a log, in the order of the stream, into frames in the order in which they were written. Pure.

import { Buffer } from 'node:buffer';
import { GeneralError } from '../errors';
import { endOf, formatError, type FrameHead, type GroupPlace, type Head, type RecordsHead } from './format';
import { framesOf, LogFrame, type Stored } from './records';

/** Which numbers are checked: those of all frames, or those of the one channel that is read. */
export type Numbering = 'log' | 'channel';

const NOTHING: readonly LogFrame[] = [];

/** A batch, or a frame in chunks, of which not all messages have come. */
type Open =
  | {
      readonly kind: 'batch';
      readonly writer: string;
      readonly group: GroupPlace;
      readonly frames: LogFrame[];
      parts: number;
    }
  | {
      readonly kind: 'chunks';
      readonly head: FrameHead;
      readonly writer: string;
      readonly group: GroupPlace;
      readonly chunks: Buffer[];
      parts: number;
    };

/** Puts batches and chunks together, and checks that nothing is missing between two messages. */
export class Assembler {
  /** Frames that their writer has left unfinished. */
  abandoned = 0;
  /** The number that the next message must begin with; undefined before the first one. */
  private next: number | undefined;
  private open: Open | undefined;

  constructor(
    private readonly numbering: Numbering,
    private readonly onAbandoned: (text: string) => void,
  ) {}

  /**
   * The frames that are complete with this message, oldest first.
   * @throws {GeneralError} `ERR_LOG_GAP` when messages or chunks are missing in front of it.
   * @throws {GeneralError} `ERR_LOG_FORMAT`
   */
  add(head: Head, stored: Stored): readonly LogFrame[] {
    const before = this.open === undefined || this.continues(head) ? NOTHING : this.closeUnfinished(head);
    const frames = head.kind === 'records' ? this.addRecords(head, stored) : this.addFrame(head, stored);
    return before.length === 0 ? frames : [...before, ...frames];
  }

  /** What is here of a batch whose rest was never stored, when no more messages are to come. */
  end(): readonly LogFrame[] {
    const { open } = this;
    this.open = undefined;
    if (open?.kind === 'chunks') this.abandon(open.head, open.parts);
    return open?.kind === 'batch' ? inOrder(open.frames) : NOTHING;
  }

  private addRecords(head: RecordsHead, stored: Stored): readonly LogFrame[] {
    const frames = framesOf(head, stored);
    const { group, writer } = head;
    if (group === undefined || this.numbering === 'channel') {
      this.checkNumber(head);
      return frames;
    }
    if (this.open?.kind === 'batch') {
      for (const frame of frames) this.open.frames.push(frame);
      this.open.parts += 1;
    } else {
      this.checkNumber(head);
      this.open = { kind: 'batch', writer, group, frames, parts: group.part + 1 };
    }
    if (this.open.parts < group.parts) return NOTHING;
    const all = this.open.frames;
    this.open = undefined;
    return inOrder(all);
  }

  private addFrame(head: FrameHead, stored: Stored): readonly LogFrame[] {
    const { group, writer, size } = head;
    if (group === undefined || size === undefined) {
      this.checkNumber(head);
      return [frameOf(head, stored.payload, stored)];
    }
    if (this.open?.kind === 'chunks') {
      this.open.chunks.push(stored.payload);
      this.open.parts += 1;
    } else {
      // Reading began within the frame: what is before it was not asked for.
      if (group.part > 0 && this.next === undefined) return NOTHING;
      this.checkNumber(head);
      this.open = { kind: 'chunks', head, writer, group, chunks: [stored.payload], parts: 1 };
    }
    if (this.open.parts < group.parts) return NOTHING;
    const payload = Buffer.concat(this.open.chunks);
    this.open = undefined;
    if (payload.length !== size) {
      throw formatError(
        `the ${group.parts} chunks of its frame have ${payload.length} bytes, and ${size} are right`,
      );
    }
    return [frameOf(head, payload, stored)];
  }

  private continues({ kind, writer, group }: Head): boolean {
    const { open } = this;
    if (open === undefined || group === undefined || open.writer !== writer) return false;
    const isSameKind = (open.kind === 'batch') === (kind === 'records');
    return isSameKind && group.first === open.group.first && group.part === open.parts;
  }

  /** What is handed out of a group that this message does not continue. */
  private closeUnfinished(head: Head): readonly LogFrame[] {
    const open = this.open!;
    const { parts, group } = open;
    const isOtherWriter = open.writer !== head.writer;
    const start = head.group?.first ?? head.frame;
    if (open.kind === 'batch') {
      if (isOtherWriter && start === group.end) return this.end();
      throw gapError(
        `part ${parts} of the ${group.parts} parts of the batch of frames ${group.first} to ${group.end - 1} is missing`,
        this.placeOf(head),
      );
    }
    // The number is used again; in the log perhaps by a frame of another channel.
    const isLog = this.numbering === 'log';
    const isAgain = isLog ? start === group.first : head.channelFrame === open.head.channelFrame;
    if (!isOtherWriter || !isAgain)
      throw gapError(
        `chunk ${parts} of the ${group.parts} chunks of frame ${group.first} is missing`,
        this.placeOf(head),
      );
    this.end();
    this.next = isLog ? group.first : head.channelFrame;
    return NOTHING;
  }

  /** What a message is, for one who looks for what was in front of it. */
  private placeOf({ kind, group, frame, channelFrame }: Head): string {
    if (group === undefined || group.part === 0 || (this.numbering === 'channel' && kind === 'records')) {
      return `frame ${this.numbering === 'log' ? (group?.first ?? frame) : channelFrame}`;
    }
    return kind === 'records'
      ? `part ${group.part} of the batch of frames ${group.first} to ${group.end - 1}`
      : `chunk ${group.part} of frame ${frame}`;
  }

  private abandon({ frame }: FrameHead, parts: number): void {
    this.abandoned += 1;
    this.onAbandoned(`frame ${frame} was never written to its end: its first ${parts} chunks are left out`);
  }

  private checkNumber(head: Head): void {
    const isLog = this.numbering === 'log';
    const start = isLog ? (head.group?.first ?? head.frame) : head.channelFrame;
    // Reading may begin within a batch; later, its first part must come first.
    const isWithin = isLog && head.kind === 'records' && (head.group?.part ?? 0) > 0;
    const { next } = this;
    if (next !== undefined && (start !== next || isWithin)) {
      const of = isLog ? '' : ` of channel ${head.channel}`;
      const range = start > next ? `${next} to ${start - 1}` : `from ${next} on`;
      throw gapError(`frames ${range}${of} are missing`, this.placeOf(head));
    }
    if (isLog) this.next = endOf(head);
    else this.next = start + (head.kind === 'records' ? head.count : 1);
  }
}

function frameOf({ flags, error, channel, frame }: FrameHead, payload: Buffer, stored: Stored): LogFrame {
  const { sequence, storedAt } = stored;
  return new LogFrame(payload, { flags, error, channel }, frame, sequence, storedAt, payload.length);
}

function inOrder(frames: LogFrame[]): LogFrame[] {
  return frames.sort((a, b) => a.number - b.number);
}

function gapError(missing: string, found: string): GeneralError {
  return new GeneralError(
    'ERR_LOG_GAP',
    `${missing}, and ${found} follows: the log was trimmed by its limits, purged, or begun anew while it was read; ` +
      'read on from a later place, or give the log larger limits',
  );
}
