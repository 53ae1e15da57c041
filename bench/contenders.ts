// Who is measured: this library on each engine, and its rivals, each as a program that plays either side.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findCPeer } from './c-peer';
import type { FrameKind } from './frame-kind';

// Compiled files are in .build/bench; the Python one stays where it was written.
const PYZMQ_PEER = join(__dirname, '..', '..', 'bench', 'peers', 'pyzmq_peer.py');
const PYTHONS = ['python3', '/usr/bin/python3'];
const PRINT_VERSIONS = 'import zmq; print(zmq.__version__, zmq.zmq_version())';
const ENGINE_VARIABLE = 'ROGUE_BRIDGE_ENGINE';

/**
 * A program that is called with: role, port, size in bytes, frames before the clock, frames on it, limit in ms.
 * `FRAMES_VARIABLE` in its environment names how the sender makes the frames.
 */
export interface Contender {
  readonly name: string;
  readonly frames: FrameKind;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How many frames it is given for one of bare zeromq's, by payload size: each is to run about as long. */
  readonly frameFactor: (sizeBytes: number) => number;
}

/** A Python that has pyzmq, and both versions. */
export interface Pyzmq {
  readonly python: string;
  readonly version: string;
  readonly libzmqVersion: string;
}

export const NATIVE = 'rogue-bridge native, reqFrame';
export const NATIVE_NEW = 'rogue-bridge native, new Frame';
export const LIBZMQ = 'rogue-bridge libzmq, reqFrame';
export const LIBZMQ_NEW = 'rogue-bridge libzmq, new Frame';
export const ZEROMQ = 'zeromq';
export const C_PEER = 'libzmq in C';
const ONE_BUFFER = 'one buffer';
const OURS: readonly (readonly [name: string, engine: 'native' | 'libzmq', frames: FrameKind])[] = [
  [LIBZMQ, 'libzmq', 'reqFrame'],
  [LIBZMQ_NEW, 'libzmq', 'new Frame'],
  [NATIVE, 'native', 'reqFrame'],
  [NATIVE_NEW, 'native', 'new Frame'],
  [`rogue-bridge native, ${ONE_BUFFER}`, 'native', ONE_BUFFER],
];

let pyzmq: Pyzmq | undefined;
let looked = false;

/** The first Python that can import zmq; undefined when none can. */
export function findPyzmq(): Pyzmq | undefined {
  if (!looked) pyzmq = PYTHONS.map(tryPython).find((found) => found !== undefined);
  looked = true;
  return pyzmq;
}

function tryPython(python: string): Pyzmq | undefined {
  const { status, stdout } = spawnSync(python, ['-c', PRINT_VERSIONS], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [version = '', libzmqVersion = ''] = stdout.trim().split(' ');
  return { python, version, libzmqVersion };
}

/** The contenders that can run here, ourselves first, and why the others cannot. */
export function findContenders(): { contenders: Contender[]; skipped: string[] } {
  const skipped: string[] = [];
  const contenders = [
    ...onEngines(),
    nodePeer(ZEROMQ, 'zeromq-peer.js', 'new Frame', () => 1),
    nodePeer(`${ZEROMQ}, ${ONE_BUFFER}`, 'zeromq-peer.js', ONE_BUFFER, () => 1),
  ];
  const python = findPyzmq();
  if (python === undefined) {
    skipped.push(`pyzmq: 'import zmq' fails with ${PYTHONS.join(' and ')} (apt-get install python3-zmq)`);
  } else {
    const command = [python.python, PYZMQ_PEER];
    contenders.push({ name: 'pyzmq', frames: 'new Frame', command, frameFactor: () => 1 });
  }
  const c = findCPeer();
  if ('missing' in c) skipped.push(`${C_PEER}: ${c.missing}`);
  else {
    const frameFactor = bySize(8, 3, 1);
    contenders.push({ name: C_PEER, frames: 'new Frame', command: [c.program], frameFactor });
  }
  return { contenders, skipped };
}

/** Those that fill each frame anew. */
export function fillsFrames({ frames }: Contender): boolean {
  return frames !== ONE_BUFFER;
}

/** A receiver of ours that does with the frames what a subcommand does. */
export function takingAs(contender: Contender, taker: 'watch' | 'record' | 'view' | 'looked at'): Contender {
  return {
    ...contender,
    name: `${contender.name}, ${taker}`,
    env: { ...contender.env, ROGUE_BRIDGE_TAKER: taker },
  };
}

/** This library as its users are to use it, on each engine or on the one that `ROGUE_BRIDGE_ENGINE` names. */
export function ourselves(): Contender[] {
  return onEngines().filter(({ frames }) => frames === 'reqFrame');
}

function onEngines(): Contender[] {
  const only = process.env[ENGINE_VARIABLE];
  return OURS.filter(([, engine]) => only === undefined || only === '' || engine === only).map(
    ([name, engine, frames]) => ({
      ...nodePeer(name, 'bridge-peer.js', frames, engine === 'native' ? bySize(24, 8, 4) : () => 1),
      env: { [ENGINE_VARIABLE]: engine },
    }),
  );
}

function nodePeer(
  name: string,
  file: string,
  frames: FrameKind,
  frameFactor: Contender['frameFactor'],
): Contender {
  return { name, frames, command: [process.execPath, join(__dirname, 'peers', file)], frameFactor };
}

function bySize(small: number, kilobyte: number, more: number): Contender['frameFactor'] {
  return (sizeBytes) => {
    if (sizeBytes < 1_000) return small;
    if (sizeBytes < 10_000) return kilobyte;
    return sizeBytes < 100_000 ? more : 1;
  };
}
