// A reader that takes its time, and what must not be taken for its absence.

import { Frame } from '../../lib';
import { makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { engines } from '../helpers/engines';
import { reservePorts } from '../helpers/ports';
import { makeGate, pause, waitFor } from '../helpers/wait';

afterEach(stopBridges);

const HEARTBEAT_MS = 300;
// A libzmq client looks twice, 300 ms apart, before it connects anew.
const LONG_MS = 1_000;

test('what a client has not read yet arrives although its server has stopped in good order', async () => {
  const { server, client } = await makePair({ server: { lingerMs: 20_000 } });
  const gate = makeGate();
  const numbers: number[] = [];
  client.addSlave(async ({ payload }: Frame) => {
    await gate.opened;
    numbers.push(payload.readUInt32LE());
  });
  const count = 500;
  for (let i = 0; i < count; i++) {
    const payload = Buffer.alloc(1000);
    payload.writeUInt32LE(i);
    await server.acceptFrame(new Frame(payload));
  }
  const stopped = server.stop();
  await pause(LONG_MS);
  gate.open();
  await waitFor(
    'all of them',
    () => numbers.length === count,
    undefined,
    () => String(numbers.length),
  );
  expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i));
  await stopped;
});

// libzmq's PUSH ends connections whose peer does not read its PING; its PULL must not.
const sends = { native: HEARTBEAT_MS, libzmq: undefined };
const heartbeats = (heartbeatMs: number | undefined): object =>
  heartbeatMs === undefined ? {} : { heartbeatMs };

test.each(['server', 'client'] as const)(
  'a %s that is behind for longer than three heartbeats is still there, and misses nothing',
  async (reader) => {
    const sender = reader === 'server' ? 'client' : 'server';
    const marks = { receiveHighWaterMark: 5, sendHighWaterMark: 5 };
    const bridges = await makePair({
      [reader]: { ...marks, heartbeatMs: HEARTBEAT_MS },
      [sender]: { ...marks, ...heartbeats(sends[engines[sender]]) },
    });
    let disconnects = 0;
    for (const bridge of [bridges.server, bridges.client]) bridge.on('disconnect', () => (disconnects += 1));
    let gate = makeGate();
    let received = 0;
    bridges[reader].addSlave(async () => {
      received += 1;
      await gate.opened;
    });
    const count = 60;
    const sending = Promise.all(
      Array.from({ length: count }, () => bridges[sender].acceptFrame(new Frame(500_000))),
    );
    for (let i = 0; i < 3; i++) {
      await waitFor('a frame', () => received > i);
      await pause(LONG_MS);
      const held = gate;
      gate = i < 2 ? makeGate() : gate;
      held.open();
    }
    await waitFor(
      'all of them',
      () => received === count,
      undefined,
      () => String(received),
    );
    await sending;
    expect(disconnects).toBe(0);
  },
);

test('a client finds its server by any way of writing an IPv6 address', async () => {
  const port = await reservePorts();
  const server = await makeServer(port, {}, '::1');
  const client = await makeClient(port, {}, '0:0:0:0:0:0:0:1');
  let disconnects = 0;
  server.on('disconnect', () => (disconnects += 1));
  await client.waitForPeer({ timeoutMs: 10_000 });
  await pause(LONG_MS);
  expect([client.connected, disconnects]).toEqual([true, 0]);
});
