// A chart by uPlot: its scales, axes, grid and cursor. What stands in it is drawn by `draw` on a canvas of its own, from data
// that are not copied; uPlot draws anew only when a range changes. That canvas is drawn by the processor: long lines with
// many corners are what software GPUs, and many real ones, are slow at (1 against 21 pictures a second, measured with SwiftShader).

import uPlot from 'uplot';
import { tick } from '../model/format';
import { FONT, palette } from './palette';

/** Where to draw, in canvas pixels. */
export interface Plot {
  readonly context: CanvasRenderingContext2D;
  /** Canvas pixels of a CSS pixel. */
  readonly ratio: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

export interface ChartOptions {
  readonly parent: HTMLElement;
  readonly draw: (plot: Plot) => void;
  readonly isLogarithmic?: boolean;
  readonly xLabels?: (values: readonly number[]) => (string | null)[];
  readonly yLabels?: (values: readonly number[]) => (string | null)[];
  readonly xSplits?: (low: number, high: number) => number[];
  readonly ySplits?: (low: number, high: number) => number[];
  /** Without an axis there is a grid and no label. */
  readonly hasXAxis?: boolean;
  readonly hasYAxis?: boolean;
  readonly yAxisWidth?: number;
  readonly ySpace?: number;
  readonly right?: number;
  readonly top?: number;
  /** Room below a plot without an x axis. */
  readonly bottom?: number;
  /** Cursors with the same key move together. */
  readonly sync?: string;
  /** Value under the cursor; undefined when it has left. */
  readonly onCursor?: (x: number | undefined) => void;
  /** A part of the x axis has been marked by dragging. */
  readonly onSelect?: (from: number, to: number) => void;
}

type Range = readonly [number, number];

const AXIS_FONT = `11px ${FONT}`;
const X_AXIS_HEIGHT = 24;

export class Chart {
  private readonly plot: uPlot;
  private xRange: Range = [0, 1];
  private yRange: Range = [0, 1];
  private readonly layer = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D | null;
  private isDrawn = false;
  /** Of the axes as they have been drawn. */
  private colors: unknown;
  private readonly observer: ResizeObserver;

  constructor(private readonly options: ChartOptions) {
    const { parent } = options;
    this.context = this.layer.getContext('2d', { willReadFrequently: true });
    this.plot = new uPlot(this.setUp(), [[], []], parent);
    this.layer.className = 'chart-layer';
    this.plot.over.before(this.layer);
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(parent);
  }

  /** Draws anew, within these ranges. */
  set(x: Range, y: Range): void {
    const [before, beforeY] = [this.xRange, this.yRange];
    this.xRange = x[0] < x[1] ? x : [x[0], x[0] + 1];
    this.yRange = y[0] < y[1] ? y : [y[0], y[0] + 1];
    const hasColors = this.colors === palette.peek();
    this.colors = palette.peek();
    if (this.isDrawn && hasColors && isSame(before, this.xRange) && isSame(beforeY, this.yRange)) {
      this.draw(this.plot);
      return;
    }
    this.isDrawn = false;
    // A change of the data makes uPlot ask for the ranges again; what is drawn comes from `draw`.
    this.plot.setData([[...this.xRange], [...this.yRange]]);
  }

  /** Width of the plotting area, in CSS pixels. */
  get innerWidth(): number {
    return this.plot.bbox.width / uPlot.pxRatio;
  }

  /** Axes, and above them what is drawn. */
  get canvases(): readonly HTMLCanvasElement[] {
    return [this.plot.ctx.canvas, this.layer];
  }

  /** Where a place of the window is, as a share of the plotting area's width. */
  shareAt(clientX: number): number {
    const { left, width } = this.plot.over.getBoundingClientRect();
    return (clientX - left) / Math.max(1, width);
  }

  /** Puts the cursor where a finger is, as a mouse does; undefined takes it away. */
  point(clientX: number | undefined): void {
    const share = clientX === undefined ? -1 : Math.max(0, Math.min(1, this.shareAt(clientX)));
    const isAway = share < 0;
    this.plot.setCursor({ left: isAway ? -10 : share * this.innerWidth, top: isAway ? -10 : 1 });
  }

  destroy(): void {
    this.observer.disconnect();
    this.plot.destroy();
  }

  private fit(): void {
    const { clientWidth: width, clientHeight: height } = this.options.parent;
    if (width < 40 || height < 20) return;
    if (width !== this.plot.width || height !== this.plot.height) this.plot.setSize({ width, height });
  }

