// Who is measured: this library on each engine, and its rivals, each as a program that plays either side.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findCPeer } from './c-peer';

// Compiled files are in .build/bench; the Python one stays where it was written.
const PYZMQ_PEER = join(__dirname, '..', '..', 'bench', 'peers', 'pyzmq_peer.py');
const PYTHONS = ['python3', '/usr/bin/python3'];
const PRINT_VERSIONS = 'import zmq; print(zmq.__version__, zmq.zmq_version())';
const ENGINE_VARIABLE = 'ROGUE_BRIDGE_ENGINE';

/** A program that is called with: role, port, size in bytes, frames before the clock, frames on it, limit in ms. */
export interface Contender {
  readonly name: string;
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

export const NATIVE = 'rogue-bridge native';
export const LIBZMQ = 'rogue-bridge libzmq';
export const ZEROMQ = 'zeromq';
export const C_PEER = 'libzmq in C';
const OURS = { [LIBZMQ]: 'libzmq', [NATIVE]: 'native' } as const;

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

/** Everyone who can run here, ourselves first, and why the others cannot. */
export function findContenders(): { contenders: Contender[]; skipped: string[] } {
  const skipped: string[] = [];
  const contenders = [...ourselves(), nodePeer(ZEROMQ, 'zeromq-peer.js', () => 1)];
  const python = findPyzmq();
  if (python === undefined) {
    skipped.push(`pyzmq: 'import zmq' fails with ${PYTHONS.join(' and ')} (apt-get install python3-zmq)`);
  } else {
    contenders.push({ name: 'pyzmq', command: [python.python, PYZMQ_PEER], frameFactor: () => 1 });
  }
  const c = findCPeer();
  if ('missing' in c) skipped.push(`${C_PEER}: ${c.missing}`);
  else contenders.push({ name: C_PEER, command: [c.program], frameFactor: bySize(8, 3, 1) });
  return { contenders, skipped };
}

/** A receiver of ours that does with the frames what a subcommand does. */
export function takingAs(contender: Contender, taker: 'watch' | 'record'): Contender {
  return {
    ...contender,
    name: `${contender.name}, ${taker}`,
    env: { ...contender.env, ROGUE_BRIDGE_TAKER: taker },
  };
}

/** This library on each engine, or on the one that `ROGUE_BRIDGE_ENGINE` names. */
export function ourselves(): Contender[] {
  const only = process.env[ENGINE_VARIABLE];
  return Object.entries(OURS)
    .filter(([, engine]) => only === undefined || only === '' || engine === only)
    .map(([name, engine]) => ({
      ...nodePeer(name, 'bridge-peer.js', engine === 'native' ? bySize(24, 8, 4) : () => 1),
      env: { [ENGINE_VARIABLE]: engine },
    }));
}

function nodePeer(name: string, file: string, frameFactor: Contender['frameFactor']): Contender {
  return { name, command: [process.execPath, join(__dirname, 'peers', file)], frameFactor };
}

function bySize(small: number, kilobyte: number, more: number): Contender['frameFactor'] {
  return (sizeBytes) => {
    if (sizeBytes < 1_000) return small;
    if (sizeBytes < 10_000) return kilobyte;
    return sizeBytes < 100_000 ? more : 1;
  };
}
