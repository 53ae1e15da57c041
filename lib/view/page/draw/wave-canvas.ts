// The two charts of the waveform view, drawn whenever a preview, a setting or the theme changes.

import { effect, untracked } from '@preact/signals';
import type { App } from '../model/app';
import { waveText } from '../model/copying';
import { group, tick } from '../model/format';
import { columnOfSample, columnsOf, type Picture } from '../model/previews';
import { AutoRange, typeRange, type Range } from '../model/ranges';
import { pinchedWindow, SMALLEST_WINDOW, type SampleWindow } from '../model/wave-window';
import { Chart, splitsToEnd } from './chart';
import { DIMMED, palette, seriesColor } from './palette';
import { listenToTouch } from './touch';
import { drawCursor, drawWaves, type WaveDrawing } from './waveform';
import { follow } from '../model/follow';

const LABEL_SPACE = 90;

export class WaveCanvas {
  private readonly main: Chart;
  private readonly overview: Chart;
  private readonly range = new AutoRange(0.06);
  private drawing: WaveDrawing | undefined;
  /** The last preview of the whole frame. */
  private all: WaveDrawing | undefined;
  /** What the range of the y axis is of. */
  private ranged = '';
  private readonly ends: readonly (() => void)[];

  constructor(
    private readonly app: App,
    parent: HTMLElement,
    private readonly overviewParent: HTMLElement,
  ) {
    this.main = new Chart({
      parent,
      ySpace: 48,
      right: 18,
      draw: (plot) => {
        if (this.drawing === undefined) return;
        drawWaves(plot, this.drawing);
        const cursor = app.cursor.peek();
        if (cursor !== undefined) drawCursor(plot, cursor[1], this.valueAt(cursor[1]), palette.value.text2);
      },
      xSplits: (low, high) => splitsToEnd(low, high, this.main.innerWidth / LABEL_SPACE),
      xLabels: (values) => values.map((value) => (value === 0 ? 'sample 0' : tick(value))),
      yLabels: (values) =>
        values.map((value) => (Math.abs(value) < 1e5 ? group(value, decimals(values)) : tick(value))),
      onCursor: (x) => this.moved(x),
      onSelect: (from, to) => this.show(from, to),
    });
    this.overview = new Chart({
      parent: overviewParent,
      hasXAxis: false,
      hasYAxis: true,
      yLabels: (values) => values.map(() => null),
      top: 1,
      right: 18,
      draw: (plot) => {
        if (this.all !== undefined) drawWaves(plot, { ...this.all, earlier: [], width: 1 });
      },
    });
    this.ends = [effect(() => this.update()), this.listen(parent)];
  }

  canvases(): readonly HTMLCanvasElement[] {
    return this.main.canvases;
  }

  text(): string {
    return this.drawing === undefined ? '' : waveText(this.drawing.picture);
  }

  zoom(direction: 'in' | 'out' | 'all'): void {
    const { samples } = this;
    const [from, to] = this.window;
    if (direction === 'all') this.app.showWindow(0, samples, samples);
    else {
      const middle = this.app.cursor.value?.[1] ?? (from + to) / 2;
      const factor = direction === 'in' ? 0.5 : 2;
      this.show(middle - (middle - from) * factor, middle + (to - middle) * factor);
    }
  }

  destroy(): void {
    for (const end of this.ends) end();
    this.main.destroy();
    this.overview.destroy();
  }

  private get samples(): number {
    return this.drawing?.picture.about.samples ?? 0;
  }

  private get window(): SampleWindow {
    const [from = 0, to = this.samples] = this.app.canvas.value.window ?? [];
    return [from, to];
  }

  private listen(parent: HTMLElement): () => void {
    const { main, app } = this;
    let start = this.window;
    return listenToTouch(parent, {
      point: (at) => main.point(at?.x),
      pinchStart: () => (start = this.window),
      pinch: ({ ratio, from, to }) => {
        const shares = [main.shareAt(from.x), main.shareAt(to.x)] as const;
        const [first, last] = pinchedWindow(start, this.samples, ratio, ...shares);
        if (this.samples > 0) app.showWindow(first, last, this.samples);
      },
      showAll: () => this.zoom('all'),
    });
  }

