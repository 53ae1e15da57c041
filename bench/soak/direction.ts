// One of the two directions of a bridge under faults: when its frames flow again, and which of them are lost.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosProxy } from './proxy';
import type { SoakSide } from './side';
import { MIXED_BYTES, SOAK_OPTIONS } from './work';

const LOOK_MS = 5;
// From the sender to the proxy, and from there to the receiver.
const HOPS = 2;

/** What was lost between two calls of {@link Direction.take}. */
export interface Losses {
  readonly lost: number;
  /** Of these, what the double of the receiver got. */
  readonly dealt: number;
  /** Connections that ended. */
  readonly broken: number;
  /** As many as may be lost when these end. */
  readonly allowed: number;
}

/** From one side to the other. */
export class Direction {
  private taken = { lost: 0, dealt: 0, broken: 0, doubles: 0 };

  /** @param offset of the port that it goes through. */
  constructor(
    readonly sender: SoakSide,
    readonly receiver: SoakSide,
    private readonly proxy: ChaosProxy,
    private readonly offset: 0 | 1,
  ) {}

  /** Waits for a frame that is sent after this call. @returns false when that took too long. */
  async flows(limitMs: number): Promise<boolean> {
    const { sender, receiver } = this;
    const mark = sender.sendsNow;
    const endsAt = performance.now() + limitMs;
    while (performance.now() < endsAt) {
      if (receiver.isPast(mark)) return true;
      await sleep(LOOK_MS);
    }
    return false;
  }

  /** Waits until whatever was sent before this call has been counted, as arrived or as lost. */
  async isCounted(limitMs: number): Promise<boolean> {
    const { sender, receiver } = this;
    const counted = await receiver.hasTold(sender.sendsNow, limitMs);
    if (counted) receiver.settle(sender);
    return counted;
  }

  /** Once its sender sends no more: waits for the last frame. @returns how many in front of it do not come. */
  async drain(limitMs: number): Promise<number> {
    const { sender, receiver } = this;
    await sender.has(() => sender.hushed, limitMs);
    const { life, last } = sender.hasSent;
    await receiver.hasTold({ life, last }, limitMs);
    return Math.max(0, last - receiver.lastReceived);
  }

  /** What was lost since the last call. */
  take(): Losses {
    const { broken, dealt, doubles } = this.proxy.ended[this.offset]!;
    const now = { lost: this.receiver.totals.missing, dealt, broken, doubles };
    const { taken } = this;
    this.taken = now;
    const ended = broken - taken.broken;
    const dealtNow = dealt - taken.dealt;
    return {
      lost: now.lost - taken.lost,
      dealt: dealtNow,
      broken: ended,
      allowed: dealtNow + (ended + doubles - taken.doubles) * LOST_WITH_CONNECTION,
    };
  }
}

/** Frames: the two high-water marks, and what the kernel's buffers hold of the mixture, as large as they may become. */
const LOST_WITH_CONNECTION = lostWithConnection();

function lostWithConnection(): number {
  const { sendHighWaterMark, receiveHighWaterMark } = SOAK_OPTIONS;
  const meanBytes = MIXED_BYTES.reduce((sum, bytes) => sum + bytes) / MIXED_BYTES.length;
  const kernelBytes = HOPS * (largestBuffer('tcp_wmem') + largestBuffer('tcp_rmem'));
  return sendHighWaterMark + receiveHighWaterMark + Math.ceil(kernelBytes / meanBytes);
}

function largestBuffer(name: 'tcp_wmem' | 'tcp_rmem'): number {
  const text = readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8');
  return Number(text.trim().split(/\s+/)[2]);
}
