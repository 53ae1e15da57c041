// The profile along a line across the image.

import { effect, useComputed } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { drawArea } from '../draw/area';
import { Chart, splitsToEnd } from '../draw/chart';
import { DIMMED, palette, seriesColor } from '../draw/palette';
import { average, tick } from '../model/format';
import { profile } from '../model/statistics';
import { useMounted, usePage } from './context';
import { useImageNumbers } from './numbers';
import { follow } from '../model/follow';

const LABEL_SPACE = 110;

export function Profile() {
  const { app } = usePage();
  const numbers = useImageNumbers();
  const holder = useRef<HTMLDivElement>(null);
  const line = app.selection.settings.value?.line;
  const values = useComputed(() => {
    const ends = app.selection.settings.value?.line;
    return ends === undefined || numbers.value === undefined ? [] : profile(numbers.value.at, ends);
  });
  useMounted(() => {
    if (holder.current === null) return () => undefined;
    const chart: Chart = new Chart({
      parent: holder.current,
      ySpace: 36,
      right: 18,
      xSplits: (low, high) => splitsToEnd(low, high, chart.innerWidth / LABEL_SPACE),
      xLabels: (splits) =>
        splits.map((value) => {
          if (value === 0) return 'A';
          return value >= values.peek().length - 1 ? 'B' : `${tick(value)} px`;
        }),
      draw: (plot) =>
        drawArea(plot, {
          values: values.peek(),
          first: 0,
          width: 1,
          isStepped: false,
          base: lowest(values.peek()),
          color: seriesColor(app.channels.colorOf(app.selection.channel.peek() ?? 0)),
          opacity: app.isDimmed.peek() ? DIMMED : 1,
          fill: 0.14,
        }),
    });
    const end = effect(() => {
      follow(palette);
      follow(app.isDimmed);
      const all = values.value.filter((value) => Number.isFinite(value));
      const most = all.reduce((a, b) => Math.max(a, b), -Infinity);
      const low = lowest(all);
      const high = Number.isFinite(most) ? most + 0.08 * (most - low || 1) : 1;
      chart.set([0, Math.max(1, values.value.length - 1)], [low, high]);
    });
    return () => {
      end();
      chart.destroy();
    };
  });
  const type = app.selection.settings.value?.reading.type ?? 'u2';
  const finite = values.value.map((value) => (Number.isFinite(value) ? value : -Infinity));
  const max = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const place =
    line === undefined ? '' : `row ${line[0]}, column ${line[1]} to row ${line[2]}, column ${line[3]}`;
  return (
    <div class="profile" role="group" aria-label="Profile A to B">
      <div class="profile-head">
        <strong>Profile A to B</strong>
        <span class="quiet">
          {place}; mean over 3 px {numbers.value?.origin}
        </span>
        <span class="spring" />
        {Number.isFinite(max) && (
          <span class="quiet">
            max <b>{average(max, type)}</b> at <b>{finite.indexOf(max)} px</b>
          </span>
        )}
      </div>
      <div
        class="plot"
        role="img"
        aria-label={`Profile, ${values.value.length} values, max ${Math.round(max)}`}
      >
        <div class="fill" ref={holder} />
      </div>
    </div>
  );
}

/** 0 where the values are not far above it, else the least of them. */
function lowest(values: readonly number[]): number {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (!Number.isFinite(least)) return 0;
  return least >= 0 && least < 0.6 * most ? 0 : least;
}
