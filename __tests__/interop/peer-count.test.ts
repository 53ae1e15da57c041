// Who counts as a peer of a server beside strangers on its port: its monitor tells the libzmq engine of comings and
// goings, and not whose.

import { Logging } from '../../lib';
import { makeServer, stopBridges } from '../helpers/bridges';
import { testNative } from '../helpers/engines';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { greeting, RawPeer } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { waitFor } from '../helpers/wait';

beforeEach(() => void collectLog());
afterEach(async () => {
  Logging.setSink(undefined);
  endRaw();
  await stopBridges();
});

async function makeReceiver(): Promise<{ port: number; count: () => number; told: string[] }> {
  const port = await reservePorts();
  const server = await makeServer(port);
  const told: string[] = [];
  for (const type of ['connect', 'disconnect'] as const) {
    server.on(type, ({ direction }) => told.push(`${type} ${direction}`));
  }
  return { port, told, count: () => server.stats.peers.receive };
}

const STRANGERS: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['of ZMTP 1.0', Buffer.from([1, 0])],
  ['of ZMTP 2.0', greeting({ major: 1 })],
  ['from the web', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['that leaves half way', greeting().subarray(0, 30)],
];

test.each(STRANGERS)('a stranger %s that comes and goes is not taken for the peer', async (_what, bytes) => {
  const { port, count, told } = await makeReceiver();
  const peer = await (await RawPeer.connect(port)).shakeHands('PUSH');
  await waitFor('the peer', () => count() === 1);
  for (let visit = 0; visit < 5; visit++) {
    const stranger = await RawPeer.connect(port);
    await stranger.write(bytes);
    stranger.end();
    await stranger.isClosed();
  }
  // Behind the strangers, so the engine has seen them all.
  const other = await (await RawPeer.connect(port)).shakeHands('PUSH');
  await waitFor('the other peer', () => count() === 2);
  expect(told).toEqual(['connect receive', 'connect receive']);
  for (const one of [peer, other]) one.end();
  await waitFor('nobody', () => count() === 0 && told.length === 4);
});

test('a peer that leaves while a stranger is silent is gone when the stranger is, at the latest', async () => {
  const { port, count, told } = await makeReceiver();
  const peer = await (await RawPeer.connect(port)).shakeHands('PUSH');
  const silent = await RawPeer.connect(port);
  await waitFor('the peer', () => count() === 1);
  peer.end();
  await peer.isClosed();
  silent.end();
  await waitFor('nobody', () => count() === 0 && told.length === 2);
});

testNative(
  "takes its leaving for the stranger's",
  'and at once, as the stranger is known by itself',
  async () => {
    const { port, count } = await makeReceiver();
    const peer = await (await RawPeer.connect(port)).shakeHands('PUSH');
    await RawPeer.connect(port);
    await waitFor('the peer', () => count() === 1);
    peer.end();
    await waitFor('nobody', () => count() === 0);
  },
);
