// A batch of records into a file whose writes take any part of what they are given, and may fail.

import fc from 'fast-check';
import { Frame } from '../../../lib';
import { OutputFile } from '../../../lib/utilities/fileio/output-file';
import { newChunkPool, RecordBatch } from '../../../lib/utilities/fileio/record-batch';
import { recordOf } from '../../helpers/files';

const GIBIBYTE = 2 ** 30;

/** A file in memory. Each write takes the next of `takes` bytes; after the last of them the disk is full. */
class FakeFile {
  content = Buffer.alloc(0);
  readonly asked: number[] = [];

  constructor(private readonly takes: number[]) {}

  writev(pieces: readonly Buffer[]): Promise<{ bytesWritten: number }> {
    const bytes = Buffer.concat(pieces);
    this.asked.push(bytes.length);
    const take = this.takes.shift();
    if (take === undefined) return Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    const bytesWritten = Math.min(take, bytes.length);
    this.content = Buffer.concat([this.content, bytes.subarray(0, bytesWritten)]);
    return Promise.resolve({ bytesWritten });
  }

  truncate(size: number): Promise<void> {
    this.content = this.content.subarray(0, size);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const openFake = (file: FakeFile): OutputFile => new OutputFile('fake', file);

test('what is in the file is whole records, in order, and counted, whatever each write takes', async () => {
  const anySize = fc.oneof(
    fc.integer({ min: 1, max: 200 }),
    fc.constantFrom(32_767, 32_768, 100_000, 300_000),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(anySize, { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 400_000 }), { maxLength: 12 }),
      fc.boolean(),
      async (sizes, takes, raw) => {
        const frames = sizes.map((size, i) => new Frame(Buffer.alloc(size, i + 1), { channel: i }));
        const batch = new RecordBatch(newChunkPool(), raw);
        for (const frame of frames) batch.add(frame, frame.channel);
        const file = new FakeFile(takes);
        const output = openFake(file);
        const { records, bytes, error } = await output.write(batch);
        const expected = Buffer.concat(
          frames.slice(0, records).map((frame) => (raw ? frame.payload : recordOf(frame))),
        );
        expect(file.content.equals(expected)).toBe(true);
        expect([bytes, output.size]).toEqual([expected.length, expected.length]);
        expect(error === undefined).toBe(records === frames.length);
        if (error !== undefined) expect(error.code).toBe('ERR_FILE_WRITE');
      },
    ),
    { numRuns: 300 },
  );
});

test('no write has more than 1 GiB, and each begins where the last one ended', async () => {
  // Views of one page's worth of memory that claim to be large: a stand-in, nobody wants 3 GB in a test.
  const asked: [first: number, bytes: number][] = [];
  let at = 0;
  const handle = {
    writev(pieces: readonly Buffer[]): Promise<{ bytesWritten: number }> {
      const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
      asked.push([at, bytes]);
      // The kernel takes 4 kB less than it is asked for, as Linux does of 2 GiB.
      const bytesWritten = bytes > 8_192 ? bytes - 4_096 : bytes;
      at += bytesWritten;
      return Promise.resolve({ bytesWritten });
    },
  };
  const payload = Buffer.allocUnsafeSlow(300_000_000);
  const batch = new RecordBatch(newChunkPool(), false);
  for (let i = 0; i < 10; i++) batch.add(new Frame(payload), 0);
  const { records, error } = await new OutputFile('fake', handle as never).write(batch);
  expect([records, error, at]).toEqual([10, undefined, 10 * (300_000_000 + 8)]);
  expect(Math.max(...asked.map(([, bytes]) => bytes))).toBeLessThanOrEqual(GIBIBYTE);
});
