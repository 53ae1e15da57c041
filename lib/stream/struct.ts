// Records of a fixed layout in a payload, as a C struct or a firmware's header has them.

import { show } from '../errors';
import { checkBoolean, checkInteger, checkOptionNames } from '../validate';
import { isUint8Array } from './frame-array';

/** A number of a struct: unsigned, signed or floating, and its bits. Those of 64 bits are a `bigint`. */
export type StructNumber = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64' | 'f32' | 'f64';

/** A field: a number, or several in a row, as `'u16[4]'`. */
export type StructField = StructNumber | `${StructNumber}[${number}]`;

type NumberOf<F extends string> = F extends `${string}64` ? (F extends 'f64' ? number : bigint) : number;

/** What a struct of these fields reads. */
export type StructValue<F extends Readonly<Record<string, StructField>>> = {
  -readonly [N in keyof F]: F[N] extends `${infer Each}[${string}]` ? NumberOf<Each>[] : NumberOf<F[N]>;
};

/** How the bytes of a struct lie. */
export interface StructOptions {
  /** True for numbers whose first byte is the highest; default false, as Rogue and its firmware. */
  readonly bigEndian?: boolean;
  /** Bytes from one record to the next; default {@link Struct.size}, more where the firmware fills up. */
  readonly stride?: number;
}

/** Which records to read. */
export interface ReadAllOptions {
  /** Bytes in front of the first record; default 0. */
  readonly offset?: number;
  /** Records; default all up to the end of the payload. */
  readonly count?: number;
}

/** Bytes to read from: a frame, or its payload. */
export type StructSource = { readonly payload: Uint8Array } | Uint8Array;

type Read = (view: DataView, at: number) => unknown;

const NUMBERS: Readonly<Record<StructNumber, readonly [bytes: number, reader: (isLittle: boolean) => Read]>> =
  {
    u8: [1, () => (view, at) => view.getUint8(at)],
    i8: [1, () => (view, at) => view.getInt8(at)],
    u16: [2, (isLittle) => (view, at) => view.getUint16(at, isLittle)],
    i16: [2, (isLittle) => (view, at) => view.getInt16(at, isLittle)],
    u32: [4, (isLittle) => (view, at) => view.getUint32(at, isLittle)],
    i32: [4, (isLittle) => (view, at) => view.getInt32(at, isLittle)],
    u64: [8, (isLittle) => (view, at) => view.getBigUint64(at, isLittle)],
    i64: [8, (isLittle) => (view, at) => view.getBigInt64(at, isLittle)],
    f32: [4, (isLittle) => (view, at) => view.getFloat32(at, isLittle)],
    f64: [8, (isLittle) => (view, at) => view.getFloat64(at, isLittle)],
  };
const FIELD = /^([uif]\d+)(?:\[(\d{1,6})\])?$/;

/**
 * The layout of a record, for reading it from payloads. Without gaps between its fields: name those that fill up.
 *
 * ```ts
 * const hit = struct({ col: 'u8', row: 'u8', value: 'f32' });
 * const { col, row, value } = hit.read(frame, 12);
 * for (const { value } of hit.readAll(frame, { offset: 12 })) sum += value;
 * ```
 *
 * @param fields their names and types, in the order in which they lie.
 * @throws {TypeError} {RangeError} naming the field or option that is wrong.
 */
export function struct<const F extends Readonly<Record<string, StructField>>>(
  fields: F,
  options: StructOptions = {},
): Struct<StructValue<F>> {
  return new Struct(fields, options);
}

/** A compiled layout; {@link struct} makes one. */
export class Struct<T> {
  /** Bytes of one record. */
  readonly size: number;
  private readonly stride: number;
  private readonly names: readonly string[];
  private readonly reads: readonly Read[];
  private readonly offsets: readonly number[];

  /** @internal */
  constructor(fields: Readonly<Record<string, StructField>>, options: StructOptions) {
    checkOptionNames('the options of struct', options, ['bigEndian', 'stride']);
    const isLittle = !checkBoolean('bigEndian', options.bigEndian ?? false);
    const names = Object.keys(Object(fields) as object);
    if (names.length === 0) {
      throw new TypeError(`fields are ${show(fields)}, but must be names with types, as { col: 'u8' }`);
    }
    const offsets: number[] = [];
    let size = 0;
    this.reads = names.map((name) => {
      const { bytes, read } = compile(name, fields[name], isLittle);
      offsets.push(size);
      size += bytes;
      return read;
    });
    this.names = names;
    this.offsets = offsets;
    this.size = size;
    this.stride = checkInteger('stride', options.stride ?? size, size, 2 ** 32 - 1);
  }

  /**
   * One record.
   *
   * @param source a frame, or bytes.
   * @param offset bytes in front of it; default 0.
   * @throws {RangeError} when it does not lie within the bytes.
   */
  read(source: StructSource, offset = 0): T {
    const view = viewOf(source);
    checkInteger(
      'offset',
      offset,
      0,
      view.byteLength - this.size,
      `: ${this.size} of ${view.byteLength} bytes`,
    );
    return this.readAt(view, offset);
  }

  /**
   * Records one after the other.
   *
   * @throws {RangeError} when they do not lie within the bytes, and, without a `count`, when bytes are left over.
   */
  readAll(source: StructSource, options: ReadAllOptions = {}): T[] {
    checkOptionNames('the options of readAll', options, ['offset', 'count']);
    const view = viewOf(source);
    const { size, stride } = this;
    const { offset = 0, count } = options;
    checkInteger('offset', offset, 0, view.byteLength, `, the size in bytes`);
    const bytes = view.byteLength - offset;
    // The last one need not be filled up.
    const whole = Math.floor((bytes + stride - size) / stride);
    if (count !== undefined) checkInteger('count', count, 0, whole, `, the records in ${bytes} bytes`);
    else if (bytes > whole * stride) {
      const left = bytes - whole * stride;
      throw new RangeError(
        `${bytes} bytes are ${whole} records (${stride} bytes each) and ${left} bytes left over: give count, or another offset`,
      );
    }
    const records: T[] = [];
    for (let i = 0, at = offset; i < (count ?? whole); i++, at += stride) records.push(this.readAt(view, at));
    return records;
  }

  private readAt(view: DataView, at: number): T {
    const { names, reads, offsets } = this;
    const record: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) record[names[i]!] = reads[i]!(view, at + offsets[i]!);
    return record as T;
  }
}

function compile(name: string, type: unknown, isLittle: boolean): { bytes: number; read: Read } {
  const [, number = '', times] = FIELD.exec(String(type)) ?? [];
  const found = Object.hasOwn(NUMBERS, number) ? NUMBERS[number as StructNumber] : undefined;
  if (found === undefined || typeof type !== 'string') {
    const known = Object.keys(NUMBERS).join(', ');
    throw new TypeError(`${name} is ${show(type)}, but must be one of ${known}, or several of one: 'u16[4]'`);
  }
  const [bytes, reader] = found;
  const read = reader(isLittle);
  if (times === undefined) return { bytes, read };
  const length = Number(times);
  return {
    bytes: bytes * length,
    read: (view, at) => Array.from({ length }, (_, i) => read(view, at + i * bytes)),
  };
}

function viewOf(source: StructSource): DataView {
  const bytes = isUint8Array(source) ? source : (source as { payload?: unknown } | null)?.payload;
  if (!isUint8Array(bytes))
    throw new TypeError(`source is ${show(source)}, but must be a frame or a Uint8Array`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
