// Recorded batches of Rogue, and a parser of batches that shares nothing with the library's.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Frame, SplitterV1, SplitterV2, type StreamModule } from '../../lib';
import type { ManifestFrame } from './recording';
import type { NamedLine } from './log';

const FOLDER = join(__dirname, '..', 'fixtures', 'batcher');

/** A frame that went into a combiner. */
export interface InputFrame extends ManifestFrame {
  firstUser: number;
  lastUser: number;
  label: string;
}

interface Output {
  result: string;
  emitted: (ManifestFrame & { sha256: string | null })[];
  log: NamedLine[];
}

/** A super-frame that Rogue's combiner sent. */
export interface RecordedBatch {
  title: string;
  defect: string | null;
  bytes: Buffer;
  sequence: number;
  input: InputFrame[];
  splitter: Output;
  inverter: Output;
}

/** What was given to Rogue's splitter, and what became of it. */
export interface MalformedCase {
  name: string;
  version: 1 | 2;
  width: number | null;
  bytes: Buffer;
  frame: { channel: number; flags: number; error: number };
  splitter: Output;
  defect: string | null;
}

interface Place {
  offset: number;
  size: number;
}

const manifest = JSON.parse(readFileSync(join(FOLDER, 'manifest.json'), 'utf8')) as {
  files: { file: string; version: 1 | 2; width: number | null; superFrames: (RecordedBatch & Place)[] }[];
  malformed: { file: string; cases: (MalformedCase & Place)[] };
};

function withBytes<T extends Place>(file: string, cases: readonly T[]): (T & { bytes: Buffer })[] {
  const all = readFileSync(join(FOLDER, file));
  return cases.map((one) => ({ ...one, bytes: all.subarray(one.offset, one.offset + one.size) }));
}

/** The super-frames of each combiner, in the order in which it sent them. */
export const RECORDED_BATCHES: {
  name: string;
  version: 1 | 2;
  width: number | null;
  batches: RecordedBatch[];
}[] = manifest.files.map(({ file, version, width, superFrames }) => ({
  name: file.replace('.bin', ''),
  version,
  width,
  batches: withBytes(file, superFrames),
}));

export const MALFORMED_CASES: MalformedCase[] = withBytes(manifest.malformed.file, manifest.malformed.cases);

/** The first `size` bytes of SHA256(label + ':0') | SHA256(label + ':1') | ..., as the manifests say. */
export function payloadOf(label: string, size: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, i) =>
    createHash('sha256').update(`${label}:${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}

export function frameOf({ label, size, channel, flags, error }: InputFrame): Frame {
  return new Frame(payloadOf(label, size), { channel, flags, error });
}

export function splitterOf(version: 1 | 2): StreamModule {
  return version === 1 ? new SplitterV1() : new SplitterV2();
}

/** A record as it came out. */
export interface Record {
  channel: number;
  flags: number;
  data: Buffer;
}

/** Comparable with toEqual, and short when it differs. */
export const recordText = ({ channel, flags, data }: Record): string =>
  `${channel} ${flags.toString(16)} ${data.length} ${data.toString('hex', 0, 40)}`;

/** Of a frame that a splitter sent. */
export const recordOfFrame = ({ channel, flags, payload }: Frame): Record => ({
  channel,
  flags,
  data: payload,
});

/**
 * What Rogue does with a super-frame that no defect of Rogue keeps from the right end: its records, or the line it logs.
 * It cuts the bytes off from the end, one tail and its data at a time, and has no limit of 32 bits.
 */
export function referenceSplit(
  version: 1 | 2,
  bytes: Buffer,
): { records: Record[] } | { level: 'warning' | 'error'; message: string } {
  const fail = (message: string): { level: 'error'; message: string } => ({ level: 'error', message });
  if (bytes.length < (version === 1 ? 16 : 10))
    return { level: 'warning', message: `Dropping small frame size = ${bytes.length}` };
  const [found, width] = [bytes[0]! % 16, Math.floor(bytes[0]! / 16)];
  if (found !== version) return fail(`Version mismatch. Got ${found}`);
  if (version === 1 && width > 5) return fail(`Invalid AXIS Type Detected. Got ${width}`);
  const header = version === 1 ? 2 ** (width + 1) : 2;
  const tail = version === 1 ? Math.max(8, header) : 7;
  if (bytes.length < header + tail)
    return fail(`Not enough space (${bytes.length}) for tail (${header}) + header (${tail})`);
  const records: Record[] = [];
  let rest = bytes.subarray(header);
  while (rest.length > 0) {
    if (rest.length < tail) return fail(`Not enough space (${rest.length}) for tail (${tail})`);
    const last = rest.subarray(rest.length - tail);
    rest = rest.subarray(0, rest.length - tail);
    const size = last.readUInt32LE(0);
    const taken = version === 1 ? Math.ceil(size / header) * header : size;
    if (taken > rest.length) return fail(`Not enough space (${rest.length}) for frame (${taken})`);
    const start = rest.length - taken;
    records.unshift({
      channel: last[4]!,
      flags: last.readUInt16LE(5),
      data: rest.subarray(start, start + size),
    });
    rest = rest.subarray(0, start);
  }
  return { records };
}

/** What Rogue's InverterV1 makes of a V1 super-frame of width 2 to 5. */
export function inverted(bytes: Buffer): Buffer {
  const word = 2 ** (Math.floor(bytes[0]! / 16) + 1);
  const parts: Buffer[] = [];
  for (let end = bytes.length; end > word;) {
    const tail = bytes.subarray(end - word, end);
    const start = end - word - Math.ceil(tail.readUInt32LE(0) / word) * word;
    parts.unshift(tail, bytes.subarray(start, end - word));
    end = start;
  }
  return Buffer.concat(parts);
}
