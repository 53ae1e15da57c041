// What is in a data file, counted as its records go by.

import type { FileFrame, FilePlace } from '../../index';
import { splitInverted, splitV1, splitV2, BatchRecords, type Split } from '../../stream/batcher/split';
import { recordBytes } from '../support/frame-source';

/** How many frames of a channel are looked into. */
const SAMPLES = 20;
const MAX_FLAGS = 16;
const MAX_KEYS = 20;
// A configuration is text; more of it than this is not looked at.
const MAX_TEXT_BYTES = 4 * 1024 * 1024;

// Of a bzip2 stream with something in it: its level, and the digits of pi.
const BZIP2 = /^BZh[1-9]1AY&SY/;

const splits = (split: Split) => (payload: Buffer) => split(payload) instanceof BatchRecords;
const LAYOUTS: readonly (readonly [name: Look, fits: (payload: Buffer) => boolean])[] = [
  ['bzip2', (payload) => BZIP2.test(payload.toString('latin1', 0, 10))],
  ['v1', splits(splitV1)],
  ['v2', splits(splitV2)],
  ['inverted', splits(splitInverted)],
];

/** What the payloads of a channel look like: batches, in one of three layouts; compressed by StreamZip; text; anything. */
export type Look = 'v1' | 'v2' | 'inverted' | 'bzip2' | 'text' | 'data';

/** One channel, as `--json` prints it. */
export interface ChannelContents {
  readonly channel: number;
  readonly frames: number;
  readonly bytes: number;
  readonly minBytes: number;
  readonly meanBytes: number;
  readonly maxBytes: number;
  readonly errors: number;
  /** Those seen, up to 16 of them. */
  readonly flags: readonly number[];
  readonly moreFlags: boolean;
  readonly looksLike: Look;
  /** Of configuration text: its first keys, up to 20. */
  readonly keys: readonly string[];
  readonly first: FilePlace;
  readonly last: FilePlace;
}

/** Counts the frames of one channel. */
class Channel {
  private frames = 0;
  private bytes = 0;
  private minBytes = Infinity;
  private maxBytes = 0;
  private errors = 0;
  private readonly flags = new Set<number>();
  private readonly keys = new Set<string>();
  private first: FilePlace | undefined;
  private last: FilePlace | undefined;
  /** Layouts that every sample has had. */
  private layouts = LAYOUTS;
  private isText = true;

  constructor(private readonly channel: number) {}

  add(frame: FileFrame): void {
    const { size, flags, error, path, position } = frame;
    if (this.frames < SAMPLES || this.isText) this.look(frame.payload);
    this.frames += 1;
    this.bytes += size;
    if (size < this.minBytes) this.minBytes = size;
    if (size > this.maxBytes) this.maxBytes = size;
    if (error !== 0) this.errors += 1;
    if (this.flags.size <= MAX_FLAGS) this.flags.add(flags);
    this.last = { path, position };
    this.first ??= this.last;
  }

  get contents(): ChannelContents {
    const { channel, frames, bytes, minBytes, maxBytes, errors, flags } = this;
    const seen = [...flags].sort((a, b) => a - b);
    return {
      ...{ channel, frames, bytes, minBytes, meanBytes: bytes / frames, maxBytes, errors },
      flags: seen.slice(0, MAX_FLAGS),
      moreFlags: seen.length > MAX_FLAGS,
      looksLike: this.looksLike,
      keys: this.isText ? [...this.keys] : [],
      first: this.first!,
      last: this.last!,
    };
  }

  private get looksLike(): Look {
    if (this.isText) return 'text';
    const [layout] = this.layouts;
    return layout === undefined ? 'data' : layout[0];
  }

  private look(payload: Buffer): void {
    if (this.frames < SAMPLES) this.layouts = this.layouts.filter(([, fits]) => fits(payload));
    if (!this.isText) return;
    const keys = payload.length > MAX_TEXT_BYTES ? undefined : keysOf(payload);
    this.isText = keys !== undefined;
    for (const key of keys ?? []) if (this.keys.size < MAX_KEYS) this.keys.add(key);
  }
}

/** The frames of a file, or of the parts of a recording. */
export class Contents {
  frames = 0;
  /** With the headers of records. */
  bytes = 0;
  private readonly channels: (Channel | undefined)[] = [];

  add(frame: FileFrame): void {
    this.frames += 1;
    this.bytes += recordBytes(frame);
    (this.channels[frame.channel] ??= new Channel(frame.channel)).add(frame);
    frame.release();
  }

  /** By number. */
  get byChannel(): ChannelContents[] {
    return this.channels.filter((one) => one !== undefined).map((one) => one.contents);
  }
}

/** The keys at the beginning of lines; undefined for what is no text of keys and values, as configurations are. */
function keysOf(payload: Buffer): string[] | undefined {
  // A zero byte, and most others that are no text, tell at once.
  if (payload.length === 0 || payload.subarray(0, 64).some((byte) => byte < 9 || byte === 127))
    return undefined;
  const text = payload.toString();
  if (text.includes('\ufffd') || text.includes('\0')) return undefined;
  const keys = [...text.matchAll(/^([^\s#:'"-][^:\n]*):(?=\s|$)/gm)].map(([, key]) => key!);
  return keys.length === 0 ? undefined : keys;
}
