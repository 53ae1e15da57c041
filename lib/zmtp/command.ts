// ZMTP commands: READY with its metadata, ERROR, PING and PONG, both ways. Pure.
// zeromq/rfc 37; zeromq/libzmq src/null_mechanism.cpp, src/mechanism.cpp, src/zmtp_engine.cpp.

import { quoted } from '../quoted';
import { PART_FLAGS, PEER_TYPE, ProtocolError, type SocketType } from './protocol';

const SOCKET_TYPE = 'Socket-Type';
const PING_HEAD_BYTES = 7;
const MAX_CONTEXT_BYTES = 16;
const VALUE_SIZE_BYTES = 4;
/** The unit of a PING's time to live. */
const TTL_UNIT_MS = 100;

/** The READY command of a socket of this type: its type and nothing else, 28 bytes, as libzmq. */
export function readyCommand(type: SocketType): Buffer {
  const size = Buffer.alloc(VALUE_SIZE_BYTES);
  size.writeUInt32BE(type.length);
  return command('READY', Buffer.concat([shortText(SOCKET_TYPE), size, Buffer.from(type)]));
}

/** A PING that asks for a PONG and sets the peer no time limit, as libzmq's own. */
export const PING: Buffer = command('PING', Buffer.alloc(2));

function command(name: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([shortText(name), content]);
  return Buffer.concat([Buffer.from([PART_FLAGS.command, body.length]), body]);
}

function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

/**
 * Checks the first command of a peer, which must be a READY of the type that `ours` may talk to. A READY without a
 * type passes, and so does every property we do not know: as libzmq.
 *
 * @throws {ProtocolError} for anything else, an ERROR among it.
 */
export function checkReady(body: Buffer, ours: SocketType): void {
  const name = nameOf(body);
  if (name === 'ERROR') {
    const reason = errorReason(body);
    throw new ProtocolError(`refuses us: ${reason === '' ? 'it gives no reason' : quoted(reason)}`);
  }
  if (name !== 'READY') {
    throw new ProtocolError(`began with ${name === undefined ? 'data' : quoted(name)}, not with READY`);
  }
  for (const theirs of socketTypes(body)) checkType(theirs, ours);
}

/**
 * The values of Socket-Type in a READY command; a right one has it once.
 *
 * @throws {ProtocolError} where a property runs past the end of the command.
 */
export function* socketTypes(ready: Buffer): Generator<string> {
  for (let at = 1 + ready[0]!; at < ready.length;) {
    const nameEnd = at + 1 + ready[at]!;
    const valueAt = nameEnd + VALUE_SIZE_BYTES;
    if (valueAt > ready.length) throw malformedReady();
    const valueEnd = valueAt + ready.readUInt32BE(nameEnd);
    if (valueEnd > ready.length) throw malformedReady();
    const property = ready.toString('latin1', at + 1, nameEnd);
    // Names are compared without case, as the RFC has it.
    if (property.toLowerCase() === SOCKET_TYPE.toLowerCase()) {
      yield ready.toString('latin1', valueAt, valueEnd);
    }
    at = valueEnd;
  }
}

function checkType(theirs: string, ours: SocketType): void {
  if (theirs === PEER_TYPE[ours]) return;
  const hint =
    theirs === ours
      ? `, as ours on this port: are both ends servers or both clients, or is the port one off?`
      : ` and no ${PEER_TYPE[ours]}`;
  throw new ProtocolError(`is a ZeroMQ ${quoted(theirs)} socket${hint}`);
}

function malformedReady(): ProtocolError {
  return new ProtocolError('sent a READY command that runs past its own end');
}

/** The reason inside an ERROR command, one character a byte; empty where it gives none. */
export function errorReason(body: Buffer): string {
  const at = 1 + 'ERROR'.length;
  return body.toString('latin1', at + 1, at + 1 + (body[at] ?? 0));
}

/** A PING, taken apart. */
export interface Ping {
  /** How long the peer wants to be missed before we close, in ms; 0 for never. */
  readonly ttlMs: number;
  /** The PONG it is owed, ready to be sent. */
  readonly pong: Buffer;
}

/**
 * What a command after the handshake asks of us: a PING, or nothing. All others are ignored, as libzmq does, and so
 * is a PING too short to be one.
 */
export function readPing(body: Buffer): Ping | undefined {
  if (body.length < PING_HEAD_BYTES || nameOf(body) !== 'PING') return undefined;
  // Longer contexts are cut, as libzmq does.
  const context = body.subarray(PING_HEAD_BYTES, PING_HEAD_BYTES + MAX_CONTEXT_BYTES);
  return { ttlMs: body.readUInt16BE(PING_HEAD_BYTES - 2) * TTL_UNIT_MS, pong: command('PONG', context) };
}

/** The name a command begins with; undefined where the body is too short for it. */
export function nameOf(body: Buffer): string | undefined {
  const length = body[0];
  if (length === undefined || length === 0 || 1 + length > body.length) return undefined;
  return body.toString('latin1', 1, 1 + length);
}
