// The source, the peer that frames come from: whether it is connected, and for how long it was not. The source of a log
// is connected while one of the log's servers is.

import { LogLimit } from '../../log-limit';
import type { Peer } from './peer';
import { tell } from './run';
import { digits, grouped, timeText } from './text';

/** For {@link Source}: standard error, unless a live line there shows the same. */
export function sayUnlessLive(): ((text: string) => void) | undefined {
  return process.stderr.isTTY ? undefined : tell;
}

/** Counts the times without a connection to receive from, after the first one. */
export class Source {
  private connections = 0;
  private times = 0;
  private goneMs = 0;
  /** As `performance.now()`; undefined while it is there, and before it has come. */
  private goneSince: number | undefined;
  private hasEnded = false;
  private readonly lines: LogLimit | undefined;

  /** @param say is given a line when the source goes, and one when it is back. */
  constructor(
    private readonly peer: Peer,
    say?: (text: string) => void,
  ) {
    this.lines = say && new LogLimit(say);
    peer.on('connect', ({ direction }) => {
      if (direction === 'receive' && !this.hasEnded) this.onConnect();
    });
    peer.on('disconnect', ({ direction }) => {
      if (direction === 'receive' && !this.hasEnded) this.onDisconnect();
    });
  }

  /** Counts no more: what leaves from now on leaves because we do. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.goneMs += this.missing;
  }

  /** Whether its last peer has left, and the last frame of it has been taken. */
  get isGone(): boolean {
    return this.goneSince !== undefined;
  }

  /** `source gone for 12 s`; undefined while it is there, and before it has come. */
  get goneText(): string | undefined {
    if (this.goneSince === undefined) return undefined;
    const seconds = this.missing / 1000;
    return `source gone for ${seconds < 60 ? `${Math.floor(seconds)} s` : timeText(seconds)}`;
  }

  /** For the end: `the source was gone 2 times, 14.2 s in all`; undefined where it never was. */
  get summary(): string | undefined {
    if (this.times === 0) return undefined;
    const goneS = digits(this.goneMs / 1000);
    const often = this.times === 1 ? `once, ${goneS} s` : `${grouped(this.times)} times, ${goneS} s in all`;
    return `the source was gone ${often}${this.goneSince === undefined ? '' : ', and had not come back'}`;
  }

  /** Frames that it has sent here so far, whatever has become of them. */
  get frames(): number {
    const { framesReceived, undelivered } = this.peer.stats;
    return framesReceived + undelivered;
  }

  private get missing(): number {
    return this.goneSince === undefined ? 0 : performance.now() - this.goneSince;
  }

  private onConnect(): void {
    this.connections += 1;
    if (this.goneSince === undefined) return;
    const { missing } = this;
    this.goneMs += missing;
    this.goneSince = undefined;
    this.lines?.note(`the source is back after ${digits(missing / 1000)} s, ${timeOfDay()}`);
  }

  private onDisconnect(): void {
    this.connections -= 1;
    if (this.connections > 0) return;
    this.times += 1;
    this.goneSince = performance.now();
    this.lines?.note(`the source is gone, ${timeOfDay()}`);
  }
}

function timeOfDay(): string {
  return new Date().toISOString();
}
