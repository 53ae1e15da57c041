// Four strips on one time axis: frames, bytes, errors, frame size.

import { useSignal } from '@preact/signals';
import type { Measure } from '../model/history';
import { valueOf } from '../model/history';
import { bytes, clock, frameRate, group, scaled } from '../model/format';
import { usePage } from './context';
import { Strip } from './strip';

const SPANS: readonly (readonly [seconds: number, text: string])[] = [
  [300, 'last 5 min'],
  [900, 'last 15 min'],
  [3600, 'last 1 h'],
  [21_600, 'last 6 h'],
  [86_400, 'last 24 h'],
];

const TITLES: Readonly<Record<Measure, string>> = {
  frames: 'Frames/s',
  bytes: 'MB/s',
  errors: 'Errors/s',
  size: 'Frame size, B',
};

export function Rates() {
  const { app } = usePage();
  const longest = app.hello.value?.limits.historySeconds ?? 300;
  const hover = useSignal<number | undefined>(undefined);
  const strip = (measure: Measure, isLast: boolean) => (
    <div class={`strip strip-${measure}`}>
      <div class="strip-title">
        <span>
          {app.isLogarithmic.value && measure !== 'size' ? `${TITLES[measure]}, log` : TITLES[measure]}
        </span>
        <HoverValues measure={measure} at={hover.value} />
      </div>
      <Strip
        measure={measure}
        hasXAxis={isLast}
        title={TITLES[measure]}
        onCursor={(at) => (hover.value = at)}
      />
    </div>
  );
  return (
    <section class="panel rates" aria-label="Rates">
      <div class="rates-first">
        <div class="panel-head">
          <h2>Rates</h2>
          <select
            class="field"
            aria-label="Time span of the rates"
            value={app.span.value}
            onChange={(event) => app.setSpan(Number(event.currentTarget.value))}
          >
            {SPANS.filter(([seconds], i) => i === 0 || seconds <= longest).map(([seconds, text]) => (
              <option key={seconds} value={seconds}>
                {text}
              </option>
            ))}
          </select>
        </div>
        {strip('frames', false)}
        {strip('bytes', false)}
      </div>
      <div class="rates-second">
        {strip('errors', false)}
        {strip('size', true)}
      </div>
    </section>
  );
}

/** The values under the line, of the selected channel and a few more. */
function HoverValues({ measure, at }: { measure: Measure; at: number | undefined }) {
  const { app } = usePage();
  if (at === undefined) return null;
  const point = app.history.at(at);
  if (point === undefined) return null;
  const selected = app.selection.channel.value;
  const channels = [...app.channels.drawn.value].sort(
    (a, b) => Number(b === selected) - Number(a === selected) || a - b,
  );
  const values = channels.slice(0, 3).map((channel) => {
    const value = valueOf(point, channel, measure);
    return `${channel}: ${value === null ? '–' : written(value, measure)}`;
  });
  const time = measure === 'frames' ? `${clock(1000 * point.at)}  ` : '';
  return <span class="strip-values">{time + values.join('  ')}</span>;
}

function written(value: number, measure: Measure): string {
  if (measure === 'frames') return frameRate(value);
  if (measure === 'errors') return group(value);
  if (measure === 'size') return bytes(value);
  const { number, unit } = scaled(value, 'B/s');
  return `${number} ${unit}`;
}
