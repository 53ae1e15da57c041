// All state of the page, and what can be done with it. No DOM; the browser comes in through `Browser`.

import {
  batch,
  computed,
  effect,
  signal,
  untracked,
  type ReadonlySignal,
  type Signal,
} from '@preact/signals-core';
import type { View } from '../../interpretation';
import type { ChannelStatus, Hello, History, Message, Play, Status } from '../../protocol';
import type { Browser, Canvas } from './browser';
import { Channels, type Sorting } from './channels';
import { Connection } from './connection';
import { RateHistory } from './history';
import { Overview, OVERVIEW_ID } from './overview';
import { Pausing } from './pausing';
import { PreviewRing } from './previews';
import { Selection } from './selection';
import { emptyState, linkBanner, stallBanner, statusLine, type Banner, type Situation } from './states';
import { Watching } from './watching';
import { overviewWatchOf, watchOf } from './watches';
import { WholeFrames } from './whole-frames';

export type Theme = 'dark' | 'light';

const REDUCED_MS = 250;
const DEFAULT_SPAN_SECONDS = 300;

export class App {
  readonly channels = new Channels();
  readonly history = new RateHistory();
  readonly historyVersion = signal(0);
  readonly hello: Signal<Hello | undefined> = signal(undefined);
  readonly status: Signal<Status | undefined> = signal(undefined);
  /** By the gateway's clock; advances four times a second. */
  readonly now = signal(0);
  readonly localNow = signal(0);
  /** Changes once a second: summaries in words are not made more often. */
  readonly second = computed(() => Math.floor(this.localNow.value / 1000));
  readonly span = signal(DEFAULT_SPAN_SECONDS);
  readonly isLogarithmic = signal(false);
  readonly sorting: Signal<Sorting> = signal({ key: 'channel', isDescending: false });
  readonly filter = signal('');
  readonly errorsOf: Signal<number | undefined> = signal(undefined);
  readonly notice: Signal<Banner | undefined> = signal(undefined);
  readonly cursor: Signal<readonly [number, number] | undefined> = signal(undefined);
  readonly canvas: Signal<Canvas> = signal({ columns: 1000, window: undefined, overview: 0 });
  readonly ring = new PreviewRing();
  readonly connection: Connection;
  readonly watching: Watching;
  readonly overview: Overview;
  readonly pausing: Pausing;
  readonly selection: Selection;
  readonly wholes: WholeFrames;
  /** Channel whose figures are in the viewer. */
  readonly current: ReadonlySignal<ChannelStatus | undefined>;
  readonly situation: ReadonlySignal<Situation>;
  private clockOffset = 0;
  /** Since the last point of the history. */
  private hasLostLink = false;

  constructor(private readonly browser: Browser) {
    const { around } = browser;
    this.connection = new Connection(around, {
      opened: () => this.opened(),
      message: (message) => batch(() => this.take(message)),
      bytes: (bytes) => {
        if (!this.overview.takeBytes(bytes)) this.watching.takeBytes(bytes);
      },
      closed: () => undefined,
    });
    const send = this.connection.send.bind(this.connection);
    this.watching = new Watching({
      send,
      beforeDrawing: browser.beforeDrawing,
      after: (ms, call) => void around.setTimeout(call, ms),
      now: around.now,
      isHidden: browser.isHidden,
      leastMs: () => (browser.wantsLessMotion() ? REDUCED_MS : 0),
    });
    this.overview = new Overview({ send, now: around.now, isHidden: browser.isHidden });
    this.pausing = new Pausing(send);
    this.wholes = new WholeFrames(around.fetch);
    this.selection = new Selection({
      channels: this.channels,
      memory: browser.memory,
      address: () => this.hello.peek()?.source.address ?? '',
      fragment: browser.fragment,
      writeFragment: browser.writeFragment,
      notice: (title) => this.warn(title, ''),
    });
    this.current = computed(() => {
      const channel = this.selection.channel.value;
      return channel === undefined ? undefined : this.channels.all.value.get(channel);
    });
    this.situation = computed(() => ({
      connection: this.connection.state.value,
      hello: this.hello.value,
      status: this.status.value,
      channel: this.current.value,
      reading: this.selection.settings.value?.reading,
      nothing: this.watching.nothing.value,
      hasPicture: this.watching.calm.value !== undefined,
      isPaused: this.pausing.paused.value !== undefined,
      now: this.now.value,
      localNow: this.localNow.value,
    }));
  }

  readonly statusLine = computed(() => statusLine(this.situation.value));
  readonly linkBanner = computed(() => linkBanner(this.situation.value));
  readonly banner = computed(
    () => this.linkBanner.value ?? this.notice.value ?? stallBanner(this.situation.value),
  );
  /** Frames come: their rates are of now. */
  readonly isFlowing = computed(
    () => this.connection.state.value.name === 'open' && this.status.value?.link === 'streaming',
  );
  readonly empty = computed(() => emptyState(this.situation.value));
  /** The picture is not of now: its data are dimmed. */
  readonly isDimmed = computed(
    () => (this.linkBanner.value ?? stallBanner(this.situation.value)) !== undefined,
  );

