// The histogram of the last frames.

import { effect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { drawArea } from '../draw/area';
import { Chart, roundUp } from '../draw/chart';
import { DIMMED, palette, seriesColor } from '../draw/palette';
import { histogramText } from '../model/copying';
import { group } from '../model/format';
import { useMounted, usePage } from './context';
import { LegendRow } from './legend';
import { Segments } from './segments';
import { follow } from '../model/follow';

const BINS = [32, 64, 128, 256, 512, 1024];
const SCALES = [
  ['linear', 'linear'],
  ['log', 'log'],
] as const;
/** Where a logarithmic axis begins: a bin with one sample stands above it. */
const LOG_BASE = 0.7;

export function HistogramView() {
  const { app, shown } = usePage();
  const holder = useRef<HTMLDivElement>(null);
  useMounted(() => {
    let chart: Chart | undefined;
    let isLogarithmic: boolean | undefined;
    const end = effect(() => {
      if (holder.current === null) return;
      follow(palette);
      follow(app.isDimmed);
      const isLog = app.selection.settings.value?.logCounts ?? true;
      if (chart === undefined || isLog !== isLogarithmic) {
        chart?.destroy();
        isLogarithmic = isLog;
        chart = makeChart(holder.current, isLog);
      }
      const picture = app.watching.picture.value;
      if (picture?.about.view !== 'hist') {
        chart.set([0, 1], isLog ? [1, 10] : [0, 1]);
        return;
      }
      let most = 1;
      for (const count of picture.numbers) if (count > most) most = count;
      const { low = 0, high = 1 } = picture.about;
      const top = isLog ? 10 ** Math.ceil(Math.log10(most) + 0.05) : roundUp(most * 1.05);
      chart.set([low, high], isLog ? [LOG_BASE, top] : [0, top]);
    });
    function makeChart(parent: HTMLElement, isLog: boolean): Chart {
      return new Chart({
        parent,
        isLogarithmic: isLog,
        yAxisWidth: 58,
        yLabels: (values) => values.map((value) => group(value, value < 1 ? 1 : 0)),
        draw: (plot) => {
          const picture = app.watching.picture.peek();
          if (picture?.about.view !== 'hist') return;
          const { low = 0, high = 1 } = picture.about;
          drawArea(plot, {
            values: picture.numbers,
            first: low,
            width: (high - low) / Math.max(1, picture.numbers.length),
            isStepped: true,
            base: isLog ? LOG_BASE : 0,
            color: seriesColor(app.channels.colorOf(picture.about.channel)),
            opacity: app.isDimmed.peek() ? DIMMED : 1,
            fill: 0.3,
          });
        },
        onCursor: (x) => (app.cursor.value = x === undefined ? undefined : [0, x]),
      });
    }
    shown.current = {
      canvases: () => chart?.canvases ?? [],
      text: () => {
        const picture = app.watching.picture.peek();
        return picture?.about.view === 'hist' ? histogramText(picture) : '';
      },
      zoom: () => undefined,
    };
    return () => {
      shown.current = undefined;
      end();
      chart?.destroy();
    };
  });
  const settings = app.selection.settings.value;
  const about = app.watching.calm.value?.about;
  const summed = about?.summed ?? 0;
  return (
    <>
      <LegendRow>
        <span class="legend-note">
          samples of {summed} {summed === 1 ? 'frame' : 'frames'}
          {(about?.step ?? 1) > 1 && `, 1 of each ${about?.step ?? 1}`}
        </span>
        <span class="spring" />
        <Segments<'linear' | 'log'>
          label="Counts"
          value={settings?.logCounts === false ? 'linear' : 'log'}
          options={SCALES}
          onChange={(scale) => app.selection.change({ logCounts: scale === 'log' })}
        />
        <select
          class="field"
          aria-label="Bins"
          value={settings?.bins}
          onChange={(event) => app.selection.change({ bins: Number(event.currentTarget.value) })}
        >
          {BINS.map((bins) => (
            <option key={bins} value={bins}>
              {bins} bins
            </option>
          ))}
        </select>
      </LegendRow>
      <div class="plot" role="img" aria-label={useHistogramSummary()}>
        <div class="fill" ref={holder} />
      </div>
    </>
  );
}

function useHistogramSummary(): string {
  const { app } = usePage();
  follow(app.second);
  const picture = app.watching.calm.peek();
  if (picture?.about.view !== 'hist') return 'Histogram, nothing to show';
  const { about, numbers } = picture;
  let total = 0;
  for (const count of numbers) total += count;
  return `Histogram of channel ${about.channel}, ${numbers.length} bins, ${group(total)} samples of ${about.summed ?? 0} frames`;
}
