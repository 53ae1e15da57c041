// How fast are data files written and read, beside a plain copy of the same bytes?

import { join } from 'node:path';
import type { Benchmark } from './benchmark';
import { Side } from './side';
import { median, medianRatio, spread } from './statistics';
import { numberText, percentText, ratioText, sizeText } from './table';

const PEER = join(__dirname, 'peers', 'files-run.js');
const SIZES_BYTES = [64, 10_000, 1_000_000];
const TOTAL_BYTES = 200_000_000;
const QUICK_TOTAL_BYTES = 10_000_000;
const STEPS = ['write', 'read', 'copy'] as const;

// What --check holds reading and writing to, against copying, and reading 64 B records to.
const LEAST_RATIO: Readonly<Record<number, number>> = { 10_000: 0.5, 1_000_000: 0.5 };
const LEAST_READ_RECORDS_PER_SEC: Readonly<Record<number, number>> = { 64: 1_000_000 };

interface Round {
  readonly sizeBytes: number;
  readonly frames: number;
  readonly bytes: number;
  readonly ms: Readonly<Record<(typeof STEPS)[number], number>>;
}

export const files: Benchmark = async ({ rounds, quick, progress }) => {
  const bySize = new Map<number, Round[]>(SIZES_BYTES.map((sizeBytes) => [sizeBytes, []]));
  for (let round = 0; round < rounds; round++) {
    progress(`files, round ${round + 1} of ${rounds}`);
    const totalBytes = quick ? QUICK_TOTAL_BYTES : TOTAL_BYTES;
    const side = new Side('files', [process.execPath, PEER], [round, totalBytes, ...SIZES_BYTES]);
    try {
      const { results } = (await side.line('results')) as { results?: Round[] };
      for (const result of results!) bySize.get(result.sizeBytes)!.push(result);
    } finally {
      await side.end();
    }
  }
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const shortfalls: string[] = [];
  for (const [sizeBytes, results] of bySize) {
    const megabytesOf = (step: (typeof STEPS)[number]): number[] =>
      results.map(({ bytes, ms }) => bytes / ms[step] / 1000);
    const copies = megabytesOf('copy');
    for (const step of STEPS) {
      const name = `files/${sizeText(sizeBytes)}/${step}`;
      const rates = megabytesOf(step);
      const records = median(results.map(({ frames, ms }) => (frames * 1000) / ms[step]));
      const ratio = step === 'copy' ? undefined : medianRatio(rates, copies);
      rows.push([
        name,
        step === 'copy' ? '' : numberText(records),
        numberText(median(rates)),
        percentText(spread(rates)),
        ratio === undefined ? '' : ratioText(ratio),
      ]);
      cases.push({
        name,
        sizeBytes,
        recordsPerSec: step === 'copy' ? undefined : records,
        megabytesPerSec: median(rates),
        ratioToCopy: ratio,
        roundsMegabytesPerSec: rates,
      });
      const leastRatio = LEAST_RATIO[sizeBytes];
      if (ratio !== undefined && leastRatio !== undefined && ratio < leastRatio) {
        shortfalls.push(`${name}: ${ratioText(ratio)} of a copy, ${ratioText(leastRatio)} was promised`);
      }
      const leastRecords = step === 'read' ? LEAST_READ_RECORDS_PER_SEC[sizeBytes] : undefined;
      if (leastRecords !== undefined && records < leastRecords) {
        shortfalls.push(
          `${name}: ${numberText(records)} records/s, ${numberText(leastRecords)} were promised`,
        );
      }
    }
  }
  const table = {
    title: `Data files, ${rounds} round(s)`,
    columns: ['case', 'records/s', 'MB/s', 'spread', 'it / copy'],
    rows,
  };
  const notes = [
    'MB is 10^6 bytes of file. Write: every sendFrame awaited, until close() has resolved. Read: for await over readFrames. ' +
      "Copy: Node's fs.copyFile of the same file. All of it in the system's page cache, no fsync.",
  ];
  return { tables: [table], notes, skipped: [], cases, failures: [], shortfalls };
};
