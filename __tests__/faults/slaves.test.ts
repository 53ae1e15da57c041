// Slaves that throw, reject, or never settle.

import { Frame, Logging } from '../../lib';
import { Collector, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { rejection } from '../helpers/errors';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { waitFor } from '../helpers/wait';

const FRAMES = 1_000;
// Ten of a kind in ten seconds.
const MOST_LINES = 20;

afterEach(async () => {
  Logging.setSink(undefined);
  await stopBridges();
});

test.each([
  [
    'throws',
    () => {
      throw new Error('no room');
    },
  ],
  ['rejects', () => Promise.reject(new Error('no room'))],
])(
  'one that %s at every frame is counted, logged a few times, and takes nothing from the others',
  async (_what, slave) => {
    const lines = collectLog();
    const port = await reservePorts();
    const [server, client] = [await makeServer(port), await makeClient(port)];
    server.addSlave(slave);
    const collector = new Collector();
    server.addSlave(collector);
    for (let i = 0; i < FRAMES; i++) await client.acceptFrame(new Frame(8, { channel: i & 0xff }));
    await waitFor('every error', () => server.stats.slaveErrors === FRAMES);
    expect(collector.frames.map(({ channel }) => channel)).toEqual(
      Array.from({ length: FRAMES }, (_, i) => i & 0xff),
    );
    expect(server.stats).toMatchObject({ framesReceived: FRAMES, lastError: { message: 'no room' } });
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(MOST_LINES);
  },
);

test('one that never settles holds back the sender, whose waits are bounded, and both ends stop', async () => {
  const port = await reservePorts();
  const server = await makeServer(port, { receiveHighWaterMark: 1 });
  const client = await makeClient(port, { sendHighWaterMark: 1, sendTimeoutMs: 300 });
  server.addSlave(() => new Promise(() => undefined));
  const big = new Frame(1_000_000);
  const timedOut = async (): Promise<void> => {
    for (;;) await client.acceptFrame(big);
  };
  expect(await rejection(timedOut())).toMatchObject({ code: 'ERR_SEND_TIMEOUT' });
  await waitFor('the first frame', () => server.stats.framesReceived === 1);
  expect(client.stats).toMatchObject({ notSent: 1, sendsWaiting: 0 });
  await Promise.all([server.stop(), client.stop()]);
});
