// The end of a recording that nothing comes for any more.

import { nextTurn } from '../../async/clock';
import type { Frame } from '../../index';
import { pause } from '../support/pause';

type Take = (frame: Frame) => Promise<void> | undefined;

/** Notices that no frame has come for too long. While one waits for the disk, the source is not silent, but held back. */
export class Stall {
  private readonly ms: number;
  private lastAt = 0;
  private isHeld = false;

  /** @param seconds how long is too long. */
  constructor(seconds: number) {
    this.ms = seconds * 1000;
  }

  /** `take`, which is given the frames, and whose promises hold back the next ones. */
  watched(take: Take): Take {
    return (frame) => {
      const taken = take(frame);
      this.lastAt = performance.now();
      if (taken === undefined) return undefined;
      this.isHeld = true;
      return taken.finally(() => {
        this.isHeld = false;
        this.lastAt = performance.now();
      });
    };
  }

  /** Waits for `end`, or until no frame has come for too long, from now on. @returns whether that was first. */
  async comesBefore(end: Promise<void>): Promise<boolean> {
    const over = new AbortController();
    try {
      return await Promise.race([end.then(() => false), this.silence(over.signal).then(() => true)]);
    } finally {
      over.abort();
    }
  }

  private async silence(signal: AbortSignal): Promise<void> {
    this.lastAt = performance.now();
    for (;;) {
      const leftMs = this.isHeld ? this.ms : this.lastAt + this.ms - performance.now();
      if (leftMs <= 0) return;
      await pause(leftMs, signal);
      // After Ctrl-Z and fg the time is over before the sockets have been looked at.
      await nextTurn();
    }
  }
}
