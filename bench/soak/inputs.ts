// What the ports of a bridge are abused with: recorded conversations with every byte changed in turn, mutated ones,
// other protocols, lengths that cannot be, and connections that say nothing.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readyCommand } from '../../lib/zmtp/command';
import { GREETING_BYTES } from '../../lib/zmtp/greeting';
import { below } from './part';

/** One connection's worth. */
export interface Input {
  readonly kind: string;
  readonly port: 'pull' | 'push';
  /** Each is written when what a peer would have answered to the one before has come, or was not coming. */
  readonly pieces: readonly Buffer[];
  /** `none`: it is for the server to close it, because it has seen enough. */
  readonly ending: 'end' | 'reset' | 'none';
}

type Random = () => number;

const FIXTURES = join(__dirname, '..', '..', '..', '__tests__', 'fixtures');
/** Greeting and READY of a PUSH or a PULL. */
export const HANDSHAKE_BYTES = GREETING_BYTES + readyCommand('PULL').length;
// A mutated conversation is its handshake and this much of the frames: all forms of size are in it.
const SHORT_BYTES = 2_000;
// How far behind a flipped byte the conversation goes on: a frame or more.
const BEHIND_BYTES = 300;

/** A PUSH that spoke to a server's base port: handshake, then frames. */
const SENDER = readFileSync(join(FIXTURES, 'base-port.client-to-server.bin'));
/** A PULL that spoke to the next port: handshake. */
const RECEIVER = readFileSync(join(FIXTURES, 'next-port.client-to-server.bin'));

// libzmq keeps every part until the last has come, in some 34 times its bytes, and no option bounds that: so this does.
const ENDLESS = Buffer.alloc(256_000, Buffer.from([1, 0]));
// Each is a hundred times as large as any other input.
const ENDLESS_EVERY = 64;

const TLS_HELLO = Buffer.from('16030100c8010000c40303', 'hex');
// Flags, channel and error of a frame, as parts with more to come.
const THREE_PARTS = Buffer.from('01020000' + '010100' + '010100', 'hex');
const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: daq\r\n\r\n',
  'POST /x HTTP/1.1\r\nHost: daq\r\nContent-Length: 9999999\r\n\r\n',
  'SSH-2.0-OpenSSH_9.2\r\n',
  '*1\r\n$4\r\nPING\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x01\x00',
  '\x05\x00abcd\x01\x00',
];
// The first of these may come yet, and so may the second where nothing is received: libzmq has no limit there.
const LENGTHS = [2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 62n + 92n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];

/** A flip of every byte of the conversation with the base port, in turn; fewer of them when `count` is less. */
export function* everyFlip(count: number, random: Random): Generator<Input> {
  const stride = Math.max(1, Math.floor(SENDER.length / count));
  for (let at = 0; at < SENDER.length; at += stride) {
    const bytes = Buffer.from(SENDER.subarray(0, Math.max(HANDSHAKE_BYTES, at + BEHIND_BYTES)));
    bytes[at]! ^= 1 + below(255, random);
    yield {
      kind: 'every byte of a conversation flipped',
      port: 'pull',
      pieces: inTurn(bytes),
      ending: 'end',
    };
  }
}

/** Inputs of every other kind, without end, for a server without `allow`. None is a PULL: that would be a peer. */
export function* strangeInputs(random: Random): Generator<Input> {
  const kinds = [mutated, mutated, mutated, noise, otherProtocol, garbage, hugeLength, dropped];
  for (let i = 0; ; i++) {
    yield kinds[i % kinds.length]!(random);
    if (i % ENDLESS_EVERY === 0) yield endless(SENDER, somePort(random));
  }
}

/**
 * As {@link strangeInputs}, for a server whose `allow` does not name us: a PULL, right or wrong, must get nothing.
 *
 * @param closes whether the server closes at once. libzmq tells a peer that it is refused, and waits for it to go, until
 * the time of a handshake is over.
 */
export function* refusedInputs(random: Random, closes: boolean): Generator<Input> {
  for (let i = 0; ; i++) {
    if (i % ENDLESS_EVERY === 0) yield endless(RECEIVER, 'push');
    const bytes = Buffer.from(RECEIVER);
    if (i % 3 > 0) bytes[i % bytes.length]! ^= 1 + below(255, random);
    const pieces = i % 3 === 1 ? inTurn(mutate(bytes, random)) : inTurn(bytes);
    const ending = closes ? 'none' : someEnding(random);
    yield { kind: 'a PULL that allow does not name', port: 'push', pieces, ending };
  }
}

