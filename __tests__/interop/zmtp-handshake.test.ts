// The greeting and the NULL handshake, from the other end of a plain TCP connection.
// zeromq/rfc 37 (ZMTP 3.1); what zeromq/libzmq 4.3.5 does was measured, and is what both engines must do.

import { Frame, Logging, type TcpServer } from '../../lib';
import { Collector, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { engines, testNative } from '../helpers/engines';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import {
  COMMAND,
  commandBody,
  frameMessage,
  greeting,
  GREETING_BYTES,
  HANDSHAKE_BYTES,
  message,
  MORE,
  part,
  ping,
  property,
  RawPeer,
  ready,
  READY_BYTES,
  type GreetingFields,
} from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { turns, waitFor } from '../helpers/wait';

afterEach(async () => {
  endRaw();
  await stopBridges();
  Logging.setSink(undefined);
});

const SIGNATURE = 'ff00000000000000017f';

/** A server, what it delivers, and a raw peer on the port it pulls on. */
async function makeReceiver(): Promise<{
  server: TcpServer;
  collector: Collector;
  raw: RawPeer;
  port: number;
}> {
  const port = await reservePorts();
  const server = await makeServer(port);
  return { server, collector: server.to(new Collector()), raw: await RawPeer.connect(port), port };
}

const texts = (collector: Collector): string[] => collector.frames.map(({ payload }) => payload.toString());

describe('the greeting', () => {
  test('is answered in stages: 10 bytes at once, 1 after the signature, 53 after the version, then READY', async () => {
    const { raw } = await makeReceiver();
    const bytes = greeting();
    expect((await raw.hears(10)).toString('hex')).toBe(SIGNATURE);
    await raw.dribble(bytes.subarray(0, 9));
    await turns();
    expect(raw.heard.length).toBe(10);
    await raw.dribble(bytes.subarray(9, 10));
    expect((await raw.hears(11))[10]).toBe(3);
    await raw.dribble(bytes.subarray(10, 11));
    expect(await raw.hears(GREETING_BYTES)).toEqual(greeting({ padding: 0 }).fill(1, 8, 9));
    await raw.dribble(bytes.subarray(11));
    expect((await raw.hears(HANDSHAKE_BYTES)).subarray(GREETING_BYTES)).toEqual(ready('PULL'));
    expect(ready('PULL')).toHaveLength(READY_BYTES);
  });

  test.each<[string, GreetingFields]>([
    ['version 3.0, as libzmq 4.3.2 and older', { minor: 0 }],
    ['major 2', { major: 2 }],
    ['major 4', { major: 4 }],
    ['major 255', { major: 255 }],
    ['minor 9', { minor: 9 }],
    ['padding of aa', { padding: 0xaa }],
    ['as-server 1', { asServer: 1 }],
    ['a filler of 55', { filler: 0x55 }],
  ])('with %s is accepted', async (_what, fields) => {
    const { raw, collector } = await makeReceiver();
    await raw.shakeHands('PUSH', fields);
    await raw.write(frameMessage('hello'));
    await collector.waitForCount(1);
    expect(texts(collector)).toEqual(['hello']);
  });

  test.each([
    ['PLAIN', 'PLAIN'],
    ['null', 'null'],
    ['NULL and something behind its padding', 'NULL\0\0X'],
  ])('with mechanism %s closes the connection, without an ERROR command', async (_what, mechanism) => {
    const { raw, server } = await makeReceiver();
    await raw.write(greeting({ mechanism }));
    await raw.isClosed();
    expect(raw.heard.length).toBeLessThanOrEqual(GREETING_BYTES);
    expect(server.stats.framesReceived).toBe(0);
  });

  describe.each([
    ['an HTTP client', Buffer.from('GET / HTTP/1.1\r\nHost: here\r\n\r\n'), 'it seems to be an HTTP client'],
    ['an SSH peer', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), 'it seems to be an SSH peer'],
    ['a TLS peer', Buffer.from([0x16, 3, 1, 2, 0, 1, 0]), 'it seems to be a TLS peer'],
    ['a first byte of 0', Buffer.alloc(12), 'does not speak ZMTP'],
    ['ZMTP 1.0', greeting({ signatureEnd: 0 }), 'speaks ZMTP 1.0'],
    ['major 0', greeting({ major: 0 }), 'speaks ZMTP 1.0'],
    ['ZMTP 2.0', greeting({ major: 1 }), 'speaks ZMTP 2.0'],
  ])('from %s', (_what, bytes, words) => {
    test('is refused at once, and takes no frame', async () => {
      Logging.setFilter('stream.TcpCore', Logging.Warning);
      const lines = collectLog();
      const port = await reservePorts();
      const server = await makeServer(port);
      // On the port it pushes on: a frame waits for a peer, and must go to the good one.
      const stranger = await RawPeer.connect(port + 1);
      const sent = Promise.all([1, 2, 3].map(() => server.acceptFrame(new Frame(1))));
      await stranger.write(bytes);
      await stranger.isClosed();
      // libzmq answers an older greeting with its own.
      expect(stranger.heard.length).toBeLessThanOrEqual(12);
      const good = await RawPeer.connect(port + 1);
      await good.shakeHands('PULL');
      await sent;
      await good.hearsAfterHandshake(3 * frameMessage('1').length);
      expect(server.stats.framesSent).toBe(3);
      // libzmq keeps to itself what the stranger was.
      if (engines.server !== 'native') return;
      expect(server.stats.refusedPeers).toBe(1);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(words);
      expect(lines[0]).toContain(`port ${port + 1}`);
    });
  });
});