  private update(): void {
    const { app } = this;
    follow(palette);

    const picture = app.watching.picture.value;
    const settings = app.selection.settings.value;
    const isDimmed = app.isDimmed.value;
    const isPaused = app.pausing.paused.value !== undefined;
    follow(app.cursor);
    if (picture?.about.view !== 'wave' || settings === undefined) {
      this.drawing = undefined;
      this.main.set([0, 1], [0, 1]);
      return;
    }
    const { about } = picture;
    const ranged = `${about.channel} ${about.window.join()}`;
    if (ranged !== this.ranged) this.range.reset();
    this.ranged = ranged;
    const earlier = app.ring.last(settings.frames).filter((one) => one !== picture);
    this.drawing = {
      picture,
      earlier: settings.frames === 1 ? [] : earlier.filter((one) => isAlike(one, picture)),
      envelope: settings.envelope && app.ring.length > 1 ? app.ring.envelope() : undefined,
      color: seriesColor(app.channels.colorOf(about.channel)),
      opacity: isDimmed ? DIMMED : 1,
      width: 1.75,
    };
    const [from = 0, to = about.samples] = about.window;
    const y = this.yRange(picture, isPaused);
    this.main.set([from, to], y);
    const isAll = from === 0 && to === about.samples;
    const whole = app.overview.picture.value;
    if (isAll || this.all?.picture.about.channel !== about.channel) this.all = this.drawing;
    else if (whole?.about.channel === about.channel)
      this.all = { ...this.drawing, picture: whole, envelope: undefined };
    this.overview.set([0, about.samples], this.wholeRange());
    untracked(() => this.fitColumns());
  }

  private yRange(picture: Picture, isPaused: boolean): Range {
    const { app } = this;
    const settings = app.selection.settings.value;
    if (settings?.range === 'fixed' && settings.rangeLow < settings.rangeHigh) {
      return [settings.rangeLow, settings.rangeHigh];
    }
    const whole = settings?.range === 'type' ? typeRange(settings.reading.type) : undefined;
    if (whole !== undefined) return whole;
    const { min = 0, max = 1 } = picture.about.statistics ?? {};
    const summary = settings?.envelope === true ? app.ring.summary() : undefined;
    const low = Math.min(min, summary?.min ?? min);
    const high = Math.max(max, summary?.max ?? max);
    if (isPaused) this.range.reset();
    return this.range.next(low, high, performance.now());
  }

  private wholeRange(): Range {
    const { min = 0, max = 1 } = this.all?.picture.about.statistics ?? {};
    const room = 0.1 * (max - min || 1);
    return [min - room, max + room];
  }

  /** The gateway packs no more samples than the canvas has columns for. */
  private fitColumns(): void {
    const columns = Math.round(this.main.innerWidth * devicePixelRatio);
    const isSeen = this.overviewParent.clientWidth > 0;
    const overview = isSeen ? Math.round(this.overview.innerWidth * devicePixelRatio) : 0;
    const { value } = this.app.canvas;
    if (columns > 0 && (columns !== value.columns || overview !== value.overview))
      this.app.canvas.value = { ...value, columns, overview };
  }

  private valueAt(sample: number): number | undefined {
    const picture = this.drawing?.picture;
    if (picture === undefined) return undefined;
    const column = columnOfSample(picture.about, sample);
    if (column < 0 || column >= columnsOf(picture)) return undefined;
    return picture.numbers[picture.about.step === 0 ? column : 2 * column + 1];
  }

  private moved(x: number | undefined): void {
    const { samples } = this;
    const sample = x === undefined ? undefined : Math.round(x);
    const isInside = sample !== undefined && sample >= 0 && sample < samples;
    this.app.cursor.value = isInside ? [0, sample] : undefined;
  }

  private show(from: number, to: number): void {
    if (to - from >= SMALLEST_WINDOW) this.app.showWindow(Math.round(from), Math.round(to), this.samples);
  }
}

function isAlike({ about: a }: Picture, { about: b }: Picture): boolean {
  return a.step === b.step && a.window.join() === b.window.join() && a.samples === b.samples;
}

/** As few decimals as write all of them. */
function decimals(values: readonly number[]): number {
  const isWritten = (digits: number): boolean =>
    values.every(
      (value) => Math.abs(value - Number(value.toFixed(digits))) < 1e-9 * Math.max(1, Math.abs(value)),
    );
  return [0, 1, 2, 3, 4, 5].find(isWritten) ?? 6;
}
