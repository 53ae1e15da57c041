// Configuration records of data files, written and read.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import {
  FileFrame,
  Frame,
  Logging,
  Master,
  poolStats,
  readFrames,
  StreamReader,
  StreamWriter,
  type FileFrameIterator,
  type ReadFramesOptions,
  type StreamWriterOptions,
} from '../../../lib';
import { show } from '../../../lib/errors';
import { fileName, numberedFrame, recordOf, removeFiles } from '../../helpers/files';
import { collectNamed, type NamedLine } from '../../helpers/log';

let log: NamedLine[];
beforeEach(() => (log = collectNamed()));
afterEach(() => {
  Logging.setSink(undefined);
  removeFiles();
});

const config = (text: string): Buffer => recordOf(new Frame(Buffer.from(text), { channel: 255 }));
const data = (number: number, channel = 1): Buffer =>
  recordOf(new Frame(Buffer.alloc(20, number), { channel }));

function fileOf(name: string, ...records: Buffer[]): string {
  const path = fileName(name);
  writeFileSync(path, Buffer.concat(records));
  return path;
}

/** What is in each frame's configuration at `a.b`, and at the end. */
async function valuesOf(reading: FileFrameIterator): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const frame of reading) {
    expect(frame.config).toBe(reading.config);
    values.push(frame.config!.has('a.b') ? frame.config!.value('a.b') : 'none');
  }
  return [...values, reading.config!.value('a.b')];
}

