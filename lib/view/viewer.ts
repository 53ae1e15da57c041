// One browser: what it has asked for, and what it is sent. Bounded, whatever it does.

import type { WebSocket } from 'ws';
import { monotonicMs } from '../async/clock';
import type { Frame } from '../stream/frame';
import type { Hub } from './hub';
import type { Answer, Previews } from './previews/previews';
import { CLOSE, type HistoryPoint, type Message, type Play, type Request, type Watch } from './protocol';
import { BadRequest, parseRequest } from './requests';
import { infoOf, type Kept } from './ring';
import { Subscription } from './subscription';

/** Status is left out while so many bytes wait for the browser. */
const CROWDED_BYTES = 256 * 1024;
/** A browser that lets so many bytes wait is sent away. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const MAX_REQUESTS_A_SECOND = 500;

/** A watch and the credit of its page. */
interface Watching {
  readonly watch: Watch;
  wantsNext: boolean;
  isMaking: boolean;
  /** The newest frame that it was shown; 0: none. */
  shown: number;
  /** Nothing has been shown as this watch wants it: the frame that was shown before will do. */
  isNew: boolean;
}

/** What a viewer needs of the server. */
export interface ViewerHost {
  readonly hub: Hub;
  readonly previews: Previews;
  /** Whether a program may hold the stream back. */
  readonly mayHoldBack: boolean;
  /** A watch waits for a frame, or for its turn. */
  wanted(): void;
  play(request: Play): void;
  /** Payload bytes that one more pause may keep. */
  readonly holdableBytes: number;
}

export class Viewer {
  /** Frames that this browser's pause keeps, by channel and number. */
  private held: readonly Kept[] = [];
  private readonly watches = new Map<number, Watching>();
  private readonly subscriptions = new Map<number, Subscription>();
  /** What it was told of each channel. */
  private readonly told = new Map<number, string>();
  private requests = 0;
  private countedSince = 0;
  isAlive = true;

  constructor(
    private readonly socket: WebSocket,
    private readonly host: ViewerHost,
  ) {
    socket.on('message', (data, isBinary) => {
      this.isAlive = true;
      if (isBinary) this.close(CLOSE.policy, 'this protocol has no binary requests');
      else this.take((data as Buffer).toString());
    });
    socket.on('pong', () => (this.isAlive = true));
    socket.on('close', () => this.end());
    socket.on('error', () => undefined);
  }

  get hasSubscriptions(): boolean {
    return this.subscriptions.size > 0;
  }

  /** Bytes of held frames, which are kept for this browser alone. */
  get heldBytes(): number {
    return this.held.reduce((sum, { frame }) => sum + frame.size, 0);
  }

  heldFrame(channel: number, number: number): Kept | undefined {
    return this.held.find((kept) => kept.frame.channel === channel && kept.number === number);
  }

  /** Whether a watch waits for a newer frame of this channel. */
  wantsFrameOf(channel: number): boolean {
    for (const { watch, wantsNext, isMaking } of this.watches.values()) {
      if (wantsNext && !isMaking && watch.channel === channel) return true;
    }
    return false;
  }

  /** A frame for the subscriptions. */
  offer(frame: Frame): Promise<void> | undefined {
    let waiting: Promise<void> | undefined;
    for (const subscription of this.subscriptions.values()) {
      const held = subscription.offer(frame);
      if (held !== undefined)
        waiting = waiting === undefined ? held : Promise.all([waiting, held]).then(() => undefined);
    }
    return waiting;
  }

  /** Answers the watches that wait and can be answered. */
  serve(): void {
    for (const [id, watching] of this.watches) {
      if (watching.wantsNext && !watching.isMaking) this.serveOne(id, watching);
    }
  }

