import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Frame, Logging, Master, readFrames, StreamWriter, Workers, type WorkersOptions } from '../../lib';
import { Collector } from '../helpers/bridges';
import { fileName, removeFiles } from '../helpers/files';
import { collectLog } from '../helpers/log';
import { waitFor } from '../helpers/wait';

const FOLDER = join(__dirname, '..', 'peers', 'workers');
const ANALYSIS = join(FOLDER, 'analysis.mjs');
const LINGER_MS = 60_000;

const started: Workers[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((workers) => workers.stop()));
  removeFiles();
});

function make(options: WorkersOptions = {}): { src: Master; workers: Workers; out: Collector } {
  const workers = new Workers(pathToFileURL(ANALYSIS), { threads: 2, ...options });
  started.push(workers);
  const src = new Master();
  src.to(workers);
  return { src, workers, out: workers.to(new Collector()) };
}

const frame = (text: string, channel = 0): Frame =>
  new Frame(Buffer.from(text), { channel, flags: 0x0201, error: 4 });
const texts = ({ frames }: Collector): string[] => frames.map(({ payload }) => payload.toString());

test('a frame comes back as it was, with its metadata', async () => {
  const { src, workers, out } = make();
  await src.sendFrame(frame('good', 9));
  await workers.stop({ lingerMs: LINGER_MS });
  expect(texts(out)).toEqual(['good']);
  expect(out.frames[0]).toMatchObject({ channel: 9, flags: 0x0201, error: 4 });
});

test('the sender keeps its memory', async () => {
  const { src, workers } = make();
  const payload = Buffer.from(new ArrayBuffer(100_000));
  await src.sendFrame(new Frame(payload));
  await workers.stop({ lingerMs: LINGER_MS });
  expect(payload).toHaveLength(100_000);
});

test('typed arrays and lists have the metadata of the frame; what the function keeps is not taken from it', async () => {
  const { src, workers, out } = make({ threads: 1 });
  for (let i = 0; i < 3; i++) await src.sendFrame(frame('several', 9));
  await workers.stop({ lingerMs: LINGER_MS });
  expect(out.frames).toHaveLength(9);
  for (let i = 0; i < 9; i += 3) {
    expect([...out.frames[i]!.payload]).toEqual([1, 2, 3]);
    expect([...out.frames[i + 1]!.array(Float64Array)]).toEqual([0.5]);
    expect(out.frames[i + 2]!.payload.toString()).toBe('several');
  }
  expect(out.frames.every(({ channel, flags }) => channel === 9 && flags === 0x0201)).toBe(true);
});

test('a frame for which nothing is returned is dropped, and is no error', async () => {
  const { src, workers, out } = make();
  await src.sendFrame(frame('nothing'));
  await src.sendFrame(frame('good'));
  await workers.stop({ lingerMs: LINGER_MS });
  expect(texts(out)).toEqual(['good']);
  expect(workers).toMatchObject({ dropCount: 1, errorCount: 0, frameCount: 2, size: 0 });
});

test('the function has its data, in several threads', async () => {
  const { src, workers, out } = make({ data: { gain: 2 } });
  for (let i = 0; i < 50; i++) await src.sendFrame(frame('data'));
  await workers.stop({ lingerMs: LINGER_MS });
  const said = texts(out).map((text) => JSON.parse(text) as { data: unknown; threadId: number });
  expect(said.every(({ data }) => JSON.stringify(data) === '{"gain":2}')).toBe(true);
  expect(new Set(said.map(({ threadId }) => threadId)).size).toBe(2);
});

// The first of each pair takes longest.
const UNEVEN = [90, 10, 70, 5, 50, 1];

test('results are in the order of their frames, however long each takes', async () => {
  const { src, workers, out } = make();
  for (const ms of UNEVEN) await src.sendFrame(new Frame(Buffer.from([0x70, ms])));
  await workers.stop({ lingerMs: LINGER_MS });
  expect(out.frames.map(({ payload }) => payload[1])).toEqual(UNEVEN);
});

test('with ordered: false as they are ready', async () => {
  const { src, workers, out } = make({ ordered: false });
  // Nothing but a short one can be ready while the other thread waits for ever.
  await src.sendFrame(frame('wait'));
  await src.sendFrame(frame('good'));
  await waitFor('the second', () => out.frames.length === 1);
  expect(texts(out)).toEqual(['good']);
  await workers.stop({ lingerMs: 0 });
  expect(workers.dropCount).toBe(1);
});

