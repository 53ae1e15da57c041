// A frame as a line of JSON, as `dump` prints it and `send` takes it back. Pure.

import { Frame } from '../../index';
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

/** Whether this is such a line at all. */
export function isFrameLine(text: string): boolean {
  const line = parse(text);
  return typeof line === 'object' && line !== null && 'payload' in line && typeof line.payload === 'string';
}

/** @param where to be named in the error: a file and a line. @throws {UsageError} {RangeError} for what is no frame. */
export function frameOf(text: string, where: string): Frame {
  if (!isFrameLine(text)) {
    throw new UsageError(
      `${where} is no frame: give JSON such as {"channel":0,"flags":0,"error":0,"payload":"aGVsbG8="}`,
    );
  }
  const { channel = 0, flags = 0, error = 0, size, payload, truncated } = parse(text) as Partial<FrameLine>;
  const bytes = Buffer.from(payload!, 'base64');
  if (truncated === true) throw new UsageError(`${where} was cut by --max-bytes: dump it without`);
  if (bytes.toString('base64').replace(/=+$/, '') !== payload!.replace(/=+$/, '')) {
    throw new UsageError(`${where} has a payload that is not base64`);
  }
  if (size !== undefined && size !== bytes.length) {
    throw new UsageError(`${where} says ${size} bytes and has ${bytes.length}`);
  }
  return new Frame(bytes, { channel, flags, error });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
