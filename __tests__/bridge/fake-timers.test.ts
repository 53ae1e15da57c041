// Bridges in the tests of a program whose clock stands still: Jest's fake timers, everything faked, nothing advanced.

import { Frame, type TcpCore, type TcpServer } from '../../lib';
import { Collector, makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { rejection } from '../helpers/errors';
import { reservePorts } from '../helpers/ports';
import { RawPeer } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { waitFor } from '../helpers/wait';

const FRAMES = 1000;
// Longer than every wait below, and not so long that a timer of the library among the faked ones would fire for hours.
const HOUR_MS = 3_600_000;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(async () => {
  endRaw();
  await stopBridges();
  jest.useRealTimers();
});

/** All of them are faked, or the tests below show nothing. */
test('timers, turns and clocks are faked', () => {
  const called: string[] = [];
  setTimeout(() => called.push('setTimeout'), 0);
  setImmediate(() => called.push('setImmediate'));
  process.nextTick(() => called.push('nextTick'));
  queueMicrotask(() => called.push('queueMicrotask'));
  const [now, date] = [performance.now(), Date.now()];
  jest.advanceTimersByTime(1000);
  expect([performance.now() - now, Date.now() - date]).toEqual([1000, 1000]);
  expect(called.sort()).toEqual(['nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout']);
});

async function stream(from: TcpCore, to: TcpCore): Promise<void> {
  const collector = to.to(new Collector());
  for (let i = 0; i < FRAMES; i++) await from.send(new Frame(100, { flags: i }));
  await collector.waitForCount(FRAMES);
  expect(collector.frames.map(({ flags }) => flags)).toEqual(Array.from({ length: FRAMES }, (_, i) => i));
  to.removeSlave(collector);
}

test('a server and a client connect and stream both ways, a server opened anew is found; real timers change nothing', async () => {
  const { server, client, port } = await makePair();
  await Promise.all([stream(server, client), stream(client, server)]);
  const events: string[] = [];
  client.on('disconnect', ({ direction }) => events.push(direction));
  await waitFor('the client to have both peers', () => client.connected);
  await server.stop();
  await waitFor('both to be gone', () => new Set(events).size === 2);
  const again: TcpServer = await makeServer(port);
  await Promise.all([again, client].map((bridge) => bridge.waitForPeer({ timeoutMs: 20_000 })));
  await Promise.all([stream(again, client), stream(client, again)]);
  jest.useRealTimers();
  await Promise.all([stream(again, client), stream(client, again)]);
});

test('waits end in their own time', async () => {
  const client = await makeClient(await reservePorts(), { sendTimeoutMs: 50 });
  const sends = [1, 2, 3].map((size) => rejection(client.send(new Frame(size))));
  for (const err of await Promise.all(sends)) expect(err).toMatchObject({ code: 'ERR_SEND_TIMEOUT' });
  const noPeer = await rejection(client.waitForPeer({ timeoutMs: 50 }));
  expect(noPeer).toMatchObject({ code: 'ERR_PEER_TIMEOUT' });
});

test('no wait ends because the clock of the test is set forward', async () => {
  const port = await reservePorts();
  const client = await makeClient(port, { sendTimeoutMs: 60_000, heartbeatMs: 1000 });
  const sent = client.send(new Frame(5));
  jest.advanceTimersByTime(HOUR_MS);
  const collector = (await makeServer(port)).to(new Collector());
  await sent;
  await client.waitForPeer({ timeoutMs: 20_000 });
  jest.advanceTimersByTime(HOUR_MS);
  await client.send(new Frame(6));
  await collector.waitForCount(2);
  expect(client.stats).toMatchObject({ framesSent: 2, notSent: 0, reconnects: 0 });
  expect(client.connected).toBe(true);
});

test('stop() flushes within lingerMs, and ends after it where the peer takes nothing', async () => {
  const { server, client } = await makePair({ client: { lingerMs: 10_000 } });
  const collector = server.to(new Collector());
  const size = 100_000;
  for (let i = 0; i < 50; i++) await client.send(new Frame(size));
  await client.stop();
  await collector.waitForCount(50);

  const port = await reservePorts();
  const lingering = await makeServer(port, { lingerMs: 100 });
  const raw = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
  raw.socket.pause();
  // More than the memory of the connection.
  for (let i = 0; i < 200; i++) await lingering.send(new Frame(size));
  await lingering.stop();
  expect(lingering.stats.lastError).toMatchObject({ code: 'ERR_LINGER' });
});
