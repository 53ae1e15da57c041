// The gateway, as a page sees it.

import { Frame, Logging, Master, TcpServer } from '../../lib';
import { ViewServer, type ViewOptions } from '../../lib/view';
import { KEPT_FRAMES } from '../../lib/view/channel';
import type { History } from '../../lib/view/protocol';
import { makePair, LOOPBACK, stopBridges } from '../helpers/bridges';
import { WATCH } from '../helpers/page-client';
import { closeViews, lookAt, makeView } from '../helpers/views';
import { waitFor } from '../helpers/wait';

afterEach(async () => {
  await closeViews();
  await stopBridges();
});

const u2 = (...values: number[]): Frame => Frame.from(Uint16Array.from(values));

async function get(
  server: ViewServer,
  path: string,
): Promise<{ status: number; headers: Headers; body: Buffer }> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return {
    status: response.status,
    headers: response.headers,
    body: Buffer.from(await response.arrayBuffer()),
  };
}

describe('a page', () => {
  test('is greeted with the source, the limits and all channels', async () => {
    const server = await makeView();
    void server.acceptFrame(new Frame(Buffer.alloc(10), { channel: 7, error: 2 }));
    const page = await lookAt(server);
    const hello = await page.next('hello');
    expect(hello.source).toEqual({ address: 'this program', role: 'program' });
    expect(hello.limits).toMatchObject({ viewers: 32, kept: 64, previewBytes: 262_144 });
    const { channels, frames, errors, channelCount } = await page.next('status');
    expect({ frames, errors, channelCount }).toEqual({ frames: 1, errors: 1, channelCount: 1 });
    expect(channels).toMatchObject([
      { channel: 7, frames: 1, bytes: 10, errors: 1, errorCounts: [[2, 1]], lastError: 1, size: 10, kept: 1 },
    ]);
  });

  test('is told of a channel again only when something of it has changed', async () => {
    const server = await makeView();
    void server.acceptFrame(new Frame(Buffer.alloc(10), { channel: 1 }));
    const page = await lookAt(server);
    await page.next('status', ({ channels }) => channels.length === 1);
    void server.acceptFrame(new Frame(Buffer.alloc(10), { channel: 2 }));
    await page.next('status', ({ channels }) => channels.some(({ channel }) => channel === 2));
    // The rates of both go down to 0 again, and then nothing changes any more.
    await page.next(
      'status',
      ({ framesPerSecond, channels }) => framesPerSecond === 0 && channels.length === 0,
    );
  });

  test('gets the newest frame when it asks, and what it was not shown is counted', async () => {
    const server = await makeView();
    const page = await lookAt(server);
    for (let i = 1; i <= 5; i++) void server.acceptFrame(u2(i, 2 * i));
    page.send(WATCH, { op: 'next', id: 0 });
    const first = await page.next('preview');
    expect(first).toMatchObject({ number: 5, channel: 0, view: 'wave', notShown: 0, kept: 5, size: 4 });
    expect(first.binary.subarray(8)).toEqual(u2(5, 10).payload);
    for (let i = 6; i <= 9; i++) void server.acceptFrame(u2(i, 2 * i));
    page.send({ op: 'next', id: 0 });
    expect(await page.next('preview')).toMatchObject({ number: 9, notShown: 3 });
  });

  test('that waits is answered with the next frame', async () => {
    const server = await makeView();
    const page = await lookAt(server);
    page.send({ ...WATCH, channel: 3 }, { op: 'next', id: 0 });
    await page.next('status');
    void server.acceptFrame(new Frame(Buffer.from('abcd'), { channel: 3, flags: 0x201 }));
    const first = await page.next('preview');
    expect(first.number).toBe(1);
    // A whole record of a data file.
    expect(first.binary).toEqual(Buffer.from([8, 0, 0, 0, 0x01, 0x02, 0, 3, ...Buffer.from('abcd')]));
    page.send({ op: 'next', id: 0 });
    await page.next('status');
    void server.acceptFrame(new Frame(Buffer.from('efgh'), { channel: 3 }));
    expect((await page.next('preview')).number).toBe(2);
  });

  test('sees the frame that is there in another way at once', async () => {
    const server = await makeView();
    const page = await lookAt(server);
    void server.acceptFrame(u2(1, 2, 3));
    page.send(WATCH, { op: 'next', id: 0 });
    await page.next('preview');
    page.send({ ...WATCH, view: 'hex', type: 'u1' }, { op: 'next', id: 0 });
    const hex = await page.next('preview');
    expect(hex).toMatchObject({ view: 'hex', number: 1, notShown: 0 });
  });

  test('that has paused keeps its frames while others come, and lets go of them', async () => {
    const server = await makeView();
    const page = await lookAt(server);
    for (let i = 1; i <= 3; i++) void server.acceptFrame(u2(i));
    page.send({ op: 'hold', channel: 0 });
    const held = await page.next('held');
    expect(held.frames.map(({ number }) => number)).toEqual([1, 2, 3]);
    for (let i = 0; i < 2 * KEPT_FRAMES; i++) void server.acceptFrame(u2(1000));
    page.send({ ...WATCH, frame: 2 }, { op: 'next', id: 0 });
    expect((await page.next('preview')).binary.readUInt16LE(8)).toBe(2);
    expect((await get(server, '/frames/0/2')).body).toEqual(u2(2).payload);
    page.send({ op: 'live' }, { ...WATCH, frame: 2 }, { op: 'next', id: 0 });
    expect(await page.next('no-preview')).toMatchObject({ reason: 'gone', number: 2 });
    expect((await get(server, '/frames/0/2')).status).toBe(410);
  });

  test('is told the seconds as they pass, and the history has them', async () => {
    const server = await makeView();
    const page = await lookAt(server);
    void server.acceptFrame(new Frame(Buffer.alloc(100), { channel: 4, error: 1 }));
    const second = await page.next('second', ({ channels }) => channels.length > 0);
    expect(second.channels).toEqual([[4, 1, 100, 1, 100]]);
    const { points } = JSON.parse((await get(server, '/history?seconds=60')).body.toString()) as History;
    expect(points.at(-1)).toMatchObject({ link: true });
    expect(points.flatMap(({ channels }) => channels)).toEqual([[4, 1, 100, 1, 100]]);
  });

  test('is told what is wrong with a request, and stays', async () => {
    const server = await makeView();
    const page = await lookAt(server);
    page.send({ ...WATCH, id: 3, type: 'u3' as 'u2' });
    expect(await page.next('error')).toMatchObject({
      id: 3,
      message: expect.stringContaining("type is 'u3'") as string,
    });
    page.send({ op: 'next', id: 5 });
    expect(await page.next('error')).toMatchObject({
      id: 5,
      message: expect.stringContaining('no watch') as string,
    });
    page.socket.send('{');
    expect((await page.next('error')).message).toMatch(/not JSON/);
    page.send({ ...WATCH, shape: [3] as unknown as [number, number] });
    expect((await page.next('error')).message).toMatch(/shape .*rows and columns/);
    expect(page.closed).toBeUndefined();
  });
});

