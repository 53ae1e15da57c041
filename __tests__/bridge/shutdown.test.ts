// Applications that stop: a source, a bridge and what is behind it, in either order and at once, while the other side
// is absent or a slave never accepts. Jest fails a test that leaves an unhandled rejection.

import { Fifo, Frame, Logging, Prbs, StreamReader } from '../../lib';
import { makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, removeFiles, write } from '../helpers/files';
import { collectLevels } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { turns, waitFor, waitForEnd } from '../helpers/wait';

interface Stops {
  stop(): unknown;
}

type Order = 'the source first' | 'the bridge first' | 'both at once';

const ORDERS: readonly Order[] = ['the source first', 'the bridge first', 'both at once'];

let log: string[];

beforeEach(() => (log = collectLevels()));

afterEach(async () => {
  await stopBridges();
  Logging.setSink(undefined);
  removeFiles();
});

/** Stops both, with the `stop()` that an application would call. */
async function stopAll(order: Order, source: Stops, bridge: Stops): Promise<void> {
  const stops = [() => source.stop(), () => bridge.stop()];
  if (order === 'both at once') {
    await waitForEnd('both', Promise.all(stops.map((stop) => stop())));
    return;
  }
  if (order === 'the bridge first') stops.reverse();
  for (const stop of stops) await waitForEnd(`stop, ${order}`, stop());
}

const errors = (): string[] => log.filter((line) => line.startsWith('Error'));

test.each(ORDERS)('a Prbs in front of a server without a client: %s', async (order) => {
  const server = await makeServer();
  const prbs = new Prbs();
  prbs.to(server);
  prbs.enable(100);
  await waitFor('its frame to wait', () => server.stats.sendsWaiting === 1);
  await stopAll(order, prbs, server);
  // The frame was the bridge's until it was stopped.
  await waitFor('the frame to be counted', () => prbs.txErrors === 1);
  await turns();
  expect([prbs.txCount, server.stats.notSent]).toEqual([0, 1]);
  expect(errors()).toEqual([]);
});

test.each(ORDERS)('a client in front of a Fifo whose slave never accepts: %s', async (order) => {
  const { server, client } = await makePair();
  const fifo = client.to(new Fifo(0));
  fifo.to(() => new Promise(() => undefined));
  for (let i = 0; i < 10; i++) await server.acceptFrame(new Frame(8));
  await waitFor('all frames', () => fifo.frameCount === 10);
  await stopAll(order, client, fifo);
  expect([fifo.size, fifo.dropCount]).toEqual([0, 9]);
  await waitForEnd('the other side', server.stop());
});

test.each(ORDERS)('a StreamReader in front of a client without a server: %s', async (order) => {
  const path = fileName('run.dat');
  await write(
    path,
    Array.from({ length: 10 }, () => new Frame(8)),
  );
  const client = await makeClient(await reservePorts());
  const reader = new StreamReader();
  reader.to(client);
  await reader.open(path);
  await waitFor('a frame to wait', () => client.stats.sendsWaiting === 1);
  const played = reader.closeWait().catch((err: unknown) => err);
  await stopAll(order, reader, client);
  await waitForEnd('closeWait', played);
  if (order === 'the bridge first') expect(await played).toMatchObject({ code: 'ERR_BRIDGE_STOPPED' });
  expect([reader.isActive, reader.frameCount, client.stats.notSent]).toEqual([false, 0, 1]);
  await turns();
  expect(errors()).toEqual([]);
});

test.each(ORDERS)('a bridge piped into another one without a peer: %s', async (order) => {
  const { server, client } = await makePair();
  const other = await makeServer();
  const readable = client.readable({ highWaterMark: 1 });
  const writable = readable.pipe(other.writable({ highWaterMark: 1 }));
  const closed = new Promise((resolve) => writable.once('close', resolve));
  for (let i = 0; i < 10; i++) await server.acceptFrame(new Frame(8));
  await waitFor('a frame to wait', () => other.stats.sendsWaiting === 1);
  await stopAll(order, client, other);
  await waitForEnd('the pipe', closed);
  await waitForEnd('the other side', server.stop());
  await turns();
  expect(other.stats).toMatchObject({ framesSent: 0, notSent: 1 });
  expect(client.slaveCount).toBe(0);
});

test.each(ORDERS)('a bridge in front of a Prbs that does not receive: %s', async (order) => {
  const { server, client } = await makePair();
  const prbs = client.to(new Prbs());
  prbs.rxEnable = false;
  await server.acceptFrame(new Frame(12));
  await waitFor('the frame', () => client.stats.framesReceived === 1);
  await stopAll(order, client, prbs);
  expect([prbs.rxDropCount, prbs.rxCount, prbs.rxErrors]).toEqual([1, 0, 0]);
  await waitForEnd('the other side', server.stop());
});
