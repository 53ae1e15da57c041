// The examples with a bridge, run as the README says; those for numbers in a payload are in recipes.test.ts.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CombinerV1, Frame, readFrames, StreamWriter } from '../lib';
import { Collector, makeClient, makeServer, stopBridges } from './helpers/bridges';
import { fileName, numberedFrame, recordOf, removeFiles } from './helpers/files';
import { reservePorts } from './helpers/ports';
import { PageClient, WATCH } from './helpers/page-client';
import { endPrograms, Program } from './helpers/program';

const FRAMES = 300;

afterEach(async () => {
  await stopBridges();
  await endPrograms();
  removeFiles();
});

test('every example is in the README and in a test, here or in one of four others', () => {
  const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
  const tests = [
    'examples.test.ts',
    'recipes.test.ts',
    'jetstream/python.slow.test.ts',
    'metrics/examples.test.ts',
    'view/browser-frames.slow.test.ts',
  ].map((name) => join(__dirname, name));
  const here = tests.map((path) => readFileSync(path, 'utf8')).join();
  for (const name of readdirSync(join(__dirname, '..', 'examples'))) {
    expect([name, readme.includes(`examples/${name}`), here.includes(`examples/${name}`)]).toEqual([
      name,
      true,
      true,
    ]);
  }
});

async function startExporter(): Promise<{ exporter: Program; port: number }> {
  const port = await reservePorts();
  const exporter = new Program('examples/exporter.mjs', [port, FRAMES]);
  await exporter.prints(`exporting on ports ${port} and ${port + 1}\n`);
  return { exporter, port };
}

test('a program with a live page', async () => {
  const program = new Program('examples/live-page.mjs', [0]);
  await program.prints('http://127.0.0.1:');
  const page = await PageClient.open({ port: Number(new URL(program.stdout).port), token: undefined });
  page.send({ ...WATCH, channel: 1, view: 'image', shape: [128, 128] }, { op: 'next', id: 0 });
  expect(await page.next('preview')).toMatchObject({ channel: 1, rows: 128, columns: 128 });
  program.interrupt();
  expect([await program.end(), program.stderr]).toEqual([0, '']);
});

test('exporter and analysis client', async () => {
  const { exporter, port } = await startExporter();
  const client = new Program('examples/analysis-client.mjs', ['127.0.0.1', port, FRAMES]);
  expect([await client.end(), client.stderr]).toEqual([0, '']);
  expect(client.stdout.trim().split('\n')).toEqual(
    [0, 1, 2, 3].map(
      (channel) =>
        expect.stringMatching(new RegExp(`^channel ${channel}: 75 frames, mean 112[0-9.]+$`)) as string,
    ),
  );
  expect([await exporter.end(), exporter.stderr]).toEqual([0, '']);
  expect(exporter.stdout).toContain(`sent ${FRAMES} frames, ${FRAMES * 2000} bytes`);
});

