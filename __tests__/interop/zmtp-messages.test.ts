// Parts, messages and commands behind the handshake, from the other end of a plain TCP connection.
// zeromq/rfc 37, Framing; zeromq/libzmq src/v2_decoder.cpp.

import { Frame, type TcpServer } from '../../lib';
import { Collector, makeServer, stopBridges } from '../helpers/bridges';
import { engines, testNative } from '../helpers/engines';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import {
  COMMAND,
  commandBody,
  frameMessage,
  LONG,
  longHead,
  message,
  MORE,
  part,
  ping,
  RawPeer,
} from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { waitFor } from '../helpers/wait';

beforeEach(() => void collectLog());
afterEach(async () => {
  endRaw();
  await stopBridges();
});

async function makeReceiver(
  options?: object,
): Promise<{ server: TcpServer; collector: Collector; raw: RawPeer; port: number }> {
  const port = await reservePorts();
  const server = await makeServer(port, options);
  const collector = server.to(new Collector());
  return { server, collector, raw: await (await RawPeer.connect(port)).shakeHands('PUSH'), port };
}

const HEADER = Buffer.concat([
  part(MORE, Buffer.from([1, 2])),
  part(MORE, Buffer.of(3)),
  part(MORE, Buffer.of(4)),
]);

describe('messages', () => {
  test('10 000 in one write arrive, all and in order', async () => {
    const { raw, collector } = await makeReceiver();
    const count = 10_000;
    const messages = Array.from({ length: count }, (_, i) =>
      frameMessage(String(i).padStart(80), i & 0xffff),
    );
    await raw.write(...messages);
    await collector.waitForCount(count);
    expect(collector.frames.map(({ payload }) => Number(payload.toString()))).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
    expect(collector.frames.every(({ flags }, i) => flags === (i & 0xffff))).toBe(true);
  });

  const SIZES = [1, 254, 255, 256, 257, 8183, 8184, 8185, 8186, 8187, 8188, 8189, 8190, 8191, 8192, 8193];
  const LARGE = [16_383, 16_384, 65_535, 65_536, 262_144, 16 * 1024 * 1024];
  test('payloads of every size at a border arrive, and leave in long form exactly from 256 bytes on', async () => {
    const { raw, server, collector, port } = await makeReceiver();
    const reader = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
    const sizes = [...SIZES, ...LARGE];
    for (const size of sizes) {
      const payload = Buffer.alloc(size, size & 0xff);
      const before = reader.heardAfterHandshake.length;
      await raw.write(frameMessage(payload, 0x1234, 5, 6));
      await collector.waitForCount(1);
      const frame = collector.frames.pop()!;
      expect(frame.payload.equals(payload)).toBe(true);
      await server.acceptFrame(frame);
      const expected = frameMessage(payload, 0x1234, 5, 6);
      const heard = await reader.hearsAfterHandshake(before + expected.length);
      expect(heard.subarray(before).equals(expected)).toBe(true);
    }
  });

  test.each([
    [
      'long form for every part',
      [2, 1, 1, 5].map((size, i) => part(LONG | (i < 3 ? MORE : 0), Buffer.alloc(size, 'a'))),
    ],
    [
      'reserved bits',
      [2, 1, 1, 5].map((size, i) => part(0xf8 | (i < 3 ? MORE : 0), Buffer.alloc(size, 'a'))),
    ],
    ['long form for an empty payload', [HEADER, part(LONG, '')]],
  ])('with %s are frames', async (_what, bytes) => {
    const { raw, collector } = await makeReceiver();
    await raw.write(...bytes, frameMessage('next'));
    await collector.waitForCount(2);
    expect(collector.frames[1]!.payload.toString()).toBe('next');
  });

  test.each([
    ['40 parts', message(...Array.from({ length: 40 }, () => 'part'))],
    ['empty parts alone', message('', '', '', '', '')],
    [
      'parts of 100 kB where a header is due',
      message(Buffer.alloc(100_000), Buffer.alloc(100_000), 'a', 'b'),
    ],
  ])('of %s are malformed, and the one behind arrives', async (_what, bytes) => {
    const { raw, collector, server } = await makeReceiver();
    await raw.write(bytes, frameMessage('next'));
    await collector.waitForCount(1);
    expect(server.stats).toMatchObject({ malformed: 1, framesReceived: 1 });
  });

  test.each([
    ['in the head of a part', frameMessage('lost').subarray(0, 1)],
    ['between two parts', HEADER],
    ['inside a payload', Buffer.concat([HEADER, part(0, Buffer.alloc(50_000)).subarray(0, 20_000)])],
  ])('cut %s by the end of the connection are not delivered, those before are', async (_what, bytes) => {
    const { raw, collector, server, port } = await makeReceiver();
    await raw.write(frameMessage('before'), bytes);
    raw.end();
    await raw.isClosed();
    const next = await (await RawPeer.connect(port)).shakeHands('PUSH');
    await next.write(frameMessage('after'));
    await collector.waitForCount(2);
    expect(collector.frames.map(({ payload }) => payload.toString())).toEqual(['before', 'after']);
    expect(server.stats).toMatchObject({ malformed: 0, framesReceived: 2 });
  });
});

