// How a super-frame is laid out: a header, then the data and the tail of each record. Pure.
// slaclab/rogue src/rogue/protocols/batcher/CoreV1.cpp, CoreV2.cpp.
//
//   V1 header   version 1 and width code (1 byte) | sequence (1) | zeros up to a word
//   V1 tail     u32 data bytes | destination (1) | first user (1) | last user (1) | width code (1) | zeros up to a word
//   V2 header   version 2 (1 byte) | sequence (1)
//   V2 tail     u32 data bytes | destination (1) | first user (1) | last user (1)          (little-endian)

/** The sizes of one kind of super-frame. */
export interface Layout {
  readonly version: 1 | 2;
  /** Width code, 0..5. V2 has none: 0. */
  readonly width: number;
  readonly headerBytes: number;
  readonly tailBytes: number;
  /** Data is padded with zeros to a multiple of this, a power of two. */
  readonly wordBytes: number;
  /** A splitter drops every super-frame that is smaller, also a well-formed one. */
  readonly minBytes: number;
}

/** The largest width code: words of 64 bytes. */
export const MAX_WIDTH = 5;
/** Where a V1 tail has its width code. */
export const WIDTH_AT = 7;

const V1_MIN_TAIL_BYTES = 8;
const V1_MIN_BYTES = 16;

/** V1 by width code: words of 2, 4, 8, 16, 32 and 64 bytes. */
export const V1_LAYOUTS: readonly Layout[] = Array.from({ length: MAX_WIDTH + 1 }, (_, width) => {
  const wordBytes = 2 << width;
  const tailBytes = Math.max(V1_MIN_TAIL_BYTES, wordBytes);
  return { version: 1, width, headerBytes: wordBytes, tailBytes, wordBytes, minBytes: V1_MIN_BYTES };
});

export const V2_LAYOUT: Layout = {
  version: 2,
  width: 0,
  headerBytes: 2,
  tailBytes: 7,
  wordBytes: 1,
  minBytes: 10,
};

/** Bytes that data of `size` bytes takes with its padding. */
export function paddedBytes(size: number, { wordBytes }: Layout): number {
  // Sizes up to 2^32 - 1 stay exact: only the padding is computed in 32 bits.
  return size + (-size & (wordBytes - 1));
}

/** Bytes that a record of `size` bytes of data takes in a super-frame. */
export function recordBytes(size: number, layout: Layout): number {
  return paddedBytes(size, layout) + layout.tailBytes;
}