  start(): void {
    this.selection.theme = this.selection.readLink();
    this.connection.start();
    effect(() => {
      const wanted = this.wanted.value;
      const watch = watchOf(wanted);
      untracked(() => {
        if (watch !== undefined) this.watching.want(watch);
        this.overview.want(overviewWatchOf(wanted));
      });
    });
    effect(() => {
      const picture = this.watching.picture.value;
      if (picture?.about.view === 'wave' && this.pausing.paused.peek() === undefined) this.ring.push(picture);
    });
  }

  /** Four times a second. */
  tick(): void {
    const local = this.browser.around.now();
    batch(() => {
      this.localNow.value = local;
      this.now.value = local + this.clockOffset;
      this.watching.refresh();
      this.overview.refresh();
    });
  }

  warn(title: string, text: string): void {
    this.notice.value = { tone: 'warn', title, text, action: 'close' };
  }

  select(channel: number): void {
    batch(() => {
      this.pausing.live();
      this.notice.value = undefined;
      this.resetCanvas();
      this.selection.select(channel);
    });
  }

  show(view: View): void {
    if (this.selection.settings.value?.view === view) return;
    batch(() => {
      this.resetCanvas();
      this.selection.change({ view });
    });
  }

  /** Pauses, or goes live; a file is stopped, or played on. */
  togglePause(): void {
    const { file } = this.status.value ?? {};
    const isPaused = this.pausing.paused.value !== undefined;
    if (file !== undefined && !isPaused) this.play({ playing: !file.playing });
    else if (isPaused) this.live();
    else this.pause();
  }

  /** @param number frame to be shown. */
  pause(number?: number, steps = 0): void {
    const channel = this.selection.channel.value;
    if (channel === undefined) return;
    const shown = number ?? this.watching.picture.value?.about.number;
    if (this.status.value?.file?.playing === true) this.play({ playing: false });
    this.pausing.pause(channel, this.current.value?.frames ?? 0, shown, steps);
  }

  live(): void {
    this.notice.value = undefined;
    this.pausing.live();
  }

  step(by: number): void {
    this.notice.value = undefined;
    if (this.pausing.paused.value === undefined) this.pause(undefined, by);
    else this.pausing.step(by);
  }

  play(play: Omit<Play, 'op'>): void {
    this.connection.send({ op: 'play', ...play });
  }

  setSpan(seconds: number): void {
    this.span.value = seconds;
    void this.loadHistory();
  }

  /** A part of the waveform; all of it when that is what it comes to. */
  showWindow(from: number, to: number, samples: number): void {
    const first = Math.max(0, Math.min(from, samples - 2));
    const last = Math.min(samples, Math.max(to, first + 2));
    const isAll = first === 0 && last === samples;
    this.canvas.value = { ...this.canvas.value, window: isAll ? undefined : [first, last] };
  }

  private resetCanvas(): void {
    this.cursor.value = undefined;
    this.canvas.value = { ...this.canvas.value, window: undefined };
  }

  private readonly wanted = computed(() => ({
    channel: this.selection.channel.value,
    settings: this.selection.settings.value,
    paused: this.pausing.paused.value,
    canvas: this.canvas.value,
  }));

  private opened(): void {
    this.watching.restart();
    this.overview.restart();
    this.pausing.restart();
    void this.loadHistory();
  }

  private async loadHistory(): Promise<void> {
    try {
      const response = await this.browser.around.fetch(`/history?seconds=${this.span.value}`);
      if (!response.ok) return;
      const { points } = (await response.json()) as History;
      this.history.load(points);
      this.historyVersion.value += 1;
    } catch {
      // The link has gone again; the next one asks anew.
    }
  }

  private take(message: Message): void {
    switch (message.op) {
      case 'hello':
        this.clockOffset = message.now - this.browser.around.now();
        this.hello.value = message;
        return;
      case 'status':
        this.clockOffset = message.now - this.browser.around.now();
        this.status.value = message;
        this.hasLostLink ||= message.link === 'lost';
        this.channels.update(message.channels, message.channelCount);
        this.selection.choose();
        return;
      case 'second':
        // The gateway looks at the link once a second; a shorter loss is known from the status.
        this.history.push({ ...message, link: message.link && !this.hasLostLink });
        this.hasLostLink = false;
        this.historyVersion.value += 1;
        return;
      case 'preview':
      case 'no-preview':
        (message.id === OVERVIEW_ID ? this.overview : this.watching).take(message);
        return;
      case 'held':
        this.pausing.held(message);
        return;
      case 'error':
        this.warn('The gateway refused a request.', message.message);
        return;
      case 'frames':
        return;
    }
  }
}
