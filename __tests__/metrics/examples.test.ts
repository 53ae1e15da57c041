// What is in examples/grafana and examples/prometheus, and what Prometheus' own checker says of it and of our output.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Frame, metrics } from '../../lib';
import { Collector, LOOPBACK, makePair, stopBridges } from '../helpers/bridges';
import { ask, describeWithPromtool, parseMetrics, promtool } from '../helpers/metrics';
import { reservePorts } from '../helpers/ports';
import { endPrograms, rogueBridge } from '../helpers/program';

const ROOT = join(__dirname, '..', '..');
const DASHBOARD = join(ROOT, 'examples/grafana/rogue-bridge.json');
const ALERTS = join(ROOT, 'examples/prometheus/alerts.yml');

afterEach(async () => {
  await endPrograms();
  await stopBridges();
});

/** All names of metrics in a text of queries. */
function namesIn(text: string): string[] {
  return [...new Set(text.match(/\brogue_bridge_\w+/g))].sort();
}

/** Those that a bridge with traffic has. */
async function namesOfMetrics(): Promise<Set<string>> {
  metrics({ channels: true });
  const { server, client } = await makePair();
  const got = client.to(new Collector());
  await server.send(new Frame(10));
  await got.waitForCount(1);
  return new Set(parseMetrics(metrics({ channels: true })).samples.map(({ name }) => name));
}

test('the dashboard and the alerts ask for metrics that there are', async () => {
  const there = await namesOfMetrics();
  for (const path of [DASHBOARD, ALERTS]) {
    const names = namesIn(readFileSync(path, 'utf8'));
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !there.has(name))).toEqual([]);
  }
});

test('every panel of the dashboard has a title, words, a query, and its own place and number', () => {
  interface Panel {
    readonly id: number;
    readonly title: string;
    readonly description: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly datasource: { readonly uid: string };
    readonly targets: readonly { readonly expr: string }[];
  }
  const { panels, templating } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
    panels: Panel[];
    templating: { list: { name: string }[] };
  };
  expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance', 'bridge']);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const { title, description, gridPos, datasource, targets } of panels) {
    expect([title, description]).not.toContain('');
    expect(datasource.uid).toBe('${datasource}');
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken).not.toContain(`${x} ${y}`);
        taken.add(`${x} ${y}`);
      }
    }
    expect(targets.length).toBeGreaterThan(0);
    for (const { expr } of targets) expect(expr).toContain('{instance=~"$instance", bridge=~"$bridge"');
  }
});

describeWithPromtool('promtool (needs the package prometheus)', () => {
  test('check metrics has nothing to say of a process with traffic', async () => {
    const port = await reservePorts();
    const program = rogueBridge(
      'dump',
      '--listen',
      `${LOOPBACK}:${port}`,
      '--metrics',
      '0',
      '--metrics-channels',
    );
    await program.complains('metrics at ');
    const [, url = ''] = /metrics at (\S+)$/m.exec(program.stderr)!;
    const sender = rogueBridge('send', `${LOOPBACK}:${port}`, __filename, '--channel', '3');
    expect(await sender.end()).toBe(0);
    await program.prints('channel 3');
    const { body } = await ask(url);
    expect(body).toContain('channel="3"');
    expect(promtool(['check', 'metrics'], body)).toEqual({ status: 0, said: '' });
  });

  test('check metrics finds what is wrong, so that its silence means something', () => {
    const { status, said } = promtool(['check', 'metrics'], '# TYPE frames counter\nframes 1\n');
    expect(status).not.toBe(0);
    expect(said).toContain('_total');
  });

  test.each([
    ['check', 'rules', 'examples/prometheus/alerts.yml', '3 rules found'],
    ['check', 'config', 'examples/prometheus/prometheus.yml', '3 rules found'],
    ['test', 'rules', '__tests__/fixtures/alerts.test.yml', 'SUCCESS'],
  ])('%s %s %s', (verb, what, path, words) => {
    const { status, said } = promtool([verb, what, join(ROOT, path)]);
    expect([status, said]).toEqual([0, expect.stringContaining(words)]);
  });
});
