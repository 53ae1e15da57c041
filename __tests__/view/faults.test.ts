// What must neither end the process nor leave anything behind: slaves that take memory away, browsers that go in the middle,
// sources that fail.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { Frame, Master, SplitterV1 } from '../../lib';
import { ViewServer } from '../../lib/view';
import { Channel } from '../../lib/view/channel';
import { Hub } from '../../lib/view/hub';
import { Previews } from '../../lib/view/previews/previews';
import { SUBPROTOCOL } from '../../lib/view/protocol';
import { collectLog } from '../helpers/log';
import { WATCH, type Got } from '../helpers/page-client';
import { closeViews, lookAt, makeView } from '../helpers/views';
import { makeGate, turns, waitFor } from '../helpers/wait';

const sockets: Socket[] = [];

/** A connection on which bytes are written by hand; its other half stays open, as that of a careless client. */
async function raw(server: ViewServer, text: string): Promise<Socket> {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await closeViews();
});

/** As a slave that hands the payload to a worker. */
function transferAway(frame: Frame): void {
  structuredClone(frame.payload.buffer, { transfer: [frame.payload.buffer as ArrayBuffer] });
}

const own = (bytes: number, fill = 1): Frame => new Frame(Buffer.allocUnsafeSlow(bytes).fill(fill));

describe('a payload that another slave transfers away', () => {
  test('while its preview is made is one that is gone, and the page goes on', async () => {
    const server = await makeView();
    const page = await lookAt(server);
    const frame = own(40_000_000);
    page.send(WATCH, { op: 'next', id: 0 });
    await page.next('status');
    void server.acceptFrame(frame);
    // A turn or two of the preview.
    await turns(3);
    transferAway(frame);
    // On a fast machine it was made before.
    const isAnswer = ({ message: { op } }: Got): boolean => op === 'no-preview' || op === 'preview';
    await waitFor('an answer', () => page.got.some(isAnswer));
    page.send({ op: 'next', id: 0 });
    await page.next('status');
    void server.acceptFrame(own(8));
    await page.next('preview', ({ size }) => size === 8);
  });

  test('is not counted as kept for ever', () => {
    const hub = new Hub({ address: 'x', role: 'program' }, 1_000_000);
    for (let i = 0; i < 300; i++) {
      const frame = own(100_000);
      hub.note(frame);
      transferAway(frame);
    }
    for (let i = 0; i < 9; i++) hub.note(own(100_000));
    // As many as fit, of those that are whole.
    expect(
      hub
        .channel(0)!
        .ring.all()
        .filter(({ frame }) => frame.size > 0).length,
    ).toBe(9);
  });

  test('may be the first of its channel', () => {
    const frame = own(100_000);
    transferAway(frame);
    expect(new Channel(0, frame).guess.view).toBe('hex');
  });
});