describe('whole frames', () => {
  test('come with their metadata, as bytes or as a record', async () => {
    const server = await makeView();
    void server.acceptFrame(new Frame(Buffer.from('hello'), { channel: 9, flags: 513, error: 3 }));
    const plain = await get(server, '/frames/9/1');
    expect(plain.body.toString()).toBe('hello');
    expect(plain.headers.get('rogue-flags')).toBe('513');
    expect(plain.headers.get('rogue-error')).toBe('3');
    expect(plain.headers.get('content-disposition')).toBe('attachment; filename="channel-9-frame-1.bin"');
    const record = await get(server, '/frames/9/1?form=dat');
    expect(record.body).toEqual(Buffer.from([9, 0, 0, 0, 1, 2, 3, 9, ...Buffer.from('hello')]));
  });

  test('are kept up to a number of bytes, and the newest whatever its size', async () => {
    const server = await makeView({ maxKeptBytes: 1000 });
    for (let i = 1; i <= 4; i++) void server.acceptFrame(new Frame(Buffer.alloc(400, i), { channel: i % 2 }));
    expect((await get(server, '/frames/1/1')).status).toBe(410);
    expect((await get(server, '/frames/0/1')).status).toBe(410);
    expect((await get(server, '/frames/1/2')).status).toBe(200);
    void server.acceptFrame(new Frame(Buffer.alloc(5000, 9), { channel: 3 }));
    expect((await get(server, '/frames/3/1')).body.length).toBe(5000);
    expect((await get(server, '/frames/0/2')).status).toBe(410);
  });

  test('of a bridge stay what they were, though the memory of others is used again', async () => {
    const { server: source, client } = await makePair();
    const page = await makeView();
    client.to(page);
    for (let i = 1; i <= 200; i++) await source.send(new Frame(Buffer.alloc(1000, i & 255)));
    await waitFor('all frames', () => page.frameCount === 200);
    for (let i = 200; i > 200 - KEPT_FRAMES; i--) {
      expect((await get(page, `/frames/0/${i}`)).body.equals(Buffer.alloc(1000, i & 255))).toBe(true);
    }
    expect((await get(page, `/frames/0/${200 - KEPT_FRAMES}`)).status).toBe(410);
  });
});

