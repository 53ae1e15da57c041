// Between this library and a peer in C, which side is the slower one?

import type { Benchmark } from './benchmark';
import { C_PEER, findContenders, NATIVE, type Contender } from './contenders';
import { FAILED_ONE_WAY, measureOneWay, type OneWay } from './harness';
import { attempt } from './side';
import { median, medianRatio, orderOf } from './statistics';
import { numberText, ratioText, sizeText } from './table';
import { FRAMES, workOf } from './throughput.bench';

// Ten times that is the kernel's work on either side.
const MOST_BYTES = 1_000_000;
const QUICK_SIZES = [64];

export const cPairs: Benchmark = async ({ rounds, quick, progress }) => {
  const { contenders, skipped } = findContenders();
  const ours = contenders.find(({ name }) => name === NATIVE);
  const c = contenders.find(({ name }) => name === C_PEER);
  const result = { notes: NOTES, skipped, cases: [] as ({ name: string } & Record<string, unknown>)[] };
  const failures: string[] = [];
  const shortfalls: string[] = [];
  const rows: string[][] = [];
  if (ours === undefined || c === undefined) return { ...result, tables: [], failures, shortfalls };
  const pairs: readonly (readonly [Contender, Contender])[] = [
    [c, c],
    [ours, c],
    [c, ours],
  ];
  for (const [sizeBytes, frames] of FRAMES) {
    if (sizeBytes > MOST_BYTES || (quick && !QUICK_SIZES.includes(sizeBytes))) continue;
    const work = workOf(c, sizeBytes, frames, quick);
    const measured = new Map<readonly [Contender, Contender], OneWay[]>(pairs.map((pair) => [pair, []]));
    for (let round = 0; round < rounds; round++) {
      for (const pair of orderOf(pairs, round)) {
        const [sender, receiver] = pair;
        progress(
          `${sender.name} to ${receiver.name}, ${sizeText(sizeBytes)}, round ${round + 1} of ${rounds}`,
        );
        const oneWay = await attempt(measureOneWay(sender, receiver, work), failures);
        measured.get(pair)!.push(oneWay ?? FAILED_ONE_WAY);
      }
    }
    const ratesOf = (all: readonly OneWay[]): number[] => all.map(({ framesPerSec }) => framesPerSec);
    const alone = ratesOf(measured.get(pairs[0]!)!);
    for (const pair of pairs) {
      const [sender, receiver] = pair;
      const all = measured.get(pair)!;
      const rate = median(ratesOf(all));
      const senderMicros = median(all.map((oneWay) => oneWay.senderMicros));
      const receiverMicros = median(all.map((oneWay) => oneWay.receiverMicros));
      const ratio = medianRatio(ratesOf(all), alone);
      const name = `c-pairs/${sizeText(sizeBytes)}/${sender.name} to ${receiver.name}`;
      rows.push([
        name,
        numberText(rate),
        ratioText(ratio),
        numberText(senderMicros),
        numberText(receiverMicros),
        pair === pairs[0] ? '' : senderMicros > receiverMicros ? sender.name : receiver.name,
      ]);
      result.cases.push({
        name,
        sizeBytes,
        framesPerSec: rate,
        ratioToCAlone: ratio,
        senderCpuMicrosAFrame: senderMicros,
        receiverCpuMicrosAFrame: receiverMicros,
      });
      const [mine, theirs] =
        sender === ours ? [senderMicros, receiverMicros] : [receiverMicros, senderMicros];
      if (pair !== pairs[0] && mine > theirs) shortfalls.push(`${name}: our side takes more processor time`);
    }
  }
  const table = {
    title: `With a peer in C, one way over loopback, ${rounds} round(s)`,
    columns: ['case', 'frames/s', 'it / C to C', 'sender, us a frame', 'receiver, us a frame', 'busier side'],
    rows,
  };
  return { ...result, tables: [table], failures, shortfalls };
};

const NOTES = [
  'us a frame: processor time of all threads of that side, until the receiver has every frame; the busier side is the one the other waits for.',
];
