// What the parts `faults` and `kills` print.

import { numberText, type Table } from '../table';
import type { Losses } from './direction';
import type { Totals } from './report';

/** What is known of one kind of fault. */
export interface Seen {
  readonly resumeMs: number[];
  /** Of both directions, one after the other. */
  readonly losses: Losses[];
}

export function countTable(
  title: string,
  counts: readonly { readonly role: string; readonly totals: Totals }[],
  memory: readonly (readonly number[])[],
): Table {
  const shown = [
    'corrupted',
    'duplicated',
    'reordered',
    'late',
    'missing',
    'discarded',
    'undelivered',
    'notSent',
  ] as const;
  return {
    title: `${title}: what arrived, and what did not`,
    columns: [
      'at',
      'frames',
      'MB',
      'corrupted',
      'twice',
      'out of order',
      'late',
      'not arrived',
      'discarded',
      'undelivered',
      'not sent',
      'RSS MB of its first process, begin / middle / end',
    ],
    rows: counts.map(({ role, totals }, index) => [
      role,
      numberText(totals.frames),
      numberText(totals.bytes / 1e6),
      ...shown.map((name) => String(totals[name])),
      [0, memory.length >> 1, memory.length - 1].map((at) => Math.round(memory[at]![index]!)).join(' / '),
    ]),
  };
}

export function faultTable(seen: ReadonlyMap<string, Seen>): Table {
  return {
    title: 'Losses by cause, both directions',
    columns: [
      'fault',
      'times',
      'connections broken',
      'frames lost',
      'dealt to the double',
      'most in a direction',
      'of allowed',
      'flows again after, ms: median',
      'longest',
    ],
    rows: [...seen].map(([name, { losses, resumeMs }]) => {
      const sum = (what: keyof Losses): number => losses.reduce((total, each) => total + each[what], 0);
      const most = losses.reduce((one, other) => (other.lost > one.lost ? other : one));
      const sorted = [...resumeMs].sort((a, b) => a - b);
      return [
        name,
        ...[
          resumeMs.length,
          sum('broken'),
          sum('lost'),
          sum('dealt'),
          most.lost,
          most.allowed,
          Math.round(sorted[sorted.length >> 1]!),
          Math.round(sorted.at(-1)!),
        ].map(String),
      ];
    }),
  };
}
