// The first 64 bytes of a connection, each way. Pure: no socket, no timer.
// zeromq/rfc 37, Formal Grammar; zeromq/libzmq src/zmtp_engine.cpp, receive_greeting.

import { quoted } from '../quoted';
import { ProtocolError } from './protocol';
import { describeStranger } from './stranger';

export const GREETING_BYTES = 64;
export const SIGNATURE_BYTES = 10;
const MAJOR_AT = 10;
/** Signature and version: enough for a peer to say the whole of its own greeting. */
export const OPENING_BYTES = 12;
const MECHANISM_AT = 12;
const MECHANISM_BYTES = 20;
// The last byte of the signature; ZMTP 1.0 has a flags byte there, whose bit 0 is clear.
const SIGNATURE_END_AT = 9;
// Majors 0 and 1 announce ZMTP 1.0 and 2.0; every other one is taken for 3.1, as libzmq does.
const LAST_OLD_MAJOR = 1;

/** Our greeting: signature, version 3.1, mechanism NULL, no server role, filler. */
export const GREETING: Buffer = Buffer.concat(
  // The signature's padding is what libzmq sends: a length that ZMTP 1.0 peers understand.
  [Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]), Buffer.from('NULL')],
  GREETING_BYTES,
);

/** What the first bytes of a peer say; undefined where they do not say it yet. */
export interface GreetingWords {
  /** False once the bytes cannot be the signature of ZMTP 2.0 or later. */
  readonly isZmtp: boolean;
  /** `1.0`, `2.0`, or as the peer has it. */
  readonly version: string | undefined;
  /** True for ZMTP 1.0 and 2.0, whose greetings are shorter. */
  readonly isOld: boolean;
  /** As it stands there, one character a byte, up to its first 0. */
  readonly mechanism: string | undefined;
}

/** Reads a greeting, or the beginning of one. */
export function readGreeting(bytes: Buffer): GreetingWords {
  const isZmtp =
    (bytes.length === 0 || bytes[0] === GREETING[0]) &&
    (bytes.length <= SIGNATURE_END_AT || (bytes[SIGNATURE_END_AT]! & 1) === 1);
  const major = bytes[MAJOR_AT];
  const isOld = major !== undefined && major <= LAST_OLD_MAJOR;
  let version: string | undefined;
  if (isOld) version = `${major + 1}.0`;
  else if (bytes.length > MAJOR_AT + 1) version = `${major}.${bytes[MAJOR_AT + 1]}`;
  const mechanism =
    bytes.length < GREETING_BYTES
      ? undefined
      : bytes.toString('latin1', MECHANISM_AT, MECHANISM_AT + MECHANISM_BYTES).replace(/\0.*$/s, '');
  return { isZmtp, version, isOld, mechanism };
}

/** A peer's greeting, checked byte for byte as it comes in. */
export class GreetingReader {
  private readonly bytes = Buffer.alloc(GREETING_BYTES);
  private received = 0;

  /** True once all 64 bytes are in. */
  get complete(): boolean {
    return this.received === GREETING_BYTES;
  }

  /** Bytes that have come in, 0..64. */
  get length(): number {
    return this.received;
  }

  /**
   * How much of our own greeting may be out by now, in bytes: the signature at once, the version when the peer's
   * signature is in, the rest when its version is. As libzmq, so that nobody can tell us apart.
   */
  get replyBytes(): number {
    if (this.received < SIGNATURE_BYTES) return SIGNATURE_BYTES;
    return this.received === SIGNATURE_BYTES ? MAJOR_AT + 1 : GREETING_BYTES;
  }

  /**
   * Takes what belongs to the greeting.
   *
   * @returns how many bytes it took; what is behind them is the first command.
   * @throws {ProtocolError} at the first byte that is not a ZMTP 3 greeting with mechanism NULL.
   */
  write(chunk: Uint8Array): number {
    const taken = Math.min(chunk.length, GREETING_BYTES - this.received);
    this.bytes.set(chunk.subarray(0, taken), this.received);
    const before = this.received;
    this.received += taken;
    if (before === 0 && taken > 0 && this.bytes[0] !== GREETING[0]) {
      throw new ProtocolError(describeStranger(chunk));
    }
    this.checkVersion();
    if (this.complete) this.checkMechanism();
    return taken;
  }

  private checkVersion(): void {
    const { isZmtp, isOld, version = '' } = readGreeting(this.bytes.subarray(0, this.received));
    if (isZmtp && !isOld) return;
    // The first byte is right, so it is the end of the signature that is not.
    const old = isZmtp ? version : '1.0';
    throw new ProtocolError(`speaks ZMTP ${old}; ZMTP 3.0 or later is needed (ZeroMQ 4.0 or later)`);
  }

  private checkMechanism(): void {
    const theirs = this.bytes.subarray(MECHANISM_AT, MECHANISM_AT + MECHANISM_BYTES);
    const ours = GREETING.subarray(MECHANISM_AT, MECHANISM_AT + MECHANISM_BYTES);
    if (theirs.equals(ours)) return;
    const name = quoted(theirs.toString('latin1').replace(/\0+$/, ''));
    throw new ProtocolError(`wants the security mechanism ${name}; this end has NULL alone`);
  }
}
