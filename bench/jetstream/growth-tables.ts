// The tables of a log that grows.

import { median, spread } from '../statistics';
import { numberText, percentText, ratioText, type Table } from '../table';
import { OPENINGS, type Opening } from './openings';

/** A log of one size. */
export interface Grown {
  readonly gigabytes: number;
  readonly frames: number;
  readonly messages: number;
  readonly fillMegabytesPerSec: number;
  /** Resident memory of the server when that was written, and after its next start. */
  readonly filledMegabytes: number;
  readonly startedMegabytes: number;
  readonly startMs: readonly number[];
  readonly openMs: Readonly<Record<Opening, readonly number[]>>;
}

/** 0.01 -> `10 MB` */
export function logText(gigabytes: number): string {
  return gigabytes < 1 ? `${numberText(gigabytes * 1000)} MB` : `${numberText(gigabytes)} GB`;
}

export function casesOf({ openMs, ...grown }: Grown): ({ name: string } & Record<string, unknown>)[] {
  const size = logText(grown.gigabytes);
  return [
    { name: `jetstream/server/${size}`, ...grown },
    ...OPENINGS.map((name) => ({
      name: `jetstream/open/${size}/${name}`,
      ms: median(openMs[name]),
      roundsMs: openMs[name],
    })),
  ];
}

export function openTable(all: readonly Grown[], rounds: number): Table {
  const rows = OPENINGS.flatMap((name) =>
    all.map(({ gigabytes, openMs }) => {
      const ms = openMs[name];
      const smallest = median(all[0]!.openMs[name]);
      const cells = [numberText(median(ms)), percentText(spread(ms)), ratioText(median(ms) / smallest)];
      return [`jetstream/open/${name}/${logText(gigabytes)}`, ...cells];
    }),
  );
  return {
    title: `Opening a log that grows, ${rounds} round(s)`,
    columns: ['case', 'ms', 'spread', 'x smallest log'],
    rows,
  };
}

export function serverTable(all: readonly Grown[]): Table {
  const rows = all.map((grown) => [
    `jetstream/server/${logText(grown.gigabytes)}`,
    numberText(grown.frames),
    numberText(grown.messages),
    numberText(grown.fillMegabytesPerSec),
    numberText(grown.filledMegabytes),
    numberText(grown.startedMegabytes),
    numberText(median(grown.startMs)),
    percentText(spread(grown.startMs)),
  ]);
  return {
    title: `The server of that log, started again and again`,
    columns: ['case', 'frames', 'messages', 'written, MB/s', 'MB', 'MB after a start', 'start, ms', 'spread'],
    rows,
  };
}