  private setUp(): uPlot.Options {
    const { options } = this;
    const { parent, isLogarithmic = false, sync, onSelect } = options;
    return {
      width: Math.max(40, parent.clientWidth),
      height: Math.max(20, parent.clientHeight),
      padding: [
        options.top ?? 8,
        options.right ?? 8,
        options.hasXAxis === false ? (options.bottom ?? 1) : 0,
        0,
      ],
      legend: { show: false },
      cursor: {
        x: true,
        y: false,
        points: { show: false },
        drag: { x: onSelect !== undefined, y: false, setScale: false },
        ...(sync === undefined ? {} : { sync: { key: sync, scales: ['x', null] } }),
      },
      scales: {
        x: { time: false, range: () => [...this.xRange] },
        y: {
          range: () => [...this.yRange],
          // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- a const enum: it has no value to import
          ...(isLogarithmic ? { distr: 3 as const, log: 10 as const } : {}),
        },
      },
      series: [{}, { paths: () => null, points: { show: false } }],
      axes: [this.xAxis(), this.yAxis()],
      hooks: {
        draw: [
          (u) => {
            this.isDrawn = true;
            this.draw(u);
          },
        ],
        setCursor: [(u) => this.moved(u)],
        setSelect: [(u) => this.selected(u)],
      },
    };
  }

  private xAxis(): uPlot.Axis {
    const { hasXAxis = true, xLabels, xSplits } = this.options;
    return {
      ...this.axis(),
      size: hasXAxis ? X_AXIS_HEIGHT : 0,
      space: 70,
      values: (_, splits) => (hasXAxis ? (xLabels?.(splits) ?? splits.map(tick)) : splits.map(() => null)),
      ...(xSplits === undefined ? {} : { splits: (_u, _i, low, high) => xSplits(low, high) }),
    };
  }

  private yAxis(): uPlot.Axis {
    const { hasYAxis = true, yLabels, yAxisWidth = 48, ySpace = 40, isLogarithmic, ySplits } = this.options;
    return {
      ...this.axis(),
      size: hasYAxis ? yAxisWidth : 8,
      space: ySpace,
      values: (_, splits) => (hasYAxis ? (yLabels?.(splits) ?? splits.map(tick)) : splits.map(() => null)),
      filter: (_, splits) => splits,
      ...(ySplits === undefined ? {} : { splits: (_u, _i, low, high) => ySplits(low, high) }),
      ...(isLogarithmic === true
        ? { splits: (u, _i, low, high) => decades(low, high, u.bbox.height / uPlot.pxRatio / ySpace) }
        : {}),
    };
  }

  private axis(): uPlot.Axis {
    return {
      font: AXIS_FONT,
      stroke: () => palette.value.text3,
      grid: { stroke: () => palette.value.grid, width: 1 },
      ticks: { show: false },
      gap: 7,
    };
  }

  private draw(u: uPlot): void {
    const { left, top, width, height } = u.bbox;
    const { context, layer } = this;
    const { canvas } = u.ctx;
    if (context === null) return;
    if (layer.width !== canvas.width) layer.width = canvas.width;
    if (layer.height !== canvas.height) layer.height = canvas.height;
    context.clearRect(0, 0, layer.width, layer.height);
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    this.options.draw({
      context,
      ratio: uPlot.pxRatio,
      left,
      top,
      width,
      height,
      x: (value) => u.valToPos(value, 'x', true),
      y: (value) => u.valToPos(value, 'y', true),
    });
    context.restore();
  }

  private moved(u: uPlot): void {
    const { left = -1 } = u.cursor;
    this.options.onCursor?.(left < 0 ? undefined : u.posToVal(left, 'x'));
  }

  private selected(u: uPlot): void {
    const { left, width } = u.select;
    if (width < 4) return;
    this.options.onSelect?.(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'));
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }
}

function isSame(a: Range, b: Range): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** Powers of ten, at most the given number of them. */
function decades(low: number, high: number, most: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const stride = Math.max(1, Math.ceil((last - first + 1) / Math.max(2, most)));
  const values: number[] = [];
  for (let power = first; power <= last; power += stride) values.push(10 ** power);
  return values;
}

/** Round whole numbers from `low` on, about the given number of them, and `high` itself. */
export function splitsToEnd(low: number, high: number, most: number): number[] {
  const least = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const step = power * ([1, 2, 3, 5, 10].find((one) => one * power >= least) ?? 10);
  const values: number[] = [];
  for (let value = Math.ceil(low / step) * step; value < high - 0.6 * step; value += step) values.push(value);
  return [...values, high];
}

/** The smallest range from 0 that has this value, ending at 1, 2, 3, 4, 5, 6 or 8 times a power of ten. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value) ?? 10);
}
