// A payload whose memory is transferred to somewhere else after its frame was given to a bridge.

import { Frame, Logging } from '../../lib';
import { Collector, makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { whereNative } from '../helpers/engines';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { makeGate, turns, waitFor } from '../helpers/wait';

afterEach(async () => {
  Logging.setSink(undefined);
  await stopBridges();
});

/** A frame whose payload has memory of its own, all bytes of it `value`. */
function frameOf(value: number, size: number): Frame {
  return new Frame(Buffer.alloc(size, value));
}

/** Takes the memory away, as postMessage(payload, [payload.buffer]) does. */
function transfer({ payload }: Frame): void {
  structuredClone(payload.buffer, { transfer: [payload.buffer as ArrayBuffer] });
  expect(payload).toHaveLength(0);
}

const values = (collector: Collector): number[] => collector.frames.map(({ payload }) => payload[0]!);

// Both are gathered before they are written; the larger one is referenced until then.
whereNative.server.each([20_000, 3_000_000])(
  'of %d bytes: before it was written, the frame is left out, and the others are right',
  async (size) => {
    collectLog();
    const { server, client } = await makePair({ client: { receiveHighWaterMark: 1 } });
    const collector = client.to(new Collector());
    const errors: Error[] = [];
    server.on('error', (err) => errors.push(err));
    const frames = [1, 2, 3, 4].map((value) => frameOf(value, size));
    // The first fills the kernel's buffers, so that what follows waits in this process.
    const gate = makeGate();
    client.to(() => gate.opened);
    const filling = Array.from({ length: 40 }, () => server.send(frameOf(9, 1_000_000)));
    await turns();
    const sent = frames.map((frame) => server.send(frame));
    transfer(frames[1]!);
    transfer(frames[2]!);
    const small = server.send(frameOf(5, 10));
    gate.open();
    await Promise.all([...filling, ...sent, small]);
    await waitFor('the last', () => values(collector).at(-1) === 5);
    expect(values(collector).filter((value) => value !== 9)).toEqual([1, 4, 5]);
    expect(collector.frames.every(({ payload }) => payload.every((byte) => byte === payload[0]))).toBe(true);
    expect(server.stats.discarded).toBe(2);
    expect(errors.map((err) => (err as { code?: string }).code)).toContain('ERR_PAYLOAD_DETACHED');
    expect(server.stats.lastError).toMatchObject({ code: 'ERR_PAYLOAD_DETACHED' });
    expect(server.stats.framesSent).toBe(40 + frames.length + 1);
  },
);

test('while its frame waits for a peer: that send rejects, and the others arrive', async () => {
  const port = await reservePorts();
  const client = await makeClient(port);
  const frames = [1, 2, 3].map((value) => frameOf(value, 5_000));
  const sent = frames.map((frame) => client.send(frame));
  const outcomes = Promise.allSettled(sent);
  transfer(frames[1]!);
  const server = await makeServer(port);
  const collector = server.to(new Collector());
  await collector.waitForCount(2);
  expect(values(collector)).toEqual([1, 3]);
  const [first, second, third] = await outcomes;
  expect([first?.status, third?.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'ERR_PAYLOAD_DETACHED' } });
  expect((second as PromiseRejectedResult).reason).toHaveProperty(
    'message',
    expect.stringContaining('a payload of 5000 bytes was transferred away'),
  );
  expect(client.stats).toMatchObject({ framesSent: 2, notSent: 1, sendsWaiting: 0 });
});

whereNative.server.each([1000, 0])(
  'a listener that stops the bridge as it is told (lingerMs %d) costs no other frame',
  async (lingerMs) => {
    collectLog();
    const { server, client } = await makePair({ server: { lingerMs } });
    const collector = client.to(new Collector());
    let stopped: Promise<void> | undefined;
    server.on('error', () => {
      stopped ??= server.stop();
    });
    const frames = [1, 2, 3].map((value) => frameOf(value, 20_000));
    const sent = frames.map((frame) => server.send(frame));
    transfer(frames[1]!);
    await Promise.all(sent);
    await waitFor('the others', () => values(collector).at(-1) === 3);
    await stopped;
    expect(values(collector)).toEqual([1, 3]);
    expect(server.stats).toMatchObject({ framesSent: 3, discarded: 1 });
  },
);

whereNative.server('a listener that sends as it is told does not change the order', async () => {
  collectLog();
  const { server, client } = await makePair();
  const collector = client.to(new Collector());
  server.on('error', () => void server.send(frameOf(4, 100_000)));
  const frames = [1, 2, 3].map((value) => frameOf(value, 20_000));
  for (const frame of frames) void server.send(frame);
  transfer(frames[1]!);
  await waitFor('the last', () => values(collector).includes(4));
  expect(values(collector)).toEqual([1, 3, 4]);
});
