// What a person sees of `relay`: the live line and the table at the end.

import type { Downstream } from './downstream';
import { colorsOf } from '../support/colors';
import { tableText } from '../support/table';
import { digits, grouped, plural, sizeText } from '../support/text';

/** Frames and bytes from the upstream side. */
export interface RelayCounts {
  readonly frames: number;
  readonly bytes: number;
}

/** What happens now: rates since the last time it was asked. */
export class RelayRates {
  private before: { at: number; counts: RelayCounts; taken: number[] };

  constructor(private readonly downstreams: readonly Downstream[]) {
    this.before = { at: performance.now(), counts: { frames: 0, bytes: 0 }, taken: downstreams.map(() => 0) };
  }

  /**
   * `in 8 412/s 84.1 MB/s | :9000 8 412/s | :9010 50/s, 6 wait, 312 dropped`
   * @param gone what to say of a source that has left.
   */
  line(counts: RelayCounts, gone?: string): string {
    const { before, downstreams } = this;
    const now = { at: performance.now(), counts, taken: downstreams.map(({ taken }) => taken) };
    this.before = now;
    const seconds = (now.at - before.at) / 1000;
    const rate = (to: number, from: number): number => (to - from) / seconds;
    const came = `in ${grouped(rate(counts.frames, before.counts.frames))}/s ${digits(rate(counts.bytes, before.counts.bytes) / 1e6)} MB/s`;
    const each = downstreams.map(({ shortName, waiting, dropped }, i) => {
      const parts = [
        `${shortName} ${grouped(rate(now.taken[i]!, before.taken[i]!))}/s`,
        ...(waiting > 0 ? [`${grouped(waiting)} wait`] : []),
        ...(dropped > 0 ? [`${grouped(dropped)} dropped`] : []),
      ];
      return parts.join(', ');
    });
    return [gone ?? came, ...each].join(' | ');
  }
}

/** What became of every frame, `seconds` after the first. */
export function relaySummary(
  { frames, bytes }: RelayCounts,
  downstreams: readonly Downstream[],
  seconds: number,
): string {
  const perSecond = (count: number): string => (seconds > 0 ? digits(count / seconds) : '-');
  const table = tableText(
    ['downstream', 'mode', 'taken', 'dropped', 'not taken', 'MB', 'frames/s'],
    downstreams.map(({ name, mode, taken, dropped, notTaken, bytes: sent }) => [
      name,
      mode,
      grouped(taken),
      grouped(dropped),
      grouped(notTaken),
      digits(sent / 1e6),
      perSecond(taken),
    ]),
    2,
    colorsOf(process.stderr),
  );
  return `${plural(frames, 'frame')}, ${sizeText(bytes)} relayed in ${seconds.toFixed(1)} s\n${table}`;
}

/** What those that are to have every frame have missed; undefined when that is nothing. */
export function lossText(downstreams: readonly Downstream[]): string | undefined {
  const losses = downstreams
    .filter(({ mayDrop }) => !mayDrop)
    .flatMap(({ name, isLog, notSent, discarded }) => [
      ...(notSent > 0 ? [`${plural(notSent, 'frame')} did not reach ${name}`] : []),
      // Those were on their way when their connection ended.
      ...(discarded > 0
        ? [`${plural(discarded, 'frame')} ${isLog ? 'were not stored in' : 'may not have reached'} ${name}`]
        : []),
    ]);
  if (losses.length === 0) return undefined;
  const they = downstreams.some(({ isLog }) => isLog) ? 'clients and servers' : 'clients';
  return `${losses.join(', ')}: keep ${they} there until the end, or give them a longer --linger`;
}
