// How fast does `rogue-bridge info` read a data file, beside `cat FILE | wc -c`?

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Frame, StreamWriter } from '../lib/index';
import { HEADER_BYTES } from '../lib/utilities/fileio/record';
import type { Benchmark } from './benchmark';
import { median, medianRatio, orderOf, spread } from './statistics';
import { numberText, percentText, ratioText, sizeText } from './table';

// As its users run it.
const COMMAND = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const SIZES_BYTES = [1_000, 1_000_000];
const TOTAL_BYTES = 1_000_000_000;
const QUICK_TOTAL_BYTES = 20_000_000;
const STEPS = ['info', 'start', 'wc'] as const;
type Step = (typeof STEPS)[number];

/** A file that is read, and one of a single frame, whose `info` is the start of the process. */
interface Files {
  readonly path: string;
  readonly tiny: string;
  readonly frames: number;
  readonly bytes: number;
}

export const info: Benchmark = async ({ rounds, quick, progress }) => {
  const folder = mkdtempSync(join(tmpdir(), 'rogue-bridge-bench-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  // Ctrl-C ends the process without coming back here, and this is a gigabyte.
  process.once('exit', remove);
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  try {
    for (const sizeBytes of SIZES_BYTES) {
      const name = `info/${sizeText(sizeBytes)}`;
      progress(`${name}, making the file`);
      const files = await makeFiles(folder, sizeBytes, quick ? QUICK_TOTAL_BYTES : TOTAL_BYTES);
      const ms: Record<Step, number[]> = { info: [], start: [], wc: [] };
      // The first brings what the system has dropped of the file back into its page cache.
      await run('wc', files);
      for (let round = 0; round < rounds; round++) {
        for (const step of orderOf(STEPS, round)) {
          progress(`${name}, round ${round + 1} of ${rounds}: ${step}`);
          ms[step].push(await run(step, files));
        }
      }
      rmSync(files.path);
      const rateOf = (times: readonly number[]): number[] => times.map((one) => files.bytes / one / 1e6);
      const rates = { whole: rateOf(ms.info), wc: rateOf(ms.wc) };
      // Of a quick run the start is nearly all, and the rest may come out below nothing.
      const rest = ms.info.map((one, round) => one - ms.start[round]!);
      const afterStart = median(rest) > 0 ? rateOf(rest) : undefined;
      const ratio = medianRatio(rates.whole, rates.wc);
      rows.push(
        [
          name,
          numberText(median(rates.whole)),
          percentText(spread(rates.whole)),
          afterStart === undefined ? '' : numberText(median(afterStart)),
          ratioText(ratio),
          afterStart === undefined ? '' : ratioText(medianRatio(afterStart, rates.wc)),
        ],
        [`${name}/cat | wc -c`, numberText(median(rates.wc)), percentText(spread(rates.wc))],
      );
      cases.push({
        name,
        sizeBytes,
        gigabytesPerSec: median(rates.whole),
        gigabytesPerSecAfterStart: afterStart === undefined ? undefined : median(afterStart),
        startMs: median(ms.start),
        peerGigabytesPerSec: median(rates.wc),
        ratioToPeer: ratio,
        roundsGigabytesPerSec: rates.whole,
      });
    }
  } finally {
    remove();
    process.off('exit', remove);
  }
  const table = {
    title: `What is in a data file, ${rounds} round(s)`,
    columns: ['case', 'GB/s', 'spread', 'after the start', 'it / wc', 'after the start / wc'],
    rows,
  };
  const notes = [
    `GB is 10^9 bytes of file; the file has ${(quick ? QUICK_TOTAL_BYTES : TOTAL_BYTES) / 1e9} of them, in the system's page ` +
      "cache. It is a whole process, 'rogue-bridge info FILE --json', and so is its peer, 'cat FILE | wc -c': of a file alone, wc asks for the size " +
      "and reads nothing. After the start: without the time that 'info' takes for a file of one frame.",
  ];
  return { tables: [table], notes, skipped: [], cases, failures: [], shortfalls: [] };
};

async function makeFiles(folder: string, sizeBytes: number, totalBytes: number): Promise<Files> {
  const [path, tiny] = [join(folder, 'run.dat'), join(folder, 'tiny.dat')];
  const frames = Math.ceil(totalBytes / (sizeBytes + HEADER_BYTES));
  await write(path, sizeBytes, frames);
  await write(tiny, sizeBytes, 1);
  return { path, tiny, frames, bytes: frames * (sizeBytes + HEADER_BYTES) };
}

async function write(path: string, sizeBytes: number, frames: number): Promise<void> {
  const frame = Frame.from(Uint8Array.from({ length: sizeBytes }, (_, i) => i * 7));
  const writer = new StreamWriter();
  await writer.open(path, { overwrite: true });
  const channel = writer.getChannel(0);
  for (let i = 0; i < frames; i++) await channel.acceptFrame(frame);
  await writer.close();
}

/** Milliseconds. @throws {Error} when the process has not found what is there. */
async function run(step: Step, { path, tiny, frames, bytes }: Files): Promise<number> {
  const startMs = performance.now();
  if (step === 'wc') {
    const said = await output('sh', ['-c', 'cat "$1" | wc -c', 'sh', path]);
    if (Number(said) !== bytes) throw new Error(`wc counted '${said.trim()}' of ${bytes} bytes`);
  } else {
    const isWhole = step === 'info';
    const said = await output(process.execPath, [COMMAND, 'info', isWhole ? path : tiny, '--json']);
    const found = (JSON.parse(said) as { files: { frames: number }[] }).files[0]!.frames;
    const there = isWhole ? frames : 1;
    if (found !== there) throw new Error(`info counted ${found} of ${there} frames`);
  }
  return performance.now() - startMs;
}

function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (some: Buffer) => (text += some.toString()));
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) resolve(text);
      else reject(new Error(`${program} ended with status ${status}`));
    });
  });
}
