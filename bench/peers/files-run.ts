// One round of writing, copying and reading back a data file, in a process of its own.
//
//   files-run.js ROUND TOTAL_BYTES SIZE_BYTES...

import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Frame, Master, readFrames, StreamWriter } from '../../lib/index';
import { HEADER_BYTES } from '../../lib/utilities/fileio/record';
import { orderOf } from '../statistics';
import { orders, say } from './lines';

// For the compiler, off the clock.
const WARM_PART = 1 / 8;

async function main(round: number, totalBytes: number, sizes: number[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rogue-bridge-bench-'));
  try {
    const results: object[] = [];
    for (const sizeBytes of orderOf(sizes, round)) {
      const frames = Math.max(Math.floor(totalBytes / (sizeBytes + HEADER_BYTES)), 1);
      const warm = join(folder, 'warm.dat');
      await write(warm, sizeBytes, Math.ceil(frames * WARM_PART));
      await read(warm, sizeBytes);
      await rm(warm);
      const [path, copy] = [join(folder, 'run.dat'), join(folder, 'copy.dat')];
      const writeMs = await timed(() => write(path, sizeBytes, frames));
      const { size: bytes } = await stat(path);
      if (bytes !== frames * (sizeBytes + HEADER_BYTES)) throw new Error(`${bytes} bytes were written`);
      // Either order: what comes second may find the disk busy with what came first.
      const steps = [
        { what: 'copy', step: () => copyFile(path, copy) },
        { what: 'read', step: () => read(path, sizeBytes, frames) },
      ];
      const ms: Record<string, number> = { write: writeMs };
      for (const { what, step } of orderOf(steps, round)) ms[what] = await timed(step);
      await rm(path);
      await rm(copy);
      results.push({ sizeBytes, frames, bytes, ms });
    }
    say({ results });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function timed(step: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await step();
  return performance.now() - startMs;
}

async function write(path: string, sizeBytes: number, frames: number): Promise<void> {
  const payload = Buffer.alloc(sizeBytes, 0x5a);
  const writer = new StreamWriter();
  const master = new Master();
  master.to(writer.getChannel(0));
  await writer.open(path);
  for (let i = 0; i < frames; i++) await master.sendFrame(new Frame(payload));
  await writer.close();
}

async function read(path: string, sizeBytes: number, expected?: number): Promise<void> {
  let frames = 0;
  for await (const frame of readFrames(path)) {
    if (frame.size !== sizeBytes) throw new Error(`a frame of ${frame.size} bytes was read`);
    frames += 1;
  }
  if (expected !== undefined && frames !== expected)
    throw new Error(`${frames} of ${expected} frames were read`);
}

const [round = 0, totalBytes = 0, ...sizes] = process.argv.slice(2).map(Number);
// Ends this process when the parent is gone.
void orders()();
void main(round, totalBytes, sizes);
