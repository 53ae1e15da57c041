// A frame as the four parts of its ZeroMQ message, both ways. Pure: no socket, no timer, no logger.
// slaclab/rogue src/rogue/interfaces/stream/TcpCore.cpp, acceptFrame and runThread.

/** Payload bytes one message can carry: Rogue keeps the size in an unsigned 32-bit number. */
export const MAX_PAYLOAD_BYTES = 2 ** 32 - 1;

/** Whose the memory of a payload is, where somebody waits to use it again. */
export interface PayloadOwner {
  /** The transport reads the payload no more. To be called once for each time that it was given the frame. */
  endUse(): void;
}

/** What travels: the payload, referenced, and the metadata. A `Frame` is one. */
export interface WireFrame {
  readonly payload: Buffer;
  /** 0..65535: firstUser in the low byte, lastUser in the high byte. */
  readonly flags: number;
  /** 0..255 */
  readonly channel: number;
  /** 0..255; 0 is good. */
  readonly error: number;
  /** To be told when the frame is written; where that is never said, the memory is collected. */
  readonly owner?: PayloadOwner | undefined;
}

/** The four parts in send order: flags (2 bytes, little-endian), channel (1), error (1), payload. */
export type FrameParts = [flags: Buffer, channel: Buffer, error: Buffer, payload: Buffer];

const FLAGS_PART_BYTES = 2;
const PART_COUNT = 4;

// The header parts are immutable to us and copied by the socket, so one Buffer a value serves all frames.
const flagsBytes = Buffer.alloc(0x10000 * FLAGS_PART_BYTES);
const flagsParts: Buffer[] = [];
const byteParts: Buffer[] = Array.from({ length: 256 }, (_, value) => Buffer.from([value]));

function flagsPart(flags: number): Buffer {
  const offset = flags * FLAGS_PART_BYTES;
  flagsBytes.writeUInt16LE(flags, offset);
  const part = flagsBytes.subarray(offset, offset + FLAGS_PART_BYTES);
  flagsParts[flags] = part;
  return part;
}

/**
 * Lays one frame out as the four parts a Rogue bridge expects, in send order:
 * flags (2 bytes, little-endian: firstUser low, lastUser high), channel (1), error (1),
 * payload (referenced and not copied).
 *
 * The header parts are shared between frames: do not write to them.
 */
export function toParts(frame: WireFrame): FrameParts {
  return [
    flagsParts[frame.flags] ?? flagsPart(frame.flags),
    byteParts[frame.channel]!,
    byteParts[frame.error]!,
    frame.payload,
  ];
}

/**
 * True when `parts` are a frame: four of them, of 2, 1, 1 and any number of bytes.
 * An empty payload is a frame: what Rogue itself makes of an empty frame.
 */
export function isFrame(parts: readonly Buffer[]): parts is FrameParts {
  return (
    parts.length === PART_COUNT &&
    parts[0]?.length === FLAGS_PART_BYTES &&
    parts[1]?.length === 1 &&
    parts[2]?.length === 1
  );
}

/** The flags of a message that {@link isFrame}. */
export function flagsOf(parts: FrameParts): number {
  const part = parts[0];
  return part[0]! | (part[1]! << 8);
}

/**
 * Says what is wrong with a message that is no frame; for wrong part sizes in Rogue's own words.
 *
 * @param sizesBytes of the first parts, four at most.
 */
export function describeMalformed(parts: number, sizesBytes: readonly number[]): string {
  if (parts !== PART_COUNT) return `Bad message part count. parts=${parts}, expected ${PART_COUNT}`;
  const [flags = 0, channel = 0, error = 0] = sizesBytes;
  return `Bad message sizes. flags=${flags} channel=${channel} error=${error}`;
}
