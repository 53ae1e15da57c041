// What tests write into a log, and read out of it, beside the program that is tested.

import type { Frame } from '../../lib';
import { JetStreamReader, JetStreamWriter } from '../../lib/jetstream';

/** Stores these frames. */
export async function writeLog(address: string, frames: readonly Frame[]): Promise<void> {
  await using writer = await JetStreamWriter.create(address);
  for (const frame of frames) await writer.acceptFrame(frame);
  await writer.flush();
}

/** All that is stored. */
export async function readLog(address: string): Promise<Frame[]> {
  const frames: Frame[] = [];
  await using reader = await JetStreamReader.create(`${address}?from=first&until=end`);
  reader.addSlave((frame) => void frames.push(frame));
  await reader.finished();
  return frames;
}
