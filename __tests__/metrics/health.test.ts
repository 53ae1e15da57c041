// Whether bridges are well, and the answers over HTTP that tell it.

import { Frame, healthOf } from '../../lib';
import { allHealthy } from '../../lib/metrics/health';
import { metricsReply, notFound } from '../../lib/metrics/replies';
import { Collector, LOOPBACK, makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { waitFor } from '../helpers/wait';

afterEach(stopBridges);

const WELL = { healthy: true, reasons: [] };

test('without a bridge nothing is well', () => {
  expect(healthOf()).toEqual({ healthy: false, reasons: ['no bridge is open'] });
  expect(healthOf([])).toEqual({ healthy: false, reasons: ['no bridge is open'] });
});

test('a bridge with slaves needs a peer to receive from, one without a peer to send to', async () => {
  const { server, client, port } = await makePair();
  client.addSlave(() => undefined);
  expect(healthOf()).toEqual(WELL);
  await server.stop();
  await waitFor('the server to be gone', () => client.stats.peers.receive + client.stats.peers.send === 0);
  const name = `${LOOPBACK}:${port} (client)`;
  expect(healthOf()).toEqual({ healthy: false, reasons: [`${name}: no peer to receive from`] });
  expect(healthOf([client], { direction: 'send' }).reasons).toEqual([`${name}: no peer to send to`]);
  expect(healthOf([client, client]).reasons).toHaveLength(2);
  await makeServer(port);
  await client.waitForPeer({ timeoutMs: 10_000 });
  expect(healthOf([client])).toEqual(WELL);
});

test('a direction without a frame for longer than stallMs is a fault, until one comes', async () => {
  const { server, client, port } = await makePair();
  const got = client.to(new Collector());
  await waitFor('a silence', () => !healthOf([client], { stallMs: 5 }).healthy);
  const { reasons } = healthOf([client], { stallMs: 5 });
  expect(reasons).toEqual([
    expect.stringMatching(
      new RegExp(
        `^${LOOPBACK}:${port} \\(client\\): no frame has come for [\\d.]+ s, and 0.005 s is the limit$`,
      ),
    ),
  ]);
  expect(healthOf([server], { stallMs: 5 }).reasons[0]).toMatch(/\(server\): no frame was sent for /);
  expect(healthOf([client], { stallMs: 3_600_000 })).toEqual(WELL);
  await server.send(new Frame(10));
  await got.waitForCount(1);
  // Measured from the frame on, no more from the beginning.
  const silentMs = client.meters.silentMs('receive');
  await waitFor('time to pass', () => client.meters.silentMs('receive') > silentMs);
  const { receive, send } = {
    receive: client.meters.silentMs('receive'),
    send: client.meters.silentMs('send'),
  };
  expect(receive).toBeLessThan(send);
});

test('a bridge without a peer is told of once, not of its silence as well', async () => {
  const client = await makeClient(1);
  expect(healthOf([client], { stallMs: 1 }).reasons).toHaveLength(1);
});

test.each([
  [{ stall: 3 }, /unknown option 'stall' in the options of healthOf/],
  [{ stallMs: 0 }, /stallMs is 0, but must be a whole number from 1 /],
  [{ direction: 'both' }, /direction is 'both', but must be 'send' or 'receive'/],
])('healthOf([], %j) is refused', (options, words) => {
  expect(() => healthOf([], options as never)).toThrow(words);
});

test('several answers are one: well when all are, with the reasons of each', () => {
  expect(allHealthy([WELL, WELL])).toEqual(WELL);
  expect(
    allHealthy([WELL, { healthy: false, reasons: ['a', 'b'] }, { healthy: false, reasons: ['c'] }]),
  ).toEqual({
    healthy: false,
    reasons: ['a', 'b', 'c'],
  });
});

describe('over HTTP', () => {
  const sources = (healthy: boolean): Parameters<typeof metricsReply>[2] => ({
    metrics: () => 'frames_total 3\n',
    health: () => ({ healthy, reasons: healthy ? [] : ['no peer', 'no frame, für 3 s'] }),
  });

  test.each([
    ['GET', '/metrics', true, 200, 'frames_total 3\n'],
    ['HEAD', '/metrics?name[]=x', true, 200, 'frames_total 3\n'],
    ['GET', '/healthz', true, 200, 'ok\n'],
    ['GET', '/healthz', false, 503, 'no peer\nno frame, für 3 s\n'],
    ['POST', '/metrics', true, 405, '/metrics takes GET and HEAD\n'],
  ])('%s %s, well: %s, is %i', (method, url, healthy, status, body) => {
    const reply = metricsReply(method, url, sources(healthy))!;
    expect({ status: reply.status, body: reply.body }).toEqual({ status, body });
    expect(reply.headers['content-length']).toBe(String(Buffer.byteLength(body)));
    expect(reply.headers.allow).toBe(status === 405 ? 'GET, HEAD' : undefined);
  });

  test.each(['/', '/metricsx', '/metrics/', '*', undefined])('the path %j is left to others', (url) => {
    expect(metricsReply('GET', url, sources(true))).toBeUndefined();
    expect(notFound()).toMatchObject({ status: 404, body: 'there are /metrics and /healthz here\n' });
  });
});
