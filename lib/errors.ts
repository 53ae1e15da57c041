// Every error that state, network or a peer can cause, with its stable code. Wrong arguments are
// RangeError or TypeError instead, naming the argument, the value and what is allowed.

import { visible } from './quoted';

/** What each code means and what to do about it; the README's table of codes is held against this one. */
export const ERROR_CODES = {
  ERR_BIND: 'a server could not bind one of its two ports; another process may be using it',
  ERR_CONNECT: 'a client could not be set up for this address',
  ERR_BRIDGE_STOPPED: 'the bridge was stopped, so this frame was not sent or this wait has no end',
  ERR_LINGER: 'stop() ended after lingerMs with accepted frames that had not left; in stats.lastError',
  ERR_SEND_TIMEOUT: 'no peer took the frame within sendTimeoutMs; the frame was not sent',
  ERR_PEER_TIMEOUT: 'no peer was there within timeoutMs',
  ERR_PAYLOAD_DETACHED:
    'the memory of a payload was transferred away before its frame had left, and it was not sent, or while it left; ' +
    'or that of a batch, with one of its records',
  ERR_FRAME_RELEASED:
    'the payload of a frame from reqFrame was used after the frame had been sent; retain() or clone() it first',
  ERR_EMPTY_FRAME: 'a frame without payload makes a Rogue peer lose it and the next one',
  ERR_FRAME_TOO_LARGE:
    'the payload, or the batch with it, exceeds what one message can carry, or a log may keep',
  ERR_BATCH_TOO_SMALL:
    'splitters would drop the batch, because it has one very small record; it was not sent',
  ERR_TOO_MANY_OPEN_FILES: 'the process or the shared context is out of descriptors or sockets',
  ERR_FILE_OPEN: 'a data file could not be opened, or has data in it that would be lost',
  ERR_FILE_WRITE: 'a data file could not be written to; what was written before is whole',
  ERR_FILE_READ: 'a data file could not be read',
  ERR_NO_SLAVE: 'no slave is attached to take the frame, of a file or of sendFrame() on a bridge',
  ERR_FILE_FORMAT: 'a file, from the given offset on, is no row of Rogue records',
  ERR_TORN_RECORD:
    'a data file ends within a record, or its header is damaged; every record before it was read',
  ERR_CONFIG_PATH: 'a configuration has nothing at the given path; the message lists the keys that it has',
  ERR_LOG_CONNECT:
    'no NATS server could be reached, or none that lets us in and has JetStream; the message says which',
  ERR_LOG_STREAM:
    'the stream of a log is not there, was deleted, or has other settings than those asked for; the message shows both',
  ERR_LOG_WRITER: 'another writer writes into this log: a log has one writer at a time',
  ERR_LOG_GAP: 'messages or chunks of a log are missing where it is read; the message has the numbers',
  ERR_LOG_LOST:
    'a log does not have messages any more that it had acknowledged; the message has their numbers',
  ERR_LOG_FORMAT: 'a message of a log is none that this library can read; the message has its place',
  ERR_LOG_STOPPED: 'the writer of a log was stopped, so this frame was not stored',
  ERR_MISSING_PACKAGE: 'an optional package that this needs is not installed',
  ERR_TRANSPORT: 'the transport failed in a way that is not one of the above; see the cause',
} as const;

// Of a value; it is named by its argument, too.
const MAX_SHOWN_CHARS = 100;
// Node's own are 10, unless Error.stackTraceLimit says otherwise.
const MAX_STACK_LINES = 20;

/** A stable identifier of what went wrong; messages may be reworded, codes are not. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What a {@link GeneralError} carries besides its message. */
export interface GeneralErrorOptions {
  readonly cause?: unknown;
  /** The TCP port that failed (`ERR_BIND`, `ERR_CONNECT`). */
  readonly port?: number;
  /** The file that failed (`ERR_FILE_...`, `ERR_TORN_RECORD`). */
  readonly path?: string;
  /** Bytes from the beginning of that file to the record at fault. */
  readonly offset?: number;
}

/**
 * Rogue's error. The message says what failed, with which value or endpoint, and what to do next.
 *
 * @see slaclab/rogue include/rogue/GeneralError.h
 */
export class GeneralError extends Error {
  override readonly name = 'GeneralError';
  readonly code: ErrorCode;
  /** The TCP port that failed, where one did. */
  readonly port?: number;
  /** The data file that failed, where one did. */
  readonly path?: string;
  /** Bytes from the beginning of {@link path} to the record at fault, where one is. */
  readonly offset?: number;

  constructor(code: ErrorCode, message: string, options: GeneralErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    if (options.port !== undefined) this.port = options.port;
    if (options.path !== undefined) this.path = options.path;
    if (options.offset !== undefined) this.offset = options.offset;
  }
}

/** The `code` of a system or library error, e.g. `EADDRINUSE`; undefined for anything without one. */
export function systemCode(err: unknown): string | undefined {
  if (typeof err !== 'object' || err === null || !('code' in err)) return undefined;
  return typeof err.code === 'string' ? err.code : undefined;
}

/** One line of text for whatever was thrown; people throw strings, too. Never throws. */
export function describeError(err: unknown): string {
  if (typeof err === 'string') return visible(err);
  const message = messageOf(err);
  return message === undefined ? show(err) : visible(message);
}

/** An error with its stack, for the log: its message in one line, then where it was thrown, a line each. */
export function describeStack(err: Error): string {
  const message = messageOf(err) ?? '';
  const { stack } = err;
  const at = typeof stack === 'string' ? stack.indexOf(message) : -1;
  const head = at < 0 ? undefined : stack!.slice(0, at);
  // Of an error whose message has changed, the stack begins with the old one.
  if (head === undefined || head.includes('\n')) return describeError(err);
  const places = stack!.slice(at + message.length).split('\n', MAX_STACK_LINES);
  return visible(head) + visible(message) + places.map((place) => visible(place)).join('\n');
}

/** Undefined for what has none, or one that is no text. */
function messageOf(err: unknown): string | undefined {
  if (typeof err !== 'object' || err === null) return undefined;
  try {
    // Not by its class: there may be more than one of that name.
    const { message } = err as Partial<Error>;
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

/** A value as an error message shows it: strings in quotes, long ones cut, objects short. Never throws. */
export function show(value: unknown): string {
  if (typeof value === 'string') return showText(value);
  if (typeof value === 'bigint') return `${visible(String(value), MAX_SHOWN_CHARS)}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return visible(String(value), MAX_SHOWN_CHARS);
  try {
    if (Array.isArray(value)) return 'an array';
    const { constructor } = value as { constructor?: { name?: unknown } };
    if (typeof constructor?.name !== 'string') return 'an object';
    return `an object (${visible(constructor.name, MAX_SHOWN_CHARS)})`;
  } catch {
    // A proxy that was revoked, a getter that throws.
    return 'an object';
  }
}

function showText(text: string): string {
  const rest = text.length - MAX_SHOWN_CHARS;
  const shown = `'${visible(text.slice(0, MAX_SHOWN_CHARS))}'`;
  return rest > 0 ? `${shown} and ${rest} more characters` : shown;
}
