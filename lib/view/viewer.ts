// One browser: what it has asked for, and what it is sent. Bounded, whatever it does.

import type { WebSocket } from 'ws';
import { monotonicMs, setTimeout } from '../async/clock';
import type { Frame } from '../stream/frame';
import { guarded, logFault } from './guard';
import type { Hub } from './hub';
import type { Answer, Previews } from './previews/previews';
import { CLOSE, type HistoryPoint, type Message, type Play, type Request, type Watch } from './protocol';
import { BadRequest, parseRequest } from './requests';
import { infoOf, type Kept } from './ring';
import { Subscription } from './subscription';

/** Status is left out while more bytes than this wait for the browser. */
const CROWDED_BYTES = 256 * 1024;
/** A browser that lets more bytes than this wait is disconnected. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const MAX_REQUESTS_A_SECOND = 500;
const GOODBYE_MS = 1_000;
/** Large frames go in fragments, so that a slow connection shows that it moves. */
const FRAGMENT_BYTES = 1024 * 1024;

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
  /** A subscription began or ended. */
  subscriptionsChanged(): void;
  /** Payload bytes that one more pause may keep. */
  readonly holdableBytes: number;
  readonly isAnyHeld: boolean;
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
  private isAlive = true;
  /** Of {@link bufferedBytes}, records of whole frames. */
  private framesWaiting = 0;
  /** At the last ping. */
  private bufferedBytes = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly host: ViewerHost,
  ) {
    socket.on('message', (data, isBinary) => {
      this.isAlive = true;
      if (isBinary) this.close(CLOSE.policy, 'this protocol has no binary requests');
      else guarded('a request of a page', () => this.take((data as Buffer).toString()));
    });
    socket.on('pong', () => (this.isAlive = true));
    socket.on('close', () => this.end());
    socket.on('error', () => undefined);
  }

  /** Bytes that wait for the browser, without the whole frames that it has given credit for. */
  private get waitingBytes(): number {
    return this.socket.bufferedAmount - this.framesWaiting;
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

  /** Marks the channels of which a watch waits for a newer frame. */
  markWanted(): void {
    for (const { watch, wantsNext, isMaking } of this.watches.values()) {
      const channel = this.host.hub.channel(watch.channel);
      if (wantsNext && !isMaking && channel !== undefined) channel.isWanted = true;
    }
  }

  /** A frame for the subscriptions; those that hold it back add their promise to `waiting`. */
  offer(frame: Frame, waiting: Promise<void>[]): void {
    for (const subscription of this.subscriptions.values()) {
      const held = subscription.offer(frame);
      if (held !== undefined) waiting.push(held);
    }
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
    if (this.waitingBytes > MAX_WAITING_BYTES) this.socket.terminate();
  }

  /** Figures that the next ones take the place of: left out while the browser is behind. */
  tellStatus(point: HistoryPoint | undefined): void {
    if (this.waitingBytes > CROWDED_BYTES) return;
    const { hub } = this.host;
    this.tell({ op: 'status', ...hub.status(), channels: hub.changed(this.told) });
    if (point !== undefined) this.tell({ op: 'second', ...point });
  }

  /** Asks whether the browser is still there. One that has neither answered the last time nor taken a byte is gone. */
  ping(): void {
    const { bufferedAmount } = this.socket;
    if (!this.isAlive && bufferedAmount >= this.bufferedBytes) {
      this.socket.terminate();
      return;
    }
    this.isAlive = false;
    this.bufferedBytes = bufferedAmount;
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
      this.close(CLOSE.policy, `more than ${MAX_REQUESTS_A_SECOND} requests a second`);
      // Nothing more is read; one that does not read the close code either is cut off.
      this.socket.pause();
      setTimeout(() => this.socket.terminate(), GOODBYE_MS).unref();
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
        this.host.subscriptionsChanged();
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
    if (answer === undefined) return;
    if (!(answer instanceof Promise)) {
      this.answer(id, watching, kept, answer);
      return;
    }
    watching.isMaking = true;
    answer
      .then((made) => {
        watching.isMaking = false;
        // Another watch may have taken its place meanwhile, and the credit with it.
        if (this.watches.get(id) === watching) this.answer(id, watching, kept, made);
        // Others may have waited until this was made.
        this.host.wanted();
      })
      .catch((err: unknown) => logFault('a preview', err));
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
    // Alone, it may hold the newest whatever its size, as that is kept whatever its size.
    const newest = this.host.isAnyHeld ? 0 : (all.at(-1)?.frame.size ?? 0);
    this.held = newestWithin(all, Math.max(newest, this.host.holdableBytes));
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
      const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
      this.framesWaiting += bytes;
      const fragments = pieces.flatMap(fragmentsOf);
      fragments.forEach((fragment, i) => {
        const isLast = i === fragments.length - 1;
        const done = (): void => {
          this.framesWaiting -= bytes;
          sent();
        };
        socket.send(fragment, { binary: true, fin: isLast }, isLast ? done : undefined);
      });
    });
  }

  private unsubscribe(id: number): void {
    this.subscriptions.get(id)?.end();
    if (this.subscriptions.delete(id)) this.host.subscriptionsChanged();
  }

  private end(): void {
    this.letGo();
    this.watches.clear();
    for (const id of [...this.subscriptions.keys()]) this.unsubscribe(id);
  }
}

function fragmentsOf(piece: Buffer): Buffer[] {
  const fragments: Buffer[] = [];
  for (let at = 0; at < piece.length; at += FRAGMENT_BYTES)
    fragments.push(piece.subarray(at, at + FRAGMENT_BYTES));
  return fragments;
}

/** The newest of them, as many as fit. */
function newestWithin(all: readonly Kept[], bytes: number): Kept[] {
  let first = all.length;
  let sum = 0;
  while (first > 0 && sum + all[first - 1]!.frame.size <= bytes) {
    first -= 1;
    sum += all[first]!.frame.size;
  }
  return all.slice(first);
}
