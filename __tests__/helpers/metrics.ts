// Prometheus' text format, read back independently of what writes it, and scrapes over HTTP.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** A line with a value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A whole text. */
export interface Scrape {
  readonly samples: readonly Sample[];
  readonly help: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<string, string>;
}

/** @throws for anything that the format does not know, and for a series that comes twice. */
export function parseMetrics(text: string): Scrape {
  const samples: Sample[] = [];
  const [help, types] = [new Map<string, string>(), new Map<string, string>()];
  const seen = new Set<string>();
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.split('\n').slice(0, -1)) {
    const [, kind, of = '', words = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.*)$/s.exec(line) ?? [];
    if (kind !== undefined) {
      const map = kind === 'HELP' ? help : types;
      if (map.has(of)) throw new Error(`${kind} of ${of} comes twice`);
      map.set(of, unescape(words));
      continue;
    }
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/s.exec(line);
    if (found === null) throw new Error(`no sample: ${JSON.stringify(line)}`);
    const [, name = '', inner = '', value = ''] = found;
    const labels = parseLabels(inner);
    const series = JSON.stringify([name, Object.entries(labels).sort()]);
    if (seen.has(series)) throw new Error(`${series} comes twice`);
    seen.add(series);
    samples.push({ name, labels, value: numberOf(value) });
  }
  return { samples, help, types };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const one = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=.)|$)/sy;
  while (one.lastIndex < text.length) {
    const found = one.exec(text);
    if (found === null) throw new Error(`no labels: ${JSON.stringify(text)}`);
    labels[found[1]!] = unescape(found[2]!);
  }
  return labels;
}

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, (_, char: string) => (char === 'n' ? '\n' : char));
}

function numberOf(text: string): number {
  if (text === '+Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}

/** The values of one metric, by what `key` makes of their labels. */
export function valuesOf({ samples }: Scrape, name: string, key: string): Record<string, number> {
  const own = samples.filter((sample) => sample.name === name);
  return Object.fromEntries(own.map(({ labels, value }) => [labels[key] ?? '', value]));
}

/** An answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks once, over a connection of its own. */
export async function ask(url: string, method = 'GET'): Promise<Answer> {
  const asked = request(url, { method, agent: false });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let body = '';
  response.setEncoding('utf8').on('data', (text: string) => (body += text));
  await once(response, 'end');
  return { status: response.statusCode!, headers: response.headers, body };
}

/** Prometheus' own checker, where it is installed. */
const HAS_PROMTOOL = spawnSync('promtool', ['--version']).status === 0;

/** For what needs it; left out, and said so, where it is not there. */
export const describeWithPromtool = HAS_PROMTOOL ? describe : describe.skip;

/** Runs it to its end. */
export function promtool(args: readonly string[], input = ''): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}
