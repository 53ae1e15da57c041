// Finds the records of a super-frame. Copies nothing. Pure.
// slaclab/rogue src/rogue/protocols/batcher/CoreV1.cpp, CoreV2.cpp, InverterV1.cpp.

import { MAX_WIDTH, paddedBytes, recordBytes, V1_LAYOUTS, V2_LAYOUT, WIDTH_AT, type Layout } from './layout';

/** One record of a super-frame. */
export interface BatchRecord {
  /** Bytes from the beginning of the super-frame to the data. */
  readonly offset: number;
  /** Bytes of data, 0..4294967295. */
  readonly size: number;
  /** 0..255 */
  readonly destination: number;
  /** 0..255 */
  readonly firstUser: number;
  /** 0..255 */
  readonly lastUser: number;
}

/** Why a super-frame has no records, in the words of Rogue where it has a log line for it. */
export interface Fault {
  readonly level: 'warning' | 'error';
  readonly text: string;
}

/** Finds the records of one kind of super-frame: all of them, or none and the reason. */
export type Split = (bytes: Buffer) => BatchRecords | Fault;

// InverterV1 drops batches of narrower words: their tails do not fit in the place of the header.
const MIN_INVERTED_WIDTH = 2;
const DESTINATION_AT = 4;
const FLAGS_AT = 5;

/** The records of a super-frame, in order. The methods cost no allocation, the iterator one object a record. */
export class BatchRecords implements Iterable<BatchRecord> {
  /**
   * @param bounds where each record begins, data and tail taken together, and where the last one ends.
   * @param isInverted whether each tail is in front of its data.
   */
  constructor(
    private readonly bytes: Buffer,
    private readonly bounds: Uint32Array,
    private readonly tailBytes: number,
    private readonly isInverted: boolean,
  ) {}

  get count(): number {
    return this.bounds.length - 1;
  }

  /** Bytes from the beginning of the super-frame to the data. */
  offset(index: number): number {
    return this.isInverted ? this.bounds[index]! + this.tailBytes : this.bounds[index]!;
  }

  /** Bytes of data. */
  size(index: number): number {
    return readUInt32(this.bytes, this.tailAt(index));
  }

  /** 0..255 */
  destination(index: number): number {
    return this.bytes[this.tailAt(index) + DESTINATION_AT]!;
  }

  /** First user in the low byte, last user in the high byte, as in a frame. */
  flags(index: number): number {
    const at = this.tailAt(index) + FLAGS_AT;
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  *[Symbol.iterator](): Generator<BatchRecord, undefined> {
    for (let index = 0; index < this.count; index++) {
      const flags = this.flags(index);
      yield {
        offset: this.offset(index),
        size: this.size(index),
        destination: this.destination(index),
        firstUser: flags & 0xff,
        lastUser: flags >> 8,
      };
    }
  }

  private tailAt(index: number): number {
    return this.isInverted ? this.bounds[index]! : this.bounds[index + 1]! - this.tailBytes;
  }
}

/** For super-frames of a `CombinerV1`, or of a V1 batcher in firmware. */
export function splitV1(bytes: Buffer): BatchRecords | Fault {
  // The limits are the same at all widths.
  const fault = sizeFault(bytes, V1_LAYOUTS[0]!) ?? versionFault(bytes, 1);
  if (fault !== undefined) return fault;
  const width = bytes[0]! >> 4;
  const layout = V1_LAYOUTS[width];
  if (layout === undefined) return error(`Invalid AXIS Type Detected. Got ${width}`);
  const { headerBytes, tailBytes } = layout;
  if (bytes.length < headerBytes + tailBytes) {
    // Rogue prints each of the two numbers under the other's label.
    return error(`Not enough space (${bytes.length}) for tail (${headerBytes}) + header (${tailBytes})`);
  }
  return splitFromEnd(bytes, layout);
}

/** For super-frames of a `CombinerV2`, or of a V2 batcher in firmware. */
export function splitV2(bytes: Buffer): BatchRecords | Fault {
  return sizeFault(bytes, V2_LAYOUT) ?? versionFault(bytes, 2) ?? splitFromEnd(bytes, V2_LAYOUT);
}

/**
 * For V1 super-frames of width 2 to 5 that passed Rogue's `InverterV1`. Each tail is in front of its data, and the first
 * one replaces the header, so the width is known from the tails alone; they must agree.
 */
export function splitInverted(bytes: Buffer): BatchRecords | Fault {
  const { length } = bytes;
  if (length <= WIDTH_AT) return error(`Not enough space (${length}) for tail (${WIDTH_AT + 1})`);
  const width = bytes[WIDTH_AT]!;
  if (width < MIN_INVERTED_WIDTH || width > MAX_WIDTH) {
    return error(`Invalid width ${width}: an inverted batch has ${MIN_INVERTED_WIDTH} to ${MAX_WIDTH}`);
  }
  const layout = V1_LAYOUTS[width]!;
  const { tailBytes } = layout;
  let count = 0;
  for (let at = 0; at < length; count++) {
    const left = length - at - tailBytes;
    if (left < 0) return error(`Not enough space (${length - at}) for tail (${tailBytes}) at offset ${at}`);
    const found = bytes[at + WIDTH_AT]!;
    if (found !== width) return error(`Width ${found} at offset ${at} in a batch of width ${width}`);
    const taken = paddedBytes(readUInt32(bytes, at), layout);
    if (taken > left) return error(`Not enough space (${left}) for frame (${taken}) at offset ${at}`);
    at += tailBytes + taken;
  }
  const bounds = new Uint32Array(count + 1);
  for (let index = 0, at = 0; index < count;) {
    at += recordBytes(readUInt32(bytes, at), layout);
    bounds[++index] = at;
  }
  return new BatchRecords(bytes, bounds, tailBytes, true);
}

/**
 * Walks from the last tail to the header: where a record begins is known from its tail alone. Walks twice, so that the
 * list of bounds is made once, with at most 4 bytes for each 7 of the super-frame.
 */
function splitFromEnd(bytes: Buffer, layout: Layout): BatchRecords | Fault {
  const { headerBytes, tailBytes } = layout;
  let count = 0;
  for (let end = bytes.length; end > headerBytes; count++) {
    const left = end - headerBytes - tailBytes;
    if (left < 0) return error(`Not enough space (${end - headerBytes}) for tail (${tailBytes})`);
    const taken = paddedBytes(readUInt32(bytes, end - tailBytes), layout);
    if (taken > left) return error(`Not enough space (${left}) for frame (${taken})`);
    end -= tailBytes + taken;
  }
  const bounds = new Uint32Array(count + 1);
  bounds[count] = bytes.length;
  for (let index = count; index > 0; index--) {
    const end = bounds[index]!;
    bounds[index - 1] = end - recordBytes(readUInt32(bytes, end - tailBytes), layout);
  }
  return new BatchRecords(bytes, bounds, tailBytes, false);
}

function sizeFault({ length }: Buffer, { minBytes }: Layout): Fault | undefined {
  if (length >= minBytes) return undefined;
  return { level: 'warning', text: `Dropping small frame size = ${length}` };
}

function versionFault(bytes: Buffer, version: Layout['version']): Fault | undefined {
  const found = bytes[0]! & 0x0f;
  return found === version ? undefined : error(`Version mismatch. Got ${found}`);
}

function error(text: string): Fault {
  return { level: 'error', text };
}

function readUInt32(bytes: Buffer, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
