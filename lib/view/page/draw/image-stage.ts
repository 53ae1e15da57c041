// The image on its stage: sizes, zoom and pan, pictures as they come.

import { batch, effect, signal, untracked, type Signal } from '@preact/signals';
import type { App } from '../model/app';
import { regionText, statisticsText } from '../model/copying';
import {
  geometry,
  pinchedZoom,
  pixelAt,
  visibleWindow,
  ZOOMS,
  type ImageGeometry,
} from '../model/image-geometry';
import type { Pinch } from '../model/gestures';
import { Levels, pixelsOf, valueAt, type Pixels } from '../model/pixels';
import { AutoRange, type Range } from '../model/ranges';
import type { Zoom } from '../model/settings';
import { DIMMED, palette } from './palette';
import { painterFor, type Painter } from './image';
import { drawMarks, type Margins } from './image-marks';
import { follow } from '../model/follow';
import { listenToTouch } from './touch';

/** Larger images are thinned by the gateway; zoomed in, only the visible part is asked for. */
const MAX_PREVIEW_PIXELS = 128 * 1024;
const LEVELS_MS = 200;
const MAX_PHONE_SHARE = 0.6;
/** Of a phone on its side. */
const BARS_HEIGHT = 122;
const SHORT = '(max-height: 499px) and (orientation: landscape)';
const MIN_PHONE_HEIGHT = 60;

export interface ImageState {
  readonly pixels: Pixels;
  readonly levels: Levels;
  /** Values of the first and the last color. */
  readonly range: Range;
}

export class ImageStage {
  /** What is shown, for the numbers beside it; four times a second. */
  readonly state: Signal<ImageState | undefined> = signal(undefined);
  readonly geometry: Signal<ImageGeometry | undefined> = signal(undefined);
  readonly margins: Signal<Margins>;
  private readonly painterInUse: Painter;
  private readonly auto = new AutoRange(0);
  private readonly center: Signal<readonly [number, number] | undefined> = signal(undefined);
  private readonly space = signal({ width: 0, height: 0 });
  private readonly observer: ResizeObserver;
  private readonly ends: (() => void)[] = [];
  private pixels: Pixels | undefined;
  private levels: Levels | undefined;
  private leveledAt = 0;
  private channel: number | undefined;

  constructor(
    private readonly app: App,
    private readonly stage: HTMLElement,
    private readonly image: HTMLCanvasElement,
    private readonly marks: HTMLCanvasElement,
  ) {
    this.painterInUse = painterFor(image);
    this.margins = signal(this.marginsNow());
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(stage);
    this.measure();
    this.ends.push(
      effect(() => this.layOut()),
      effect(() => this.paint()),
      effect(() => this.mark()),
      this.listen(),
    );
  }

  get painter(): string {
    return this.painterInUse.kind;
  }

  canvases(): readonly HTMLCanvasElement[] {
    return [this.image];
  }

  text(): string {
    const { pixels } = this;
    const region = this.app.selection.settings.peek()?.region;
    const about = this.app.watching.picture.peek()?.about;
    if (pixels === undefined || about === undefined) return '';
    return region === undefined ? statisticsText(about) : regionText(valueAt(pixels), region, pixels.step);
  }

  zoom(direction: 'in' | 'out' | 'all'): void {
    const zoom = this.app.selection.settings.value?.zoom ?? 'fit';
    const index = ZOOMS.indexOf(zoom);
    const next =
      direction === 'all' ? 'fit' : ZOOMS[Math.max(0, Math.min(3, index + (direction === 'in' ? 1 : -1)))];
    if (next !== undefined) this.app.selection.change({ zoom: next });
  }

  /** Moves the image by CSS pixels. */
  pan(x: number, y: number): void {
    const shown = this.geometry.value;
    if (shown === undefined) return;
    const { scale, row, column, width, height } = shown;
    this.center.value = [row + height / scale / 2 - y / scale, column + width / scale / 2 - x / scale];
  }

  /** The pixel at a place of the window. */
  pixelAt(clientX: number, clientY: number): readonly [number, number] | undefined {
    const box = this.image.getBoundingClientRect();
    const shown = this.geometry.value;
    return shown === undefined ? undefined : pixelAt(shown, clientX - box.left, clientY - box.top);
  }

  destroy(): void {
    this.observer.disconnect();
    for (const end of this.ends) end();
    this.painterInUse.destroy();
  }

  private listen(): () => void {
    const { app } = this;
    let start: { shown: ImageGeometry; zoom: Zoom } | undefined;
    return listenToTouch(this.stage, {
      point: (at) => (app.cursor.value = at && this.pixelAt(at.x, at.y)),
      pinchStart: () => {
        const shown = this.geometry.value;
        start = shown && { shown, zoom: app.selection.settings.value?.zoom ?? 'fit' };
      },
      pinch: (pinch) => start !== undefined && this.pinch(start.shown, start.zoom, pinch),
      showAll: () => this.zoom('all'),
    });
  }