describe('readFrames', () => {
  const rows = (): Buffer[] => [
    data(0),
    config('a: {b: 1}'),
    data(1),
    data(2, 2),
    config('a.b: 2'),
    config('a.b: 3'),
    data(3),
    config('a.b: 4'),
  ];

  test('each frame has what holds at its place, and the iterator what holds at the end', async () => {
    const reading = readFrames(fileOf('run.dat', ...rows()), { config: 255 });
    expect(reading.config!.tree).toEqual({});
    expect(await valuesOf(reading)).toEqual(['none', 1, 1, 3, 4]);
    expect([reading.configErrorCount, log]).toEqual([0, []]);
  });

  test('without the option there is none, and its records are frames', async () => {
    const reading = readFrames(fileOf('run.dat', ...rows()));
    const channels: number[] = [];
    for await (const frame of reading) {
      expect(frame.config).toBeUndefined();
      channels.push(frame.channel);
    }
    expect(channels).toEqual([1, 255, 1, 2, 255, 255, 1, 255]);
    expect([reading.config, reading.configErrorCount]).toEqual([undefined, 0]);
  });

  test('with channels, which need not name that of the configuration', async () => {
    const reading = readFrames(fileOf('run.dat', ...rows()), { config: 255, channel: 2 });
    expect(await valuesOf(reading)).toEqual([1, 4]);
  });

  test('from file to file, and from a stream', async () => {
    const [first, second] = [fileOf('1.dat', ...rows()), fileOf('2.dat', data(4), config('a.b: 5'), data(5))];
    expect(await valuesOf(readFrames([first, second], { config: 255 }))).toEqual(['none', 1, 1, 3, 4, 5, 5]);
    const stream = new PassThrough();
    stream.end(Buffer.concat(rows()));
    expect(await valuesOf(readFrames(stream, { config: 255 }))).toEqual(['none', 1, 1, 3, 4]);
  });

  test('with batched: the records of a batch have the configuration of their batch', async () => {
    const path = join(__dirname, '..', '..', 'fixtures', 'batched-files', 'batched-inverted-w2-config.dat');
    const seen = new Map<number, Set<unknown>>();
    const reading = readFrames(path, { batched: 'inverted', config: 255 });
    for await (const frame of reading) {
      const configs = seen.get(frame.position) ?? new Set();
      seen.set(frame.position, configs.add(frame.config));
    }
    expect([...seen.values()].map(({ size }) => size)).toEqual([1, 1, 1]);
    const trees = [...seen.values()].map(([one]) => (one as NonNullable<FileFrame['config']>).tree);
    const manifest = JSON.parse(readFileSync(join(path, '..', 'manifest.json'), 'utf8')) as {
      items: {
        files: { file: string }[];
        fileReader: { configs?: unknown[]; records: { headerSize: number; config: number }[] }[];
      }[];
    };
    const { fileReader } = manifest.items.find(({ files }) => path.endsWith(files[0]!.file))!;
    const { configs, records } = fileReader[0]!;
    const perBatch = new Map(records.map(({ headerSize, config: index }) => [headerSize, configs![index]]));
    expect(trees).toEqual([...perBatch.values()]);
    expect(new Set(trees).size).toBeGreaterThan(1);
  });

  test('with follow: as it is written', async () => {
    const path = fileOf('run.dat', config('a: {b: 1}'), data(1));
    const abort = new AbortController();
    const reading = readFrames(path, { config: 255, follow: true, signal: abort.signal });
    expect((await reading.next()).value!.config!.value('a.b')).toBe(1);
    const next = reading.next();
    appendFileSync(path, config('a.b: 2').subarray(0, 10));
    appendFileSync(path, Buffer.concat([config('a.b: 2').subarray(10), data(2)]));
    expect((await next).value!.config!.value('a.b')).toBe(2);
    abort.abort();
    expect((await reading.next()).done).toBe(true);
  });

  test('what is bad is logged with its place, and counted', async () => {
    const path = fileOf(
      'run.dat',
      data(0),
      config('a: {b: 1}'),
      config('- 1'),
      data(1),
      config('a.b: 2\na.b.c: 3'),
    );
    const reading = readFrames(path, { config: 255 });
    expect(await valuesOf(reading)).toEqual(['none', 1, 2]);
    expect(reading.configErrorCount).toBe(2);
    expect(log).toEqual([
      {
        logger: 'pyrogue.fileio.FileReader',
        level: 'warning',
        message: `${path}, offset 45: a configuration record is left out: it is a list, but must be a mapping`,
      },
      {
        logger: 'pyrogue.fileio.FileReader',
        level: 'warning',
        message: `${path}, offset 84: the key 'a.b.c' of a configuration record is left out: 'a.b' is the value 2, which has no keys`,
      },
    ]);
  });

  test('with onConfig: both, the configuration first, which waits for onConfig', async () => {
    const texts: string[] = [];
    const reading = readFrames(fileOf('run.dat', ...rows()), {
      config: 255,
      configChan: 255,
      onConfig: async (text) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        texts.push(`${text} ${show(reading.config!.value('a.b'))}`);
      },
    });
    expect(await valuesOf(reading)).toEqual(['none', 1, 1, 3, 4]);
    expect(texts).toEqual(['a: {b: 1} 1', 'a.b: 2 2', 'a.b: 3 3', 'a.b: 4 4']);
    const alone: string[] = [];
    const options = { config: 255, onConfig: (text: string) => void alone.push(text) };
    await valuesOf(readFrames(fileOf('run.dat', ...rows()), options));
    expect(alone).toHaveLength(4);
  });

  test.each<[ReadFramesOptions, string]>([
    [{ config: 256 }, 'config is 256, but must be a whole number from 0 to 255'],
    [{ config: true as never }, 'config is true, but must be a whole number'],
    [
      { config: 255, configChan: 254 },
      'config is 255 and configChan is 254, but a file has one channel of configuration: leave out configChan',
    ],
  ])('wrong options are told (%#)', (options, message) => {
    expect(() => readFrames('run.dat', options)).toThrow(message);
    expect(() => new StreamReader(options)).toThrow(message);
  });

  test('a record larger than a read, whose memory is used again', async () => {
    const large = `a: {b: 1, text: "${'x'.repeat(300_000)}"}`;
    const path = fileOf('run.dat', config(large), data(1), config('a.b: 2'));
    const { returned } = poolStats();
    const reading = readFrames(path, { config: 255 });
    const { value } = await reading.next();
    expect(value!.config!.value('a.text')).toHaveLength(300_000);
    expect(poolStats().returned - returned).toBe(1);
    expect(value!.isPooled).toBe(false);
    expect((await reading.next()).done).toBe(true);
    expect(reading.config!.value('a.b')).toBe(2);
  });
});

