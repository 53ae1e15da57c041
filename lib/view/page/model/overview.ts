// The whole waveform below a part that is zoomed into: a second watch, answered at most once a second.

import { signal, type Signal } from '@preact/signals-core';
import type { NoPreview, Preview, Request, Watch } from '../../protocol';
import { unpack } from './decode';
import type { Picture } from './previews';

/** The viewer's own watch has 0. */
export const OVERVIEW_ID = 1;
const LEAST_MS = 1000;

export interface OverviewHost {
  readonly send: (request: Request) => boolean;
  readonly now: () => number;
  readonly isHidden: () => boolean;
}

export class Overview {
  /** The last preview of the whole frame; undefined while all is shown anyway. */
  readonly picture: Signal<Picture | undefined> = signal(undefined);
  private watch: Watch | undefined;
  private header: Preview | undefined;
  private isOutstanding = false;
  private askedAt = -Infinity;
  /** The frame is one that is kept, and has been answered. */
  private isDone = false;

  constructor(private readonly host: OverviewHost) {}

  want(watch: Watch | undefined): void {
    const before = this.watch;
    if (JSON.stringify(before) === JSON.stringify(watch)) return;
    this.watch = watch;
    this.isDone = false;
    if (watch === undefined || watch.channel !== before?.channel) this.picture.value = undefined;
    if (watch !== undefined) {
      this.host.send(watch);
      this.refresh();
      return;
    }
    // The credit goes with the watch.
    this.isOutstanding = false;
    this.host.send({ op: 'unwatch', id: OVERVIEW_ID });
  }

  /** The link is new: the gateway knows no watch. */
  restart(): void {
    this.isOutstanding = false;
    this.header = undefined;
    if (this.watch !== undefined) this.host.send(this.watch);
  }

  /** Four times a second. */
  refresh(): void {
    const now = this.host.now();
    const isTime = now - this.askedAt >= LEAST_MS;
    if (!isTime || this.watch === undefined || this.isDone || this.isOutstanding || this.host.isHidden())
      return;
    this.isOutstanding = this.host.send({ op: 'next', id: OVERVIEW_ID });
    if (this.isOutstanding) this.askedAt = now;
  }

  take(message: Preview | NoPreview): void {
    if (message.op === 'preview') this.header = message;
    else this.answered(message.number);
  }

  /** The binary message after `preview`. @returns whether it was for the overview. */
  takeBytes(record: ArrayBuffer): boolean {
    const about = this.header;
    if (about === undefined) return false;
    this.header = undefined;
    this.answered(about.number);
    const { watch } = this;
    if (watch?.channel === about.channel && watch.view === about.view)
      this.picture.value = { about, numbers: unpack(record, about.packing) };
    return true;
  }

  private answered(number: number | undefined): void {
    this.isOutstanding = false;
    // The answer may have been to an earlier watch.
    this.isDone = this.watch?.frame !== undefined && this.watch.frame === number;
  }
}
