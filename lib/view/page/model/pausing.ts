// Pause, and stepping through the frames that the gateway keeps.

import { signal, type Signal } from '@preact/signals-core';
import type { FrameInfo, Held, Request } from '../../protocol';

export interface Paused {
  readonly channel: number;
  /** Oldest first; empty until the gateway has answered. */
  readonly frames: readonly FrameInfo[];
  /** Of the frame that is shown. */
  readonly index: number;
  /** Number of the newest frame when it was paused: later ones are counted, not shown. */
  readonly countedBefore: number;
}

export class Pausing {
  readonly paused: Signal<Paused | undefined> = signal(undefined);
  /** Frame to be shown as soon as the held ones are known; undefined: the newest. */
  private wanted: number | undefined;
  private steps = 0;

  constructor(private readonly send: (request: Request) => boolean) {}

  /** @param number frame to be shown; without one the newest, or `steps` before it. */
  pause(channel: number, countedBefore: number, number?: number, steps = 0): void {
    this.wanted = number;
    this.steps = steps;
    this.paused.value = { channel, frames: [], index: 0, countedBefore };
    this.send({ op: 'hold', channel });
  }

  live(): void {
    if (this.paused.value === undefined) return;
    this.paused.value = undefined;
    this.send({ op: 'live' });
  }

  held({ channel, frames }: Held): void {
    const paused = this.paused.value;
    if (paused?.channel !== channel) return;
    const found =
      this.wanted === undefined
        ? frames.length - 1
        : frames.findIndex(({ number }) => number === this.wanted);
    const index = clamp((found < 0 ? frames.length - 1 : found) + this.steps, frames.length);
    this.steps = 0;
    const newest = frames.at(-1)?.number;
    this.paused.value = { ...paused, frames, index, countedBefore: newest ?? paused.countedBefore };
  }

  /** The link is new: the gateway holds nothing for it. */
  restart(): void {
    const paused = this.paused.value;
    if (paused === undefined) return;
    this.wanted = paused.frames[paused.index]?.number;
    this.send({ op: 'hold', channel: paused.channel });
  }

  step(by: number): void {
    this.moveTo((this.paused.value?.index ?? 0) + by);
  }

  moveTo(index: number): void {
    const paused = this.paused.value;
    if (paused === undefined || paused.frames.length === 0) return;
    this.paused.value = { ...paused, index: clamp(index, paused.frames.length) };
  }
}

function clamp(index: number, length: number): number {
  return Math.max(0, Math.min(length - 1, index));
}