describe('the link', () => {
  test('is told as it comes, goes and comes back', async () => {
    const { server: source, client, port } = await makePair();
    const page = await makeView();
    client.to(page);
    const browser = await lookAt(page);
    expect((await browser.next('hello')).source).toEqual({ address: `${LOOPBACK}:${port}`, role: 'client' });
    await browser.next('status', ({ link }) => link === 'idle');
    await source.send(new Frame(Buffer.alloc(8)));
    await browser.next('status', ({ link, frames }) => link === 'streaming' && frames === 1);
    await source.stop();
    await browser.next('status', ({ link }) => link === 'lost');
    await browser.next('second', ({ link }) => !link);
    const again = await TcpServer.create(LOOPBACK, port);
    await browser.next('status', ({ link }) => link === 'streaming' || link === 'stalled');
    await again.stop();
  });

  test('waits for a peer that has never been there', async () => {
    const client = await makePair();
    await client.server.stop();
    const page = await makeView({
      source: { address: 'x:1', role: 'client', bridge: { stats: { peers: { receive: 0 }, malformed: 3 } } },
    });
    const browser = await lookAt(page);
    expect(await browser.next('status')).toMatchObject({ link: 'waiting', malformed: 3 });
  });

  test('stalls when no frame comes for three seconds, and the rate from before is told', async () => {
    const page = await makeView();
    const browser = await lookAt(page);
    for (let i = 0; i < 100; i++) void page.acceptFrame(new Frame(Buffer.alloc(8), { channel: 2 }));
    const { channels } = await browser.next('status', ({ link }) => link === 'stalled');
    expect(channels.find(({ channel }) => channel === 2)).toMatchObject({
      isStalled: true,
      framesPerSecond: 0,
    });
  });
});

describe('a view', () => {
  test('does not hold its master back, whatever its browsers do', async () => {
    const server = await makeView();
    const page = await lookAt(server);
    page.send(WATCH, { op: 'next', id: 0 });
    page.socket.pause();
    const master = new Master();
    master.to(server);
    for (let i = 0; i < 10_000; i++) expect(server.acceptFrame(u2(i))).toBeUndefined();
    expect(server.frameCount).toBe(10_000);
  });

  test('that is stopped says goodbye, frees its port and takes frames without keeping them', async () => {
    const server = await makeView();
    const { port } = server;
    const page = await lookAt(server);
    await server.stop();
    expect(await page.untilClosed()).toMatchObject({ code: 1001 });
    void server.acceptFrame(u2(1));
    const again = await makeView({ port });
    expect(again.port).toBe(port);
  });

  test('whose port is taken says which', async () => {
    const server = await makeView();
    await expect(makeView({ port: server.port })).rejects.toMatchObject({
      code: 'ERR_BIND',
      port: server.port,
      message: expect.stringContaining(`127.0.0.1:${server.port}`) as string,
    });
  });

  test.each([
    [{ port: 70_000 }, /port is 70000/],
    [{ token: 'short' }, /^token must have 8 to 256/],
    [{ host: '' }, /host is ''/],
    [{ allow: ['nowhere'] }, /allow has 'nowhere'/],
    [{ prot: 3 }, /unknown option 'prot'/],
    [{ maxViewers: 0 }, /maxViewers is 0/],
    [{ hosts: 'a' }, /hosts is 'a'/],
  ])('with the options %j is refused', async (options, message) => {
    await expect(ViewServer.create(options as ViewOptions)).rejects.toThrow(message);
  });
});

afterAll(() => Logging.setSink(undefined));
