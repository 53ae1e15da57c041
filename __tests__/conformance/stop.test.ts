// stop(): bounded, flushing, and nothing left behind.

import { Frame, Master, TcpServer, type TcpCore } from '../../lib';
import { LOOPBACK, makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { engines, whereNative } from '../helpers/engines';
import { rejection } from '../helpers/errors';
import { isFree, reservePorts } from '../helpers/ports';
import { endPeers, startPeer } from '../helpers/process';
import { pause, turns, waitFor, waitForStandstill } from '../helpers/wait';

afterEach(async () => {
  await stopBridges();
  await endPeers();
});

const FRAMES = 1500;
const FRAME_BYTES = 20_000;

test(`${FRAMES} frames of ${FRAME_BYTES} bytes and stop() at once, to a slow reader: all arrive`, async () => {
  const port = await reservePorts();
  const reader = startPeer('bridge-peer.cjs', ['server', LOOPBACK, port, 'slow']);
  await reader.say('ready');
  const client = await makeClient(port, { lingerMs: 20_000 });
  const master = new Master();
  master.to(client);
  for (let number = 0; number < FRAMES; number++) {
    const payload = Buffer.alloc(FRAME_BYTES);
    payload.writeUInt32LE(number);
    await master.sendFrame(new Frame(payload));
  }
  await client.stop();
  reader.tell({ report: true });
  await waitFor('all frames', () => {
    reader.tell({ report: true });
    return reader.said.at(-1)?.received === FRAMES;
  });
  expect(reader.said.at(-1)).toMatchObject({ received: FRAMES, ordered: true });
});

test('with 100 sends that wait for an absent peer it is over within lingerMs + 1 s, each send rejected', async () => {
  const lingerMs = 500;
  const client = await makeClient(await reservePorts(), { lingerMs });
  const master = new Master();
  master.to(client);
  const sends = Array.from({ length: 100 }, () => rejection(master.sendFrame(new Frame(10))));
  await turns();
  expect(client.stats.sendsWaiting).toBe(100);
  const started = performance.now();
  await client.stop();
  const errors = await Promise.all(sends);
  // The one bound on time that is promised to users, and far above what it takes (some 10 ms).
  expect(performance.now() - started).toBeLessThan(lingerMs + 1000);
  expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['ERR_BRIDGE_STOPPED']));
  expect(errors[0]!.message).toContain('was stopped');
  expect(client.stats).toMatchObject({ notSent: 100, framesSent: 0, sendsWaiting: 0 });
});

test('with a reader that has stopped reading it is over within lingerMs + 1 s', async () => {
  const port = await reservePorts();
  const reader = startPeer('bridge-peer.cjs', ['server', LOOPBACK, port, 'stuck']);
  await reader.say('ready');
  const lingerMs = 300;
  const client = await makeClient(port, { lingerMs, sendHighWaterMark: 10 });
  const master = new Master();
  master.to(client);
  let settled = 0;
  const frame = new Frame(100_000);
  const sends = Array.from({ length: 1500 }, () =>
    master.sendFrame(frame).then(
      () => settled++,
      () => settled++,
    ),
  );
  await waitForStandstill('the reader to take no more', () => client.stats.framesSent);
  const started = performance.now();
  await client.stop();
  await Promise.all(sends);
  expect(performance.now() - started).toBeLessThan(lingerMs + 1000);
  expect(settled).toBe(1500);
  expect(client.stats.notSent).toBeGreaterThan(0);
  // Some of those that were accepted had not left: how many, the native engine knows.
  expect(client.stats.lastError).toMatchObject({ code: 'ERR_LINGER' });
  if (engines.client === 'native') expect(client.stats.discarded).toBeGreaterThan(0);
});

test('frees both ports at once, may be called as often as one likes, and close() and await using are the same', async () => {
  const port = await reservePorts();
  for (const end of ['stop', 'close'] as const) {
    const server = await TcpServer.create(LOOPBACK, port, { engine: engines.server });
    await Promise.all([server[end](), server.stop(), server[Symbol.asyncDispose]()]);
    await server.stop();
    expect([await isFree(port), await isFree(port + 1)]).toEqual([true, true]);
  }
});

