// Who is behind a port, as far as can be seen without becoming a peer of it.
//
// Our greeting goes out, our READY never does: with a READY we would be a peer, and a PUSH would deal us frames that
// others are waiting for. A ZMTP 3 socket says its version, its mechanism and its type before it has ours.

import { connect } from 'node:net';
import { escaped } from '../../quoted';

const GREETING_BYTES = 64;
const SIGNATURE_BYTES = 10;
const MECHANISM_AT = 12;
const MECHANISM_END = 32;
/** Signature and version: enough for the other end to say the whole of its greeting. */
const OPENING_BYTES = 12;
const GREETING = Buffer.concat(
  [Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1]), Buffer.from('NULL')],
  GREETING_BYTES,
);
// A CURVE socket that sees the word NULL closes at once, with its own greeting unsaid, so the second half of ours
// waits for theirs; but not for ever, since an implementation may wait for all of ours.
const SECOND_HALF_MS = 1_000;
const SHOWN_BYTES = 24;
const LONG = 2;
const COMMAND = 4;

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

/** Connects, greets and listens. `timeoutMs` is for connecting, and once more for what is said then. */
export function probe(host: string, port: number, timeoutMs: number): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    let heard = Buffer.alloc(0);
    let unsent: Buffer | undefined = GREETING.subarray(OPENING_BYTES);
    let halfTimer: NodeJS.Timeout | undefined;
    const settle = (finding: Finding | undefined): void => {
      if (finding === undefined) return;
      clearTimeout(timer);
      clearTimeout(halfTimer);
      socket.destroy();
      resolve(finding);
    };
    let timer = setTimeout(() => settle({ state: 'closed', why: 'TIMEOUT' }), timeoutMs);
    const writeRest = (): void => {
      if (unsent !== undefined) socket.write(unsent);
      unsent = undefined;
    };
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
  if (heard[0] !== GREETING[0]) return stranger(heard);
  if (heard.length < SIGNATURE_BYTES) return end && stranger(heard);
  if (heard[SIGNATURE_BYTES - 1] !== GREETING[SIGNATURE_BYTES - 1]) return stranger(heard);
  // Majors 0 and 1 are those of ZMTP 1.0 and 2.0; their greetings are shorter.
  const major = heard[SIGNATURE_BYTES];
  if (major !== undefined && major < 2) return { state: 'old', version: `${major + 1}.0` };
  if (heard.length < GREETING_BYTES) return end && { state: end === 'closed' ? 'dropped' : 'stuck' };
  const mechanism = heard.toString('latin1', MECHANISM_AT, MECHANISM_END).replace(/\0.*$/s, '');
  const greeting = { version: `${major}.${heard[SIGNATURE_BYTES + 1]}`, mechanism: escaped(mechanism) };
  if (mechanism !== 'NULL') return { state: 'secured', ...greeting };
  const after = judgeCommand(heard.subarray(GREETING_BYTES));
  if (after !== undefined) return { ...after, ...greeting };
  return end && { state: end === 'closed' ? 'refused' : 'stuck', ...greeting };
}

/** The first command, READY or ERROR; undefined while it is not all there. */
function judgeCommand(bytes: Buffer): Finding | undefined {
  const [flags] = bytes;
  if (flags === undefined) return undefined;
  if ((flags & COMMAND) === 0) return stranger(bytes);
  const isLong = (flags & LONG) !== 0;
  const bodyAt = isLong ? 9 : 2;
  if (bytes.length < bodyAt) return undefined;
  const bodyEnd = bodyAt + (isLong ? Number(bytes.readBigUInt64BE(1)) : bytes[1]!);
  // No READY is as long as that: whoever claims it shall not fill our memory.
  if (bodyEnd > 0xffff) return stranger(bytes);
  if (bytes.length < bodyEnd) return undefined;
  const body = bytes.subarray(bodyAt, bodyEnd);
  const contentAt = 1 + (body[0] ?? 0);
  const name = body.toString('latin1', 1, contentAt);
  const content = body.subarray(contentAt);
  if (name === 'READY') return { state: 'ready', socketType: socketTypeOf(content) };
  if (name !== 'ERROR') return stranger(bytes);
  const said = escaped(content.toString('latin1', 1, 1 + (content[0] ?? 0)));
  return { state: 'refused', ...(said === '' ? {} : { said }) };
}

/** Empty where READY has none that can be read. */
function socketTypeOf(metadata: Buffer): string {
  for (let at = 0; at < metadata.length;) {
    const nameEnd = at + 1 + metadata[at]!;
    const valueAt = nameEnd + 4;
    if (valueAt > metadata.length) break;
    const valueEnd = valueAt + metadata.readUInt32BE(nameEnd);
    // Names are compared without case, as the RFC has it.
    if (metadata.toString('latin1', at + 1, nameEnd).toLowerCase() === 'socket-type') {
      return escaped(metadata.toString('latin1', valueAt, valueEnd));
    }
    at = valueEnd;
  }
  return '';
}

const KNOWN: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^HTTP\//, 'an HTTP server'],
  [/^SSH-/, 'an SSH server'],
  // A record of TLS, an alert as a rule.
  [/^[\x14-\x17]\x03/, 'a TLS server'],
  [/^2\d\d[ -]/, 'a mail or FTP server'],
  [/^-ERR /, 'a Redis server'],
  [/^RFB /, 'a VNC server'],
  // Commands and options of RFC 854.
  [/^\xff[\xfb-\xfe]/, 'a Telnet server'],
  // The length of an identity and a flags byte of 0.
  [/^[\x01-\x7f]\x00/, 'a ZMTP 1.0 peer (ZeroMQ 2)'],
];

function stranger(bytes: Buffer): Finding {
  const text = bytes.toString('latin1', 0, SHOWN_BYTES);
  const known = KNOWN.find(([pattern]) => pattern.test(text));
  return { state: 'stranger', said: escaped(text), ...(known === undefined ? {} : { seems: known[1] }) };
}
