// How fast are the native engine's decoder and encoder alone, beside a mere copy of as many bytes?

import type { Benchmark } from './benchmark';
import { Decoder } from '../lib/zmtp/decoder';
import { BATCH_BYTES, Encoder, newBatchPool } from '../lib/zmtp/encoder';
import { readyCommand } from '../lib/zmtp/command';
import { ReadMemory } from '../lib/zmtp/read-memory';
import { ratesOf, type Run } from './rates';
import { median, medianRatio, spread } from './statistics';
import { numberText, percentText, ratioText, sizeText } from './table';

const SIZES = [64, 1_000, 10_000, 16_000, 100_000, 1_000_000];
const QUICK_SIZES = [64, 100_000];
const MEASURE_MS = 200;
const QUICK_MEASURE_MS = 30;
// What is decoded over and over: whole messages, this many bytes of them at least.
const STREAM_BYTES = 4_000_000;

export const codec: Benchmark = ({ rounds, quick, progress }) => {
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  for (const sizeBytes of quick ? QUICK_SIZES : SIZES) {
    const runs: Record<string, Run> = {
      copy: copying(sizeBytes),
      'encode/to one peer': encoding(sizeBytes),
      'decode/read in place': decoding(sizeBytes, readInPlace),
      'decode/chunks of 64 KiB': decoding(sizeBytes, inChunks),
    };
    const rates = ratesOf(runs, {
      rounds,
      measureMs: quick ? QUICK_MEASURE_MS : MEASURE_MS,
      warmRuns: 1,
      progress: (what) => progress(`codec ${sizeText(sizeBytes)}, ${what}`),
    });
    for (const [name, framesPerSecond] of rates) {
      const [what, variant] = name.split('/');
      const fullName = [what, sizeText(sizeBytes), variant].filter((part) => part !== undefined).join('/');
      const rate = median(framesPerSecond);
      const ratio = name === 'copy' ? undefined : medianRatio(framesPerSecond, rates.get('copy')!);
      rows.push([
        fullName,
        numberText(rate),
        numberText((rate * sizeBytes) / 1e9),
        percentText(spread(framesPerSecond)),
        ratio === undefined ? '' : ratioText(ratio),
      ]);
      cases.push({ name: fullName, sizeBytes, framesPerSec: rate, ratioToCopy: ratio });
    }
  }
  const table = {
    title: `Decoder and encoder, one thread, no socket, ${rounds} round(s)`,
    columns: ['case', 'frames/s', 'GB/s', 'spread', 'it / copy'],
    rows,
  };
  return Promise.resolve({ tables: [table], notes: NOTES, skipped: [], cases, failures: [], shortfalls: [] });
};

const NOTES = [
  'GB is 10^9 bytes of payload. Copy is Buffer.copy of one payload into the same place; encoding references payloads',
  'of 16 KiB and more, and decoding copies bytes once, from where they are read to (large ones: not at all).',
];

function framesIn(sizeBytes: number): number {
  return Math.ceil(STREAM_BYTES / (sizeBytes + 19));
}

function copying(sizeBytes: number): Run {
  const [from, to] = [Buffer.alloc(sizeBytes, 1), Buffer.alloc(sizeBytes)];
  const count = framesIn(sizeBytes);
  return () => {
    for (let i = 0; i < count; i++) from.copy(to);
    return count;
  };
}

function encoding(sizeBytes: number): Run {
  const encoder = new Encoder(newBatchPool());
  const frame = { payload: Buffer.alloc(sizeBytes, 1), flags: 0x0201, channel: 3, error: 4 };
  const count = framesIn(sizeBytes);
  return () => {
    let messages = 0;
    for (let i = 0; i < count; i++) {
      encoder.add(frame);
      if (encoder.bytes < BATCH_BYTES && i < count - 1) continue;
      const batch = encoder.take(Infinity);
      messages += batch.messages;
      encoder.written(batch);
    }
    return checked(messages, count);
  };
}

function decoding(sizeBytes: number, feed: (decoder: Decoder, stream: Buffer) => void): Run {
  const count = framesIn(sizeBytes);
  const stream = streamOf(sizeBytes, count);
  let frames = 0;
  const sink = {
    first: () => undefined,
    frame: (payload: Buffer) => {
      frames += payload.length === sizeBytes ? 1 : NaN;
      return true;
    },
    malformed: () => undefined,
    command: () => undefined,
  };
  const decoder = new Decoder(sink, new ReadMemory(), { messages: true, maxFrameBytes: 2 ** 32 - 1 });
  decoder.write(readyCommand('PUSH'));
  return () => {
    frames = 0;
    feed(decoder, stream);
    return checked(frames, count);
  };
}

/** As a socket does with `onread`; the copy into the decoder's buffer is the kernel's there. */
function readInPlace(decoder: Decoder, stream: Buffer): void {
  for (let at = 0; at < stream.length;) {
    const target = decoder.nextBuffer();
    const length = stream.copy(target, 0, at, at + target.length);
    decoder.filled(length);
    at += length;
  }
}

function inChunks(decoder: Decoder, stream: Buffer): void {
  for (let at = 0; at < stream.length; at += BATCH_BYTES)
    decoder.write(stream.subarray(at, at + BATCH_BYTES));
}

function streamOf(sizeBytes: number, count: number): Buffer {
  const encoder = new Encoder(newBatchPool());
  const payload = Buffer.alloc(sizeBytes, 1);
  for (let i = 0; i < count; i++) encoder.add({ payload, flags: 0x0201, channel: 3, error: 4 });
  return Buffer.concat(encoder.take(Infinity).chunks);
}

function checked(frames: number, expected: number): number {
  if (frames !== expected) throw new Error(`${frames} of ${expected} frames came out`);
  return frames;
}
