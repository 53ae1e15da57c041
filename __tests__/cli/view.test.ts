// The live page of the command: `view` of a peer and of files, and `--view` of the others.

import { truncateSync, writeFileSync } from 'node:fs';
import { Frame } from '../../lib';
import type { Message } from '../../lib/view/protocol';
import { LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, recordOf, removeFiles } from '../helpers/files';
import { PageClient, WATCH } from '../helpers/page-client';
import { reservePorts } from '../helpers/ports';
import { endPrograms, rogueBridge, type Program } from '../helpers/program';

const pages: PageClient[] = [];

afterEach(async () => {
  for (const page of pages.splice(0)) page.socket.terminate();
  await stopBridges();
  await endPrograms();
  removeFiles();
});

const PAGE = /live page: (http:\/\/\S+)\n/;

/** The page of a command that says where it is. */
async function pageOf(program: Program): Promise<{ page: PageClient; url: URL }> {
  await program.complains('live page: ');
  const url = new URL(PAGE.exec(program.stderr)![1]!);
  const page = await PageClient.open({
    port: Number(url.port),
    token: url.searchParams.get('token') ?? undefined,
  });
  pages.push(page);
  return { page, url };
}

describe('view of a peer', () => {
  test('shows what comes, and says at the end what it has taken', async () => {
    const port = await reservePorts();
    const source = await makeServer(port);
    const program = rogueBridge('view', `${LOOPBACK}:${port}`, '--http', '127.0.0.1:0');
    const { page, url } = await pageOf(program);
    expect([url.hostname, url.search]).toEqual(['127.0.0.1', '']);
    expect((await page.next('hello')).source).toEqual({ address: `${LOOPBACK}:${port}`, role: 'client' });
    await page.next('status', ({ link }) => link === 'idle');
    await source.send(new Frame(Buffer.from('hello'), { channel: 3 }));
    page.send({ ...WATCH, channel: 3, view: 'hex' }, { op: 'next', id: 0 });
    expect((await page.next('preview')).binary.subarray(8).toString()).toBe('hello');
    program.interrupt();
    expect(await program.end()).toBe(0);
    expect(await page.untilClosed()).toMatchObject({ code: 1001 });
    expect(program.stderr).toMatch(/1 frame, 5 B seen\n/);
  });

  test('beyond this machine prints an address with a token', async () => {
    const port = await reservePorts();
    const program = rogueBridge('view', '--listen', `${LOOPBACK}:${port}`, '--http', '*:0');
    const { url } = await pageOf(program);
    expect(url.searchParams.get('token')).toMatch(/^[\w-]{24}$/);
    const client = await makeClient(port);
    await client.send(new Frame(Buffer.from('x')));
  });

  test('shows the names that are allowed, and lets others not in', async () => {
    const program = rogueBridge('view', `${LOOPBACK}:9`, '--http', '127.0.0.1:0', '--allow', '10.0.0.0/8');
    await expect(pageOf(program)).rejects.toThrow(/socket hang up|ECONNRESET/);
  });

  test.each([
    [['--http', 'nowhere'], /give ADDR:PORT/],
    [['--http', '127.0.0.1:99999'], /give ADDR:PORT/],
    [['--token', 'a b'], /token must have 8 to 256/],
    [['--viewers', '0'], /from 1 to 10000/],
  ])('with %j says what is wrong', async (options, message) => {
    const program = rogueBridge('view', `${LOOPBACK}:9`, '--http', '127.0.0.1:0', ...options);
    expect(await program.end()).not.toBe(0);
    expect(program.stderr).toMatch(message);
  });

  test('whose page has no port left says so in one line', async () => {
    const first = rogueBridge('view', `${LOOPBACK}:9`, '--http', '127.0.0.1:0');
    const { url } = await pageOf(first);
    const second = rogueBridge('view', `${LOOPBACK}:9`, '--http', `127.0.0.1:${url.port}`);
    expect(await second.end()).toBe(1);
    expect(second.stderr.trim().split('\n')).toEqual([expect.stringContaining(`127.0.0.1:${url.port}`)]);
  });
});

