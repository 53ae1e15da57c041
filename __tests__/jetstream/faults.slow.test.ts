// Faults that last until writers and readers notice by themselves that their connections are dead: seconds, by the client's
// pings.

import {
  closeLogs,
  collect,
  errorsOf,
  expectLog,
  frameOf,
  LARGE,
  newStream,
  openReader,
  openWriter,
  waitForFrames,
  writeAll,
} from '../helpers/logs';
import { fields } from '../helpers/files';
import { CutProxy, describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { waitFor } from '../helpers/wait';

const FRAMES = Array.from({ length: 40 }, (_, i) => frameOf(i, i % 4 === 0 ? LARGE + i : 50));
const HALF = 15;
// Two pings without an answer, 5 s apart, and as long again on a busy machine.
const NOTICE_MS = 60_000;

let server: NatsServer;
let proxy: CutProxy;

afterEach(closeLogs);
afterAll(endNats);

describeWithNats('a long time', () => {
  beforeAll(async () => {
    server = await NatsServer.start();
    proxy = await CutProxy.listen(server.port);
  });

  test.each<[what: string, begin: () => Promise<void>, end: () => Promise<void> | void]>([
    ['a network loses all without a word', () => proxy.hang(), () => proxy.heal()],
    ['a server stands still', () => server.pause(), () => server.resume()],
  ])('%s: a writer and a reader notice, and go on when it is over', async (_what, begin, end) => {
    const stream = newStream();
    const writer = await openWriter(proxy, { stream, windowBytes: 2 * LARGE });
    const reader = await openReader(proxy, { stream, from: 'first' });
    const frames = collect(reader);
    const failed = errorsOf(reader);
    await writeAll(writer, FRAMES.slice(0, HALF));
    await waitForFrames(frames, HALF);
    await begin();
    const sending = writeAll(writer, FRAMES.slice(HALF));
    await waitFor('both to notice', () => !writer.connected && !reader.connected, NOTICE_MS);
    await end();
    await sending;
    await waitForFrames(frames, FRAMES.length);
    expect(frames.map(fields)).toEqual(FRAMES.map(fields));
    await expectLog(server, stream, FRAMES);
    expect(failed).toEqual([]);
    expect(writer.stats).toMatchObject({ framesStored: FRAMES.length, notStored: 0, unacknowledged: 0 });
    expect(Math.min(writer.stats.reconnects, reader.stats.reconnects)).toBeGreaterThan(0);
  });
});
