// The metrics of real bridges, beside their stats.

import { Frame, metrics, METRICS_CONTENT_TYPE, TcpClient, TcpServer, type TcpStats } from '../../lib';
import { Collector, LOOPBACK, makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { rejection } from '../helpers/errors';
import { parseMetrics, valuesOf, type Scrape } from '../helpers/metrics';
import { reservePorts } from '../helpers/ports';
import { waitFor } from '../helpers/wait';

const scrape = (): Scrape => parseMetrics(metrics());

afterEach(stopBridges);

const NAMES: Readonly<Partial<Record<keyof TcpStats, string>>> = {
  framesSent: 'frames_sent_total',
  bytesSent: 'bytes_sent_total',
  framesReceived: 'frames_received_total',
  bytesReceived: 'bytes_received_total',
  malformed: 'messages_malformed_total',
  slaveErrors: 'frames_slave_errors_total',
  withoutSlave: 'frames_without_slave_total',
  unread: 'frames_unread_total',
  undelivered: 'frames_undelivered_total',
  refused: 'frames_refused_total',
  notSent: 'frames_not_sent_total',
  discarded: 'frames_discarded_total',
  refusedPeers: 'peers_refused_total',
  reconnects: 'reconnects_total',
  sendsWaiting: 'sends_waiting',
  receivesWaiting: 'receives_waiting',
  peersWaiting: 'peers_waiting',
};

test('a process without bridges has no metrics', () => {
  expect(metrics()).toBe('');
  expect(METRICS_CONTENT_TYPE).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test('all that stats tells is there, with the same numbers, for each bridge by its role', async () => {
  const { server, client, port } = await makePair();
  const got = client.to(new Collector());
  server.addSlave(() => {
    throw new Error('no');
  });
  for (const size of [10, 20, 30]) await server.send(new Frame(size));
  await client.send(new Frame(7));
  await rejection(client.send(new Frame(0)));
  await got.waitForCount(3);
  await waitFor('the frame that no slave takes', () => server.stats.slaveErrors === 1);
  const seen = scrape();
  for (const bridge of [server, client]) {
    const role = bridge === server ? 'server' : 'client';
    const { stats } = bridge;
    for (const [key, name] of Object.entries(NAMES)) {
      expect([name, valuesOf(seen, `rogue_bridge_${name}`, 'role')[role]]).toEqual([
        name,
        stats[key as keyof TcpStats],
      ]);
    }
    const own = { ...seen, samples: seen.samples.filter(({ labels }) => labels.role === role) };
    expect(valuesOf(own, 'rogue_bridge_peers', 'direction')).toEqual({ send: 1, receive: 1 });
    expect(valuesOf(own, 'rogue_bridge_last_frame_timestamp_seconds', 'direction')).toEqual({
      send: stats.lastFrameAt.send!.getTime() / 1000,
      receive: stats.lastFrameAt.receive!.getTime() / 1000,
    });
    expect(valuesOf(own, 'rogue_bridge_info', 'engine')).toEqual({ [bridge.engine]: 1 });
  }
  expect(server.stats).toMatchObject({ framesSent: 3, bytesSent: 60, framesReceived: 1, slaveErrors: 1 });
  expect(client.stats).toMatchObject({ framesReceived: 3, bytesReceived: 60, refused: 1 });
  expect(new Set(seen.samples.map(({ labels }) => labels.bridge))).toEqual(new Set([`${LOOPBACK}:${port}`]));
  for (const { name } of seen.samples) {
    expect(seen.help.get(name)).toMatch(/\.$/);
    expect(seen.types.get(name)).toBe(name.endsWith('_total') ? 'counter' : 'gauge');
  }
});

test('a number that stats tells and metrics do not is noticed', async () => {
  const server = await makeServer();
  const counts = Object.entries(server.stats).filter(([, value]) => typeof value === 'number');
  expect(counts.map(([key]) => key).sort()).toEqual(Object.keys(NAMES).sort());
});

test('the time of the last frame is that of the frame, to the turn, and 0 before the first', async () => {
  const { server, client } = await makePair();
  expect(server.stats.lastFrameAt).toEqual({ send: undefined, receive: undefined });
  expect(
    new Set(Object.values(valuesOf(scrape(), 'rogue_bridge_last_frame_timestamp_seconds', 'role'))),
  ).toEqual(new Set([0]));
  const got = client.to(new Collector());
  const before = Date.now();
  await server.send(new Frame(10));
  await got.waitForCount(1);
  const { send } = server.stats.lastFrameAt;
  const { receive } = client.stats.lastFrameAt;
  for (const at of [send!, receive!]) {
    expect(at.getTime()).toBeGreaterThanOrEqual(before);
    expect(at.getTime()).toBeLessThanOrEqual(Date.now());
  }
  await waitFor('the clock to go on', () => Date.now() > receive!.getTime());
  expect(client.stats.lastFrameAt.receive).toEqual(receive);
  await server.send(new Frame(10));
  await got.waitForCount(2);
  expect(client.stats.lastFrameAt.receive!.getTime()).toBeGreaterThan(receive!.getTime());
});

test('two clients of one server are two series, and each keeps its own', async () => {
  const port = await reservePorts();
  const [first, second] = [await makeClient(port), await makeClient(port)];
  const numbers = (): string[] =>
    scrape()
      .samples.filter(({ name }) => name === 'rogue_bridge_sends_waiting')
      .map(({ labels }) => labels.number ?? 'none');
  expect(numbers()).toEqual(['none', '2']);
  await first.stop();
  expect(numbers()).toEqual(['2']);
  await second.stop();
  expect(metrics()).toBe('');
});

test('a bridge that failed to start is not there, and one that was stopped no more', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  expect((await rejection(TcpServer.create(LOOPBACK, port))).code).toBe('ERR_BIND');
  expect((await rejection(TcpClient.create('fe80::1', port))).code).toBe('ERR_CONNECT');
  expect(valuesOf(scrape(), 'rogue_bridge_info', 'bridge')).toEqual({ [`${LOOPBACK}:${port}`]: 1 });
  await server.stop();
  expect(metrics()).toBe('');
});

test('an IPv6 address is in brackets', async () => {
  const port = await reservePorts();
  await makeClient(port, {}, '::1');
  expect(metrics()).toContain(`bridge="[::1]:${port}"`);
});

test('channels are counted from the first request on, both ways, also by bridges that come later', async () => {
  const { server, client } = await makePair();
  const got = client.to(new Collector());
  await server.send(new Frame(5, { channel: 1 }));
  await got.waitForCount(1);
  expect(metrics()).not.toContain('channel');
  expect(server.meters.send.channels).toBeUndefined();
  expect(metrics({ channels: true })).not.toContain('channel=');
  const counts = (): Record<string, number>[] => {
    const { samples } = parseMetrics(metrics({ channels: true }));
    return ['frames', 'bytes'].map((what) =>
      Object.fromEntries(
        samples
          .filter(({ name }) => name === `rogue_bridge_channel_${what}_total`)
          .map(({ labels, value }) => [`${labels.role} ${labels.direction} ${labels.channel}`, value]),
      ),
    );
  };
  for (const channel of [0, 255, 255]) await server.send(new Frame(10, { channel }));
  await got.waitForCount(4);
  const all = (first: number, second: number): Record<string, number> => ({
    'server send 0': first,
    'server send 255': second,
    'client receive 0': first,
    'client receive 255': second,
  });
  expect(counts()).toEqual([all(1, 2), all(10, 20)]);
  expect(metrics()).not.toContain('channel');
  await stopBridges();
  const later = await makePair();
  const others = later.client.to(new Collector());
  await later.server.send(new Frame(10, { channel: 3 }));
  await others.waitForCount(1);
  expect(counts()[0]).toEqual({ 'server send 3': 1, 'client receive 3': 1 });
});

test.each([
  [{ channel: true }, /unknown option 'channel' in the options of metrics; allowed are channels/],
  [{ channels: 1 }, /channels is 1, but must be true or false/],
])('metrics(%j) is refused', (options, words) => {
  expect(() => metrics(options as never)).toThrow(words);
});