test('StreamReader: slaves get frames with their configuration', async () => {
  const path = fileOf('run.dat', config('a: {b: 1}'), data(1), config('a.b: 2'), data(2));
  const reader = new StreamReader({ config: 255 });
  const values: unknown[] = [];
  reader.to((frame) => {
    if (frame instanceof FileFrame) values.push(frame.config!.value('a.b'));
  });
  await reader.open(path);
  await reader.closeWait();
  expect([values, reader.frameCount]).toEqual([[1, 2], 2]);
});

describe('StreamWriter', () => {
  /** Writes two frames between the configuration of the beginning and that of the end. */
  async function record(path: string, options: StreamWriterOptions): Promise<StreamWriter> {
    const [source, writer] = [new Master(), new StreamWriter(options)];
    source.to(writer.getChannel(0));
    await writer.open(path);
    for (const number of [1, 2]) await source.sendFrame(numberedFrame(number, 100));
    await writer.close();
    return writer;
  }

  test('the text is the first record and the last one', async () => {
    const path = fileName('run.dat');
    const text = 'Top: {Größe: 1}';
    const writer = await record(path, { config: { channel: 255, text } });
    const records = [
      config(text),
      recordOf(numberedFrame(1, 100)),
      recordOf(numberedFrame(2, 100)),
      config(text),
    ];
    expect(readFileSync(path)).toEqual(Buffer.concat(records));
    expect([writer.frameCount, writer.totalSize]).toEqual([4, Buffer.concat(records).length]);
  });

  test('and reads back', async () => {
    const path = fileName('run.dat');
    let gain = 0;
    const text = async (): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      gain += 1;
      return `Top: {Gain: ${gain}}`;
    };
    await record(path, { config: { channel: 255, text }, bufferSize: 1000 });
    const reading = readFrames(path, { config: 255 });
    const values: unknown[] = [];
    for await (const frame of reading) values.push(frame.config!.value('Top.Gain'));
    expect([values, reading.config!.value('Top.Gain'), gain]).toEqual([[1, 1], 2, 2]);
  });

  test('in parts: at the beginning of the first and at the end of the last', async () => {
    const path = fileName('run.dat');
    await record(path, { config: { channel: 255, text: 'Top: {Gain: 1}' }, maxSize: 120 });
    const channels: [string, number][] = [];
    for await (const { path: part, channel } of readFrames(`${path}.1`))
      channels.push([part.slice(-2), channel]);
    expect(channels).toEqual([
      ['.1', 255],
      ['.2', 1],
      ['.3', 2],
      ['.4', 255],
    ]);
  });

  test('onto a stream', async () => {
    const stream = new PassThrough();
    const writer = new StreamWriter({ config: { channel: 7, text: 'a: {b: 1}' } });
    await writer.open(stream);
    await writer.close();
    stream.end();
    const reading = readFrames(stream, { config: 7 });
    expect(await valuesOf(reading)).toEqual([1]);
  });

  test('a recording that follows another: each has its own two', async () => {
    const [first, second] = [fileName('1.dat'), fileName('2.dat')];
    const texts: string[] = [];
    const text = (): string => texts[texts.push(`a: {b: ${texts.length}}`) - 1]!;
    const [source, writer] = [new Master(), new StreamWriter({ config: { channel: 255, text } })];
    source.to(writer.getChannel(0));
    await writer.open(first);
    await source.sendFrame(numberedFrame(1, 10));
    const opened = writer.open(second);
    await opened;
    await source.sendFrame(numberedFrame(2, 10));
    await writer.close();
    await writer.close();
    expect(texts).toHaveLength(4);
    for (const [path, number] of [
      [first, 1],
      [second, 2],
    ] as const) {
      const channels: number[] = [];
      for await (const { channel } of readFrames(path)) channels.push(channel);
      expect(channels).toEqual([255, number, 255]);
    }
  });

  describe('a function that fails', () => {
    const failing = (at: number, fault: () => string | Promise<string>) => {
      let calls = 0;
      return (): string | Promise<string> => (calls++ === at ? fault() : 'a: {b: 1}');
    };
    const broken = new Error('the hardware does not answer');

    test.each<[string, () => string | Promise<string>, string]>([
      ['throws', () => { throw broken; }, broken.message], // prettier-ignore
      ['rejects', () => Promise.reject(broken), broken.message],
      [
        'returns no text',
        () => undefined as never,
        'config.text has returned undefined, but must be a text (YAML)',
      ],
      [
        'returns an empty one',
        () => '',
        "config.text has returned '', but must be a text (YAML) that is not empty",
      ],
    ])('%s: open rejects, and close closes the file', async (_, fault, message) => {
      const path = fileName('run.dat');
      const opening = new StreamWriter({ config: { channel: 255, text: failing(0, fault) } });
      await expect(opening.open(path)).rejects.toThrow(message);
      expect(opening.isOpen).toBe(false);
      expect(() => readFileSync(path)).toThrow('ENOENT');
      await opening.close();

      const closing = record(path, { config: { channel: 255, text: failing(1, fault) } });
      await expect(closing).rejects.toThrow(message);
      const frames: FileFrame[] = [];
      for await (const frame of readFrames(path, { config: 255 })) frames.push(frame);
      expect(frames.map(({ size }) => size)).toEqual([100, 100]);
    });

    test('the recording before goes on', async () => {
      const [first, second] = [fileName('1.dat'), fileName('2.dat')];
      const text = failing(1, () => Promise.reject(broken));
      const [source, writer] = [new Master(), new StreamWriter({ config: { channel: 255, text } })];
      source.to(writer.getChannel(0));
      await writer.open(first);
      await expect(writer.open(second)).rejects.toBe(broken);
      expect(writer.isOpen).toBe(true);
      await source.sendFrame(numberedFrame(1, 10));
      await writer.close();
      expect(readFileSync(first)).toEqual(
        Buffer.concat([config('a: {b: 1}'), recordOf(numberedFrame(1, 10)), config('a: {b: 1}')]),
      );
      expect(() => readFileSync(second)).toThrow('ENOENT');
    });

    test('a text that no part can take', async () => {
      const writer = new StreamWriter({ config: { channel: 255, text: 'a: {b: 1}' }, maxSize: 16 });
      await expect(writer.open(fileName('run.dat'))).rejects.toMatchObject({
        code: 'ERR_FRAME_TOO_LARGE',
        message: 'a frame of 9 bytes does not fit into a file of maxSize = 16 bytes',
      });
    });
  });

  test.each<[unknown, string]>([
    [{ config: 255 }, 'the options of config are 255, but must be an object'],
    [
      { config: { channel: 256, text: 'a' } },
      'config.channel is 256, but must be a whole number from 0 to 255',
    ],
    [{ config: { text: 'a' } }, 'config.channel is undefined, but must be a whole number from 0 to 255'],
    [
      { config: { channel: 1 } },
      'config.text is undefined, but must be a text (YAML) that is not empty, or a function',
    ],
    [{ config: { channel: 1, text: '' } }, "config.text is '', but must be a text (YAML) that is not empty"],
    [
      { config: { channel: 1, txt: 'a' } },
      "unknown option 'txt' in the options of config; allowed are channel, text",
    ],
    [
      { config: { channel: 1, text: 'a' }, raw: true },
      'config needs headers to be told from the data: leave out raw: true',
    ],
  ])('wrong options are told (%#)', (options, message) => {
    expect(() => new StreamWriter(options as StreamWriterOptions)).toThrow(message);
  });
});
