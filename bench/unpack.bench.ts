// How fast are packed samples unpacked, beside a plain loop over the bytes and a copy of them?

import type { Benchmark } from './benchmark';
import { unpackBits } from '../lib/stream/unpack-bits';
import { ratesOf, type Run } from './rates';
import { median, medianRatio, spread } from './statistics';
import { numberText, percentText, ratioText } from './table';

const PAYLOAD_BYTES = 1_500_000;
const MEASURE_MS = 200;
const QUICK_MEASURE_MS = 30;
const WARM_RUNS = 30;
const LOOP = 'a plain loop, 12 bits';

/** Unpacks one payload, and returns its last sample, so that nothing is left out. */
type Unpack = (payload: Buffer) => number;

const WAYS: Readonly<Record<string, Unpack>> = {
  [LOOP]: looping,
  'unpackBits, 10 bits': (payload) => unpackBits(payload, 10).at(-1)!,
  'unpackBits, 12 bits': (payload) => unpackBits(payload, 12).at(-1)!,
  'unpackBits, 12 bits, from an odd place': (payload) => unpackBits(payload.subarray(1, -2), 12).at(-1)!,
  'unpackBits, 14 bits': (payload) => unpackBits(payload, 14).at(-1)!,
  'unpackBits, 12 bits, highFirst': (payload) => unpackBits(payload, 12, { highFirst: true }).at(-1)!,
  'a copy of the bytes': (payload) => new Uint8Array(payload).at(-1)!,
};

export const unpack: Benchmark = ({ rounds, quick, progress }) => {
  const payloads = Array.from({ length: 8 }, (_, seed) => payloadOf(seed));
  const runs = Object.fromEntries(Object.entries(WAYS).map(([name, way]) => [name, runOf(way, payloads)]));
  const rates = ratesOf(runs, {
    rounds,
    measureMs: quick ? QUICK_MEASURE_MS : MEASURE_MS,
    warmRuns: WARM_RUNS,
    progress: (what) => progress(`unpack, ${what}`),
  });
  const cases = [...rates].map(([name, all]) => ({
    name: `unpack/${name}`,
    gigabytesPerSec: median(all) / 1e9,
    ratioToLoop: name === LOOP ? undefined : medianRatio(all, rates.get(LOOP)!),
    roundsBytesPerSec: all,
  }));
  const table = {
    title: `Payloads of ${PAYLOAD_BYTES / 1e6} MB of packed samples, one thread, ${rounds} round(s)`,
    columns: ['case', 'GB/s', 'spread', 'it / loop'],
    rows: cases.map(({ name, gigabytesPerSec, ratioToLoop, roundsBytesPerSec }) => [
      name,
      numberText(gigabytesPerSec),
      percentText(spread(roundsBytesPerSec)),
      ratioToLoop === undefined ? '' : ratioText(ratioToLoop),
    ]),
  };
  return Promise.resolve({ tables: [table], notes: NOTES, skipped: [], cases, failures: [], shortfalls: [] });
};

const NOTES = [
  'GB is 10^9 bytes of packed samples. Eight payloads take turns, and every array of samples is a new one.',
];

/** The payloads in turn; what it returns is bytes. */
function runOf(way: Unpack, payloads: readonly Buffer[]): Run {
  let next = 0;
  return () => {
    const last = way(payloads[next++ % payloads.length]!);
    if (!(last >= 0)) throw new Error('no samples came out');
    return PAYLOAD_BYTES;
  };
}

function payloadOf(seed: number): Buffer {
  const payload = Buffer.from(new ArrayBuffer(PAYLOAD_BYTES));
  for (let i = 0; i < payload.length; i++) payload[i] = i * 7 + seed;
  return payload;
}

/** As one would write it at first. */
function looping(payload: Buffer): number {
  const samples = new Uint16Array(Math.floor((payload.length * 8) / 12));
  for (let i = 0; i < samples.length; i += 2) {
    const at = (i * 3) / 2;
    samples[i] = payload[at]! | ((payload[at + 1]! & 0xf) << 8);
    samples[i + 1] = (payload[at + 1]! >> 4) | (payload[at + 2]! << 4);
  }
  return samples.at(-1)!;
}
