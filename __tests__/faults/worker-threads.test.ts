// Bridges in worker threads, which end in every way there is; more of them in worker-threads.slow.test.ts.

import { engines, whereNative } from '../helpers/engines';
import { reservePorts } from '../helpers/ports';
import { startPeer } from '../helpers/process';
import { FAULT, testWorkers } from '../helpers/workers';

testWorkers(2);

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
