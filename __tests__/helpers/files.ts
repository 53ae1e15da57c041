// Data files of a test, in a folder that is removed after it.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Frame } from '../../lib';

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