  tell(message: Message): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(JSON.stringify(message));
    if (this.socket.bufferedAmount > MAX_WAITING_BYTES) this.socket.terminate();
  }

  /** Figures that the next ones take the place of: left out while the browser is behind. */
  tellStatus(point: HistoryPoint | undefined): void {
    if (this.socket.bufferedAmount > CROWDED_BYTES) return;
    const { hub } = this.host;
    this.tell({ op: 'status', ...hub.status(), channels: hub.changed(this.told) });
    if (point !== undefined) this.tell({ op: 'second', ...point });
  }

  ping(): void {
    this.isAlive = false;
    this.socket.ping();
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  private take(text: string): void {
    const now = monotonicMs();
    if (now - this.countedSince > 1000) {
      this.countedSince = now;
      this.requests = 0;
    }
    this.requests += 1;
    if (this.requests > MAX_REQUESTS_A_SECOND) {
      if (this.requests === MAX_REQUESTS_A_SECOND + 1) {
        this.close(CLOSE.policy, `more than ${MAX_REQUESTS_A_SECOND} requests a second`);
        // One that goes on without reading the answer.
        this.socket.removeAllListeners('message');
        this.socket.pause();
        this.socket.terminate();
      }
      return;
    }
    try {
      this.act(parseRequest(text));
    } catch (err) {
      if (!(err instanceof BadRequest)) throw err;
      this.refuse(err.message, err.id);
    }
  }

  private refuse(message: string, id?: number): void {
    this.tell({ op: 'error', ...(id === undefined ? {} : { id }), message });
  }

  private act(request: Request): void {
    switch (request.op) {
      case 'watch': {
        this.watch(request);
        return;
      }
      case 'next': {
        this.next(request.id);
        return;
      }
      case 'unwatch':
        this.watches.delete(request.id);
        this.unsubscribe(request.id);
        return;
      case 'hold': {
        this.hold(request.channel);
        return;
      }
      case 'live': {
        this.letGo();
        return;
      }
      case 'subscribe':
        if (request.mode === 'all' && !this.host.mayHoldBack) {
          const text =
            "mode 'all' holds the stream back while this page is slow; the gateway must be started with";
          this.refuse(`${text} --hold-back (holdBack: true)`, request.id);
          return;
        }
        this.unsubscribe(request.id);
        this.subscriptions.set(request.id, this.subscription(request));
        return;
      case 'credit':
        this.subscriptions.get(request.id)?.grant(request.bytes);
        return;
      case 'play': {
        this.host.play(request);
        return;
      }
    }
  }

  private watch(watch: Watch): void {
    const before = this.watches.get(watch.id);
    const wantsNext = before?.wantsNext ?? false;
    const shown = before?.watch.channel === watch.channel ? before.shown : 0;
    this.watches.set(watch.id, { watch, wantsNext, isMaking: false, shown, isNew: true });
    if (wantsNext) this.host.wanted();
  }

  private next(id: number): void {
    const watching = this.watches.get(id);
    if (watching === undefined) {
      this.refuse('there is no watch of this id: send watch before next', id);
      return;
    }
    watching.wantsNext = true;
    this.host.wanted();
  }

  private serveOne(id: number, watching: Watching): void {
    const { watch } = watching;
    const channel = this.host.hub.channel(watch.channel);
    const isLive = watch.frame === undefined;
    const kept = isLive ? channel?.ring.newest : this.keptFrame(watch.channel, watch.frame);
    if (kept === undefined) {
      // A live watch waits for the first frame.
      if (isLive) return;
      watching.wantsNext = false;
      this.tell({ op: 'no-preview', id, channel: watch.channel, reason: 'gone', number: watch.frame });
      return;
    }
    if (isLive && !watching.isNew && kept.number <= watching.shown) return;
    const answer = this.host.previews.of(kept, watch);
    if (!(answer instanceof Promise)) {
      this.answer(id, watching, kept, answer);
      return;
    }
    watching.isMaking = true;
    void answer.then((made) => {
      watching.isMaking = false;
      // Another watch may have taken its place meanwhile, and the credit with it.
      if (this.watches.get(id) === watching) this.answer(id, watching, kept, made);
    });
  }

  private answer(id: number, watching: Watching, kept: Kept, answer: Answer): void {
    const channel = this.host.hub.channel(watching.watch.channel);
    const isLive = watching.watch.frame === undefined;
    const notShown = isLive && watching.shown > 0 ? Math.max(0, kept.number - watching.shown - 1) : 0;
    const more = { id, notShown, kept: channel?.ring.length ?? 0 };
    watching.wantsNext = false;
    watching.isNew = false;
    if (isLive) watching.shown = kept.number;
    if (answer.preview === undefined) {
      this.tell({ op: 'no-preview', ...answer.none, ...more });
      return;
    }
    this.tell({ op: 'preview', ...answer.preview, ...more });
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(answer.record);
  }

  private keptFrame(channel: number, number: number): Kept | undefined {
    return this.heldFrame(channel, number) ?? this.host.hub.channel(channel)?.ring.get(number);
  }

  private hold(channel: number): void {
    this.letGo();
    const all = this.host.hub.channel(channel)?.ring.all() ?? [];
    this.held = newestWithin(all, this.host.holdableBytes);
    for (const { frame } of this.held) frame.retain();
    this.tell({ op: 'held', channel, frames: this.held.map(infoOf) });
  }

  private letGo(): void {
    for (const { frame } of this.held) frame.release();
    this.held = [];
  }

  private subscription(request: Extract<Request, { op: 'subscribe' }>): Subscription {
    return new Subscription(request, (message, pieces, sent) => {
      this.tell(message);
      const { socket } = this;
      if (socket.readyState !== socket.OPEN) {
        sent();
        return;
      }
      pieces.forEach((piece, i) => {
        const isLast = i === pieces.length - 1;
        socket.send(piece, { binary: true, fin: isLast }, isLast ? () => sent() : undefined);
      });
    });
  }

  private unsubscribe(id: number): void {
    this.subscriptions.get(id)?.end();
    this.subscriptions.delete(id);
  }

  private end(): void {
    this.letGo();
    this.watches.clear();
    for (const id of [...this.subscriptions.keys()]) this.unsubscribe(id);
  }
}

/** The newest of them, as many as fit, and one whatever its size. */
function newestWithin(all: readonly Kept[], bytes: number): Kept[] {
  let first = all.length;
  let sum = 0;
  while (first > 0 && (first === all.length || sum + all[first - 1]!.frame.size <= bytes)) {
    first -= 1;
    sum += all[first]!.frame.size;
  }
  return all.slice(first);
}
