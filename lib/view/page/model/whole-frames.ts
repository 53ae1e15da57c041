// Whole payloads, fetched one at a time: for files, and for the numbers of a paused image.

import { signal, type Signal } from '@preact/signals-core';
import type { Answer } from './connection';

export interface WholeFrame {
  readonly channel: number;
  readonly number: number;
  readonly payload: ArrayBuffer;
}

/** The gateway does not keep the frame any more. */
export class FrameGone extends Error {}

export class WholeFrames {
  /** The last one that was fetched. */
  readonly newest: Signal<WholeFrame | undefined> = signal(undefined);
  private underWay = '';

  constructor(private readonly fetch: (url: string) => Promise<Answer>) {}

  /** @throws {FrameGone} when it is not kept; another error when the gateway does not answer. */
  async get(channel: number, number: number): Promise<ArrayBuffer> {
    const newest = this.newest.peek();
    if (newest?.channel === channel && newest.number === number) return newest.payload;
    const response = await this.fetch(`/frames/${channel}/${number}`);
    if (response.status === 410) throw new FrameGone();
    if (!response.ok) throw new Error(`the gateway answered with status ${response.status}`);
    return response.arrayBuffer();
  }

  /** Fetches a frame for {@link newest}; failures leave the preview's numbers in place. */
  async load(channel: number, number: number): Promise<void> {
    const key = `${channel}/${number}`;
    if (this.underWay === key) return;
    this.underWay = key;
    try {
      const payload = await this.get(channel, number);
      if (this.underWay === key) this.newest.value = { channel, number, payload };
    } catch {
      // The numbers say that they are from the preview.
    } finally {
      if (this.underWay === key) this.underWay = '';
    }
  }

  clear(): void {
    this.newest.value = undefined;
  }
}
