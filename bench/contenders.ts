// Who is measured: this library and its rivals, each as a program that plays either side.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

// Compiled files are in .build/bench; the Python one stays where it was written.
const PYZMQ_PEER = join(__dirname, '..', '..', 'bench', 'peers', 'pyzmq_peer.py');
const PYTHONS = ['python3', '/usr/bin/python3'];
const PRINT_VERSIONS = 'import zmq; print(zmq.__version__, zmq.zmq_version())';

/** A program that is called with: role, port, size in bytes, frames before the clock, frames on it, limit in ms. */
export interface Contender {
  readonly name: string;
  readonly command: readonly string[];
}

/** A Python that has pyzmq, and both versions. */
export interface Pyzmq {
  readonly python: string;
  readonly version: string;
  readonly libzmqVersion: string;
}

export const OURS = 'rogue-bridge';
export const ZEROMQ = 'zeromq';

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
  const node = (name: string, file: string): Contender => ({
    name,
    command: [process.execPath, join(__dirname, 'peers', file)],
  });
  const contenders = [node(OURS, 'bridge-peer.js'), node(ZEROMQ, 'zeromq-peer.js')];
  const found = findPyzmq();
  if (found === undefined) {
    return {
      contenders,
      skipped: [`pyzmq: 'import zmq' fails with ${PYTHONS.join(' and ')} (apt-get install python3-zmq)`],
    };
  }
  return { contenders: [...contenders, { name: 'pyzmq', command: [found.python, PYZMQ_PEER] }], skipped: [] };
}
