// Iterators and Node streams over a real bridge.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Frame, Logging, type TcpCore } from '../../lib';
import { makePair, stopBridges } from '../helpers/bridges';
import { rejection } from '../helpers/errors';
import { collectLog } from '../helpers/log';
import { waitFor, waitForStandstill } from '../helpers/wait';

afterEach(async () => {
  Logging.setSink(undefined);
  await stopBridges();
});

const frameOf = (value: number, size = 4): Frame => new Frame(Buffer.alloc(size, value & 0xff));

async function send(bridge: TcpCore, count: number, size = 4): Promise<void> {
  for (let i = 0; i < count; i++) await bridge.acceptFrame(frameOf(i, size));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i & 0xff);

describe('frames()', () => {
  test('both ways at once, each frame once, until the other side has stopped', async () => {
    const { server, client } = await makePair();
    const read = async (bridge: TcpCore, count: number): Promise<number[]> => {
      const got: number[] = [];
      for await (const frame of bridge.frames()) {
        got.push(frame.payload[0]!);
        if (got.length === count) break;
      }
      return got;
    };
    const both = [read(server, 2000), read(client, 2000)];
    await Promise.all([send(server, 2000), send(client, 2000)]);
    expect(await Promise.all(both)).toEqual([upTo(2000), upTo(2000)]);
  });

  test('a reader that does not read holds the sender back, and loses nothing', async () => {
    const marks = { sendHighWaterMark: 2, receiveHighWaterMark: 2 };
    const { server, client } = await makePair({ server: marks, client: marks });
    const frames = server.frames({ maxDepth: 2 });
    const [count, size] = [100, 500_000];
    let sent = 0;
    const sending = (async () => {
      for (let i = 0; i < count; i++) {
        await client.acceptFrame(frameOf(i, size));
        sent += 1;
      }
    })();
    await waitForStandstill('the sender to wait', () => sent);
    // What fits into the marks, the reader's queue and the kernel's buffers.
    expect(sent).toBeLessThan(60);
    const got: number[] = [];
    for await (const frame of frames) {
      expect(frame.size).toBe(size);
      got.push(frame.payload[0]!);
      if (got.length === count) break;
    }
    await sending;
    expect(got).toEqual(upTo(count));
  });

  test('stop() ends readers, streams and writers of this bridge, with the code where there is something to say', async () => {
    const { server, client } = await makePair();
    const frames = server.frames();
    const readable = server.readable();
    const ended = new Promise((resolve) => readable.once('end', resolve));
    readable.resume();
    const source = new Readable({ objectMode: true, read: () => undefined });
    const writing = pipeline(source, server.writable());
    await send(client, 3);
    for (let i = 0; i < 3; i++) expect((await frames.next()).value?.payload[0]).toBe(i);
    const waiting = frames.next();
    const failed = rejection(writing);
    await server.stop();
    expect((await waiting).done).toBe(true);
    await ended;
    expect(await failed).toMatchObject({ code: 'ERR_BRIDGE_STOPPED' });
    expect(source.destroyed).toBe(true);
    expect((await server.frames().next()).done).toBe(true);
    expect(await rejection(pipeline(Readable.from([frameOf(1)]), server.writable()))).toMatchObject({
      code: 'ERR_BRIDGE_STOPPED',
    });
    expect(server.slaveCount).toBe(0);
  });

  test('stop() does not end the process for a writable that nobody listens to', async () => {
    const { server } = await makePair();
    const writable = server.writable();
    const closed = new Promise((resolve) => writable.once('close', resolve));
    await server.stop();
    await closed;
    expect(writable.errored).toBeNull();
    const late = server.writable();
    await new Promise((resolve) => late.once('close', resolve));
    expect(late.errored).toBeNull();
  });

  test('what a reader was given and did not take is counted', async () => {
    collectLog();
    const { server, client } = await makePair();
    const frames = server.frames();
    await send(client, 10);
    await waitFor('all frames', () => server.stats.framesReceived === 10);
    await frames.next();
    await frames.return();
    expect(server.stats).toMatchObject({ unread: 9, withoutSlave: 0 });
  });

  test('a slave that fails with the same error again and again is logged once', async () => {
    const log = collectLog();
    const { server, client } = await makePair();
    const full = new Error('the disk is full');
    server.to(() => Promise.reject(full));
    await send(client, 20);
    await waitFor('all of them', () => server.stats.slaveErrors === 20);
    expect(log.filter((line) => line.includes('the disk is full'))).toHaveLength(1);
  });

  test('a sink that fails is an error of the bridge where a frame was waiting for it, and the bridge goes on', async () => {
    collectLog();
    const { server, client } = await makePair();
    const errors: Error[] = [];
    server.on('error', (err) => errors.push(err));
    const readable = server.readable({ highWaterMark: 1 });
    await send(client, 3);
    await waitFor('a frame to wait', () => readable.readableLength > 0);
    readable.destroy(new Error('the sink is broken'));
    readable.once('error', () => undefined);
    await waitFor('the error', () => errors.length === 1);
    expect([errors[0]!.message, server.stats.slaveErrors]).toEqual(['the sink is broken', 1]);
    const frames = server.frames();
    await send(client, 2);
    for (let i = 0; i < 2; i++) expect((await frames.next()).done).toBe(false);
  });
});
