// Who is behind a port, as far as can be seen without becoming a peer of it.
//
// Our greeting goes out, our READY never does: with a READY we would be a peer, and a PUSH would deal us frames that
// others are waiting for. A ZMTP 3 socket says its version, its mechanism and its type before it has ours.

import { connect } from 'node:net';
import { escaped } from '../../quoted';
import { errorReason, nameOf, socketTypes } from '../../zmtp/command';
import { GREETING, GREETING_BYTES, OPENING_BYTES, readGreeting, SIGNATURE_BYTES } from '../../zmtp/greeting';
import { PART_FLAGS } from '../../zmtp/protocol';
import { identify } from '../../zmtp/stranger';

// A CURVE socket that sees the word NULL closes at once, with its own greeting unsaid, so the second half of ours
// waits for theirs; but not for ever, since an implementation may wait for all of ours.
const SECOND_HALF_MS = 1_000;
// Longer than any READY. Limits what a peer can make us keep.
const MAX_COMMAND_BYTES = 0xffff;

/**
 * `closed`: no connection. `silent`: connected, not a byte came. `dropped`: closed by them before their greeting was
 * whole. `stranger`: no ZMTP. `old`: ZMTP 1.0 or 2.0. `secured`: another mechanism than NULL. `refused`: greeted, then
 * closed or said ERROR. `stuck`: greeted, then nothing. `ready`: said READY.
 */
export type State =
  'closed' | 'silent' | 'dropped' | 'stranger' | 'old' | 'secured' | 'refused' | 'stuck' | 'ready';

/** What is known about a port. Words of a peer are printable ASCII, and cut where they are long. */
export interface Finding {
  readonly state: State;
  /** `closed`: the system's code, or `TIMEOUT`. */
  readonly why?: string;
  /** Of ZMTP. */
  readonly version?: string;
  readonly mechanism?: string;
  /** `ready`: Socket-Type. */
  readonly socketType?: string;
  /** `stranger`: what it seems to be, where its words are known. */
  readonly seems?: string;
  /** `stranger`: its first bytes. `refused`: the reason it gave. */
  readonly said?: string;
}

/**
 * Connects, greets and listens. `timeoutMs` is for connecting, and once more for what is said then.
 * @param signal ends it at once; what it has found then means nothing.
 */
export function probe(host: string, port: number, timeoutMs: number, signal?: AbortSignal): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    let heard = Buffer.alloc(0);
    let unsent: Buffer | undefined = GREETING.subarray(OPENING_BYTES);
    let halfTimer: NodeJS.Timeout | undefined;
    const settle = (finding: Finding | undefined): void => {
      if (finding === undefined) return;
      clearTimeout(timer);
      clearTimeout(halfTimer);
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(finding);
    };
    const onAbort = (): void => settle({ state: 'closed', why: 'ABORTED' });
    signal?.addEventListener('abort', onAbort);
    let timer = setTimeout(() => settle({ state: 'closed', why: 'TIMEOUT' }), timeoutMs);
    const writeRest = (): void => {
      if (unsent !== undefined) socket.write(unsent);
      unsent = undefined;
    };
    if (signal?.aborted === true) onAbort();
    socket.once('connect', () => {
      clearTimeout(timer);
      timer = setTimeout(() => settle(judge(heard, 'silence')), timeoutMs);
      halfTimer = setTimeout(writeRest, Math.min(SECOND_HALF_MS, timeoutMs / 2));
      socket.write(GREETING.subarray(0, OPENING_BYTES));
    });
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      settle(judge(heard));
      if (heard.length >= GREETING_BYTES && !socket.destroyed) writeRest();
    });
    socket.once('end', () => settle(judge(heard, 'closed')));
    socket.once('error', (err: NodeJS.ErrnoException) => {
      // Of one that was connected it is a reset: closed, less politely.
      const wasConnected = halfTimer !== undefined;
      settle(wasConnected ? judge(heard, 'closed') : { state: 'closed', why: err.code ?? err.message });
    });
  });
}

/** What these bytes tell; undefined while more may come that are needed. Pure. */
export function judge(heard: Buffer): Finding | undefined;
export function judge(heard: Buffer, end: 'closed' | 'silence'): Finding;
export function judge(heard: Buffer, end?: 'closed' | 'silence'): Finding | undefined {
  if (heard.length === 0) return end && { state: end === 'closed' ? 'dropped' : 'silent' };
  const { isZmtp, isOld, version, mechanism } = readGreeting(heard);
  if (!isZmtp) return stranger(heard);
  if (isOld) return { state: 'old', version: version! };
  // It may be anybody who begins with this byte.
  if (heard.length < SIGNATURE_BYTES) return end && stranger(heard);
  if (mechanism === undefined) return end && { state: end === 'closed' ? 'dropped' : 'stuck' };
  const greeting = { version: version!, mechanism: escaped(mechanism) };
  if (mechanism !== 'NULL') return { state: 'secured', ...greeting };
  const after = judgeCommand(heard.subarray(GREETING_BYTES));
  if (after !== undefined) return { ...after, ...greeting };
  return end && { state: end === 'closed' ? 'refused' : 'stuck', ...greeting };
}

/** The first command, READY or ERROR; undefined while it is not all there. */
function judgeCommand(bytes: Buffer): Finding | undefined {
  const [flags] = bytes;
  if (flags === undefined) return undefined;
  if ((flags & PART_FLAGS.command) === 0) return stranger(bytes);
  const isLong = (flags & PART_FLAGS.long) !== 0;
  const bodyAt = isLong ? 9 : 2;
  if (bytes.length < bodyAt) return undefined;
  const bodyEnd = bodyAt + (isLong ? Number(bytes.readBigUInt64BE(1)) : bytes[1]!);
  if (bodyEnd > MAX_COMMAND_BYTES) return stranger(bytes);
  if (bytes.length < bodyEnd) return undefined;
  const body = bytes.subarray(bodyAt, bodyEnd);
  const name = nameOf(body);
  if (name === 'READY') return { state: 'ready', socketType: socketTypeOf(body) };
  if (name !== 'ERROR') return stranger(bytes);
  const said = escaped(errorReason(body));
  return { state: 'refused', ...(said === '' ? {} : { said }) };
}

/** Empty where READY has none that can be read. */
function socketTypeOf(ready: Buffer): string {
  try {
    const [first = ''] = socketTypes(ready);
    return escaped(first);
  } catch {
    return '';
  }
}

function stranger(bytes: Buffer): Finding {
  const { seems, said } = identify(bytes);
  return { state: 'stranger', said: escaped(said), ...(seems === undefined ? {} : { seems }) };
}