describe('maxFrameBytes', () => {
  test('of n: n bytes are delivered, n + 1 close the connection before they have come', async () => {
    const { raw, collector } = await makeReceiver({ maxFrameBytes: 5000 });
    await raw.write(frameMessage(Buffer.alloc(5000)));
    await collector.waitForCount(1);
    await raw.write(HEADER, longHead(0, 5001n));
    await raw.isClosed();
    expect(collector.frames).toHaveLength(1);
  });

  test.each([2n ** 40n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n])(
    'by default: a payload of %d bytes closes the connection, takes no memory, and others go on',
    async (size) => {
      const { raw, collector, port } = await makeReceiver();
      const good = await (await RawPeer.connect(port)).shakeHands('PUSH');
      const before = process.memoryUsage();
      await raw.write(frameMessage('before'), HEADER, longHead(0, size));
      await raw.isClosed();
      const after = process.memoryUsage();
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(100_000_000);
      await good.write(frameMessage('after'));
      await collector.waitForCount(2);
    },
  );

  testNative(
    'takes 4 GB of address space for it',
    'a payload of 4 GB that is only announced takes 16 MiB at most',
    async () => {
      const { raw, collector, port } = await makeReceiver();
      const good = await (await RawPeer.connect(port)).shakeHands('PUSH');
      const before = process.memoryUsage().arrayBuffers;
      await raw.write(HEADER, longHead(0, 2n ** 32n - 1n), Buffer.alloc(100_000));
      await good.write(frameMessage('while it waits'));
      await collector.waitForCount(1);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
      expect(raw.closed).toBe(false);
    },
  );
});

