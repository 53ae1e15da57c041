// The frames that either half of `bench` measures with.

import type { TcpCore } from '../../index';
import { BenchChannel } from './protocol';

/** What one run sends. */
export interface DataRun {
  readonly run: number;
  readonly frames: number;
  readonly size: number;
}

/** Sends frames as a detector's host does, each of its own and filled, until `isOver`. */
export async function sendData(
  bridge: TcpCore,
  { run, frames, size }: DataRun,
  isOver = (): boolean => false,
): Promise<void> {
  for (let i = 0; i < frames && !isOver(); i++) {
    const frame = bridge.reqFrame(size, { flags: run, channel: BenchChannel.data });
    frame.payload.fill(i);
    const sent = bridge.send(frame);
    if (sent !== undefined) await sent;
  }
}