test('afterwards sends are refused, nothing is delivered, and nobody is connected', async () => {
  const { server, client } = await makePair();
  let delivered = 0;
  server.to(() => delivered++);
  await client.acceptFrame(new Frame(8));
  await waitFor('the frame', () => delivered === 1);
  await server.stop();
  for (let i = 0; i < 3; i++) void Promise.resolve(client.acceptFrame(new Frame(8))).catch(() => undefined);
  expect(await rejection(server.acceptFrame(new Frame(8)))).toMatchObject({ code: 'ERR_BRIDGE_STOPPED' });
  expect(await rejection(server.waitForPeer())).toMatchObject({ code: 'ERR_BRIDGE_STOPPED' });
  expect(server.connected).toBe(false);
  expect(server.stats).toMatchObject({ refused: 1, peers: { send: 0, receive: 0 } });
  expect(delivered).toBe(1);
});

test('works from within a slave, and while a slave never settles', async () => {
  const { server, client } = await makePair();
  let stopped = false;
  server.to(async () => {
    await server.stop();
    stopped = true;
    await new Promise(() => undefined);
  });
  await client.acceptFrame(new Frame(8));
  await waitFor('stop() to return inside the slave', () => stopped);
});

test('from within a slave: nothing of what has come already is delivered any more', async () => {
  const { server, client } = await makePair();
  let delivered = 0;
  let stopping: Promise<void> | undefined;
  server.to(() => {
    delivered += 1;
    stopping ??= server.stop();
  });
  // In one turn, so that they are on the wire together.
  await Promise.all(Array.from({ length: 100 }, () => client.acceptFrame(new Frame(8))));
  await waitFor('the slave to stop its bridge', () => stopping !== undefined);
  await stopping;
  expect(delivered).toBe(1);
});

// libzmq closes its end at once, and a heartbeat it has not read, or one it is sent then, resets the connection.
const whereTheSenderWaits = whereNative.client;

whereTheSenderWaits.each([
  ['both ends', { server: 200, client: 200 }],
  ['the receiving end', { server: 200 }],
  ['the sending end', { client: 200 }],
])('with heartbeats of %s, to a reader that is behind: all arrive', async (_which, beats) => {
  const of = (heartbeatMs: number | undefined): object => (heartbeatMs === undefined ? {} : { heartbeatMs });
  const { server, client } = await makePair({
    server: { ...of((beats as { server?: number }).server), receiveHighWaterMark: 10 },
    client: { ...of((beats as { client?: number }).client), lingerMs: 20_000 },
  });
  const numbers: number[] = [];
  server.to(async ({ payload }: Frame) => {
    numbers.push(payload.readUInt32LE());
    if (numbers.length % 10 === 0) await pause(5);
  });
  const count = 1000;
  for (let number = 0; number < count; number++) {
    const payload = Buffer.alloc(2000);
    payload.writeUInt32LE(number);
    await client.acceptFrame(new Frame(payload));
  }
  await client.stop();
  await waitFor(
    'all frames',
    () => numbers.length === count,
    60_000,
    () => numbers.length,
  );
  expect(numbers).toEqual(Array.from({ length: count }, (_, number) => number));
});

test('a wait for a peer ends with it', async () => {
  const server = await makeServer();
  const waiting = rejection(server.waitForPeer());
  await server.stop();
  expect(await waiting).toMatchObject({ code: 'ERR_BRIDGE_STOPPED' });
});

test('a process whose bridges are stopped ends by itself, with frames under way and senders waiting', async () => {
  const port = await reservePorts();
  const peer = startPeer('bridge-peer.cjs', ['client', LOOPBACK, port, 'stopping']);
  expect(await peer.end()).toBe(0);
  expect(peer.said.at(-1)).toEqual({ rejected: 50, code: 'ERR_BRIDGE_STOPPED' });
});

test('bridges stop together as well as alone', async () => {
  const bridges: TcpCore[] = [];
  for (let i = 0; i < 20; i++) bridges.push(await makeServer());
  await Promise.all(bridges.map((bridge) => bridge.stop()));
  expect(bridges.every((bridge) => !bridge.connected)).toBe(true);
});
