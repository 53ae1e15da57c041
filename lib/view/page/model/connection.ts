// The WebSocket to the gateway: opened, and opened again with growing pauses.

import { signal, type ReadonlySignal } from '@preact/signals-core';
import { SOCKET_PATH, SUBPROTOCOL, type Message, type Request } from '../../protocol';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** The gateway sends its status four times a second; a link that is silent for this time is dead. */
const SILENCE_MS = 15_000;

export type ConnectionState =
  | { readonly name: 'connecting' }
  | { readonly name: 'open' }
  /** Closed; `next` is when the next attempt begins. */
  | { readonly name: 'closed'; readonly since: number; readonly next: number }
  | { readonly name: 'token'; readonly since: number; readonly next: number }
  | { readonly name: 'full'; readonly since: number; readonly next: number; readonly viewers: number };

/** What of a WebSocket is needed. */
export interface Socket {
  readonly send: (text: string) => void;
  /** No handler is called any more. */
  readonly close: () => void;
}

export interface SocketHandlers {
  readonly opened: () => void;
  readonly message: (data: unknown) => void;
  readonly closed: () => void;
}

/** What of an HTTP answer is needed. */
export interface Answer {
  readonly status: number;
  readonly ok: boolean;
  readonly json: () => Promise<unknown>;
  readonly arrayBuffer: () => Promise<ArrayBuffer>;
}

export interface Surroundings {
  readonly open: (url: string, subprotocol: string, handlers: SocketHandlers) => Socket;
  readonly fetch: (url: string) => Promise<Answer>;
  readonly now: () => number;
  readonly random: () => number;
  readonly setTimeout: (call: () => void, ms: number) => number;
  readonly clearTimeout: (timer: number) => void;
  /** Of the page: `http://daq-gw:8080`. */
  readonly origin: string;
}

export interface Listener {
  opened(): void;
  message(message: Message): void;
  bytes(bytes: ArrayBuffer): void;
  closed(): void;
}

/** Milliseconds to wait before the nth attempt: doubled each time up to 10 s, of which half is random. */
export function pauseBefore(attempt: number, random: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return longest * (0.5 + 0.5 * random);
}

export class Connection {
  readonly state: ReadonlySignal<ConnectionState>;
  private readonly current = signal<ConnectionState>({ name: 'connecting' });
  private socket: Socket | undefined;
  private attempt = 0;
  private since: number | undefined;
  private timer: number | undefined;
  private silence: number | undefined;

  constructor(
    private readonly around: Surroundings,
    private readonly listener: Listener,
  ) {
    this.state = this.current;
  }

  start(): void {
    this.stopTimer();
    this.drop();
    const url = `${this.around.origin.replace(/^http/, 'ws')}${SOCKET_PATH}`;
    let hasOpened = false;
    this.socket = this.around.open(url, SUBPROTOCOL, {
      opened: () => {
        hasOpened = true;
        this.attempt = 0;
        this.since = undefined;
        this.current.value = { name: 'open' };
        this.watchSilence();
        this.listener.opened();
      },
      message: (data) => {
        this.watchSilence();
        if (data instanceof ArrayBuffer) this.listener.bytes(data);
        else if (typeof data === 'string') this.listener.message(JSON.parse(data) as Message);
      },
      closed: () => this.lost(hasOpened),
    });
  }

  /** The page goes: no further attempt. */
  stop(): void {
    this.stopTimer();
    this.drop();
  }

  /** False when the link is not open. */
  send(request: Request): boolean {
    if (this.socket === undefined || this.current.peek().name !== 'open') return false;
    this.socket.send(JSON.stringify(request));
    return true;
  }

  private lost(hadOpened: boolean): void {
    this.drop();
    this.since ??= this.around.now();
    if (hadOpened) this.listener.closed();
    this.schedule();
    if (!hadOpened) void this.ask();
  }

  /** A browser does not tell why an upgrade was refused; a plain request gets the same answer. */
  private async ask(): Promise<void> {
    const refusal = await this.refusal();
    const state = this.current.value;
    if (state.name === 'open' || state.name === 'connecting') return;
    this.current.value = { ...refusal, since: state.since, next: state.next };
  }

  private async refusal(): Promise<
    { name: 'closed' } | { name: 'token' } | { name: 'full'; viewers: number }
  > {
    try {
      const response = await this.around.fetch(SOCKET_PATH);
      if (response.status === 401) return { name: 'token' };
      if (response.status !== 503) return { name: 'closed' };
      const body: unknown = await response.json();
      if (typeof body !== 'object' || body === null || !('viewers' in body)) return { name: 'closed' };
      return typeof body.viewers === 'number' ? { name: 'full', viewers: body.viewers } : { name: 'closed' };
    } catch {
      return { name: 'closed' };
    }
  }

  private schedule(): void {
    const pause = pauseBefore(this.attempt, this.around.random());
    this.attempt += 1;
    const now = this.around.now();
    const before = this.current.value;
    const timing = { since: this.since ?? now, next: now + pause };
    // A refusal stays on the page until an attempt has shown something else.
    if (before.name === 'token' || before.name === 'full') this.current.value = { ...before, ...timing };
    else this.current.value = { name: 'closed', ...timing };
    this.timer = this.around.setTimeout(() => this.start(), pause);
  }

  private watchSilence(): void {
    if (this.silence !== undefined) this.around.clearTimeout(this.silence);
    this.silence = this.around.setTimeout(() => this.lost(true), SILENCE_MS);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    if (this.silence !== undefined) this.around.clearTimeout(this.silence);
    this.silence = undefined;
    socket?.close();
  }

  private stopTimer(): void {
    if (this.timer !== undefined) this.around.clearTimeout(this.timer);
    this.timer = undefined;
  }
}
