// What watching, recording and showing a stream cost it: a receiver that does one of these, beside one that only counts.

import type { Benchmark } from './benchmark';
import { ourselves, takingAs, type Contender } from './contenders';
import { FAILED_ONE_WAY, measureOneWay } from './harness';
import { attempt } from './side';
import { median, medianRatio, orderOf, spread } from './statistics';
import { numberText, percentText, ratioText, sizeText } from './table';

const SIZES_BYTES = [64, 10_000, 1_000_000];
// No more than the system takes without writing it to the disk at once.
const FRAMES: Readonly<Record<number, number>> = { 64: 60_000, 10_000: 8_000, 1_000_000: 600 };
const QUICK_FRAMES = 200;
const WARM_SHARE = 0.1;
const TAKERS = ['watch', 'record', 'view', 'looked at'] as const;

// What --check holds them to.
const WATCHED_RATIO = 0.9;
const VIEWED_RATIO = 0.95;
const RECORDED_MEGABYTES_PER_SEC = 1_000;

type How = 'counted' | (typeof TAKERS)[number];

export const command: Benchmark = async ({ rounds, quick, progress }) => {
  const failures: string[] = [];
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const shortfalls: string[] = [];
  for (const contender of ourselves()) {
    for (const sizeBytes of SIZES_BYTES) {
      const frames = quick ? QUICK_FRAMES : Math.round(FRAMES[sizeBytes]! * contender.frameFactor(sizeBytes));
      const work = { sizeBytes, frames, warmFrames: Math.ceil(frames * WARM_SHARE) };
      const rates: Record<How, number[]> = {
        counted: [],
        watch: [],
        record: [],
        view: [],
        'looked at': [],
      };
      const measure = async (how: How): Promise<number> => {
        const receiver: Contender = how === 'counted' ? contender : takingAs(contender, how);
        const oneWay = await attempt(measureOneWay(contender, receiver, work), failures);
        return (oneWay ?? FAILED_ONE_WAY).framesPerSec;
      };
      for (let round = 0; round < rounds; round++) {
        for (const how of orderOf(['counted', ...TAKERS] as const, round)) {
          progress(
            `command, ${contender.name}, ${sizeText(sizeBytes)}, round ${round + 1} of ${rounds}: ${how}`,
          );
          rates[how].push(await measure(how));
        }
      }
      for (const how of TAKERS) {
        const name = `command/${sizeText(sizeBytes)}/${contender.name}/${how}`;
        const ratio = medianRatio(rates[how], rates.counted);
        const framesPerSec = median(rates[how]);
        const megabytesPerSec = (framesPerSec * sizeBytes) / 1e6;
        rows.push([
          name,
          numberText(framesPerSec),
          numberText(megabytesPerSec),
          percentText(spread(rates[how])),
          ratioText(ratio),
        ]);
        cases.push({ name, sizeBytes, framesPerSec, megabytesPerSec, ratioToCounted: ratio });
        if (how === 'watch' && ratio < WATCHED_RATIO)
          shortfalls.push(`${name}: ${ratioText(ratio)} of the stream, ${WATCHED_RATIO} was promised`);
        if (how === 'view' && ratio < VIEWED_RATIO)
          shortfalls.push(`${name}: ${ratioText(ratio)} of the stream, ${VIEWED_RATIO} was promised`);
        if (how === 'record' && sizeBytes === 1_000_000 && megabytesPerSec < RECORDED_MEGABYTES_PER_SEC)
          shortfalls.push(
            `${name}: ${numberText(megabytesPerSec)} MB/s, ${RECORDED_MEGABYTES_PER_SEC} was promised`,
          );
      }
    }
  }
  const table = {
    title: `Watching and recording, ${rounds} round(s)`,
    columns: ['case', 'frames/s', 'MB/s', 'spread', 'it / counted'],
    rows,
  };
  const notes = [
    'Watch: every frame into the table of watch, which is drawn twice a second. Record: into a file in the folder for ' +
      'temporary files, no fsync. Counted: the same receiver with neither. View: a live page without a browser. Looked at: one with a ' +
      'browser in another process, which takes up to 60 pictures a second; three processes then share the cores.',
  ];
  return { tables: [table], notes, skipped: [], cases, failures, shortfalls };
};
