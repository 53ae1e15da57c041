// The metrics of writers and readers, and the page that names them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metrics } from '../../lib';
import {
  closeLogs,
  collect,
  frameOf,
  openReader,
  openWriter,
  waitForFrames,
  writeAll,
} from '../helpers/logs';
import { describeWithNats, endNats, NatsServer } from '../helpers/nats';

const GUIDE = readFileSync(join(__dirname, '..', '..', 'docs', 'jetstream.md'), 'utf8');
const PREFIX = 'rogue_bridge_log_';

afterEach(closeLogs);
afterAll(endNats);

/** By name, the values of all that have such a metric. */
function logMetrics(): Map<string, number[]> {
  const all = new Map<string, number[]>();
  for (const [, name, value] of metrics().matchAll(/^rogue_bridge_log_(\w+)\{.*\} (\S+)$/gm))
    all.set(name!, [...(all.get(name!) ?? []), Number(value)]);
  return all;
}

describeWithNats('the metrics of a log', () => {
  test('are those that the guide names, and count what was written and read', async () => {
    const server = await NatsServer.start();
    const writer = await openWriter(server, { stream: 'run' });
    const reader = await openReader(server, { stream: 'run', from: 'first' });
    const seen = collect(reader);
    await writeAll(writer, [frameOf(0, 5), frameOf(1, 7)]);
    await waitForFrames(seen, 2);
    const all = logMetrics();
    expect(all.get('connected')).toEqual([1, 1]);
    expect(all.get('frames_stored_total')).toEqual([2]);
    expect(all.get('bytes_read_total')).toEqual([12]);
    const section = GUIDE.slice(GUIDE.indexOf(`with \`${PREFIX}\` in front`));
    const named = [...section.slice(0, section.indexOf('\n\n')).matchAll(/`([a-z_]+)`/g)].map(
      ([, name]) => name!,
    );
    expect(named.filter((name) => name !== PREFIX).sort()).toEqual([...all.keys()].sort());
  });
});
