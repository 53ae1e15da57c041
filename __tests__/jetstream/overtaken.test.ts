// A writer whose log gets messages of somebody else.

import { Frame } from '../../lib';
import { deleteLog, JetStreamReader, JetStreamWriter } from '../../lib/jetstream';
import { connectTo, describeWithNats, endNats, NatsServer } from '../helpers/nats';

let server: NatsServer;
let log: string;
let logs = 0;

async function read(query = ''): Promise<string[]> {
  const reader = await JetStreamReader.create(`${log}?from=first&until=end${query}`);
  const got: string[] = [];
  reader.to((frame: Frame) => void got.push(frame.payload.toString('latin1', 0, 2)));
  try {
    await reader.finished();
    return got;
  } finally {
    await reader.stop();
  }
}

/** Frames that are in flight together: one alone would meet no other. */
function window(name: string): Frame[] {
  const small = [3, 0, 3].map((channel, i) => new Frame(Buffer.from(`${name}${i}`), { channel }));
  return [...small, ...[4, 5].map((i) => new Frame(Buffer.alloc(100_000, `${name}${i}`)))];
}

describeWithNats('a log that others write into as well', () => {
  beforeAll(async () => {
    server = await NatsServer.start();
  });
  afterAll(endNats);

  beforeEach(() => {
    log = `${server.url}/overtaken${logs++}`;
  });
  afterEach(() => deleteLog(log));

  test('numbers of a writer that was overtaken before its first message go on behind the others', async () => {
    const old = await JetStreamWriter.create(log);
    await old.acceptFrame(new Frame(Buffer.from('o0')));
    await old.flush();
    const late = await JetStreamWriter.create(log);
    expect(late.nextFrame).toBe(1);
    // Two messages: as many as the first ones of the late writer, whose places they take.
    for (const name of ['o1', 'o2']) {
      await old.acceptFrame(new Frame(Buffer.from(name), { channel: 3 }));
      await old.flush();
    }
    for (const frame of window('l')) await late.acceptFrame(frame);
    await late.flush();
    expect(late.nextFrame).toBe(8);
    expect(late.stats.resent).toBeGreaterThan(0);
    const names = ['o0', 'o1', 'o2', 'l0', 'l1', 'l2', 'l4', 'l5'];
    expect(await read()).toEqual(names);
    expect(await read('&channel=3')).toEqual(['o1', 'o2', 'l0', 'l2']);
    const goesOn = old.acceptFrame(new Frame(Buffer.from('o3')));
    await expect(Promise.resolve(goesOn).then(() => old.flush())).rejects.toMatchObject({
      code: 'ERR_LOG_WRITER',
    });
    expect(await read()).toEqual(names);
    await Promise.all([old.stop(), late.stop()]);
  });

  test.each([1, 2, 3])(
    '%d messages of a stranger change no place among those in flight',
    async (strangers) => {
      const writer = await JetStreamWriter.create(log);
      await writer.acceptFrame(new Frame(Buffer.from('w0')));
      await writer.flush();
      const stranger = await connectTo(server);
      const subject = `${log.split('/').pop()!}.0`;
      for (let i = 0; i < strangers; i++) await stranger.request(subject, 'not a frame');
      for (const frame of window('x')) await writer.acceptFrame(frame);
      await writer.flush();
      expect(await read()).toEqual(['w0', 'x0', 'x1', 'x2', 'x4', 'x5']);
      await writer.stop();
      const next = await JetStreamWriter.create(log);
      expect(next.nextFrame).toBe(6);
      await next.stop();
    },
  );
});