describe('READY', () => {
  test('in one segment with the greeting is accepted', async () => {
    const { raw, collector } = await makeReceiver();
    await raw.write(greeting(), ready('PUSH'));
    await raw.hears(HANDSHAKE_BYTES);
    await raw.write(frameMessage('hello'));
    await collector.waitForCount(1);
  });

  testNative(
    'closes such a connection when both come in one read',
    'in one segment with a message delivers the message',
    async () => {
      const { raw, collector } = await makeReceiver();
      await raw.write(greeting(), ready('PUSH'), frameMessage('hello'));
      await collector.waitForCount(1);
      expect(texts(collector)).toEqual(['hello']);
    },
  );

  test('and the messages behind it may come a byte at a time', async () => {
    const { raw, collector } = await makeReceiver();
    await raw.dribble(Buffer.concat([greeting(), ready('PUSH')]));
    await raw.hears(HANDSHAKE_BYTES);
    await raw.dribble(
      Buffer.concat([frameMessage('one', 0x0201, 3, 4), frameMessage(Buffer.alloc(300, 'x'))]),
    );
    await collector.waitForCount(2);
    expect(texts(collector)).toEqual(['one', 'x'.repeat(300)]);
    expect(collector.frames[0]).toMatchObject({ flags: 0x0201, channel: 3, error: 4 });
  });

  test('is waited for before anything else is sent, and then what waits goes out', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const raw = await RawPeer.connect(port + 1);
    const sent = server.acceptFrame(new Frame(Buffer.from('hello')));
    await raw.write(greeting());
    await raw.hears(HANDSHAKE_BYTES);
    await turns(50);
    expect(raw.heard.length).toBe(HANDSHAKE_BYTES);
    expect(server.stats).toMatchObject({ sendsWaiting: 1, peers: { send: 0 } });
    await raw.write(ready('PULL'));
    await sent;
    const expected = frameMessage('hello');
    expect(await raw.hearsAfterHandshake(expected.length)).toEqual(expected);
  });

  test.each([
    ['unknown properties', [property('X-foo', 'bar'), property('Identity', 'me'), property('Resource', '')]],
    ['a value of 1000 bytes', [property('X-long', Buffer.alloc(1000, 7))]],
    ['an empty name', [property('', 'value')]],
  ])('with %s is accepted', async (_what, properties) => {
    const { raw, collector } = await makeReceiver();
    await raw.write(greeting());
    await raw.hears(GREETING_BYTES);
    const content = Buffer.concat([property('Socket-Type', 'PUSH'), ...properties]);
    await raw.write(part(COMMAND, commandBody('READY', content)));
    await raw.hears(HANDSHAKE_BYTES);
    await raw.write(frameMessage('hello'));
    await collector.waitForCount(1);
  });

  test('without any property is accepted', async () => {
    const { raw, collector } = await makeReceiver();
    await raw.write(greeting());
    await raw.hears(GREETING_BYTES);
    await raw.write(part(COMMAND, commandBody('READY')));
    await raw.hears(HANDSHAKE_BYTES);
    await raw.write(frameMessage('hello'));
    await collector.waitForCount(1);
  });

  test.each([
    ['as a message', part(0, commandBody('READY', property('Socket-Type', 'PUSH')))],
    ['with MORE', part(COMMAND | MORE, commandBody('READY', property('Socket-Type', 'PUSH')))],
    ['with reserved bits', part(COMMAND | 0xf8, commandBody('READY', property('Socket-Type', 'PUSH')))],
    ['in long form', part(COMMAND | 2, commandBody('READY', property('Socket-Type', 'PUSH')))],
  ])('sent %s is recognised by its body', async (_what, bytes) => {
    const { raw, collector } = await makeReceiver();
    await raw.write(greeting());
    await raw.hears(GREETING_BYTES);
    await raw.write(bytes);
    await raw.hears(HANDSHAKE_BYTES);
    await raw.write(frameMessage('hello'));
    await collector.waitForCount(1);
  });

  test.each([
    ['PUB', ready('PUB')],
    ['PULL, our own', ready('PULL')],
    ['push in lower case', ready('push')],
    ['a stray byte behind the properties', part(COMMAND, commandBody('READY', Buffer.from([5])))],
    [
      'a value that runs past the end',
      part(COMMAND, commandBody('READY', property('Socket-Type', 'PUSH').subarray(0, -1))),
    ],
  ])('of %s closes the connection, and other peers go on', async (_what, bytes) => {
    const { raw, collector, port } = await makeReceiver();
    const good = await (await RawPeer.connect(port)).shakeHands('PUSH');
    await raw.write(greeting());
    await raw.hears(GREETING_BYTES);
    await raw.write(bytes);
    await raw.isClosed();
    await good.write(frameMessage('hello'));
    await collector.waitForCount(1);
    expect(texts(collector)).toEqual(['hello']);
    expect(good.closed).toBe(false);
  });

  test.each([
    ['a message', message('data')],
    ['a PING', part(COMMAND, commandBody('PING', ping(0)))],
    ['HELLO', part(COMMAND, commandBody('HELLO'))],
    ['an empty part', part(0, '')],
    ['ERROR 400', part(COMMAND, commandBody('ERROR', Buffer.from('\x03400')))],
    ['a malformed ERROR', part(COMMAND, commandBody('ERROR', 'bad'))],
  ])('replaced by %s closes the connection, and nothing is delivered', async (_what, bytes) => {
    const { raw, server } = await makeReceiver();
    await raw.write(greeting());
    await raw.hears(GREETING_BYTES);
    await raw.write(bytes);
    await raw.isClosed();
    expect(server.stats).toMatchObject({ framesReceived: 0, malformed: 0 });
  });
});

describe('a client', () => {
  test('whose server is somebody else tries again until the right one is there', async () => {
    Logging.setFilter('stream.TcpCore', Logging.Warning);
    const lines = collectLog();
    const port = await reservePorts();
    const next = await RawPeer.listen(port);
    const client = await makeClient(port);
    const wrong = await next();
    await wrong.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    // libzmq takes it for a peer of ZMTP 1.0, until it closes.
    if (engines.client === 'native') await wrong.isClosed();
    else wrong.socket.destroy();
    endRaw();
    const server = await makeServer(port);
    const collector = server.to(new Collector());
    await waitFor('both directions', () => client.connected);
    await client.send(new Frame(Buffer.from('hello')));
    await collector.waitForCount(1);
    if (engines.client !== 'native') return;
    // However often it was there.
    expect(lines.filter((line) => line.includes('an HTTP server'))).toHaveLength(1);
  });
});
