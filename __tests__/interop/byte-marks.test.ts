// High-water marks in bytes: what may wait of large frames, on either side. libzmq counts messages alone.

import { Frame, Logging } from '../../lib';
import { Collector, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { testNative } from '../helpers/engines';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { RawPeer } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { makeGate, turns, waitFor } from '../helpers/wait';

const MEGABYTE = 1_000_000;
const MARK = 100;
// What both kernels take between a sender and a peer that reads nothing, and then some.
const KERNEL_FRAMES = 30;
const NOT_COUNTED = 'counts messages alone';

beforeEach(() => void collectLog());
afterEach(async () => {
  Logging.setSink(undefined);
  endRaw();
  await stopBridges();
});

/** How many frames of 1 MB a server accepts for a peer that reads nothing. */
async function acceptedFor(sendHighWaterBytes: number): Promise<number> {
  const port = await reservePorts();
  const server = await makeServer(port, { sendHighWaterMark: MARK, sendHighWaterBytes, lingerMs: 0 });
  const peer = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
  peer.socket.pause();
  await waitFor('the peer', () => server.stats.peers.send === 1);
  const send = (): void => void server.send(new Frame(Buffer.alloc(MEGABYTE)))?.catch(() => undefined);
  for (let sent = 0; sent < MARK + KERNEL_FRAMES + 20; sent++) send();
  // Until the kernel takes nothing more.
  for (let before = -1; server.stats.framesSent !== before;) {
    before = server.stats.framesSent;
    await turns(50);
  }
  return server.stats.framesSent;
}

testNative(NOT_COUNTED, 'a sender is held by sendHighWaterBytes before its mark of messages', async () => {
  const frames = await acceptedFor(4 * MEGABYTE);
  expect(frames).toBeGreaterThanOrEqual(4);
  expect(frames).toBeLessThan(4 + KERNEL_FRAMES);
  expect(await acceptedFor(0)).toBeGreaterThanOrEqual(MARK);
});

testNative(
  NOT_COUNTED,
  'a receiver is held by receiveHighWaterBytes before its mark of messages',
  async () => {
    const port = await reservePorts();
    const gate = makeGate();
    const receiveHighWaterBytes = 4 * MEGABYTE;
    const server = await makeServer(port, { receiveHighWaterMark: MARK, receiveHighWaterBytes });
    server.to(() => gate.opened);
    const client = await makeClient(port, { sendHighWaterMark: MARK });
    await client.waitForPeer({ timeoutMs: 10_000 });
    const sends = Array.from({ length: 60 }, () => client.send(new Frame(Buffer.alloc(MEGABYTE))));
    await waitFor('the mark', () => server.stats.receivesWaiting === 4);
    await turns(100);
    expect(server.stats).toMatchObject({ receivesWaiting: 4, framesReceived: 1 });
    gate.open();
    await Promise.all(sends);
    await waitFor('all of them', () => server.stats.framesReceived === 60);
  },
);

testNative(NOT_COUNTED, 'a frame larger than either mark passes, and so do those around it', async () => {
  const port = await reservePorts();
  const options = { sendHighWaterBytes: 1000, receiveHighWaterBytes: 1000 };
  const [server, client] = [await makeServer(port, options), await makeClient(port, options)];
  const collector = server.to(new Collector());
  await client.waitForPeer({ timeoutMs: 10_000 });
  const sizes = [1, 900, 5 * MEGABYTE, 1001, 1, 3 * MEGABYTE, 10];
  await Promise.all(sizes.map((size) => client.send(new Frame(Buffer.alloc(size)))));
  await collector.waitForCount(sizes.length);
  expect(collector.frames.map(({ size }) => size)).toEqual(sizes);
});
