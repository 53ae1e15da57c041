// How fast are packed samples unpacked, beside a plain loop over the bytes and a copy of them?

import type { Benchmark } from './benchmark';
import { unpackBits } from '../lib/stream/unpack-bits';
import { median, medianRatio, spread } from './statistics';
import { numberText, percentText, ratioText } from './table';

const PAYLOAD_BYTES = 1_500_000;
const MEASURE_MS = 200;
const QUICK_MEASURE_MS = 30;
// V8 compiles what is run often; the first of the cases would pay for all.
const WARM_RUNS = 30;
const LOOP = 'a plain loop, 12 bits';

/** Unpacks one payload, and returns its last sample, so that nothing is left out. */
type Run = (payload: Buffer) => number;

const RUNS: Readonly<Record<string, Run>> = {
  [LOOP]: looping,
  'unpackBits, 10 bits': (payload) => unpackBits(payload, 10).at(-1)!,
  'unpackBits, 12 bits': (payload) => unpackBits(payload, 12).at(-1)!,
  'unpackBits, 12 bits, from an odd place': (payload) => unpackBits(payload.subarray(1, -2), 12).at(-1)!,
  'unpackBits, 14 bits': (payload) => unpackBits(payload, 14).at(-1)!,
  'unpackBits, 12 bits, highFirst': (payload) => unpackBits(payload, 12, { highFirst: true }).at(-1)!,
  'a copy of the bytes': (payload) => new Uint8Array(payload).at(-1)!,
};

export const unpack: Benchmark = ({ rounds, quick, progress }) => {
  const rates = new Map(Object.keys(RUNS).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(RUNS)) {
      progress(`unpack, ${name}, round ${round + 1} of ${rounds}`);
      rates.get(name)!.push(bytesPerSec(run, quick ? QUICK_MEASURE_MS : MEASURE_MS));
    }
  }
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
  'GB is 10^9 bytes of packed samples. Every payload is a new one, and so is every array of samples.',
];

function bytesPerSec(run: Run, measureMs: number): number {
  const payloads = Array.from({ length: 8 }, (_, seed) => payloadOf(seed));
  let last = 0;
  for (let i = 0; i < WARM_RUNS; i++) last += run(payloads[i % payloads.length]!);
  let bytes = 0;
  const startMs = performance.now();
  let elapsedMs = 0;
  for (let i = 0; elapsedMs < measureMs; i++) {
    last += run(payloads[i % payloads.length]!);
    bytes += PAYLOAD_BYTES;
    elapsedMs = performance.now() - startMs;
  }
  if (!(last >= 0)) throw new Error('no samples came out');
  return (bytes / elapsedMs) * 1000;
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
