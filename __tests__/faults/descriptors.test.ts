// More connections than a process may have descriptors.

import type { Socket } from 'node:net';
import { connectRaw, endRaw } from '../helpers/recording';
import { reservePorts } from '../helpers/ports';
import { endPeers, startPeer } from '../helpers/process';
import { account, received } from '../helpers/stream-peer';
import { waitFor } from '../helpers/wait';

afterEach(async () => {
  endRaw();
  await endPeers();
});

const LIMIT = 80;
// No more than what waits to be accepted when nobody is any more: others would be asked to try again a second later.
const CONNECTIONS = 120;
const LOOPBACK = '127.0.0.1';

test('a stream goes on, whole and in order, while strangers hold every descriptor; then others can come again', async () => {
  const port = await reservePorts();
  const server = startPeer('stream-peer.cjs', ['server', LOOPBACK, port, '{}'], `ulimit -n ${LIMIT}; exec`);
  await server.say('ready');
  const client = startPeer('stream-peer.cjs', ['client', LOOPBACK, port, '{}']);
  const peers = [server, client];
  for (const peer of peers) await waitFor('frames', async () => (await received(peer)) > 20);
  const strangers: Socket[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const socket = await connectRaw(port + (i % 2));
    socket.on('error', () => undefined);
    strangers.push(socket);
  }
  for (const peer of peers) {
    const before = await received(peer);
    await waitFor('frames to go on', async () => (await received(peer)) > before + 50);
  }
  for (const socket of strangers) socket.destroy();
  for (const peer of peers) expect(await account(peer)).toMatchObject({ wrong: 0, missing: 0 });
  const second = startPeer('stream-peer.cjs', ['client', LOOPBACK, port, '{}']);
  await waitFor('a second client to get frames', async () => (await received(second)) > 20);
});
