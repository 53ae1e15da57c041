// One strip: a chart that is drawn once a second, and its summary in words.

import { effect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { Chart, roundUp } from '../draw/chart';
import { palette } from '../draw/palette';
import { drawStrip, spanOf, type StripDrawing } from '../draw/strips';
import { duration, shortTick, tick } from '../model/format';
import { outagesOf, valueOf, type Measure } from '../model/history';
import { useMounted, usePage } from './context';
import { follow } from '../model/follow';

interface Props {
  readonly measure: Measure;
  readonly title: string;
  readonly hasXAxis: boolean;
  readonly onCursor: (at: number | undefined) => void;
}

/** The axes of strips without data. */
const SMALLEST_TOP: Readonly<Record<Measure, number>> = { frames: 1, bytes: 1e6, errors: 3, size: 10 };
const MINUTE = 60;
const LABEL_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200];
const LABEL_WIDTH = 52;

export function Strip({ measure, title, hasXAxis, onCursor }: Props) {
  const { app } = usePage();
  const holder = useRef<HTMLDivElement>(null);
  useMounted(() => {
    let chart: Chart | undefined;
    let isLogarithmic: boolean | undefined;
    let drawing: StripDrawing | undefined;
    const end = effect(() => {
      const parent = holder.current;
      if (parent === null) return;
      follow(app.historyVersion);
      follow(palette);
      const isLog = measure === 'size' || app.isLogarithmic.value;
      if (chart === undefined || isLog !== isLogarithmic) {
        chart?.destroy();
        isLogarithmic = isLog;
        chart = makeChart(parent, isLog);
      }
      const span = app.span.value;
      const now = app.history.newest ?? 0;
      drawing = {
        points: app.history.since(now - span - 10),
        channels: [...app.channels.drawn.value].map((number) => ({
          number,
          color: app.channels.colorOf(number),
        })),
        selected: app.selection.channel.value,
        measure,
        isLogarithmic: isLog,
        hasOutageLabels: measure === 'frames',
      };
      chart.set([now - span, now], rangeOf(drawing));
    });
    function makeChart(parent: HTMLElement, isLog: boolean): Chart {
      return new Chart({
        parent,
        isLogarithmic: isLog,
        hasXAxis,
        yAxisWidth: 38,
        bottom: 7,
        ySpace: 26,
        right: 22,
        sync: 'rates',
        xSplits: (low, high) => splits(low, high, parent.clientWidth),
        xLabels: (values) => values.map((value) => ago(value, app.history.newest ?? 0)),
        ...(measure === 'bytes'
          ? { yLabels: (values) => values.map((value) => tick(value / 1e6)) }
          : { yLabels: (values) => values.map(shortTick) }),
        ...(measure === 'errors' && !isLog ? { ySplits: (low, high) => [low, high] } : {}),
        draw: (plot) => {
          if (drawing !== undefined) drawStrip(plot, drawing);
        },
        onCursor,
      });
    }
    return () => {
      end();
      chart?.destroy();
    };
  });
  return (
    <div class={`strip-plot ${hasXAxis ? 'has-axis' : ''}`} role="img" aria-label={summary()}>
      <div class="fill" ref={holder} />
    </div>
  );

  function summary(): string {
    follow(app.historyVersion);
    const newest = app.history.since((app.history.newest ?? 0) - 1).at(-1);
    if (newest === undefined) return `${title}, no data`;
    const values = [...app.channels.drawn.value].map((channel) => {
      const value = valueOf(newest, channel, measure) ?? 0;
      return `channel ${channel}: ${Math.round(measure === 'bytes' ? value / 1e4 : value * 100) / 100}`;
    });
    const outages = outagesOf(app.history.since((app.history.newest ?? 0) - app.span.value));
    const lost = outages.map(({ from, to }) => `, link lost ${duration(to - from)}`);
    return `${title}, newest second, ${values.join(', ')}${lost.join('')}`;
  }
}

function rangeOf(drawing: StripDrawing): readonly [number, number] {
  const { least, most } = spanOf(drawing);
  if (drawing.isLogarithmic) {
    if (most === 0) return [1, 10];
    return [10 ** Math.floor(Math.log10(least) - 0.2), 10 ** Math.ceil(Math.log10(most) + 0.2)];
  }
  const { measure } = drawing;
  if (measure === 'errors') return [0, Math.max(SMALLEST_TOP.errors, roundUp(most))];
  return [0, most === 0 ? SMALLEST_TOP[measure] : roundUp(most * 1.1)];
}

/** Round times before now, so far apart that labels fit. */
function splits(low: number, high: number, width: number): number[] {
  const most = Math.max(2, Math.floor(width / LABEL_WIDTH));
  const step = LABEL_STEPS.find((one) => (high - low) / one <= most) ?? 86_400;
  const values: number[] = [];
  for (let at = high; at >= low; at -= step) values.unshift(at);
  return values;
}

/** "−5 min", "−2 h", "now". */
function ago(value: number, now: number): string {
  const seconds = Math.round(now - value);
  if (seconds < 1) return 'now';
  return seconds % 3600 === 0 ? `−${seconds / 3600}\u202fh` : `−${Math.round(seconds / MINUTE)}\u202fmin`;
}
