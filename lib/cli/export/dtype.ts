// The numbers that payloads are made of, by the names that NumPy has for them.

import type { FrameArrayClass } from '../../index';

/** Numbers of a kind: how NumPy describes them in a file, and their arrays here. */
export interface Dtype {
  readonly name: string;
  /** Byte order, kind and size, as `<u2`. */
  readonly descr: string;
  readonly bytes: number;
  readonly type: FrameArrayClass<ArrayBufferView & Iterable<number | bigint>>;
}

const TYPES: readonly (readonly [name: string, descr: string, type: Dtype['type']])[] = [
  ['uint8', '|u1', Uint8Array],
  ['int8', '|i1', Int8Array],
  ['uint16', '<u2', Uint16Array],
  ['int16', '<i2', Int16Array],
  ['uint32', '<u4', Uint32Array],
  ['int32', '<i4', Int32Array],
  ['uint64', '<u8', BigUint64Array],
  ['int64', '<i8', BigInt64Array],
  ['float32', '<f4', Float32Array],
  ['float64', '<f8', Float64Array],
];

/** Little-endian, as what Rogue's peers send. */
export const DTYPES: readonly Dtype[] = TYPES.map(([name, descr, type]) => ({
  name,
  descr,
  bytes: Number(descr.slice(2)),
  type,
}));
