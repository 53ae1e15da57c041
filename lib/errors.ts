// Every error that state, network or a peer can cause, with its stable code. Wrong arguments are
// RangeError or TypeError instead, naming the argument, the value and what is allowed.

/** What each code means and what to do about it; the README's table of codes is held against this one. */
export const ERROR_CODES = {
  ERR_BIND: 'a server could not bind one of its two ports; another process may be using it',
  ERR_CONNECT: 'a client could not be set up for this address',
  ERR_BRIDGE_STOPPED: 'the bridge was stopped, so this frame was not sent or this wait has no end',
  ERR_LINGER: 'stop() ended after lingerMs with accepted frames that had not left; in stats.lastError',
  ERR_SEND_TIMEOUT: 'no peer took the frame within sendTimeoutMs; the frame was not sent',
  ERR_PEER_TIMEOUT: 'no peer was there within timeoutMs',
  ERR_PAYLOAD_DETACHED:
    'the memory of a payload was transferred away before the frame had left; it was not sent',
  ERR_EMPTY_FRAME: 'a frame without payload makes a Rogue peer lose it and the next one',
  ERR_FRAME_TOO_LARGE: 'the payload exceeds what one message can carry',
  ERR_TOO_MANY_OPEN_FILES: 'the process or the shared context is out of descriptors or sockets',
  ERR_FILE_OPEN: 'a data file could not be opened, or has data in it that would be lost',
  ERR_FILE_WRITE: 'a data file could not be written to; what was written before is whole',
  ERR_FILE_READ: 'a data file could not be read',
  ERR_NO_SLAVE: 'no slave is attached to take the frame, of a file or of sendFrame() on a bridge',
  ERR_FILE_FORMAT: 'a file, from the given offset on, is no row of Rogue records',
  ERR_TORN_RECORD:
    'a data file ends within a record, or its header is damaged; every record before it was read',
  ERR_TRANSPORT: 'the transport failed in a way that is not one of the above; see the cause',
} as const;

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

/** One line of text for whatever was thrown; people throw strings, too. */
export function describeError(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}

/** A value as an error message shows it: strings in quotes, objects short. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  const { constructor } = value as { constructor?: { name: string } };
  return constructor === undefined ? 'an object' : `an object (${constructor.name})`;
}
