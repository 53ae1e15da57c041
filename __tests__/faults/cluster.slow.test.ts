// Bridges under node:cluster, whose workers share what they listen on unless they are told not to; on each engine.

import { isFree, reservePorts } from '../helpers/ports';
import { endPeers, startPeer } from '../helpers/process';

afterEach(endPeers);

const WORKERS = 3;

test('the primary and each worker have bridges of their own, on ports that nobody shares', async () => {
  const ports: number[] = [];
  for (let i = 0; i <= WORKERS; i++) ports.push(await reservePorts());
  const peer = startPeer('cluster.cjs', ports);
  expect(await peer.end(110_000)).toBe(0);
  const cause = 'EADDRINUSE';
  expect(Object.assign({}, ...peer.said)).toEqual({
    streams: Array(WORKERS).fill(true),
    taken: [
      { code: 'ERR_BIND', port: ports[1], cause },
      { code: 'ERR_BIND', port: ports[0], cause },
    ],
    again: true,
    disconnected: 0,
    ended: true,
  });
  expect(peer.stderr).toBe('');
  for (const port of ports) expect(await isFree(port)).toBe(true);
});
