// Rogue's data files: a row of records. Pure; browsers use it as well.
// slaclab/rogue src/rogue/utilities/fileio/StreamWriter.cpp, python/pyrogue/utilities/fileio/_FileReader.py.
//
//   u32 length, payload bytes + 4 | u16 flags | u8 error | u8 channel | payload          (little-endian)

/** Bytes in front of each payload. */
export const HEADER_BYTES = 8;
/** What the length field counts besides the payload. */
export const LENGTH_OVERHEAD_BYTES = 4;
/** The length field holds no more. */
export const MAX_RECORD_PAYLOAD_BYTES = 2 ** 32 - 1 - LENGTH_OVERHEAD_BYTES;

/** What a header tells of a frame besides its channel. */
export interface RecordFields {
  /** Payload bytes. */
  readonly size: number;
  readonly flags: number;
  readonly error: number;
}

/** Writes the header of `frame` as a record of `channel`; returns where its payload goes. */
export function writeHeader(bytes: Uint8Array, at: number, frame: RecordFields, channel: number): number {
  const length = frame.size + LENGTH_OVERHEAD_BYTES;
  const { flags } = frame;
  bytes[at] = length;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length >>> 16;
  bytes[at + 3] = length >>> 24;
  bytes[at + 4] = flags;
  bytes[at + 5] = flags >>> 8;
  bytes[at + 6] = frame.error;
  bytes[at + 7] = channel;
  return at + HEADER_BYTES;
}

/** The length field of the record at `at`. */
export function readLength(bytes: Uint8Array, at: number): number {
  return bytes[at + 3]! * 0x1000000 + ((bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!);
}
