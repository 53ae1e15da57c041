// Writers and readers of logs for tests, closed after each.

import { Frame, type FrameOptions } from '../../lib';
import {
  JetStreamReader,
  JetStreamWriter,
  type JetStreamReaderOptions,
  type JetStreamWriterOptions,
  LogFrame,
} from '../../lib/jetstream';
import { fields as fieldsOf } from './files';
import { waitFor } from './wait';

/** From this size on, a frame has a message of its own. */
export const LARGE = 64 * 1024;

/** With `url`s, as servers and proxies of tests have them. */
export interface Place {
  readonly url: string;
}

let opened: { stop(options?: { lingerMs?: number }): Promise<void> }[] = [];
let streams = 0;

/** A name that no other test of this file has. */
export function newStream(): string {
  return `run-${(streams += 1)}`;
}

export async function openWriter(
  { url }: Place,
  options: Partial<JetStreamWriterOptions> & { readonly stream: string },
): Promise<JetStreamWriter> {
  const writer = await JetStreamWriter.create({ servers: url, ...options });
  opened.push(writer);
  return writer;
}

export async function openReader(
  { url }: Place,
  options: Partial<JetStreamReaderOptions> & { readonly stream: string },
): Promise<JetStreamReader> {
  const reader = await JetStreamReader.create({ servers: url, ...options });
  opened.push(reader);
  return reader;
}

/** For `afterEach`. */
export async function closeLogs(): Promise<void> {
  const all = opened;
  opened = [];
  await Promise.all(all.map((one) => one.stop({ lingerMs: 0 })));
}

/** A frame whose payload tells it from others. */
export function frameOf(number: number, size: number, fields: FrameOptions = {}): Frame {
  const payload = Buffer.alloc(size, number & 0xff);
  payload.writeUInt8(number >> 8, size >> 1);
  return new Frame(payload, fields);
}

/** The frames that a reader gives from now on. */
export function collect(reader: JetStreamReader): LogFrame[] {
  const frames: LogFrame[] = [];
  reader.addSlave((frame) => {
    if (!(frame instanceof LogFrame)) throw new Error('the frame does not know its place in the log');
    frames.push(frame);
  });
  return frames;
}

/** What a log holds, from its first frame to its last. */
export async function readLog(
  place: Place,
  stream: string,
  options: Partial<JetStreamReaderOptions> = {},
): Promise<LogFrame[]> {
  const reader = await openReader(place, { stream, from: 'first', untilEnd: true, ...options });
  const frames = collect(reader);
  await reader.finished();
  await reader.stop();
  return frames;
}

/** Writes frames, held back as the writer says, until the log has them. */
export async function writeAll(writer: JetStreamWriter, frames: Iterable<Frame>): Promise<void> {
  for (const frame of frames) await writer.acceptFrame(frame);
  await writer.flush();
}

/** Checks that a log holds these frames, from frame 0 on and no others. */
export async function expectLog(place: Place, stream: string, frames: readonly Frame[]): Promise<void> {
  const found = await readLog(place, stream);
  expect(found.map(fieldsOf)).toEqual(frames.map(fieldsOf));
  expect(found.map(({ number }) => number)).toEqual(frames.map((_, i) => i));
}

/** The errors that a writer or reader tells from now on, as `CODE message`. */
export function errorsOf(one: JetStreamWriter | JetStreamReader): string[] {
  const errors: string[] = [];
  one.on('error', (err) => errors.push(`${(err as { code?: string }).code} ${err.message}`));
  return errors;
}

/** Waits until a reader has given this number of frames. */
export function waitForFrames(frames: readonly Frame[], count: number): Promise<void> {
  return waitFor(
    `${count} frames`,
    () => frames.length >= count,
    undefined,
    () => frames.length,
  );
}
