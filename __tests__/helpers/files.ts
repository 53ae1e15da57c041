// Data files of a test, in a folder that is removed after it.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Frame,
  Master,
  readFrames,
  StreamWriter,
  type FileFrame,
  type ReadFramesOptions,
  type StreamWriterOptions,
} from '../../lib';

let folder: string | undefined;

/** A name in this test's own folder. */
export function fileName(name: string): string {
  folder ??= mkdtempSync(join(tmpdir(), 'rogue-bridge-'));
  return join(folder, name);
}

/** For `afterEach`. */
export function removeFiles(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
}

/** The bytes of a record as Rogue writes it, put together independently of the library. */
export function recordOf(frame: Frame, channel = frame.channel): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(frame.size + 4, 0);
  header.writeUInt16LE(frame.flags, 4);
  header.writeUInt8(frame.error, 6);
  header.writeUInt8(channel, 7);
  return Buffer.concat([header, frame.payload]);
}

/** A frame whose content tells which one it is. */
export function numberedFrame(number: number, size: number): Frame {
  const payload = Buffer.alloc(size, number & 0xff);
  return new Frame(payload, { flags: (number * 7) & 0xffff, channel: number % 5, error: number % 3 });
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What tells one frame from another, comparable with toEqual, without the payload itself. */
export const fields = ({ payload, flags, channel, error }: Frame): unknown => [
  sha256(payload),
  flags,
  channel,
  error,
];

/** Everything in these files. */
export async function read(paths: string | string[], options?: ReadFramesOptions): Promise<FileFrame[]> {
  const frames: FileFrame[] = [];
  for await (const frame of readFrames(paths, options)) frames.push(frame);
  return frames;
}

/** Records `frames`, each with its own channel, one after the other. */
export async function write(
  path: string,
  frames: readonly Frame[],
  options: StreamWriterOptions = {},
): Promise<StreamWriter> {
  const writer = new StreamWriter(options);
  const master = new Master();
  master.to(writer.getChannel(0));
  await writer.open(path);
  for (const frame of frames) await master.sendFrame(frame);
  await writer.close();
  return writer;
}