  /** The point of the image that was between the fingers stays there. */
  private pinch(start: ImageGeometry, before: Zoom, { ratio, from, to }: Pinch): void {
    const { selection } = this.app;
    const { width, height } = this.space.value;
    const fit = Math.min(width / start.columns, height / start.rows);
    const zoom = pinchedZoom(before, start.scale, fit, ratio);
    const scale = zoom === 'fit' ? fit : zoom;
    const { left, top } = this.image.getBoundingClientRect();
    const row = start.row + (from.y - top) / start.scale - (to.y - top) / scale;
    const column = start.column + (from.x - left) / start.scale - (to.x - left) / scale;
    const seen = (space: number, all: number): number => Math.min(space / scale, all);
    batch(() => {
      this.center.value = [row + seen(height, start.rows) / 2, column + seen(width, start.columns) / 2];
      if (zoom !== selection.settings.value?.zoom) selection.change({ zoom });
    });
  }

  private marginsNow(): Margins {
    return matchMedia('(max-width: 959px)').matches ? { left: 0, top: 0 } : { left: 42, top: 26 };
  }

  private measure(): void {
    const margins = this.marginsNow();
    this.margins.value = margins;
    const width = Math.max(1, this.stage.clientWidth - margins.left - 1);
    const height = Math.max(1, this.stage.clientHeight - margins.top - 1);
    const before = this.space.peek();
    if (width !== before.width || height !== before.height) this.space.value = { width, height };
  }

  private layOut(): void {
    const { app } = this;
    const settings = app.selection.settings.value;
    const samples = app.watching.calm.value?.about.samples ?? 1;
    const [rows, columns] = settings?.reading.shape ?? [1, samples];
    const zoom = settings?.zoom ?? 'fit';
    const shown = geometry({ rows, columns }, zoom, this.space.value, this.center.value);
    this.fitHeight(rows, columns);
    if (JSON.stringify(this.geometry.peek()) === JSON.stringify(shown)) return;
    this.geometry.value = shown;
    const window = zoom !== 'fit' && rows * columns > MAX_PREVIEW_PIXELS ? visibleWindow(shown) : undefined;
    untracked(() => {
      const before = app.canvas.value;
      if (before.window?.join() !== window?.join()) app.canvas.value = { ...before, window };
    });
  }

  /** On a phone the stage is as high as the image needs. */
  private fitHeight(rows: number, columns: number): void {
    const isPhone = this.margins.peek().left === 0;
    const most = matchMedia(SHORT).matches ? innerHeight - BARS_HEIGHT : MAX_PHONE_SHARE * innerHeight;
    const height = Math.min((this.stage.clientWidth * rows) / columns, most);
    this.stage.style.height = isPhone ? `${Math.max(MIN_PHONE_HEIGHT, Math.ceil(height) + 1)}px` : '';
  }

  private paint(): void {
    const { app, image } = this;
    const picture = app.watching.picture.value;
    const settings = app.selection.settings.value;
    const shown = this.geometry.value;
    const isDimmed = app.isDimmed.value;
    if (shown === undefined || settings === undefined) return;
    image.style.opacity = String(isDimmed ? DIMMED : 1);
    image.style.visibility = picture?.about.view === 'image' ? 'visible' : 'hidden';
    if (picture?.about.view !== 'image') {
      this.state.value = undefined;
      return;
    }
    if (picture.about.channel !== this.channel) this.auto.reset();
    this.channel = picture.about.channel;
    const isNew = this.pixels === undefined || this.lastPicture !== picture;
    this.lastPicture = picture;
    if (isNew) this.pixels = pixelsOf(picture);
    const pixels = this.pixels ?? pixelsOf(picture);
    const now = performance.now();
    const isPaused = app.pausing.paused.peek() !== undefined;
    if (isNew && (isPaused || this.levels === undefined || now - this.leveledAt >= LEVELS_MS)) {
      this.levels = new Levels(pixels);
      this.leveledAt = now;
    }
    const levels = this.levels ?? new Levels(pixels);
    const range = this.rangeOf(levels, now);
    const ratio = devicePixelRatio;
    place(image, this.margins.value, shown.width, shown.height, ratio);
    this.painterInUse.paint({
      pixels,
      geometry: shown,
      ratio,
      map: settings.map,
      low: range[0],
      high: range[1],
    });
    const before = this.state.peek();
    if (before?.levels !== levels || before.range.join() !== range.join())
      this.state.value = { pixels, levels, range };
  }

  private lastPicture: unknown;

  private rangeOf(levels: Levels, now: number): Range {
    const settings = this.app.selection.settings.value;
    if (settings?.levels === 'fixed' && settings.low < settings.high) return [settings.low, settings.high];
    const isPercent = settings?.levels === 'percent';
    const [low, high] = isPercent ? [levels.quantile(0.01), levels.quantile(0.99)] : levels.range;
    return this.auto.next(low, high, now);
  }

  private mark(): void {
    const { marks, stage } = this;
    follow(palette);
    follow(this.space);
    const shown = this.geometry.value;
    const settings = this.app.selection.settings.value;
    if (shown === undefined || settings === undefined) return;
    const ratio = devicePixelRatio;
    const margins = this.margins.value;
    place(marks, { left: 0, top: 0 }, stage.clientWidth, stage.clientHeight, ratio);
    drawMarks(marks, {
      geometry: shown,
      margins,
      ratio,
      region: settings.region,
      line: settings.line,
      hasAxes: margins.left > 0,
    });
  }
}

function place(
  canvas: HTMLCanvasElement,
  { left, top }: Margins,
  width: number,
  height: number,
  ratio: number,
): void {
  const { style } = canvas;
  style.left = `${left}px`;
  style.top = `${top}px`;
  style.width = `${width}px`;
  style.height = `${height}px`;
  const columns = Math.max(1, Math.round(width * ratio));
  const rows = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
}
