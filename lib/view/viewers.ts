// All browsers: when their previews are made, and when they are told the figures.

import type { WebSocket } from 'ws';
import { clearTimeout, monotonicMs, setImmediate, setTimeout } from '../async/clock';
import type { Frame } from '../stream/frame';
import { LARGE_EVERY_MS } from './channel';
import { guarded } from './guard';
import type { Hub } from './hub';
import { Previews } from './previews/previews';
import { CLOSE, type HistoryPoint, type Message, type Play } from './protocol';
import type { Kept } from './ring';
import { Viewer, type ViewerHost } from './viewer';

/** Previews take at most 1/SHARE of this thread's time. Those of very large frames pause between their turns instead. */
const SHARE = 25;
const MIN_INTERVAL_MS = 10;
/** A browser that has not answered a ping by the next one is gone. */
const PING_TICKS = 80;

export class Viewers implements ViewerHost {
  readonly previews = new Previews();
  private readonly viewers = new Set<Viewer>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isScheduled = false;
  private isClosed = false;
  /** No previews before, as `monotonicMs`. */
  private notBefore = 0;
  private ticks = 0;
  /** Some browser wants whole frames. */
  hasSubscriptions = false;

  constructor(
    readonly hub: Hub,
    readonly mayHoldBack: boolean,
    private readonly maxHeldBytes: number,
    private readonly onPlay: (request: Play) => void,
  ) {}

  get count(): number {
    return this.viewers.size;
  }

  get holdableBytes(): number {
    let held = 0;
    for (const viewer of this.viewers) held += viewer.heldBytes;
    return Math.max(0, this.maxHeldBytes - held);
  }

  get isAnyHeld(): boolean {
    return [...this.viewers].some((viewer) => viewer.heldBytes > 0);
  }

  add(socket: WebSocket): Viewer {
    const viewer = new Viewer(socket, this);
    this.viewers.add(viewer);
    this.hub.largeEveryMs = LARGE_EVERY_MS;
    socket.once('close', () => {
      this.viewers.delete(viewer);
      if (this.viewers.size === 0) this.hub.largeEveryMs = Infinity;
    });
    return viewer;
  }

  heldFrame(channel: number, number: number): Kept | undefined {
    for (const viewer of this.viewers) {
      const kept = viewer.heldFrame(channel, number);
      if (kept !== undefined) return kept;
    }
    return undefined;
  }

  offer(frame: Frame): Promise<void> | undefined {
    const waiting: Promise<void>[] = [];
    for (const viewer of this.viewers) viewer.offer(frame, waiting);
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
  }

  play(request: Play): void {
    this.onPlay(request);
  }

  /** A view waits: previews are made soon, and not in the way of the frames that are coming in now. */
  wanted(): void {
    if (this.isScheduled || this.isClosed) return;
    this.isScheduled = true;
    const waitMs = this.notBefore - monotonicMs();
    if (waitMs > 0) this.timer = setTimeout(this.serve, waitMs);
    else setImmediate(this.serve);
  }

  subscriptionsChanged(): void {
    this.hasSubscriptions = [...this.viewers].some((viewer) => viewer.hasSubscriptions);
  }

  /** Tells all browsers. */
  tell(message: Message): void {
    for (const viewer of this.viewers) viewer.tell(message);
  }

  /** Four times a second. */
  tick(point: HistoryPoint | undefined): void {
    this.ticks += 1;
    const isPing = this.ticks % PING_TICKS === 0;
    for (const viewer of this.viewers) {
      if (isPing) viewer.ping();
      guarded('the figures of the live page', () => viewer.tellStatus(point));
    }
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    for (const viewer of this.viewers) viewer.close(CLOSE.goingAway, 'the gateway is stopping');
  }

  terminate(): void {
    for (const viewer of this.viewers) viewer.terminate();
  }

  private readonly serve = (): void => {
    this.isScheduled = false;
    const started = monotonicMs();
    const cpuBefore = process.cpuUsage();
    for (const viewer of this.viewers) guarded('a preview', () => viewer.serve());
    const { user, system } = process.cpuUsage(cpuBefore);
    const ended = monotonicMs();
    // The smaller of both: other processes take time from this one, and other threads of it use the processor.
    const tookMs = Math.min(ended - started, (user + system) / 1000);
    this.notBefore = ended + Math.max(MIN_INTERVAL_MS, (SHARE - 1) * tookMs);
    for (const channel of this.hub.channels) channel.isWanted = false;
    for (const viewer of this.viewers) viewer.markWanted();
  };
}
