// What the viewer asks for and gets: one watch, one preview at a time, the next one after the last has been drawn.

import { signal, type Signal } from '@preact/signals-core';
import type { NoPreview, Preview, Request, Watch } from '../../protocol';
import { unpack } from './decode';
import type { Picture } from './previews';

/** A page asks again after a frame without a preview, but not at once. */
const AFTER_NOTHING_MS = 250;
const CALM_MS = 250;

export interface WatchingHost {
  readonly send: (request: Request) => boolean;
  /** Calls before the next picture of the screen; not at all while the page is hidden. */
  readonly beforeDrawing: (call: () => void) => void;
  readonly after: (ms: number, call: () => void) => void;
  readonly now: () => number;
  /** A hidden page asks for nothing; {@link Watching.wake} goes on. */
  readonly isHidden: () => boolean;
  /** Least time between two pictures. */
  readonly leastMs: () => number;
}

/** What the footer says of the stream and the picture. */
export interface Shares {
  readonly shown: number;
  readonly notShown: number;
}

export class Watching {
  /** What is drawn; it changes as often as the credit allows, always within an animation frame. */
  readonly picture: Signal<Picture | undefined> = signal(undefined);
  /** The same for figures: four times a second while live, at once when paused. */
  readonly calm: Signal<Picture | undefined> = signal(undefined);
  /** Why there is nothing to draw. */
  readonly nothing: Signal<NoPreview | undefined> = signal(undefined);
  readonly shares: Signal<Shares> = signal({ shown: 0, notShown: 0 });
  private watch: Watch | undefined;
  private isOutstanding = false;
  /** The watch has changed after the credit was given: the answer may still be to the earlier one. */
  private isAmbiguous = false;
  private header: Preview | undefined;
  private calmedAt = 0;
  private drawnAt = 0;
  private recent: { at: number; shown: number; notShown: number }[] = [];

  constructor(private readonly host: WatchingHost) {}

  /** Another thing to look at. The picture stays until the next one comes, unless it is of another channel or view. */
  want(watch: Watch | undefined): void {
    const before = this.watch;
    if (JSON.stringify(before) === JSON.stringify(watch)) return;
    this.watch = watch;
    this.isAmbiguous = this.isOutstanding;
    if (watch === undefined) {
      this.clear();
      return;
    }
    if (before?.channel !== watch.channel || before.view !== watch.view) this.clear();
    this.nothing.value = undefined;
    this.calmedAt = 0;
    this.host.send(watch);
    this.ask();
  }

  /** The link is new: nothing is outstanding, and the gateway knows no watch. */
  restart(): void {
    this.answered();
    this.header = undefined;
    if (this.watch === undefined) return;
    this.host.send(this.watch);
    this.ask();
  }

  /** The page is seen again. */
  wake(): void {
    if (this.watch?.frame === undefined || this.picture.peek() === undefined) this.ask();
  }

  take(message: Preview | NoPreview): void {
    if (message.op === 'preview') {
      this.header = message;
      return;
    }
    const isAmbiguous = this.answered();
    if (message.channel !== this.watch?.channel) {
      this.ask();
      return;
    }
    this.nothing.value = message;
    this.count(message.notShown ?? 0);
    // It may be the answer to the watch of now, and then nothing more comes until there is another frame: it is shown.
    if (isAmbiguous) this.ask();
    else if (this.watch.frame === undefined) this.host.after(AFTER_NOTHING_MS, () => this.ask());
  }

  /** The binary message after `preview`. */
  takeBytes(record: ArrayBuffer): void {
    const about = this.header;
    this.header = undefined;
    if (about === undefined) return;
    const isAmbiguous = this.answered();
    if (about.channel !== this.watch?.channel || about.view !== this.watch.view) {
      this.ask();
      return;
    }
    const picture = { about, numbers: unpack(record, about.packing) };
    this.host.beforeDrawing(() => this.show(picture, isAmbiguous));
  }

  /** Figures at rest: called four times a second. */
  refresh(): void {
    // The last picture of a stream that has stopped.
    if (this.calm.peek() !== this.picture.peek()) {
      this.calmedAt = this.host.now();
      this.calm.value = this.picture.peek();
    }
    const since = this.host.now() - 1000;
    this.recent = this.recent.filter(({ at }) => at > since);
    const sum = (of: 'shown' | 'notShown'): number => this.recent.reduce((all, one) => all + one[of], 0);
    this.shares.value = { shown: sum('shown'), notShown: sum('notShown') };
  }

  private show(picture: Picture, isAmbiguous: boolean): void {
    const { watch } = this;
    const { about } = picture;
    if (watch?.channel === about.channel && watch.view === about.view) {
      const now = this.host.now();
      this.count(about.notShown);
      this.drawnAt = now;
      this.nothing.value = undefined;
      this.picture.value = picture;
      if (watch.frame !== undefined || now - this.calmedAt >= CALM_MS - 10) {
        this.calmedAt = now;
        this.calm.value = picture;
      }
      if (watch.frame === about.number && !isAmbiguous) return;
    }
    const wait = this.drawnAt + this.host.leastMs() - this.host.now();
    if (wait > 0) this.host.after(wait, () => this.ask());
    else this.ask();
  }

  private ask(): void {
    if (this.isOutstanding || this.watch === undefined || this.host.isHidden()) return;
    this.isOutstanding = this.host.send({ op: 'next', id: this.watch.id });
  }

  private answered(): boolean {
    const { isAmbiguous } = this;
    this.isOutstanding = false;
    this.isAmbiguous = false;
    return isAmbiguous;
  }

  private count(notShown: number): void {
    this.recent.push({ at: this.host.now(), shown: 1, notShown });
  }

  private clear(): void {
    this.picture.value = undefined;
    this.calm.value = undefined;
    this.nothing.value = undefined;
    this.recent = [];
  }
}
