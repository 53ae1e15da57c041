// The frames of a gateway, for `for await`.

import { HEADER_BYTES } from '../utilities/fileio/record.js';
import { SOCKET_PATH, SUBPROTOCOL, type Message, type Request } from '../view/protocol.js';
import type { Frame } from './frame.js';
import { framesOf } from './records.js';

/** How to {@link connect}. */
export interface ConnectOptions {
  /** These channels alone; default all. */
  readonly channels?: readonly number[];
  /**
   * `'latest'`: the newest frames that there is time for; the stream does not wait. `'all'`: each frame from now on, and
   * the source waits while this program is slow; the gateway must allow it (`holdBack`). Default `'latest'`.
   */
  readonly mode?: 'all' | 'latest';
  /** Ends the stream when it is aborted. */
  readonly signal?: AbortSignal;
}

/** Frames as they come; `break` ends it, and so does {@link close}. */
export interface FrameStream extends AsyncIterableIterator<Frame> {
  /** Whether the gateway is there now. */
  readonly connected: boolean;
  /** Frames left out so far, in mode `'latest'`. */
  readonly skipped: number;
  /** Ends it: the iteration is over after the frames that have come. */
  close(): void;
  next(): Promise<IteratorResult<Frame, undefined>>;
  return(): Promise<IteratorResult<Frame, undefined>>;
  [Symbol.asyncIterator](): this;
}

// Bytes on their way that this program has not taken.
const CREDIT = { all: 8 * 1024 * 1024, latest: 64 * 1024 } as const;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;

/**
 * Connects to a gateway (`rogue-bridge view`, or a `ViewServer`), and again whenever the connection is lost.
 *
 * ```ts
 * for await (const frame of connect('http://daq-host:8080', { channels: [3] })) {
 *   draw(frame.array(Uint16Array));
 * }
 * ```
 *
 * @param url of the page, with its `?token=` where it has one.
 * @throws {Error} in the iteration, when the gateway refuses: a token is missing, or mode `'all'` is not allowed.
 */
export function connect(url: string | URL, options: ConnectOptions = {}): FrameStream {
  return new Frames(new URL(url, location.href), options);
}

class Frames implements FrameStream {
  connected = false;
  skipped = 0;
  private readonly mode: 'all' | 'latest';
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waitMs = FIRST_WAIT_MS;
  private readonly waiting: Frame[] = [];
  /** Bytes taken for which no credit has been given back. */
  private owed = 0;
  private wakes: (() => void)[] = [];
  private failure: Error | undefined;
  private hasEnded = false;
  private readonly onAbort = (): void => this.close();

  constructor(
    private readonly url: URL,
    private readonly options: ConnectOptions,
  ) {
    this.mode = options.mode ?? 'latest';
    options.signal?.addEventListener('abort', this.onAbort);
    if (options.signal?.aborted === true) this.close();
    else this.open();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Frame, undefined>> {
    for (;;) {
      const frame = this.waiting.shift();
      if (frame !== undefined) {
        this.giveBack(HEADER_BYTES + frame.size);
        return { done: false, value: frame };
      }
      if (this.failure !== undefined) throw this.failure;
      if (this.hasEnded) return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.wakes.push(resolve));
    }
  }

  return(): Promise<IteratorResult<Frame, undefined>> {
    this.close();
    this.waiting.length = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  close(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.connected = false;
    clearTimeout(this.timer);
    this.options.signal?.removeEventListener('abort', this.onAbort);
    this.socket?.close();
    this.wake();
  }

  private open(): void {
    const socket = (this.socket = new WebSocket(this.gatewayUrl('ws'), SUBPROTOCOL));
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.connected = true;
      this.waitMs = FIRST_WAIT_MS;
      // What has come and was not taken counts as well: it is given back when it is taken.
      this.owed = 0;
      const { channels } = this.options;
      const credit = Math.max(1, CREDIT[this.mode] - this.waitingBytes);
      this.ask({
        op: 'subscribe',
        id: 0,
        mode: this.mode,
        credit,
        ...(channels === undefined ? {} : { channels }),
      });
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      try {
        this.take(data);
      } catch (err) {
        this.fail(new Error('the gateway sent what is no message', { cause: err }));
      }
    };
    socket.onclose = () => void this.onClose();
  }

  private take(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      this.waiting.push(...framesOf(data));
      this.wake();
      return;
    }
    const message = JSON.parse(data) as Message;
    if (message.op === 'frames') this.skipped += message.skipped;
    else if (message.op === 'error') this.fail(new Error(message.message));
  }

  /** A page cannot see why it was refused, so it asks once more without the upgrade. */
  private async onClose(): Promise<void> {
    const wasConnected = this.connected;
    this.connected = false;
    if (this.hasEnded) return;
    const isRefused = !wasConnected && (await this.isRefused());
    // It may have been closed meanwhile.
    if (this.isOver()) return;
    if (isRefused) {
      this.fail(new Error('the gateway refuses: it needs a token, the one in the address that it printed'));
      return;
    }
    // Many browsers would otherwise come back at the same moment.
    this.timer = setTimeout(() => this.open(), this.waitMs * (0.5 + Math.random()));
    this.waitMs = Math.min(2 * this.waitMs, LONGEST_WAIT_MS);
  }

  private async isRefused(): Promise<boolean> {
    return fetch(this.gatewayUrl('http')).then(
      ({ status }) => status === 401 || status === 403,
      () => false,
    );
  }

  /** Where the WebSocket is, for either protocol; encrypted if the page is. */
  private gatewayUrl(protocol: 'ws' | 'http'): URL {
    const url = new URL(SOCKET_PATH, this.url);
    url.protocol = /^(https|wss):$/.test(this.url.protocol) ? `${protocol}s:` : `${protocol}:`;
    const token = this.url.searchParams.get('token');
    if (token !== null) url.searchParams.set('token', token);
    return url;
  }

  private isOver(): boolean {
    return this.hasEnded;
  }

  private fail(failure: Error): void {
    this.failure = failure;
    this.close();
  }

  /** All calls of `next()` look again. */
  private wake(): void {
    for (const wake of this.wakes.splice(0)) wake();
  }

  private get waitingBytes(): number {
    return this.waiting.reduce((sum, { size }) => sum + HEADER_BYTES + size, 0);
  }

  private giveBack(bytes: number): void {
    this.owed += bytes;
    if (!this.connected) return;
    // Not for each frame: the gateway takes 500 requests a second. More than three quarters are left meanwhile.
    if (this.owed < CREDIT[this.mode] / 4) return;
    this.ask({ op: 'credit', id: 0, bytes: this.owed });
    this.owed = 0;
  }

  private ask(request: Request): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(request));
  }
}
