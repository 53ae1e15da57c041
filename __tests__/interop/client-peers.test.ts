// A client whose server comes and goes while the slave takes its time.

import { createServer } from 'node:net';
import { Logging, type TcpClient } from '../../lib';
import { makeClient, stopBridges } from '../helpers/bridges';
import { whereNative } from '../helpers/engines';
import { reservePorts } from '../helpers/ports';
import { frameMessage, RawPeer } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { makeGate, turns, waitFor } from '../helpers/wait';

afterEach(async () => {
  Logging.setSink(undefined);
  endRaw();
  await stopBridges();
});

/** A server's PUSH port; each call takes the next connection, sends these frames on it, and closes its half. */
async function pushes(port: number): Promise<(...frames: string[]) => Promise<RawPeer>> {
  const waiting: RawPeer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => waiting.push(new RawPeer(socket)));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  server.unref();
  closers.push(() => server.close());
  return async (...frames) => {
    await waitFor('the client', () => waiting.length > 0);
    const raw = await waiting.shift()!.shakeHands('PUSH');
    if (frames.length > 0) await raw.write(...frames.map((frame) => frameMessage(frame)));
    return raw;
  };
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** What happens at a client, in order: its peers, and the frames that its slave is given and then accepts. */
function watch(client: TcpClient, log: string[]): void {
  for (const event of ['connect', 'disconnect'] as const) {
    client.on(event, ({ direction }) => {
      if (direction === 'receive') log.push(event);
    });
  }
}

whereNative.client('events come in the order of the connections, each with its frames', async () => {
  const port = await reservePorts();
  const next = await pushes(port + 1);
  const client = await makeClient(port, { reconnectMs: 1 });
  const log: string[] = [];
  watch(client, log);
  const accept: (() => void)[] = [];
  client.to(({ payload }) => {
    log.push(payload.toString());
    return new Promise<void>((resolve) => accept.push(resolve));
  });
  const first = await next('a', 'b');
  await waitFor('the first frame', () => accept.length === 1);
  first.destroy();
  // These two leave while the first one's frames are still with the slave.
  const second = await next();
  second.destroy();
  const third = await next('c');
  await waitFor('the third', () => client.stats.receivesWaiting === 2);
  third.destroy();
  await waitFor('its end', () => client.stats.peers.receive === 0);
  while (log.filter((event) => event === 'disconnect').length < 3) {
    accept.shift()?.();
    await turns(2);
  }
  expect(log.slice(0, 10)).toEqual([
    ...['connect', 'a', 'b', 'disconnect'],
    ...['connect', 'disconnect'],
    ...['connect', 'c', 'disconnect'],
    ...log.slice(9, 10),
  ]);
});

whereNative.client('a listener that comes late is told of each connection once, in order', async () => {
  const port = await reservePorts();
  const next = await pushes(port + 1);
  const client = await makeClient(port, { reconnectMs: 1 });
  const log: string[] = [];
  const gate = makeGate();
  client.to(() => gate.opened);
  const first = await next('a', 'b');
  await waitFor('the first frame', () => client.stats.framesReceived === 1);
  first.destroy();
  await next();
  await waitFor('the second', () => client.stats.peers.receive === 1);
  watch(client, log);
  await turns();
  gate.open();
  await waitFor('the second to be told of', () => log.length === 3);
  await turns();
  expect(log).toEqual(['connect', 'disconnect', 'connect']);
});

whereNative.client(
  'a server that sends and leaves over and over does not fill the memory of a client with a stalled slave',
  async () => {
    const port = await reservePorts();
    const next = await pushes(port + 1);
    const mark = 4;
    const client = await makeClient(port, { reconnectMs: 1, receiveHighWaterMark: mark });
    const gate = makeGate();
    let taken = 0;
    client.to(async () => {
      await gate.opened;
      taken += 1;
    });
    const each = 3;
    let sent = 0;
    let ended = false;
    const serving = (async () => {
      while (!ended) {
        const raw = await next(...Array.from({ length: each }, (_, i) => `frame ${i}`));
        sent += each;
        raw.end();
      }
    })();
    await waitFor(
      'the client to wait',
      () => client.stats.peersWaiting === 1,
      60_000,
      () => client.stats,
    );
    // 64 high-water marks, and what the last connection brought.
    expect(client.stats.receivesWaiting).toBeLessThanOrEqual(64 * mark + each);
    const before = sent;
    gate.open();
    await waitFor('it to come back', () => sent > before + 5 * each);
    ended = true;
    await serving;
    await waitFor('every frame', () => taken === sent);
  },
);