function mutated(random: Random): Input {
  const bytes = Buffer.from(SENDER.subarray(0, HANDSHAKE_BYTES + below(SHORT_BYTES, random)));
  const changed = mutate(bytes, random);
  const pieces = random() < 0.1 ? [changed] : inTurn(changed);
  const port = mayBePull(changed) ? 'pull' : somePort(random);
  return { kind: 'conversations mutated', port, pieces, ending: someEnding(random) };
}

/** A READY that lost its Socket-Type is a peer's, of whatever type is wanted, to libzmq and so to us. */
function mayBePull(bytes: Buffer): boolean {
  const ready = SENDER.subarray(GREETING_BYTES, HANDSHAKE_BYTES);
  return bytes.length > GREETING_BYTES && !bytes.subarray(GREETING_BYTES, HANDSHAKE_BYTES).equals(ready);
}

function noise(random: Random): Input {
  const pieces = [randomBytes(below(SHORT_BYTES, random), random)];
  return { kind: 'random bytes', port: somePort(random), pieces, ending: someEnding(random) };
}

function otherProtocol(random: Random): Input {
  const bytes =
    random() < 0.3
      ? Buffer.concat([TLS_HELLO, randomBytes(200, random)])
      : Buffer.from(REQUESTS[below(REQUESTS.length, random)]!, 'latin1');
  return {
    kind: 'HTTP, TLS and others',
    port: somePort(random),
    pieces: [bytes],
    ending: someEnding(random),
  };
}

function garbage(random: Random): Input {
  const good = random() < 0.5 ? GREETING_BYTES : HANDSHAKE_BYTES;
  const bytes = Buffer.concat([
    SENDER.subarray(0, good),
    randomBytes(1 + below(SHORT_BYTES, random), random),
  ]);
  return {
    kind: 'valid greeting, then garbage',
    port: somePort(random),
    pieces: inTurn(bytes),
    ending: someEnding(random),
  };
}

function hugeLength(random: Random): Input {
  const head = Buffer.alloc(9);
  // Messages and commands, with more to come or not.
  head[0] = 2 | below(8, random);
  const length = LENGTHS[below(LENGTHS.length, random)]!;
  head.writeBigUInt64BE(length, 1);
  // In place of READY, or behind it; of the first part, or of the payload.
  const before = [
    SENDER.subarray(0, GREETING_BYTES),
    SENDER.subarray(0, HANDSHAKE_BYTES),
    Buffer.concat([SENDER.subarray(0, HANDSHAKE_BYTES), THREE_PARTS]),
  ][below(3, random)]!;
  const bytes = Buffer.concat([before, head, randomBytes(below(SHORT_BYTES, random), random)]);
  return {
    kind: 'lengths up to 2^64',
    port: somePort(random),
    pieces: inTurn(bytes),
    ending: length <= 2n ** 32n ? someEnding(random) : 'none',
  };
}

/** Empty parts, each with more to come: a message that never ends, of a peer whose READY was good for one port. */
function endless(peer: Buffer, port: Input['port']): Input {
  const pieces = [...inTurn(peer.subarray(0, HANDSHAKE_BYTES)), ENDLESS];
  return { kind: 'a message of empty parts without end', port, pieces, ending: 'end' };
}

function dropped(random: Random): Input {
  return { kind: 'opened and dropped', port: somePort(random), pieces: [], ending: someEnding(random) };
}

/** One to four edits. */
function mutate(original: Buffer, random: Random): Buffer {
  let bytes = original;
  for (let edits = 1 + below(4, random); edits > 0 && bytes.length > 0; edits--) {
    const at = below(bytes.length, random);
    const end = Math.min(bytes.length, at + 1 + below(40, random));
    const [head, cut, tail] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
    const edit = below(6, random);
    if (edit === 0) bytes[at]! ^= 1 << below(8, random);
    else if (edit === 1) bytes[at] = [0, 1, 0x7f, 0x80, 0xff, 2, 4, 6][below(8, random)]!;
    else if (edit === 2) bytes = Buffer.concat([head, tail]);
    else if (edit === 3) bytes = Buffer.concat([head, cut, cut, tail]);
    else if (edit === 4) bytes = Buffer.concat([head, randomBytes(below(40, random), random), cut, tail]);
    else bytes = head;
  }
  return bytes;
}

/** A real peer waits for the other's greeting, then for its READY. */
function inTurn(bytes: Buffer): Buffer[] {
  return [
    bytes.subarray(0, GREETING_BYTES),
    bytes.subarray(GREETING_BYTES, HANDSHAKE_BYTES),
    bytes.subarray(HANDSHAKE_BYTES),
  ].filter(({ length }) => length > 0);
}

function randomBytes(length: number, random: Random): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = below(256, random);
  return bytes;
}

function somePort(random: Random): Input['port'] {
  return random() < 0.5 ? 'pull' : 'push';
}

function someEnding(random: Random): Input['ending'] {
  return random() < 0.5 ? 'end' : 'reset';
}
