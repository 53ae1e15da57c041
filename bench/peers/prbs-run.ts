// One round of generating, checking and copying, in a process of its own.

import { Prbs, type Frame } from '../../lib/index';
import { orderOf } from '../statistics';
import { orders, say } from './lines';

// Whole words of either width, as near to 1 MB as they come.
const SIZES_BYTES = new Map([
  [32, 1_000_000],
  [128, 999_936],
]);
const COPY_BYTES = 1_000_000;
const CHECKED_FRAMES = 16;

interface Case {
  readonly what: string;
  readonly sizeBytes: number;
  /** Handles one frame. */
  readonly step: () => void | Promise<void>;
  /** Throws unless all `frames` were good. */
  readonly verify: (frames: number) => void;
}

async function main(round: number, measureMs: number): Promise<void> {
  const cases = [copying()];
  for (const [width, sizeBytes] of SIZES_BYTES) {
    cases.push(generating(width, sizeBytes), await checking(width, sizeBytes));
  }
  const results: object[] = [];
  for (const { what, sizeBytes, step, verify } of orderOf(cases, round)) {
    // The first frames are for the compiler, off the clock.
    const warm = await repeat(step, measureMs / 4);
    const { frames, elapsedMs } = await repeat(step, measureMs);
    verify(warm.frames + frames);
    results.push({ what, sizeBytes, gigabytesPerSec: (frames * sizeBytes) / elapsedMs / 1e6 });
  }
  say({ results });
}

async function repeat(step: Case['step'], measureMs: number): Promise<{ frames: number; elapsedMs: number }> {
  const startMs = performance.now();
  let frames = 0;
  let elapsedMs = 0;
  while (elapsedMs < measureMs) {
    await step();
    frames += 1;
    elapsedMs = performance.now() - startMs;
  }
  return { frames, elapsedMs };
}

function generating(width: number, sizeBytes: number): Case {
  const prbs = new Prbs();
  prbs.width = width;
  prbs.addSlave(() => undefined);
  return {
    what: `generate ${width} bits`,
    sizeBytes,
    step: () => prbs.genFrame(sizeBytes),
    verify: (frames) => requireEqual(`generate ${width}`, prbs.txCount, frames),
  };
}

async function checking(width: number, sizeBytes: number): Promise<Case> {
  const source = new Prbs();
  source.width = width;
  const pregenerated: Frame[] = [];
  source.addSlave((frame) => pregenerated.push(frame));
  for (let i = 0; i < CHECKED_FRAMES; i++) await source.genFrame(sizeBytes);
  const prbs = new Prbs();
  prbs.width = width;
  let next = 0;
  return {
    what: `check ${width} bits`,
    sizeBytes,
    // Round and round: a checker takes sequence number 0 for a sender that has started anew.
    step: () => prbs.acceptFrame(pregenerated[next++ % CHECKED_FRAMES]!),
    verify: (frames) => requireEqual(`check ${width}`, prbs.rxCount, frames),
  };
}

function copying(): Case {
  const from = Buffer.allocUnsafeSlow(COPY_BYTES).fill(0x5a);
  const to = Buffer.allocUnsafeSlow(COPY_BYTES).fill(0xa5);
  return {
    what: 'copy',
    sizeBytes: COPY_BYTES,
    step: () => void from.copy(to),
    verify: () => requireEqual('copy', to.compare(from), 0),
  };
}

function requireEqual(what: string, value: number, expected: number): void {
  if (value !== expected) throw new Error(`${what}: ${value} good frames of ${expected}`);
}

orders();
void main(Number(process.argv[2]), Number(process.argv[3]));
