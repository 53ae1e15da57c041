// Bridges in worker threads that end in the middle of a stream, one after the other.

import { whereNative } from './engines';
import { reservePorts } from './ports';
import { endPeers, startPeer } from './process';

/** What the peers throw. */
export const FAULT = 'nobody catches this';

/** The tests of so many workers each. Both ends go on for a while in each round, and each round has a worker of its own. */
export function testWorkers(rounds: number): void {
  afterEach(endPeers);

  whereNative.server.each([
    ['stops its bridge', 'stop', { exit: 0 }],
    ['calls process.exit()', 'exit', { exit: 7 }],
    ['throws what nobody catches', 'throw', { exit: 1, error: FAULT }],
    ['is terminated', 'terminate', { exit: 1 }],
  ])(
    `one that %s in the middle of a stream, ${rounds} times: its ports are free, and the main thread goes on`,
    async (_what, how, end) => {
      const peer = startPeer('worker.cjs', [how, await reservePorts(), rounds]);
      expect(await peer.end(110_000)).toBe(0);
      // The log of a worker is written at once, however it ends.
      expect(peer.stderr.match(/the worker has a log/g)).toHaveLength(rounds);
      expect(peer.said.at(-1)).toEqual({ left: 0 });
      expect(peer.said.slice(0, -1)).toEqual(Array(rounds).fill({ ...end, free: true, wentOn: true }));
    },
  );
}
