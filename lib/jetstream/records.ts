// Frames of the records in a message. Pure.

import { BufferView } from '../memory/payload-memory';
import { Frame, type FrameOptions } from '../stream/frame';
import { HEADER_BYTES, LENGTH_OVERHEAD_BYTES, readLength } from '../utilities/fileio/record';
import { formatError, type RecordsHead } from './format';

/** Where a frame is in its log. */
export interface LogPlace {
  /** The number of the frame: 0 for the first one that was ever written into the log. */
  readonly number: number;
  /** The sequence of its message in the stream; of a frame in chunks, of the last one. */
  readonly sequence: number;
  /** When the log has stored it, in ms since 1970, by the clock of the server. */
  readonly storedAt: number;
}

/** A frame as it is in a log. */
export class LogFrame extends Frame implements LogPlace {
  constructor(
    payload: Buffer,
    fields: FrameOptions,
    readonly number: number,
    readonly sequence: number,
    readonly storedAt: number,
    /** Bytes of the message that it lies in, with others. */
    private readonly messageBytes: number,
  ) {
    super(payload, fields);
  }

  /** @internal */
  override get heldBytes(): number {
    return this.messageBytes;
  }
}

/** What a message's frames have in common. */
export interface Stored {
  readonly sequence: number;
  readonly storedAt: number;
  readonly payload: Buffer;
}

/**
 * The frames of a message of records, in their order; their payloads lie in that of the message.
 * @throws {GeneralError} `ERR_LOG_FORMAT`
 */
export function framesOf(head: RecordsHead, { sequence, storedAt, payload }: Stored): LogFrame[] {
  const { length } = payload;
  const frames: LogFrame[] = [];
  let at = 0;
  let number = head.group?.first ?? head.frame;
  const runs = head.group === undefined ? [{ gap: 0, count: head.count }] : head.gaps;
  for (const { gap, count } of runs) {
    for (let i = 0; i < count; i++) {
      number += gap;
      const start = at + HEADER_BYTES;
      const size = start <= length ? readLength(payload, at) - LENGTH_OVERHEAD_BYTES : -1;
      if (size < 0 || start + size > length || payload[at + 7] !== head.channel) {
        throw formatError(`its record at offset ${at} is damaged`);
      }
      const fields = {
        flags: payload[at + 4]! | (payload[at + 5]! << 8),
        error: payload[at + 6]!,
        channel: head.channel,
      };
      const part = new BufferView(payload.buffer, payload.byteOffset + start, size);
      frames.push(new LogFrame(part, fields, number, sequence, storedAt, length));
      number += 1;
      at = start + size;
    }
  }
  if (at !== length) throw formatError(`it has ${length - at} bytes behind its ${head.count} records`);
  return frames;
}
