// Two hosts on a network of their own: cables that are pulled, and packets that are lost without a word.

import { spawnSync } from 'node:child_process';
import { endPeers, startPeer, type Peer } from '../helpers/process';
import { account, received } from '../helpers/stream-peer';
import { waitFor } from '../helpers/wait';

const HOSTS = [`rb-${process.pid}-a`, `rb-${process.pid}-b`] as const;
const LINKS = [`rb${process.pid}a`, `rb${process.pid}b`] as const;
const ADDRESSES = ['10.213.7.1', '10.213.7.2'] as const;
// The address of no network card.
const NOWHERE = '02:00:00:00:00:7f';
const PORT = 8000;
const HEARTBEAT_MS = 300;
// What a busy machine may add to what is promised.
const GRACE_MS = 2_000;

function ip(...args: string[]): boolean {
  return spawnSync('ip', args).status === 0;
}

function on(host: 0 | 1, ...args: string[]): boolean {
  return ip('-n', HOSTS[host], ...args);
}

function makeHosts(): boolean {
  return (
    HOSTS.every((host) => ip('netns', 'add', host)) &&
    ip('link', 'add', LINKS[0], 'type', 'veth', 'peer', 'name', LINKS[1]) &&
    ([0, 1] as const).every(
      (host) =>
        ip('link', 'set', LINKS[host], 'netns', HOSTS[host]) &&
        on(host, 'addr', 'add', `${ADDRESSES[host]}/24`, 'dev', LINKS[host]) &&
        on(host, 'link', 'set', LINKS[host], 'up'),
    )
  );
}

function endHosts(): void {
  for (const host of HOSTS) ip('netns', 'del', host);
}

const FAULTS: readonly (readonly [what: string, begin: () => boolean, end: () => boolean])[] = [
  [
    'a cable that is pulled',
    () => on(0, 'link', 'set', LINKS[0], 'down'),
    () => on(0, 'link', 'set', LINKS[0], 'up'),
  ],
  [
    'packets that are lost without a word, both ways',
    () => ([0, 1] as const).every((host) => neighbour(host, 'replace', 'lladdr', NOWHERE)),
    () => ([0, 1] as const).every((host) => neighbour(host, 'del')),
  ],
];

function neighbour(host: 0 | 1, action: string, ...args: string[]): boolean {
  return on(host, 'neigh', action, ADDRESSES[host === 0 ? 1 : 0], ...args, 'dev', LINKS[host]);
}

const allowed = makeHosts();
if (!allowed) endHosts();

afterEach(endPeers);
afterAll(endHosts);

(allowed ? describe : describe.skip)('two hosts (needs the right to make network namespaces)', () => {
  test.each(FAULTS)(
    '%s: noticed on both within three heartbeats, and the stream comes back by itself',
    async (_what, begin, end) => {
      const options = JSON.stringify({ heartbeatMs: HEARTBEAT_MS });
      const start = (host: 0 | 1, role: string): Peer =>
        startPeer(
          'stream-peer.cjs',
          [role, ADDRESSES[0], PORT, options],
          `exec ip netns exec ${HOSTS[host]}`,
        );
      const server = start(0, 'server');
      await server.say('ready');
      const client = start(1, 'client');
      const peers = [server, client];
      for (const peer of peers) await waitFor('frames', async () => (await received(peer)) > 20);
      const beganAt = Date.now();
      expect(begin()).toBe(true);
      for (const peer of peers) {
        // On a busy machine libzmq may have given up its peer before, and found it again.
        const last = (): Record<string, unknown>[] =>
          ['send', 'receive'].map((way) => peer.said.findLast(({ direction }) => direction === way) ?? {});
        await waitFor(
          'both directions to be gone',
          () => last().every(({ event }) => event === 'disconnect'),
          undefined,
          () => peers.map(({ said }) => said.slice(-6)),
        );
        const tookMs = Math.max(...last().map(({ at }) => Number(at))) - beganAt;
        expect(tookMs).toBeLessThan(3 * HEARTBEAT_MS + GRACE_MS);
      }
      expect(end()).toBe(true);
      for (const peer of peers) {
        const before = await received(peer);
        await waitFor('frames again', async () => (await received(peer)) > before + 20);
        expect((await account(peer)).wrong).toBe(0);
      }
    },
  );
});
