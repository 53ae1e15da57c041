// Many bridges in one process; on each engine.

import { readFileSync } from 'node:fs';
import { engines } from '../helpers/engines';
import { endPeers, startPeer } from '../helpers/process';

afterEach(endPeers);

const PER_BRIDGE = engines.server === 'native' ? 2 : 8;
const BRIDGES = 1000;
// So many in a row are not to be had from the kernel; it gives nobody those below its own.
const FIRST_PORT = 10_000;

test(`${BRIDGES} servers and ${BRIDGES} clients in one process each pass frames, at ${PER_BRIDGE} descriptors a bridge`, async () => {
  const hardLimit = Number(
    /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))![1],
  );
  // A server 8 and 2 for its client, a client 8.
  expect(hardLimit).toBeGreaterThan(18 * BRIDGES);
  const peer = startPeer('many.cjs', ['pairs', FIRST_PORT, BRIDGES], `ulimit -n ${18 * BRIDGES + 200}; exec`);
  expect(await peer.end(110_000)).toBe(0);
  const { perBridge, threads, passed, left } = peer.said.at(-1) as Record<string, number>;
  expect({ perBridge, passed }).toEqual({ perBridge: PER_BRIDGE, passed: BRIDGES });
  // What the first one had opened may have been closed after it was counted.
  expect(left).toBeLessThanOrEqual(0);
  // Node's own, libzmq's two.
  expect(threads).toBeLessThan(30);
});