describe('view of data files', () => {
  const FRAMES = 200;

  function makeFile(name: string, first: number, count: number): string {
    const path = fileName(name);
    const frames = Array.from(
      { length: count },
      (_, i) => new Frame(Buffer.alloc(30_000, (first + i) & 255), { channel: 1 }),
    );
    writeFileSync(path, Buffer.concat(frames.map((frame) => recordOf(frame))));
    return path;
  }

  async function play(...args: string[]): Promise<PageClient> {
    const { page } = await pageOf(rogueBridge('view', ...args, '--http', '127.0.0.1:0'));
    return page;
  }

  const isAt = (from: number, to: number) => (message: Extract<Message, { op: 'status' }>) =>
    message.file !== undefined && message.file.position >= from && message.file.position <= to;

  test('plays them at the pace that was asked for, to their end', async () => {
    makeFile('run.dat.1', 0, FRAMES / 2);
    makeFile('run.dat.2', FRAMES / 2, FRAMES / 2);
    const page = await play(fileName('run.dat.1'), '--rate', '2000');
    expect((await page.next('hello')).source).toMatchObject({ role: 'file' });
    const { file, frames } = await page.next('status', (message) => message.file!.atEnd);
    expect(frames).toBe(FRAMES);
    expect(file).toMatchObject({ playing: false, position: 1, frames: FRAMES, rate: 2000 });
    page.send({ ...WATCH, channel: 1, view: 'hex' }, { op: 'next', id: 0 });
    expect((await page.next('preview')).binary[8]).toBe((FRAMES - 1) & 255);
  });

  test('stops, goes on, moves back and forth, as the page says', async () => {
    const page = await play(makeFile('run.dat', 0, FRAMES), '--rate', '20');
    await page.next('status', ({ frames }) => frames > 2);
    page.send({ op: 'play', playing: false });
    const stopped = await page.next('status', ({ file }) => !file!.playing);
    // Nothing comes any more: two looks tell the same.
    const [one, other] = [await page.next('status'), await page.next('status')];
    expect([one.frames, other.frames]).toEqual([other.frames, other.frames]);
    page.send({ op: 'play', position: 0.75 }, { op: 'play', playing: true });
    await page.next('status', isAt(0.75, 0.85));
    page.send({ op: 'play', position: 0.25 });
    await page.next('status', isAt(0.25, 0.35));
    page.send({ op: 'play', rate: 0 });
    const { file } = await page.next('status', (message) => message.file!.atEnd);
    expect(file!.position).toBe(1);
    page.send({ op: 'play', playing: true });
    await page.next('status', (message) => message.file!.atEnd && message.frames > other.frames + FRAMES);
    expect(stopped.file!.position).toBeLessThan(0.75);
  });

  test('shows the record at the place it was moved to', async () => {
    const page = await play(makeFile('run.dat', 0, FRAMES), '--rate', '1000');
    await page.next('status', ({ file }) => file!.atEnd);
    page.send({ op: 'play', playing: false }, { op: 'play', rate: 1 }, { op: 'play', position: 0.5 });
    await page.next('status', isAt(0.495, 0.505));
    const before = (await page.next('status', isAt(0.495, 0.505))).frames;
    page.send({ op: 'play', playing: true });
    await page.next('status', ({ frames }) => frames > before);
    page.send({ ...WATCH, channel: 1, view: 'hex' }, { op: 'next', id: 0 });
    expect((await page.next('preview')).binary[8]).toBe(FRAMES / 2);
  });

  test('ends at Ctrl-C, and moves, while a program in a browser holds it back', async () => {
    const program = rogueBridge(
      'view',
      makeFile('run.dat', 0, FRAMES),
      '--http',
      '127.0.0.1:0',
      '--hold-back',
    );
    const { page } = await pageOf(program);
    page.send({ op: 'subscribe', id: 1, mode: 'all', credit: 1 });
    await page.next('frames');
    const { frames } = await page.next('status');
    page.send({ op: 'play', position: 0.5 });
    await page.next('status', isAt(0.5, 0.52));
    expect(frames).toBeLessThan(FRAMES / 2);
    program.interrupt();
    expect(await program.end()).toBe(0);
  });

  test('that end in the middle of a record says so, and does not wait for --duration', async () => {
    const path = makeFile('torn.dat', 0, 3);
    truncateSync(path, 80_000);
    const program = rogueBridge('view', path, '--http', '127.0.0.1:0', '--duration', '1h');
    expect(await program.end()).toBe(1);
    expect(program.stderr).toMatch(/torn\.dat.*offset 60016/);
  });

  test('has no options of a peer', async () => {
    const program = rogueBridge('view', makeFile('run.dat', 0, 1), '--listen');
    expect(await program.end()).toBe(2);
    expect(program.stderr).toMatch(/--listen is for a peer/);
  });
});

describe('--view', () => {
  test('of record shows what is recorded', async () => {
    const port = await reservePorts();
    const source = await makeServer(port);
    const program = rogueBridge(
      'record',
      fileName('run.dat'),
      `${LOOPBACK}:${port}`,
      '--view',
      '127.0.0.1:0',
    );
    await seesFrame(program, source);
    program.interrupt();
    expect(await program.end()).toBe(0);
    expect(program.stderr).toMatch(/1 frame, 13 B in /);
  });

  test('of relay shows what is passed on', async () => {
    const [port, to] = [await reservePorts(), await reservePorts()];
    const source = await makeServer(port);
    const program = rogueBridge(
      ...[
        'relay',
        '--from',
        `${LOOPBACK}:${port}`,
        '--to',
        `${LOOPBACK}:${to},drop=10`,
        '--view',
        '127.0.0.1:0',
      ],
    );
    await seesFrame(program, source);
  });

  test('of watch and of prbs rx shows what comes', async () => {
    for (const args of [['watch'], ['prbs', 'rx']]) {
      const port = await reservePorts();
      const source = await makeServer(port);
      await seesFrame(rogueBridge(...args, `${LOOPBACK}:${port}`, '--view', '127.0.0.1:0'), source);
    }
  });

  test('is for a peer, and --token for a page', async () => {
    writeFileSync(fileName('run.dat'), recordOf(new Frame(8)));
    const file = rogueBridge('watch', fileName('run.dat'), '--view', '127.0.0.1:0');
    expect([await file.end(), file.stderr]).toEqual([2, expect.stringContaining('--view is for a peer')]);
    const token = rogueBridge('record', fileName('a.dat'), `${LOOPBACK}:9`, '--token', 'secret-token');
    expect([await token.end(), token.stderr]).toEqual([2, expect.stringContaining('add --view ADDR:PORT')]);
  });

  async function seesFrame(program: Program, source: Awaited<ReturnType<typeof makeServer>>): Promise<void> {
    const { page } = await pageOf(program);
    await source.waitForPeer();
    page.send({ ...WATCH, channel: 2, view: 'hex' }, { op: 'next', id: 0 });
    await source.send(new Frame(Buffer.from('hello'), { channel: 2 }));
    expect((await page.next('preview')).binary.subarray(8).toString()).toBe('hello');
  }
});