describe('commands', () => {
  const COMMANDS: readonly (readonly [string, Buffer])[] = [
    ['an unknown command', part(COMMAND, commandBody('NONSENSE', 'x'))],
    ['an empty command', part(COMMAND, '')],
    ['a malformed command', part(COMMAND, Buffer.from([200, 1, 2]))],
    ['a command with MORE', part(COMMAND | MORE, commandBody('NONSENSE'))],
    ['a command of 70 kB', part(COMMAND, commandBody('NONSENSE', Buffer.alloc(70_000)))],
    ['a second READY', part(COMMAND, commandBody('READY'))],
    ['an ERROR', part(COMMAND, commandBody('ERROR', Buffer.from('\x03400')))],
    ['a PONG', part(COMMAND, commandBody('PONG'))],
    ['a ping in lower case', part(COMMAND, commandBody('ping', ping(0)))],
  ];
  test.each(COMMANDS)('%s is ignored, alone and between the parts of a message', async (_what, command) => {
    const { raw, collector, server } = await makeReceiver();
    const parts = [part(MORE, Buffer.from([1, 2])), part(MORE, 'c'), part(MORE, 'e'), part(0, 'payload')];
    await raw.write(command, ...parts.flatMap((bytes) => [command, bytes]), command, frameMessage('next'));
    await collector.waitForCount(2);
    expect(collector.frames[0]).toMatchObject({ flags: 0x0201, channel: 99, error: 101 });
    expect(collector.frames.map(({ payload }) => payload.toString())).toEqual(['payload', 'next']);
    expect(server.stats.malformed).toBe(0);
  });

  testNative('gives them to the application as parts', 'SUBSCRIBE and CANCEL are ignored', async () => {
    const { raw, collector, server } = await makeReceiver();
    await raw.write(part(COMMAND, commandBody('SUBSCRIBE', 'a')), part(COMMAND, commandBody('CANCEL', 'a')));
    await raw.write(frameMessage('next'));
    await collector.waitForCount(1);
    expect(server.stats.malformed).toBe(0);
  });

  const CONTEXTS = [0, 5, 16, 20];
  test(`PING with a context of ${CONTEXTS.join(', ')} bytes is answered with at most 16 of it, in order`, async () => {
    const { raw } = await makeReceiver();
    const context = (size: number): Buffer => Buffer.from('abcdefghijklmnopqrst').subarray(0, size);
    const expected = CONTEXTS.map((size) => part(COMMAND, commandBody('PONG', context(Math.min(size, 16)))));
    let length = 0;
    for (const [i, size] of CONTEXTS.entries()) {
      await raw.write(part(COMMAND, commandBody('PING', ping(0, context(size)))));
      length += expected[i]!.length;
      await raw.hearsAfterHandshake(length);
    }
    expect(raw.heardAfterHandshake).toEqual(Buffer.concat(expected));
  });

  test('PING in long form and between parts is answered, by a PUSH, too, and to a peer of version 3.0', async () => {
    const { server, port } = await makeReceiver();
    const raw = await (await RawPeer.connect(port + 1)).shakeHands('PULL', { minor: 0 });
    const pong = part(COMMAND, commandBody('PONG', 'x'));
    await raw.write(part(COMMAND | LONG, commandBody('PING', ping(0, 'x'))));
    expect(await raw.hearsAfterHandshake(pong.length)).toEqual(pong);
    await server.acceptFrame(new Frame(Buffer.from('hello')));
    await raw.hearsAfterHandshake(pong.length + frameMessage('hello').length);
    expect(raw.heardAfterHandshake).toEqual(Buffer.concat([pong, frameMessage('hello')]));
  });

  testNative('answers with stale memory', 'a PING too short to be one is ignored', async () => {
    const { raw, collector } = await makeReceiver();
    await raw.write(
      part(COMMAND, commandBody('PING')),
      part(COMMAND, commandBody('PING', 'x')),
      frameMessage('next'),
    );
    await collector.waitForCount(1);
    expect(raw.heardAfterHandshake).toHaveLength(0);
  });

  test('a PING with a time to live of 0.5 s, then silence: the connection is closed', async () => {
    const { raw, server } = await makeReceiver();
    await raw.write(part(COMMAND, commandBody('PING', ping(5))));
    await raw.isClosed();
    await waitFor('the peer to be gone', () => server.stats.peers.receive === 0);
  });

  test('a frame behind such a PING ends the wait for one', async () => {
    const { raw, collector, port } = await makeReceiver();
    await raw.write(part(COMMAND, commandBody('PING', ping(2))), frameMessage('alive'));
    await collector.waitForCount(1);
    // A second peer whose silence is noticed shows that the first one's time was up long before.
    const silent = await (await RawPeer.connect(port)).shakeHands('PUSH');
    await silent.write(part(COMMAND, commandBody('PING', ping(5))));
    await silent.isClosed();
    expect(raw.closed).toBe(false);
  });

  testNative('multiplies in 16 bits: 64 ms', 'a time to live of 65.6 s is not over at once', async () => {
    const { raw, port } = await makeReceiver();
    await raw.write(part(COMMAND, commandBody('PING', ping(656))));
    const silent = await (await RawPeer.connect(port)).shakeHands('PUSH');
    await silent.write(part(COMMAND, commandBody('PING', ping(3))));
    await silent.isClosed();
    expect(raw.closed).toBe(false);
  });
});

describe('heartbeatMs', () => {
  const first = part(COMMAND, commandBody('PING', ping(0)));

  /** Two peers that are asked at least five times: one answers, the other one says nothing. */
  const pinged = async (port: number, type: 'PUSH' | 'PULL'): Promise<{ good: RawPeer; silent: RawPeer }> => {
    const good = await (await RawPeer.connect(port)).shakeHands(type);
    const pong = part(COMMAND, commandBody('PONG'));
    good.socket.on('data', () => void good.write(pong));
    const silent = await (await RawPeer.connect(port)).shakeHands(type);
    await waitFor('a PING', () => silent.heardAfterHandshake.length >= first.length);
    expect(silent.heardAfterHandshake.subarray(0, first.length)).toEqual(first);
    await good.hearsAfterHandshake(5 * first.length);
    expect(good.closed).toBe(false);
    return { good, silent };
  };

  test('PING goes out to the peer that receives; one that answers stays', async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { heartbeatMs: 100 });
    const { silent } = await pinged(port + 1, 'PULL');
    // Its kernel acknowledges: the native engine takes it for busy, libzmq for gone.
    if (engines.server === 'libzmq') await silent.isClosed();
    else await silent.hearsAfterHandshake(5 * first.length);
    expect(server.stats.peers.send).toBe(engines.server === 'libzmq' ? 1 : 2);
  });

  testNative(
    'leaves it to the kernel, which asks every second',
    'PING goes out to the peer that sends, too; one whose kernel acknowledges is busy and not gone',
    async () => {
      const port = await reservePorts();
      const server = await makeServer(port, { heartbeatMs: 100 });
      const { silent } = await pinged(port, 'PUSH');
      await silent.hearsAfterHandshake(5 * first.length);
      await silent.write(frameMessage('late'));
      await waitFor('the frame', () => server.stats.framesReceived === 1);
      expect(server.stats).toMatchObject({ peers: { receive: 2 }, refusedPeers: 0 });
    },
  );
});