test.each<[what: string, text: string, said: RegExp]>([
  ['throws', 'throw', /this frame is one too many$/],
  ['ends its thread', 'exit', /worker exited with code: 3$/],
  ['never ends', 'hang', /it took longer than timeoutMs = 8000$/],
  ['never settles', 'wait', /it took longer than timeoutMs = 8000$/],
  ['throws later', 'late', /nobody catches this$/],
  ['returns what is no frame', 'x', /the function returned 'x?text', but must return a Frame, a typed array/],
])('a function that %s costs its frame, which is said; the others go on', async (_what, text, said) => {
  const lines = collectLog();
  const { src, workers, out } = make({ timeoutMs: 8_000 });
  await src.sendFrame(frame('before'));
  await src.sendFrame(frame(text, 7));
  for (let i = 0; i < 20; i++) await src.sendFrame(frame(`after ${i}`));
  await workers.stop({ lingerMs: LINGER_MS });
  expect(texts(out)).toEqual(['before', ...Array.from({ length: 20 }, (_, i) => `after ${i}`)]);
  expect(workers).toMatchObject({ errorCount: 1, dropCount: 1 });
  expect(lines).toEqual([expect.stringMatching(said)]);
  expect(lines[0]).toMatch(
    new RegExp(`^Frame 1 \\(channel 7, ${text.length} bytes\\) was lost in a worker: `),
  );
});

test('a frame of a file is named by its place', async () => {
  const lines = collectLog();
  const { workers } = make();
  const path = fileName('run.dat');
  const writer = new StreamWriter();
  await writer.open(path);
  const src = new Master();
  src.to(writer.getChannel(3));
  await src.sendFrame(frame('good'));
  await src.sendFrame(frame('throw'));
  await writer.close();
  for await (const one of readFrames(path)) await workers.acceptFrame(one);
  await workers.stop({ lingerMs: LINGER_MS });
  expect(lines).toEqual([expect.stringContaining(`at byte 12 of ${path}) was lost`)]);
});

test.each<[string, string, RegExp]>([
  [
    'has no function',
    join(FOLDER, 'no-function.mjs'),
    /the default export of .* is 7, but must be a function/,
  ],
  ['cannot be loaded', __filename, /was lost in a worker: /],
])('a module that %s loses its frames, and says why', async (_what, path, said) => {
  const lines = collectLog();
  const workers = new Workers(path, { threads: 1 });
  started.push(workers);
  await workers.acceptFrame(frame('good'));
  await workers.stop({ lingerMs: LINGER_MS });
  expect(workers.errorCount).toBe(1);
  expect(lines).toEqual([expect.stringMatching(said)]);
});

test('the sender waits while four frames a thread are under way, and goes on when one is done', async () => {
  const { src, workers, out } = make({ threads: 1 });
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  workers.to(() => released);
  let sent = 0;
  const sending = (async () => {
    for (; sent < 20; sent++) await src.sendFrame(frame(`${sent}`));
  })();
  await waitFor('the slave', () => out.frames.length === 1);
  await waitFor('the sender', () => workers.size === 5);
  expect(sent).toBe(4);
  release();
  await sending;
  await workers.stop({ lingerMs: LINGER_MS });
  expect(texts(out)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
});

test('a slave that fails is counted and said, and the others of the frames are given', async () => {
  Logging.setLevel(Logging.Error);
  const lines = collectLog();
  const { src, workers } = make();
  workers.to(() => Promise.reject(new Error('the disk is full')));
  for (let i = 0; i < 3; i++) await src.sendFrame(frame('good'));
  await workers.stop({ lingerMs: LINGER_MS });
  expect(workers).toMatchObject({ errorCount: 3, dropCount: 0 });
  expect(lines).toHaveLength(3);
});

test('stop() drops and counts what is not done in lingerMs, and lets the senders go', async () => {
  const lines = collectLog();
  const { src, workers } = make({ threads: 1 });
  const sending = Array.from({ length: 7 }, () => src.sendFrame(frame('wait')));
  await workers.stop({ lingerMs: 1 });
  await Promise.all(sending);
  expect(workers).toMatchObject({ dropCount: 7, errorCount: 0 });
  expect(lines).toEqual([
    '7 frames were dropped: workers or slaves were not done with them 1 ms after stop()',
  ]);
  await src.sendFrame(frame('late'));
  expect(workers.dropCount).toBe(8);
});

test.each<[unknown, unknown, RegExp]>([
  [undefined, {}, /^module is undefined, but must be a file: new Workers\(new URL/],
  [new URL('http://host/analysis.mjs'), {}, /^module is .*, but must be a file/],
  ['', {}, /^module is '', but must be a file/],
  [join(FOLDER, 'none.mjs'), {}, /^Workers: there is no file .*none\.mjs$/],
  [ANALYSIS, { threads: 0 }, /^threads is 0/],
  [ANALYSIS, { timeoutMs: 0 }, /^timeoutMs is 0/],
  [ANALYSIS, { ordered: 1 }, /^ordered is 1/],
  [ANALYSIS, { thread: 2 }, /thread/],
])('new Workers(%p, %p) is refused', (module, options, message) => {
  expect(() => new Workers(module as string, options as object)).toThrow(message);
});