test('an exporter without a client ends at Ctrl-C', async () => {
  const port = await reservePorts();
  const exporter = new Program('examples/exporter.mjs', [port]);
  await exporter.prints('exporting');
  const client = new Program('examples/analysis-client.mjs', ['127.0.0.1', port, 10]);
  expect(await client.end()).toBe(0);
  exporter.interrupt();
  expect(await exporter.end()).toBe(0);
  // A frame may have been under way to the client that had enough.
  expect(exporter.stderr).toMatch(
    /^(\{.*frames were lost: their peer left before they were on the wire"\}\n)?$/,
  );
});

test('monitor tap: the main path gets everything, the monitor what it can', async () => {
  const { port } = await startExporter();
  const tap = new Program('examples/monitor-tap.mjs', ['127.0.0.1', port, FRAMES]);
  expect([await tap.end(), tap.stderr]).toEqual([0, '']);
  expect(tap.stdout).toContain(`main path: ${FRAMES} frames`);
  const [, notDue, dropped] = /monitor: (\d+) not due, (\d+) dropped/.exec(tap.stdout)!.map(Number);
  const shown = tap.stdout.match(/^channel \d: [0-9a-f]{32}$/gm)!.length;
  expect(shown).toBeGreaterThan(0);
  expect(notDue! + dropped! + shown).toBe(FRAMES);
});

test('record, and play to a remote client', async () => {
  const file = fileName('run.dat');
  const { port } = await startExporter();
  const recorder = new Program('examples/record.mjs', [file, '127.0.0.1', port, FRAMES]);
  expect([await recorder.end(), recorder.stderr]).toEqual([0, '']);
  expect(recorder.stdout).toBe(`${file}: ${FRAMES} frames, ${FRAMES * 2008} bytes\n`);
  const recorded: Frame[] = [];
  for await (const frame of readFrames(file)) recorded.push(frame);
  expect(recorded.map(({ channel }) => channel)).toEqual(Array.from({ length: FRAMES }, (_, i) => i % 4));

  const again = await reservePorts();
  const player = new Program('examples/play.mjs', [file, again]);
  await player.prints('waiting for a client');
  const got = new Collector();
  (await makeClient(again)).to(got);
  expect([await player.end(), player.stderr]).toEqual([0, '']);
  expect(player.stdout).toContain(`played ${FRAMES} frames, 0 of them lost on the way`);
  await got.waitForCount(FRAMES);
  expect(got.frames.every((frame, i) => frame.payload.equals(recorded[i]!.payload))).toBe(true);
});

test('recording and playing say what is wrong with their file', async () => {
  const file = fileName('torn.dat');
  const records = [recordOf(numberedFrame(1, 10)), recordOf(numberedFrame(2, 10)).subarray(0, 12)];
  writeFileSync(file, Buffer.concat(records));
  const recorder = new Program('examples/record.mjs', [file]);
  expect(await recorder.end()).toBe(1);
  expect(recorder.stderr).toMatch(/torn\.dat has data in it, and was left alone/);
  const port = await reservePorts();
  const player = new Program('examples/play.mjs', [file, port]);
  await player.prints('waiting for a client');
  const got = new Collector();
  (await makeClient(port)).to(got);
  expect(await player.end()).toBe(1);
  expect(player.stderr).toMatch(/ends within a record, or its header is damaged: at offset 18/);
});

test('lanes and virtual channels, each on its port', async () => {
  const base = await reservePorts([1, 2, 3, 512, 513, 514, 515]);
  const lanes = new Program('examples/lanes.mjs', [base, 2, 2]);
  await lanes.prints(`lane 1 vc 1: ports ${base + 514} and ${base + 515}\n`);
  for (const [lane, vc, count] of [
    [0, 1, 5],
    [1, 0, 7],
  ] as const) {
    const client = await makeClient(base + 512 * lane + 2 * vc);
    const got = client.to(new Collector());
    await client.waitForPeer({ timeoutMs: 10_000 });
    for (let i = 0; i < count; i++) await client.acceptFrame(new Frame(Buffer.of(i)));
    await got.waitForCount(count);
  }
  lanes.interrupt();
  expect([await lanes.end(), lanes.stderr]).toEqual([0, '']);
  for (const line of ['0 vc 0: 0', '0 vc 1: 5', '1 vc 0: 7', '1 vc 1: 0']) {
    expect(lanes.stdout).toContain(`lane ${line} frames in, ${line.slice(-1)} out`);
  }
});

/** Sends batches of ten records: record i on channel i % 4, with i in all of its bytes. */
async function sendBatches(combiner: CombinerV1): Promise<Frame[]> {
  const records = Array.from(
    { length: FRAMES },
    (_, i) => new Frame(Buffer.alloc(100, i), { channel: i % 4, flags: i }),
  );
  for (const [i, record] of records.entries()) {
    await combiner.acceptFrame(record);
    if (i % 10 === 9) await combiner.sendBatch();
  }
  return records;
}

test('batches from a bridge: the analysis gets every record, the display what it can', async () => {
  const server = await makeServer();
  const port = Number(server.logName.split('.').at(-1));
  const client = new Program('examples/batches.mjs', ['127.0.0.1', port, FRAMES]);
  await server.waitForPeer({ timeoutMs: 20_000 });
  await server.send(new Frame(20));
  const combiner = new CombinerV1(2);
  combiner.to(server);
  await sendBatches(combiner);
  expect(await client.end()).toBe(0);
  expect(client.stderr).toContain('Version mismatch. Got 0');
  for (const channel of [0, 1, 2, 3])
    expect(client.stdout).toContain(`channel ${channel}: 7500 bytes in all`);
  const shown = client.stdout.match(/^channel \d: ([0-9a-f]{2})\1{15}$/gm)!.length;
  const missed = FRAMES - shown;
  expect(shown).toBeGreaterThan(0);
  expect(client.stdout).toContain(
    `${FRAMES} records, 1 damaged batches; the display missed ${missed} records`,
  );
});

test('a file of batches, played record by record', async () => {
  const file = fileName('batches.dat');
  const [combiner, writer] = [new CombinerV1(3), new StreamWriter()];
  combiner.to(writer.getChannel(0));
  await writer.open(file);
  const records = await sendBatches(combiner);
  await writer.close();
  const port = await reservePorts();
  const player = new Program('examples/play-batches.mjs', [file, port]);
  await player.prints('waiting for a client');
  const got = new Collector();
  (await makeClient(port)).to(got);
  expect([await player.end(), player.stderr]).toEqual([0, '']);
  expect(player.stdout).toContain('channel 3: 75 records\n');
  expect(player.stdout).toContain(`played 30 batches, ${FRAMES} records`);
  await got.waitForCount(FRAMES);
  expect(got.frames.map(({ channel, flags }) => [channel, flags])).toEqual(
    records.map(({ channel, flags }) => [channel, flags]),
  );
  expect(got.frames.every(({ payload }, i) => payload.equals(records[i]!.payload))).toBe(true);
});

// A test above looks for each of these names.
const PEAKS = ['examples/peaks.mjs', 'examples/peaks-thread.mjs'] as const;

test('a compressed data file is looked at in threads, in order; a damaged frame is said', async () => {
  const path = fileName('zipped.dat');
  const zipped = readFileSync(join(__dirname, 'fixtures', 'zip', 'zipped.bin'));
  const text = zipped.subarray(101_200, 104_779);
  const zeros = zipped.subarray(139_279, 139_324);
  const writer = new StreamWriter();
  await writer.open(path);
  const [frames, channel] = [[text, zeros, zeros.subarray(20), text], writer.getChannel(7)];
  for (const payload of frames) await channel.acceptFrame(new Frame(payload));
  await writer.close();

  const program = new Program(PEAKS[0], [path]);
  expect(await program.end()).toBe(0);
  expect(program.stdout).toMatch(
    /^(channel 7: peak \d+ at sample \d+\n)channel 7: peak 0 at sample 0\n\1(3 frames, 1 damaged, 0 not analysed\n)$/,
  );
  const line = `Frame 2 (channel 7, ${zeros.length - 20} bytes, at byte ${2 * 8 + text.length + zeros.length}`;
  expect(program.stderr).toContain(`${line} of ${path}) was lost in a worker: it is no bzip2 stream`);
});

test('frames by a variable of the configuration', async () => {
  const file = fileName('run.dat');
  const records = [
    new Frame(10, { channel: 1 }),
    new Frame(Buffer.from('Top: {Det: {Gain: 3}}'), { channel: 255 }),
    ...Array.from({ length: 5 }, () => new Frame(10, { channel: 1 })),
    new Frame(Buffer.from('Top.Det.Gain: 4'), { channel: 255 }),
    new Frame(10, { channel: 2 }),
    new Frame(Buffer.from('- no mapping'), { channel: 255 }),
    new Frame(Buffer.from('Top.Det.Gain: 5'), { channel: 255 }),
  ];
  writeFileSync(file, Buffer.concat(records.map((record) => recordOf(record))));
  const sorting = new Program('examples/configuration.mjs', [file]);
  expect(await sorting.end()).toBe(0);
  expect(sorting.stdout.split('\n')).toEqual([
    'Top.Det.Gain unknown: 1 frames',
    'Top.Det.Gain 3: 5 frames',
    'Top.Det.Gain 4: 1 frames',
    '1 configuration records or keys left out',
    'at the end: 5',
    '',
  ]);
  expect(sorting.stderr).toContain('a configuration record is left out: it is a list, but must be a mapping');
  const wrong = new Program('examples/configuration.mjs', [file, 'Top.Gain']);
  expect(await wrong.end()).toBe(1);
  expect(wrong.stderr).toContain(
    "the configuration has nothing at 'Top.Gain': 'Top' has no key 'Gain'; its keys are 'Det'",
  );
});
