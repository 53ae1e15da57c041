// Prometheus' text format, version 0.0.4. Pure.
// https://prometheus.io/docs/instrumenting/exposition_formats/

/** What the answer to a scrape has as its `content-type`. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** One value of a family. */
export interface Sample {
  /** As {@link labelText} makes them. */
  readonly labels: string;
  readonly value: number;
}

/** A metric: samples that differ in their labels. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The families as one text; one without samples is left out. */
export function exposition(families: Iterable<Family>): string {
  let text = '';
  for (const { name, type, help, samples } of families) {
    if (samples.length === 0) continue;
    text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
    for (const { labels, value } of samples) text += `${name}${braced(labels)} ${valueText(value)}\n`;
  }
  return text;
}

/** `bridge="127.0.0.1:8000",role="client"`. A label without a value is left out: to Prometheus that is the same. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function valueText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
