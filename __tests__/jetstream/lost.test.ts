// A log that does not have any more what it had acknowledged, as after a power cut: the writer says so, and a reader that comes to the gap.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metrics } from '../../lib';
import { rejection } from '../helpers/errors';
import { closeLogs, collect, errorsOf, frameOf, openReader, openWriter, writeAll } from '../helpers/logs';
import { describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { waitFor } from '../helpers/wait';

const STREAM = 'run';
const CODE = 'ERR_LOG_LOST';
const folder = mkdtempSync(join(tmpdir(), 'rogue-bridge-lost-'));
const [live, kept] = [join(folder, 'live'), join(folder, 'kept')];

afterEach(closeLogs);
afterEach(endNats);
afterAll(() => rmSync(folder, { recursive: true }));

describeWithNats('a log whose server loses its power', () => {
  test('has lost messages: the writer counts them and goes on, a reader ends at the gap', async () => {
    const server = await NatsServer.start({ storeDir: live });
    const writer = await openWriter(server, { stream: STREAM });
    const errors = errorsOf(writer);
    await writeAll(writer, [frameOf(0, 5), frameOf(1, 5)]);
    // What the disk has at that moment.
    await server.kill();
    cpSync(live, kept, { recursive: true });
    await server.restart();
    for (let i = 2; i < 5; i++) await writeAll(writer, [frameOf(i, 5)]);
    const { messages } = writer.stats;
    await server.kill();
    rmSync(live, { recursive: true });
    cpSync(kept, live, { recursive: true });
    await server.restart();
    await waitFor('the writer to be back', () => writer.connected);
    const before = errors.length;
    for (let i = 5; i < 9; i++) await writeAll(writer, [frameOf(i, 5)]);
    expect(errors.slice(before)).toEqual([
      `${CODE} the log ${STREAM} at 127.0.0.1:${server.port} has lost messages ${messages - 2} to ${messages}, which it had ` +
        'acknowledged: its servers lost their power, a copy that was not up to date became the leader, or the stream was made ' +
        'anew; look at the log of nats-server',
    ]);
    expect(writer.stats).toMatchObject({ framesStored: 9, lost: 3 });
    expect(metrics()).toContain(`rogue_bridge_log_messages_lost_total{log="${STREAM}"`);
    const gap = `frames 2 to 4 are missing, and frame 5 follows`;
    const reader = await openReader(server, { stream: STREAM, from: 'first', untilEnd: true });
    collect(reader);
    const error = await rejection(reader.finished());
    expect(error).toMatchObject({ code: 'ERR_LOG_GAP' });
    expect(error.message).toContain(gap);
  });
});
