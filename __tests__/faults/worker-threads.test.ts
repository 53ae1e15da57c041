// Bridges in worker threads, which end in every way there is.

import { engines, whereNative } from '../helpers/engines';
import { reservePorts } from '../helpers/ports';
import { endPeers, startPeer } from '../helpers/process';

afterEach(endPeers);

const ROUNDS = 5;
const FAULT = 'nobody catches this';

/** Both go on for a while in each round, and each round has a worker of its own. */
async function run(how: string): Promise<Record<string, unknown>[]> {
  const peer = startPeer('worker.cjs', [how, await reservePorts(), ROUNDS]);
  expect(await peer.end(110_000)).toBe(0);
  // The log of a worker is written at once, however it ends.
  expect(peer.stderr.match(/the worker has a log/g)).toHaveLength(ROUNDS);
  const { left } = peer.said.at(-1)!;
  expect(left).toBe(0);
  return peer.said.slice(0, -1);
}

whereNative.server.each([
  ['stops its bridge', 'stop', { exit: 0 }],
  ['calls process.exit()', 'exit', { exit: 7 }],
  ['throws what nobody catches', 'throw', { exit: 1, error: FAULT }],
  ['is terminated', 'terminate', { exit: 1 }],
])(
  'one that %s in the middle of a stream: its ports are free, and the main thread goes on',
  async (_what, how, end) => {
    expect(await run(how)).toEqual(Array(ROUNDS).fill({ ...end, free: true, wentOn: true }));
  },
);

whereNative.server('the main thread calls process.exit() in the middle of a stream of a worker', async () => {
  const peer = startPeer('worker.cjs', ['main-exit', await reservePorts()]);
  expect(await peer.end()).toBe(3);
});

whereNative.server(
  'the main thread throws what nobody catches in the middle of a stream of a worker',
  async () => {
    const peer = startPeer('worker.cjs', ['main-throw', await reservePorts()]);
    expect(await peer.end()).toBe(1);
    expect(peer.stderr).toContain(FAULT);
  },
);

// The zeromq addon aborts the process when a worker with an open socket ends.
(engines.server === 'libzmq' ? test : test.skip)(
  'libzmq is refused there, and the error names the native engine',
  async () => {
    const peer = startPeer('worker.cjs', ['refused', await reservePorts()]);
    expect(await peer.end()).toBe(0);
    expect(peer.said).toEqual([
      { code: 'ERR_TRANSPORT', message: expect.stringContaining("Use engine: 'native'") as string },
    ]);
  },
);
