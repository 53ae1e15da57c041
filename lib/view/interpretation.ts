// How the bytes of a channel are read as numbers: type, byte order, bytes to skip, shape. Pure; the page uses it as well.

/** numpy's names of the sample types. */
export const SAMPLE_TYPES = ['i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8'] as const;
export type SampleType = (typeof SAMPLE_TYPES)[number];

/** What people read in the list of types. */
export const TYPE_LABELS: Readonly<Record<SampleType, string>> = {
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

export type ByteOrder = 'le' | 'be';

/** The views of a channel. */
export const VIEWS = ['wave', 'image', 'hist', 'hex'] as const;
export type View = (typeof VIEWS)[number];

/** How a channel's payload is read. */
export interface Interpretation {
  readonly type: SampleType;
  readonly order: ByteOrder;
  /** Bytes before the first sample. */
  readonly skip: number;
  /** Rows and columns of an image; undefined: one row of all samples. */
  readonly shape: readonly [rows: number, columns: number] | undefined;
}

/** Bytes of one sample. */
export function bytesOfType(type: SampleType): number {
  return Number(type[1]);
}

/** Samples of a payload of `size` bytes; a rest that is no whole sample is left out. */
export function sampleCount({ type, skip }: Interpretation, size: number): number {
  return Math.max(0, Math.floor((size - skip) / bytesOfType(type)));
}

/** Bytes that an image of this shape needs; undefined without a shape. */
export function imageBytes({ type, skip, shape }: Interpretation): number | undefined {
  return shape === undefined ? undefined : skip + shape[0] * shape[1] * bytesOfType(type);
}

/** The first guess for a channel, from the size of its first frame and some of its bytes. */
export interface Guess extends Interpretation {
  readonly view: View;
}

// Sizes of the headers that detectors put before the samples.
const HEADER_SIZES = [0, 32, 64, 16, 8, 128, 256];
const SMALLEST_IMAGE = 32 * 32;
const SMALLEST_WAVE_BYTES = 128;
// Known sensors, rows by columns, and powers of two.
const SHAPES: readonly (readonly [number, number])[] = [
  [192, 384],
  [704, 768],
  [352, 384],
  [178, 192],
  [512, 1024],
  [185, 388],
  [960, 1280],
  [480, 640],
  [1024, 1280],
];

/** Guesses how to look at a channel. Small frames are shown as hex, others as 16-bit samples. */
export function guess(size: number, head: Uint8Array): Guess {
  const plain = { type: 'u2', order: 'le', skip: 0, shape: undefined } as const;
  if (size < SMALLEST_WAVE_BYTES || size % 2 === 1) return { ...plain, type: 'u1', view: 'hex' };
  if (isText(head)) return { ...plain, type: 'u1', view: 'hex' };
  for (const skip of HEADER_SIZES) {
    const shape = shapeOf((size - skip) / 2);
    if (shape !== undefined) return { ...plain, skip, shape, view: 'image' };
  }
  return { ...plain, ...numberType(size, head), view: 'wave' };
}

/** Rows and columns of an image with this number of pixels; undefined if it does not look like one. */
function shapeOf(pixels: number): readonly [number, number] | undefined {
  if (!Number.isInteger(pixels) || pixels < SMALLEST_IMAGE) return undefined;
  const known = SHAPES.find(([rows, columns]) => rows * columns === pixels);
  if (known !== undefined) return known;
  const side = Math.sqrt(pixels);
  return Number.isInteger(side) && side % 16 === 0 ? [side, side] : undefined;
}

function isText(head: Uint8Array): boolean {
  return head.length > 0 && head.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
}

/** float32 where the exponents of all looked-at numbers are those of everyday values; else 16 bits. */
function numberType(size: number, head: Uint8Array): { type: SampleType } | undefined {
  const count = Math.floor(head.length / 4);
  if (size % 4 !== 0 || count < 8) return undefined;
  const numbers = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let everyday = 0;
  let different = 0;
  for (let i = 0; i < count; i++) {
    const value = Math.abs(numbers.getFloat32(4 * i, true));
    if (value === 0 || (value > 1e-6 && value < 1e9)) everyday += 1;
    if (value !== 0) different += 1;
  }
  return everyday === count && 2 * different > count ? { type: 'f4' } : undefined;
}
