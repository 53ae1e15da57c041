// A process that has replaced its timers and clocks; on each engine. With Jest's own: conformance/fake-timers.test.ts.

import { reservePorts } from '../helpers/ports';
import { endPeers, startPeer } from '../helpers/process';

afterEach(endPeers);

test('bridges connect, stream, reconnect, time out and stop where nothing that is scheduled ever comes', async () => {
  const peer = startPeer('frozen-clock.cjs', [await reservePorts(), await reservePorts()]);
  expect(await peer.end()).toBe(0);
  expect(Object.assign({}, ...peer.said)).toEqual({
    connected: true,
    streamed: true,
    reconnected: true,
    timedOut: 'ERR_SEND_TIMEOUT',
    stopped: true,
  });
});
