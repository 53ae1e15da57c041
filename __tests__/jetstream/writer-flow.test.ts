// When a writer of a log takes frames, and how it ends.

import { Master, reqFrame } from '../../lib';
import type { JetStreamWriter } from '../../lib/jetstream';
import { rejection } from '../helpers/errors';
import {
  closeLogs,
  errorsOf,
  expectLog,
  frameOf,
  LARGE,
  newStream,
  openWriter,
  writeAll,
} from '../helpers/logs';
import { describeWithNats, NatsServer } from '../helpers/nats';
import { turns, waitFor } from '../helpers/wait';

const MIB = 1024 * 1024;

let server: NatsServer;
let stream: string;

beforeEach(() => (stream = newStream()));
afterEach(closeLogs);

describeWithNats('a writer', () => {
  beforeAll(async () => {
    server = await NatsServer.start();
  });

  test('that has stopped keeps no process alive', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    const before = timers();
    const writer = await openWriter(server, { stream });
    await writeAll(writer, [frameOf(0, 5)]);
    expect(timers()).toBeGreaterThan(before);
    await writer.stop();
    expect(timers()).toBe(before);
  });

  test('holds its source back when as much is on its way as may be, until the log has taken it', async () => {
    const writer = await openWriter(server, { stream, windowBytes: 3 * LARGE });
    await server.pause();
    const accepted = [0, 1, 2].map((i) => writer.acceptFrame(frameOf(i, LARGE)));
    expect(accepted.slice(0, 2)).toEqual([undefined, undefined]);
    let isHeld = true;
    void (accepted[2] as Promise<void>).then(() => (isHeld = false));
    await turns();
    expect(isHeld).toBe(true);
    expect(writer.stats).toMatchObject({
      unacknowledged: 3,
      unacknowledgedBytes: 3 * LARGE,
      framesStored: 0,
    });
    server.resume();
    await accepted[2];
    expect(writer.stats.unacknowledgedBytes).toBeLessThan(3 * LARGE);
    await writer.flush();
    await expectLog(
      server,
      stream,
      [0, 1, 2].map((i) => frameOf(i, LARGE)),
    );
  });

  test('counts small frames that wait for others as on their way', async () => {
    const writer = await openWriter(server, { stream, windowBytes: 1024, batchMs: 60_000 });
    expect(writer.acceptFrame(frameOf(0, 1000))).toBeUndefined();
    const held = writer.acceptFrame(frameOf(1, 8));
    expect(held).toBeInstanceOf(Promise);
    expect(writer.stats).toMatchObject({ unacknowledged: 2, unacknowledgedBytes: 1024 });
    await writer.flush();
    await held;
  });

  test('settles with what is stored, if that is asked for', async () => {
    const writer = await openWriter(server, { stream, settle: 'stored' });
    await server.pause();
    let settled = 0;
    const accepted = [10, 20, LARGE, 2_000_000, 30].map((size, i) =>
      Promise.resolve(writer.acceptFrame(frameOf(i, size))).then(() => (settled += 1)),
    );
    await turns();
    expect(settled).toBe(0);
    server.resume();
    await Promise.all(accepted);
    expect(writer.stats).toMatchObject({ framesStored: 5, unacknowledged: 0 });
  });

  test('drops and counts frames, if that is asked for, and holds nothing back', async () => {
    const writer = await openWriter(server, { stream, drop: true, windowBytes: 2 * LARGE });
    await server.pause();
    const accepted = Array.from({ length: 10 }, (_, i) => writer.acceptFrame(frameOf(i, LARGE)));
    expect(accepted).toEqual(Array(10).fill(undefined));
    expect(writer.stats).toMatchObject({ dropped: 8, framesSent: 2, unacknowledged: 2 });
    expect([writer.frameCount, writer.nextFrame]).toEqual([2, 2]);
    server.resume();
    await writer.flush();
    await writeAll(writer, [frameOf(10, 5)]);
    await expectLog(server, stream, [frameOf(0, LARGE), frameOf(1, LARGE), frameOf(10, 5)]);
  });

  test('sends what waits for others in time, and with the next large frame', async () => {
    const writer = await openWriter(server, { stream, batchMs: 1 });
    void writer.acceptFrame(frameOf(0, 5));
    await waitFor('the frame to be stored', () => writer.stats.framesStored === 1);
    const slow = await openWriter(server, { stream: newStream(), batchMs: 60_000 });
    void slow.acceptFrame(frameOf(0, 5));
    void slow.acceptFrame(frameOf(1, LARGE));
    await waitFor('both to be stored', () => slow.stats.framesStored === 2);
    expect(slow.stats.messages).toBe(2);
  });

  test('flushes what it has, for all that wait, while more comes', async () => {
    const writer = await openWriter(server, { stream, settle: 'stored', windowBytes: LARGE });
    let [sent, flushed] = [0, 0];
    // One is on its way at a time, and for each that is stored another one comes.
    const send = (): void => {
      sent += 1;
      const isMore = (): boolean => flushed < 3 && sent < 300;
      void Promise.resolve(writer.acceptFrame(frameOf(sent, LARGE))).then(() => isMore() && send());
    };
    for (let i = 0; i < 5; i++) send();
    await Promise.all([1, 2, 3].map(() => writer.flush().then(() => (flushed += 1))));
    expect(sent).toBeLessThan(300);
    await writer.flush();
    expect(writer.stats.framesStored).toBe(sent);
  });

  test('leaves the memory of a frame alone until the log has it', async () => {
    const master = new Master();
    const writer = master.to(await openWriter(server, { stream, settle: 'stored' }));
    await server.pause();
    const frames = [LARGE, 100].map((size, i) => {
      const frame = reqFrame(size);
      frame.payload.fill(i + 1);
      return frame;
    });
    const sent = frames.map((frame) => master.sendFrame(frame));
    expect(frames[0]!.isReleased).toBe(false);
    server.resume();
    await Promise.all(sent);
    expect(frames.map(({ isReleased }) => isReleased)).toEqual([true, true]);
    await writer.flush();
    await expectLog(
      server,
      stream,
      [frameOf(257, LARGE), frameOf(514, 100)].map((f, i) => {
        f.payload.fill(i + 1);
        return f;
      }),
    );
  });

  // The server would acknowledge it and remove it at once, or with discard=new refuse it for ever.
  test.each(['old', 'new'] as const)(
    'refuses a frame that is larger than all that the log keeps, with discard=%s',
    async (discard) => {
      const maxBytes = 2 * MIB;
      await (await openWriter(server, { stream, maxBytes, discard })).stop();
      // What the stream has counts, whoever made it.
      const writer = await openWriter(server, { stream });
      for (const size of [maxBytes, 4 * maxBytes]) {
        expect(await rejection(writer.acceptFrame(frameOf(0, size)))).toMatchObject({
          code: 'ERR_FRAME_TOO_LARGE',
          message: `the frame has ${size} bytes, and the log ${stream} at 127.0.0.1:${server.port} keeps ${maxBytes} in all: give it a larger max-bytes`,
        });
      }
      const frames = [frameOf(0, maxBytes - 10_000)];
      await writeAll(writer, frames);
      await expectLog(server, stream, frames);
      expect(writer.stats).toMatchObject({ refused: 2, framesStored: 1 });
    },
  );

  test('that stops waits until the log has everything, and takes nothing more', async () => {
    const writer = await openWriter(server, { stream, batchMs: 60_000 });
    const frames = [5, LARGE, 2_000_000, 5].map((size, i) => frameOf(i, size));
    for (const frame of frames) void writer.acceptFrame(frame);
    const grown = writer.waitFrameCount(5);
    const stopping = writer.stop();
    expect(await rejection(writer.acceptFrame(frameOf(9, 5)))).toMatchObject({ code: 'ERR_LOG_STOPPED' });
    await stopping;
    expect(await grown).toBe(false);
    expect(writer.stats).toMatchObject({ framesStored: 4, unacknowledged: 0, notStored: 0, refused: 1 });
    expect(writer.connected).toBe(false);
    await writer.stop();
    await expectLog(server, stream, frames);
  });

  test('that stops while the log is away gives up in time, and says how much', async () => {
    const writer = await openWriter(server, { stream, windowBytes: LARGE });
    const errors = errorsOf(writer);
    await server.pause();
    const held = [0, 1, 2].map((i) => rejection(writer.acceptFrame(frameOf(i, LARGE))));
    const flushed = rejection(writer.flush());
    await writer.stop({ lingerMs: 1 });
    server.resume();
    for (const one of [...held, flushed]) expect(await one).toMatchObject({ code: 'ERR_LOG_STOPPED' });
    expect(writer.stats).toMatchObject({
      framesStored: 0,
      notStored: 3,
      resent: 0,
      unacknowledged: 0,
      unacknowledgedBytes: 0,
      lastError: { code: 'ERR_LOG_STOPPED' },
    });
    expect(errors).toEqual([]);
  });

  test('that is disposed of has stopped', async () => {
    let writer: JetStreamWriter;
    {
      await using one = await openWriter(server, { stream });
      writer = one;
      void one.acceptFrame(frameOf(0, 5));
    }
    expect(writer.stats.framesStored).toBe(1);
    expect(await rejection(writer.acceptFrame(frameOf(1, 5)))).toMatchObject({ code: 'ERR_LOG_STOPPED' });
  });
});