describe('a connection that is cut', () => {
  test('leaves no download behind, also where several were asked for at once', async () => {
    const server = await makeView();
    void server.acceptFrame(own(20_000_000));
    const request = 'GET /frames/0/1 HTTP/1.1\r\nHost: localhost\r\n\r\n';
    for (let i = 0; i < 4; i++) {
      const socket = await raw(server, request.repeat(3));
      await once(socket, 'readable');
      socket.destroy();
    }
    await waitFor('room for a download', async () => {
      const response = await fetch(`${server.url}frames/0/1`);
      return response.status === 200 && (await response.arrayBuffer()).byteLength === 20_000_000;
    });
    const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(`${server.url}frames/0/1`)));
    expect(answers.map(({ status }) => status)).toEqual(new Array(8).fill(200));
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  });

  test('on one side only, after a refusal, does not keep stop() waiting', async () => {
    const server = await makeView({ token: 'a-token-of-tests' });
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    const socket = await raw(
      server,
      `GET /ws HTTP/1.1\r\nHost: localhost\r\n${upgrade}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /);
    await server.stop();
  });

  test('in the middle of a request does not keep stop() waiting', async () => {
    const server = await makeView();
    await raw(server, 'GET / HTTP/1.1\r\nHost: local');
    await server.stop();
  });
});

describe('a source that fails', () => {
  test('is logged, and the page stays', async () => {
    const lines = collectLog();
    const bridge = {
      get stats(): never {
        throw new Error('no figures today');
      },
    };
    const ready = { peers: { receive: 1 }, malformed: 0 };
    const source = { address: 'x', role: 'client', bridge: { stats: ready } } as const;
    const server = await makeView({ source });
    const page = await lookAt(server);
    await page.next('status');
    Object.defineProperty(source.bridge, 'stats', { get: () => bridge.stats });
    await waitFor('a line in the log', () => lines.some((line) => line.includes('no figures today')));
    void server.acceptFrame(own(8));
    page.send(WATCH, { op: 'next', id: 0 });
    await page.next('preview');
  });

  test.each([
    [{}, /source is an object/],
    [{ address: 'x', role: 'client', bridge: {} }, /source\.bridge is an object/],
    [{ address: 'x', role: 'file', file: {} }, /source\.file is an object/],
  ])('because it is none, as %j, is refused', async (source, message) => {
    await expect(ViewServer.create({ port: 0, source: source as never })).rejects.toThrow(message);
  });

  test('a file that cannot be played is logged', async () => {
    const lines = collectLog();
    const status = { playing: true, atEnd: false, position: 0, bytes: 0, frames: 0, rate: 1 };
    const play = (): never => {
      throw new Error('no file here');
    };
    const page = await lookAt(
      await makeView({ source: { address: 'x', role: 'file', file: { status, play } } }),
    );
    page.send({ op: 'play', playing: false });
    await waitFor('a line in the log', () => lines.some((line) => line.includes('no file here')));
    await page.next('status');
  });
});

describe('memory', () => {
  test('of all pauses together is bounded', async () => {
    const server = await makeView({ maxKeptBytes: 1_000_000 });
    const holders = await Promise.all(Array.from({ length: 4 }, () => lookAt(server)));
    const held: number[] = [];
    for (const holder of holders) {
      void server.acceptFrame(own(900_000));
      holder.send({ op: 'hold', channel: 0 });
      held.push((await holder.next('held')).frames.length);
    }
    expect(held).toEqual([1, 0, 0, 0]);
  });

  test('of one pause has the newest frame whatever its size', async () => {
    const server = await makeView({ maxKeptBytes: 1000 });
    const page = await lookAt(server);
    void server.acceptFrame(own(900_000));
    page.send({ op: 'hold', channel: 0 });
    expect((await page.next('held')).frames.map(({ size }) => size)).toEqual([900_000]);
  });

  test('of a large batch is not kept for the sake of a small record of it', () => {
    const splitter = new SplitterV1();
    const hub = new Hub({ address: 'x', role: 'program' }, 1_000_000_000);
    splitter.to((frame: Frame) => void hub.note(frame));
    const master = new Master();
    master.to(splitter);
    const frame = batchOf([Buffer.alloc(4_000_000, 1), Buffer.alloc(16, 2)]);
    void master.sendFrame(frame);
    const [large, small] = hub.channel(0)?.ring.all() ?? [];
    expect([large?.frame.size, small?.frame.size]).toEqual([4_000_000, 16]);
    expect(small!.frame.payload.buffer.byteLength).toBeLessThan(65_536);
    expect(large!.frame.payload.buffer.byteLength).toBeGreaterThanOrEqual(4_000_000);
  });

  /** A V1 super-frame of width 2: a header of 2 bytes, then each record and its tail of 8. */
  function batchOf(records: readonly Buffer[]): Frame {
    const parts = records.map((record) => {
      const tail = Buffer.alloc(8);
      tail.writeUInt32LE(record.length, 0);
      tail[7] = 0;
      return Buffer.concat([record, tail]);
    });
    return new Frame(Buffer.concat([Buffer.from([0x01, 0]), ...parts]));
  }
});

test('two large previews are not made at the same time', async () => {
  const previews = new Previews();
  const kept = { frame: own(40_000_000), number: 1, time: 0 };
  const first = previews.of(kept, WATCH);
  expect(first).toBeInstanceOf(Promise);
  expect(previews.of(kept, { ...WATCH, columns: 7 })).toBeUndefined();
  await first;
  expect(previews.of(kept, { ...WATCH, columns: 7 })).toBeDefined();
});

test('a frame of many fragments is one message', async () => {
  const server = await makeView();
  const gate = makeGate();
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, SUBPROTOCOL);
  await once(socket, 'open');
  let bytes = 0;
  socket.on('message', (data, isBinary) => {
    if (isBinary) bytes = (data as Buffer).length;
    if (isBinary) gate.open();
  });
  socket.send(JSON.stringify({ op: 'subscribe', id: 0, mode: 'latest', credit: 1 }));
  await waitFor('the subscription', async () => {
    void server.acceptFrame(own(30_000_000));
    await turns(5);
    return bytes > 0;
  });
  await gate.opened;
  expect(bytes).toBe(30_000_008);
  socket.terminate();
});
