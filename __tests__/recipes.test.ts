// The examples for numbers in a payload, each run on data with known figures.

import { writeFileSync } from 'node:fs';
import { Frame, type FrameOptions, type TcpCore } from '../lib';
import { makeServer, stopBridges } from './helpers/bridges';
import { fields, fileName, read, recordOf, removeFiles } from './helpers/files';
import { endPrograms, Program } from './helpers/program';

afterEach(async () => {
  await stopBridges();
  await endPrograms();
  removeFiles();
});

type Payload = readonly [payload: ArrayBufferView, options?: FrameOptions];

/** A data file of these payloads, and of a configuration, as pyrogue writes one in front of the data. */
function dataFile(...payloads: readonly Payload[]): string {
  const config = new Frame(Buffer.from('Top:\n  Det:\n    Gain: 3\n'), { channel: 255 });
  const frames = [config, ...payloads.map(([data, options]) => Frame.from(data, options))];
  writeFileSync(fileName('run.dat'), Buffer.concat(frames.map((frame) => recordOf(frame))));
  return fileName('run.dat');
}

/** What an example prints of its own accord. */
async function printed(path: string, ...args: (string | number)[]): Promise<string[]> {
  const program = new Program(path, args);
  expect([await program.end(), program.stderr]).toEqual([0, '']);
  return program.stdout.trimEnd().split('\n');
}

test('waveforms of 16 bits, and of floating-point numbers', async () => {
  const whole = dataFile(
    [Int16Array.of(-1, 0, 4), { channel: 2 }],
    [Int16Array.of(-100, -50), { channel: 0 }],
    [Int16Array.of(32_000), { channel: 2, error: 1 }],
    [Int16Array.of(7), { channel: 2 }],
  );
  expect(await printed('examples/waveforms.mjs', whole)).toEqual([
    'channel 0: 1 waveforms, mean -75.00, peak -50.00',
    'channel 2: 2 waveforms, mean 2.50, peak 7.00',
  ]);
  const floating = dataFile([Float32Array.of(0.25, 1.5)], [Float32Array.of(-0.75, 0)]);
  expect(await printed('examples/waveforms.mjs', floating, 'float32')).toEqual([
    'channel 0: 2 waveforms, mean 0.25, peak 1.50',
  ]);
});

test('pedestal and noise of samples of 16 bits, and of packed ones of 12', async () => {
  const samples = Uint16Array.of(1003, 997, 1004, 996);
  expect(
    await printed('examples/adc-noise.mjs', dataFile([samples], [Uint16Array.of(5), { channel: 1 }])),
  ).toEqual([
    'channel 0: 4 samples, pedestal 1000.0, noise 3.5',
    'channel 1: 1 samples, pedestal 5.0, noise 0.0',
  ]);
  // 1003, 997, 1004, 996: the low byte first, and two samples in three bytes.
  const packed = Uint8Array.of(0xeb, 0x53, 0x3e, 0xec, 0x43, 0x3e);
  expect(await printed('examples/adc-noise.mjs', dataFile([packed]), 12)).toEqual([
    'channel 0: 4 samples, pedestal 1000.0, noise 3.5',
  ]);
});

test('hits: the pixels that were hit most', async () => {
  const event = (...hits: [column: number, row: number, energy: number][]): Payload => {
    const bytes = Buffer.alloc(16 + 8 * hits.length);
    bytes.writeUInt16LE(hits.length, 12);
    for (const [i, [column, row, energy]] of hits.entries()) {
      bytes.set([column, row], 16 + 8 * i);
      bytes.writeFloatLE(energy, 20 + 8 * i);
    }
    return [bytes];
  };
  const file = dataFile(event([3, 4, 1], [7, 9, 8]), event(), event([3, 4, 2], [1, 1, 5], [3, 4, 6]));
  expect(await printed('examples/hits.mjs', file, 2)).toEqual([
    '3 events, 5 hits in 3 pixels',
    'row 4, column 3: 3 hits, mean energy 3.00',
    'row 9, column 7: 1 hits, mean energy 8.00',
  ]);
});

/** Of a server that a program is to connect to. */
const portOf = (server: TcpCore): string => server.logName.split('.').at(-1)!;

test('images from a camera, each behind a header', async () => {
  const server = await makeServer();
  const program = new Program('examples/images.mjs', ['127.0.0.1', portOf(server), 3, 4, 2]);
  await server.waitForPeer({ timeoutMs: 20_000 });
  const image = (...pixels: number[]): Frame => Frame.from(Uint16Array.of(65_535, 65_535, ...pixels));
  await server.send(image(10, 20, 30, 40, 60, 50));
  // Part of an image.
  await server.send(new Frame(image(1, 2, 3).payload.subarray(0, -1)));
  await server.send(image(9, 1, 1, 1, 0, 0));
  expect(await program.end()).toBe(0);
  expect(program.stdout.trimEnd().split('\n')).toEqual([
    'image 1: 2 x 3, mean 35.0, brightest 60 at row 1, column 1',
    'image 2: 2 x 3, mean 2.0, brightest 9 at row 0, column 0',
    '1 frames were no images',
  ]);
  expect(program.stderr).toMatch(/^.*A frame was left out: 5 bytes .* and 1 bytes left over.*\n$/);
});

test('only frames above a threshold are recorded', async () => {
  const server = await makeServer();
  const file = fileName('part.dat');
  const program = new Program('examples/threshold.mjs', [file, '127.0.0.1', portOf(server), 100, 10]);
  await server.waitForPeer({ timeoutMs: 20_000 });
  const frames = Array.from({ length: 10 }, (_, i) =>
    Frame.from(Uint16Array.of(0, i % 4 === 3 ? 101 : 100, i), { channel: i, flags: i }),
  );
  const sent = [frames[3]!, frames[7]!].map(fields);
  for (const frame of frames) await server.send(frame);
  expect([await program.end(), program.stderr]).toEqual([0, '']);
  expect(program.stdout).toBe(`${file}: 2 of 10 frames, 8 below\n`);
  expect((await read(file)).map(fields)).toEqual(sent);
});
