// What does a process cost that passes frames on, bridge in and bridge out, beside the one way without it?

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Benchmark } from './benchmark';
import { findContenders, NATIVE, type Contender } from './contenders';
import {
  FAILED_ONE_WAY,
  measureOneWay,
  runOneWay,
  startSide,
  withSides,
  type OneWay,
  type Work,
} from './harness';
import { freePorts } from './ports';
import { attempt } from './side';
import { isMeasured } from './sizes';
import { median, medianRatio, orderOf, spread } from './statistics';
import { numberText, percentText, ratioText, sizeText } from './table';
import { FRAMES, workOf } from './throughput.bench';

const PEER = join(__dirname, 'peers', 'relay-peer.js');
// Below that size a frame costs the relay as much as the sender and the receiver, and the number says no more.
const LEAST_BYTES = 100_000;
// What --check holds the relay to, of the one-way rate, or of what the cores give to three processes, where that is less:
// on two of them the kernel's copies alone, twice as many as one way, take more time than there is.
const LEAST_RATIO = 0.8;
const WAYS = ['one way', 'relay'] as const;

/** What a run with the relay took; its own figures are NaN for one way. */
interface Relayed extends OneWay {
  readonly relayMicros: number;
  readonly relayMegabytes: number;
}

const FAILED: Relayed = { ...FAILED_ONE_WAY, relayMicros: NaN, relayMegabytes: NaN };

export const relay: Benchmark = async (options) => {
  const { rounds, quick, progress } = options;
  const ours = findContenders().contenders.find(({ name }) => name === NATIVE);
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const failures: string[] = [];
  const shortfalls: string[] = [];
  const result = { notes: NOTES, cases, failures, shortfalls };
  if (ours === undefined)
    return { ...result, tables: [], skipped: ['relay: the native engine is not to be measured'] };
  for (const [sizeBytes, frames] of FRAMES) {
    if (sizeBytes < LEAST_BYTES || !isMeasured(sizeBytes, options)) continue;
    const work = workOf(ours, sizeBytes, frames, quick);
    const measured: Record<(typeof WAYS)[number], Relayed[]> = { 'one way': [], relay: [] };
    for (let round = 0; round < rounds; round++) {
      for (const way of orderOf(WAYS, round)) {
        progress(`relay ${sizeText(sizeBytes)}, round ${round + 1} of ${rounds}: ${way}`);
        const measuring = way === 'relay' ? measureRelay(ours, work) : measureOneWay(ours, ours, work);
        measured[way].push({ ...FAILED, ...(await attempt<OneWay>(measuring, failures)) });
      }
    }
    const [alone, relayed] = WAYS.map((way) => measured[way].map(({ framesPerSec }) => framesPerSec));
    const name = `relay/${sizeText(sizeBytes)}/${ours.name}`;
    const framesPerSec = median(relayed!);
    const megabytesPerSec = (framesPerSec * sizeBytes) / 1e6;
    const oneWayFramesPerSec = median(alone!);
    const ratioToOneWay = medianRatio(relayed!, alone!);
    const relayCpuMicrosAFrame = median(measured.relay.map(({ relayMicros }) => relayMicros));
    const totalMicros = median(
      measured.relay.map(
        ({ senderMicros, relayMicros, receiverMicros }) => senderMicros + relayMicros + receiverMicros,
      ),
    );
    const ratioToCores = framesPerSec / ((availableParallelism() * 1e6) / totalMicros);
    const relayPeakMegabytes = median(measured.relay.map(({ relayMegabytes }) => relayMegabytes));
    rows.push([
      name,
      numberText(framesPerSec),
      numberText(megabytesPerSec),
      percentText(spread(relayed!)),
      numberText(oneWayFramesPerSec),
      ratioText(ratioToOneWay),
      ratioText(ratioToCores),
      numberText(relayCpuMicrosAFrame),
      numberText(relayPeakMegabytes),
    ]);
    cases.push({
      name,
      sizeBytes,
      framesPerSec,
      megabytesPerSec,
      oneWayFramesPerSec,
      ratioToOneWay,
      ratioToCores,
      relayCpuMicrosAFrame,
      relayPeakMegabytes,
      roundsFramesPerSec: relayed,
    });
    if (ratioToOneWay < LEAST_RATIO && ratioToCores < LEAST_RATIO)
      shortfalls.push(
        `${name}: the relay is at ${ratioText(ratioToOneWay)} of one way and ${ratioText(ratioToCores)} of what the ` +
          `cores give, should be at ${LEAST_RATIO} of one of them`,
      );
  }
  const table = {
    title: `Bridge in, bridge out: sender, relay and receiver, a process each, ${rounds} round(s)`,
    columns: [
      'case',
      'frames/s',
      'MB/s',
      'spread',
      'one way, frames/s',
      'relay / one way',
      'relay / cores',
      'us a frame, relay',
      'MB, relay',
    ],
    rows,
  };
  return { ...result, tables: [table], skipped: [] };
};

const NOTES = [
  'frames/s, MB/s, spread: through the relay, at the receiver; medians over the rounds. one way: the same pair without it.',
  'relay / one way: median of the ratios round by round. The three processes share the cores of this machine.',
  'relay / cores: beside what the cores would give if they did nothing but the processor time of the three processes.',
  'us a frame, relay: processor time of all threads of the relay. MB, relay: its peak resident memory (10^6 bytes).',
];

async function measureRelay(contender: Contender, work: Work): Promise<Relayed> {
  const [upPort, , downPort] = await freePorts(4);
  const { frames } = contender;
  const between: Contender = { ...contender, command: [process.execPath, PEER] };
  const receiving = startSide(contender, 'receive', { port: downPort!, work, frames });
  const relaying = startSide(between, 'relay', { port: upPort!, work, frames, more: [downPort!] });
  const sending = startSide(contender, 'send', { port: upPort!, work, frames });
  return withSides([receiving, relaying, sending], async () => {
    const oneWay = await runOneWay(sending, receiving, work, async () => {
      relaying.tell('go');
      await relaying.line('started');
    });
    relaying.tell('report');
    const { cpuMs, peakMegabytes } = await relaying.line('relayed');
    return {
      ...oneWay,
      relayMicros: (Number(cpuMs) * 1000) / work.frames,
      relayMegabytes: Number(peakMegabytes),
    };
  });
}
