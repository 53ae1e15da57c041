// What the frames of a measurement carry: every byte is the number of the frame, or a constant.

import { FRAMES_VARIABLE, type FrameKind } from '../frame-kind';
import type { PeerArguments } from './lines';

const CONSTANT_BYTE = 0x5a;

/** How the sender of this measurement makes its frames. */
export const frameKind = (process.env[FRAMES_VARIABLE] ?? 'new Frame') as FrameKind;
const isConstant = frameKind === 'one buffer';

/** The byte that frame `sequence` is full of; warm-up frames count, from 0 on. */
function byteOf(sequence: number): number {
  return isConstant ? CONSTANT_BYTE : sequence & 0xff;
}

/** A payload as a program without a pool makes it. */
export function newPayload(sizeBytes: number, sequence: number): Buffer {
  return Buffer.allocUnsafe(sizeBytes).fill(sequence & 0xff);
}

/** The payload of a sender that sends one buffer again and again. */
export function constantPayload(sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, CONSTANT_BYTE);
}

/** Checks frames in the order of their arrival: the size, and the first and the last byte. */
export class Checker {
  count = 0;
  wrong = 0;

  constructor(private readonly work: Pick<PeerArguments, 'sizeBytes'>) {}

  check(payload: Uint8Array): void {
    const { sizeBytes } = this.work;
    const byte = byteOf(this.count);
    if (payload.length !== sizeBytes || payload[0] !== byte || payload[sizeBytes - 1] !== byte) {
      this.wrong += 1;
    }
    this.count += 1;
  }
}
