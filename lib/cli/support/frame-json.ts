// A frame as a line of JSON, as `dump` prints it and `send` takes it back. Pure.

import { Frame, type FrameOptions } from '../../index';
import { UsageError } from './errors';

/** One line. `payload` is base64; `truncated` when it is not all of it. */
export interface FrameLine {
  readonly channel: number;
  readonly flags: number;
  readonly error: number;
  readonly size: number;
  readonly payload: string;
  readonly truncated?: true;
}

export function frameLine({ channel, flags, error, size, payload }: Frame, maxBytes = Infinity): FrameLine {
  const shown = payload.length > maxBytes ? payload.subarray(0, maxBytes) : payload;
  return {
    channel,
    flags,
    error,
    size,
    payload: shown.toString('base64'),
    ...(shown.length < size ? { truncated: true as const } : {}),
  };
}

const LIKE_A_FRAME = /^\{.*["'](channel|payload)["']/;

/** Whether what begins like this is meant to be such lines, be they right or wrong. */
export function beginsLikeFrames(head: string): boolean {
  // trim() takes a byte order mark for a blank.
  const [firstLine = ''] = head.trimStart().split('\n', 1);
  return LIKE_A_FRAME.test(firstLine);
}

/** @param where to be named in the error: a file and a line. @throws {UsageError} for what is no frame. */
export function frameOf(text: string, where: string): Frame {
  const line = parse(text.trim());
  if (!isFrameLine(line)) {
    throw new UsageError(
      `${where} is no frame: give JSON such as {"channel":0,"flags":0,"error":0,"payload":"aGVsbG8="}, ` +
        'or --format raw for other data',
    );
  }
  const { channel = 0, flags = 0, error = 0, size, payload, truncated } = line;
  const bytes = Buffer.from(payload, 'base64');
  if (truncated === true) throw new UsageError(`${where} was cut by --max-bytes: dump it without`);
  if (bytes.toString('base64').replace(/=+$/, '') !== payload.replace(/=+$/, '')) {
    throw new UsageError(`${where} has a payload that is not base64`);
  }
  if (size !== undefined && size !== bytes.length) {
    throw new UsageError(`${where} says ${size} bytes and has ${bytes.length}`);
  }
  if (bytes.length === 0) throw new UsageError(`${where} has no payload: a frame holds at least one byte`);
  return makeFrame(bytes, { channel, flags, error }, where);
}

/** One by one: the constructor takes null for a field that is not given. */
function makeFrame(payload: Buffer, fields: Required<FrameOptions>, where: string): Frame {
  try {
    return Object.assign(new Frame(payload), fields);
  } catch (err) {
    throw new UsageError(`${where}: ${(err as Error).message}`);
  }
}

function isFrameLine(line: unknown): line is Partial<FrameLine> & { payload: string } {
  return typeof line === 'object' && line !== null && 'payload' in line && typeof line.payload === 'string';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
