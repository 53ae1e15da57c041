// How fast does Prbs generate and check, beside a mere copy of as many bytes?

import { join } from 'node:path';
import type { Benchmark } from './benchmark';
import { Side } from './side';
import { median, medianRatio, spread } from './statistics';
import { numberText, percentText, ratioText, sizeText } from './table';

const PEER = join(__dirname, 'peers', 'prbs-run.js');
const MEASURE_MS = 400;
const QUICK_MEASURE_MS = 60;
const COPY = 'copy';

export const prbs: Benchmark = async ({ rounds, quick, progress }) => {
  const sizes = new Map<string, number>();
  const rates = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    progress(`prbs, round ${round + 1} of ${rounds}`);
    const side = new Side('prbs', [process.execPath, PEER], [round, quick ? QUICK_MEASURE_MS : MEASURE_MS]);
    try {
      const { results } = (await side.line('results')) as {
        results?: { what: string; sizeBytes: number; gigabytesPerSec: number }[];
      };
      for (const { what, sizeBytes, gigabytesPerSec } of results!) {
        sizes.set(what, sizeBytes);
        rates.set(what, [...(rates.get(what) ?? []), gigabytesPerSec]);
      }
    } finally {
      await side.end();
    }
  }
  const copies = rates.get(COPY)!;
  const cases = [...rates.keys()].sort().map((what) => {
    const sizeBytes = sizes.get(what)!;
    const roundsGigabytesPerSec = rates.get(what)!;
    return {
      name: `prbs/${sizeText(sizeBytes)}/${what}`,
      sizeBytes,
      gigabytesPerSec: median(roundsGigabytesPerSec),
      ratioToCopy: what === COPY ? undefined : medianRatio(roundsGigabytesPerSec, copies),
      roundsGigabytesPerSec,
    };
  });
  const table = {
    title: `Prbs, one thread, ${rounds} round(s)`,
    columns: ['case', 'GB/s', 'spread', 'it / copy'],
    rows: cases.map(({ name, gigabytesPerSec, ratioToCopy, roundsGigabytesPerSec }) => [
      name,
      numberText(gigabytesPerSec),
      percentText(spread(roundsGigabytesPerSec)),
      ratioToCopy === undefined ? '' : ratioText(ratioToCopy),
    ]),
  };
  const notes = [
    'GB is 10^9 bytes. Copy is Buffer.copy from one buffer into another, both in use all the time; ' +
      'generating takes a new buffer for every frame, checking reads 16 frames in turn.',
  ];
  return { tables: [table], notes, skipped: [], cases, failures: [], shortfalls: [] };
};
