// The C peer, compiled where that can be done.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

// Compiled files are in .build/bench; the C file stays where it was written.
const SOURCE = join(__dirname, '..', '..', 'bench', 'peers', 'c_peer.c');
// Not next to c-peer.js, whose place it would take for require().
const PROGRAM = join(__dirname, 'peers', 'c_peer');

let compiled: { program: string } | { missing: string } | undefined;

/** The compiled peer, or why there is none. */
export function findCPeer(): { program: string } | { missing: string } {
  compiled ??= compile();
  return compiled;
}

function compile(): { program: string } | { missing: string } {
  const args = ['-O2', '-o', PROGRAM, SOURCE, '-lzmq', '-lpthread'];
  const { status, error, stderr } = spawnSync('cc', args, { encoding: 'utf8' });
  if (status === 0) return { program: PROGRAM };
  const reason =
    error === undefined ? (stderr.split('\n').find((line) => line.includes('error')) ?? '') : 'no cc';
  return { missing: `cannot be compiled here (apt-get install gcc libzmq3-dev): ${reason.trim()}` };
}
