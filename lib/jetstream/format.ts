// The format of the messages on a log: subjects and headers. Pure. docs/jetstream-format.md describes it byte by byte.

import { GeneralError, show } from '../errors';

/** The format that this library writes. */
export const FORMAT_VERSION = 1;

/** Names of the headers. */
export const HEADER = {
  id: 'Nats-Msg-Id',
  version: 'Rogue-Log',
  frame: 'Rogue-Frame',
  channelFrame: 'Rogue-Channel-Frame',
  count: 'Rogue-Count',
  batch: 'Rogue-Batch',
  part: 'Rogue-Part',
  order: 'Rogue-Order',
  flags: 'Rogue-Flags',
  error: 'Rogue-Error',
  size: 'Rogue-Size',
  chunk: 'Rogue-Chunk',
} as const;

/** A message's place among messages that belong together: a batch of several channels, or the chunks of a frame. */
export interface GroupPlace {
  /** Frame number of the first frame of all of them. */
  readonly first: number;
  /** Frame number after the last one. */
  readonly end: number;
  /** From 0. */
  readonly part: number;
  readonly parts: number;
}

/** What the headers of every message tell. */
interface CommonHead {
  /** Who wrote it: the part of the message id in front of the first dot. */
  readonly writer: string;
  readonly channel: number;
  /** Number of the message's first frame. */
  readonly frame: number;
  /** Number of the message's first frame within its channel. */
  readonly channelFrame: number;
}

/** A message of data-file records. */
export interface RecordsHead extends CommonHead {
  readonly kind: 'records';
  readonly count: number;
  /** Undefined for a message that is a whole batch; its frames are numbered one after the other. */
  readonly group: GroupPlace | undefined;
  /** For each record the frames of other channels in front of it; only with {@link group}. */
  readonly gaps: readonly Run[];
}

/** A message of one frame, or of a chunk of one. */
export interface FrameHead extends CommonHead {
  readonly kind: 'frame';
  readonly flags: number;
  readonly error: number;
  /** Payload bytes of the whole frame; undefined for a frame in one message. */
  readonly size: number | undefined;
  readonly group: GroupPlace | undefined;
}

export type Head = RecordsHead | FrameHead;

/** `count` records in a row with `gap` frames of other channels in front of each. */
export interface Run {
  readonly gap: number;
  readonly count: number;
}

/** Headers of a message, as a client library has them: '' for one that is not there. */
export interface HeaderSource {
  get(name: string): string;
}

/** The subject of a channel's messages. */
export function subjectOf(stream: string, channel: number): string {
  return `${stream}.${channel}`;
}

/** `0,1x998,3` */
export function orderText(runs: readonly Run[]): string {
  return runs.map(({ gap, count }) => (count === 1 ? String(gap) : `${gap}x${count}`)).join(',');
}

/** Frame number behind the last frame of this message and of all messages that belong to it. */
export function endOf(head: Head): number {
  if (head.group !== undefined) return head.group.end;
  return head.frame + (head.kind === 'records' ? head.count : 1);
}

/** Whether more messages belong to this one that come behind it. */
export function isUnfinished({ group }: Head): boolean {
  return group !== undefined && group.part < group.parts - 1;
}

/**
 * What the headers of a message say; undefined for a message that is none of ours.
 * @throws {GeneralError} `ERR_LOG_FORMAT` for one of ours that is wrong, or of a later version.
 */
export function readHead(subject: string, headers: HeaderSource | undefined): Head | undefined {
  if (headers === undefined || headers.get(HEADER.version) === '') return undefined;
  const read = new HeadReader(headers);
  const version = read.integer(HEADER.version);
  if (version !== FORMAT_VERSION) {
    throw formatError(`its format has the version ${version}, and this library reads ${FORMAT_VERSION}`);
  }
  const last = subject.slice(subject.lastIndexOf('.') + 1);
  const channel = Number(last);
  // As a writer has it: the servers take 007 for another subject than 7.
  if (String(channel) !== last || !(channel >= 0 && channel <= 255)) {
    throw formatError(`its subject ${show(subject)} does not end in a channel, 0 to 255`);
  }
  const [writer = ''] = headers.get(HEADER.id).split('.', 1);
  const frame = read.integer(HEADER.frame);
  const common = { writer, channel, frame, channelFrame: read.integer(HEADER.channelFrame) };
  return headers.get(HEADER.count) === ''
    ? frameHead(common, read, headers)
    : recordsHead(common, read, headers);
}

function recordsHead(common: CommonHead, read: HeadReader, headers: HeaderSource): RecordsHead {
  const count = read.integer(HEADER.count, 1);
  if (headers.get(HEADER.batch) === '')
    return { ...common, kind: 'records', count, group: undefined, gaps: [] };
  const [first, end] = read.pair(HEADER.batch, '-');
  const [part, parts] = read.pair(HEADER.part, '/');
  const gaps = read.runs(HEADER.order);
  let last = first;
  let records = 0;
  for (const run of gaps) {
    last += (run.gap + 1) * run.count;
    records += run.count;
  }
  if (part >= parts || records !== count || last > end || common.frame !== first + (gaps[0]?.gap ?? 0)) {
    throw formatError(
      `${HEADER.batch}, ${HEADER.part}, ${HEADER.order} and ${HEADER.count} do not fit together`,
    );
  }
  return { ...common, kind: 'records', count, group: { first, end, part, parts }, gaps };
}

function frameHead(common: CommonHead, read: HeadReader, headers: HeaderSource): FrameHead {
  const { frame } = common;
  const flags = read.integer(HEADER.flags, 0, 0xffff);
  const error = read.integer(HEADER.error, 0, 0xff);
  if (headers.get(HEADER.chunk) === '')
    return { ...common, kind: 'frame', flags, error, size: undefined, group: undefined };
  const [part, parts] = read.pair(HEADER.chunk, '/');
  if (part >= parts) throw read.wrong(HEADER.chunk);
  const group = { first: frame, end: frame + 1, part, parts };
  return { ...common, kind: 'frame', flags, error, size: read.integer(HEADER.size, 1), group };
}

/** Reads headers, with one wording for what is wrong with them. */
class HeadReader {
  constructor(private readonly headers: HeaderSource) {}

  integer(name: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
    return this.integerOf(name, this.headers.get(name), min, max);
  }

  pair(name: string, separator: string): [number, number] {
    const texts = this.headers.get(name).split(separator);
    if (texts.length !== 2) throw this.wrong(name);
    return [this.integerOf(name, texts[0]!), this.integerOf(name, texts[1]!)];
  }

  runs(name: string): Run[] {
    return this.headers
      .get(name)
      .split(',')
      .map((text) => {
        const [gap = '', count = '1', ...more] = text.split('x');
        if (more.length > 0) throw this.wrong(name);
        return { gap: this.integerOf(name, gap), count: this.integerOf(name, count, 1) };
      });
  }

  wrong(name: string): GeneralError {
    return formatError(`its header ${name} is ${show(this.headers.get(name))}`);
  }

  private integerOf(name: string, text: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) throw this.wrong(name);
    return value;
  }
}

/** @param what is wrong with a message, which the caller names. */
export function formatError(what: string): GeneralError {
  return new GeneralError('ERR_LOG_FORMAT', what);
}
