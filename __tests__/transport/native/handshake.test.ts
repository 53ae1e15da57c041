// Greeting and commands alone; and what a connection does whose peer never finishes them.

import fc from 'fast-check';
import { checkReady, PING, readPing, readyCommand } from '../../../lib/zmtp/command';
import { GREETING, GreetingReader } from '../../../lib/zmtp/greeting';
import { openNativeWith } from '../../../lib/transport/native';
import { ProtocolError } from '../../../lib/zmtp/protocol';
import { describeStranger } from '../../../lib/zmtp/stranger';
import type { Refusal, TransportSink } from '../../../lib/transport/socket';
import { Transport } from '../../../lib/transport/transport';
import { endpointsOf } from '../../../lib/wire/endpoints';
import { reservePorts } from '../../helpers/ports';
import { commandBody, frameMessage, greeting, ping, property, RawPeer, ready } from '../../helpers/raw-peer';
import { endRaw, readRecording } from '../../helpers/recording';
import { pause, waitFor } from '../../helpers/wait';

test('our greeting and READY are byte for byte what a real Rogue peer sent', () => {
  const pulls = readRecording('next-port.client-to-server');
  expect(Buffer.concat([GREETING, readyCommand('PULL')])).toEqual(pulls.subarray(0, 92));
  const pushes = readRecording('next-port.server-to-client');
  expect(Buffer.concat([GREETING, readyCommand('PUSH')])).toEqual(pushes.subarray(0, 92));
});

test('a greeting is read alike however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 64 })), (cuts) => {
      const reader = new GreetingReader();
      const bytes = Buffer.concat([greeting(), Buffer.from('behind')]);
      let at = 0;
      for (const size of [...cuts, 100, 100]) {
        const taken = reader.write(bytes.subarray(at, at + size));
        at += taken;
        if (reader.complete) break;
      }
      expect(reader.complete).toBe(true);
      expect(at).toBe(64);
    }),
  );
});

test('a garbled greeting is refused or taken, and never another error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
      try {
        new GreetingReader().write(bytes);
      } catch (err) {
        expect(err).toBeInstanceOf(ProtocolError);
      }
    }),
    { numRuns: 1000 },
  );
});

test('any READY body is taken or refused with a ProtocolError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, named) => {
      const body = named ? commandBody('READY', bytes) : Buffer.from(bytes);
      try {
        checkReady(body, 'PULL');
      } catch (err) {
        expect(err).toBeInstanceOf(ProtocolError);
      }
    }),
    { numRuns: 1000 },
  );
});

test('READY names the type that does not fit, and that the ports may be swapped', () => {
  const body = commandBody('READY', property('Socket-Type', 'PULL'));
  expect(() => checkReady(body, 'PULL')).toThrow('is the port one off?');
  expect(() => checkReady(body, 'PUSH')).not.toThrow();
  expect(() => checkReady(commandBody('READY', property('socket-type', 'PUB')), 'PULL')).toThrow(
    '"PUB" socket and no PUSH',
  );
});

test('PING is answered with its context, and gives its time to live in ms', () => {
  expect(readPing(commandBody('PING', ping(656, 'hello')))).toEqual({
    ttlMs: 65_600,
    pong: Buffer.from('\x04\x0a\x04PONGhello'),
  });
  expect(readPing(commandBody('PING', 'x'))).toBeUndefined();
  expect(readPing(commandBody('PONG', ping(1)))).toBeUndefined();
  expect(PING).toEqual(Buffer.from('\x04\x07\x04PING\0\0'));
});

test.each([
  ['GET / HTTP/1.1\r\n', 'an HTTP client'],
  ['HTTP/1.1 200 OK\r\n', 'an HTTP server'],
  ['SSH-2.0-x', 'an SSH peer'],
  ['\x16\x03\x01', 'a TLS peer'],
  ['220 mail ready', 'a mail or FTP server'],
  ['\x01\x00', 'a ZMTP 1.0 peer'],
  ['hello', 'does not speak ZMTP; it began with "hello"'],
])('a stranger that begins with %j seems to be %s', (bytes, words) => {
  expect(describeStranger(Buffer.from(bytes, 'latin1'))).toContain(words);
});

describe('a peer that never finishes its handshake', () => {
  let transport: Transport | undefined;
  afterEach(async () => {
    endRaw();
    await transport?.close();
  });

  async function open(port: number): Promise<{ refusals: Refusal[]; payloads: string[] }> {
    const refusals: Refusal[] = [];
    const payloads: string[] = [];
    const sink = {
      frame: (payload: Buffer) => void payloads.push(payload.toString()),
      refused: (refusal: Refusal) => void refusals.push(refusal),
    } as unknown as TransportSink;
    const options = {
      sendHighWaterMark: 1000,
      receiveHighWaterMark: 1000,
      sendHighWaterBytes: 0,
      receiveHighWaterBytes: 0,
      sendTimeoutMs: undefined,
      lingerMs: 0,
      maxFrameBytes: 1e6,
      heartbeatMs: undefined,
      reconnectMs: 100,
      reconnectMaxMs: undefined,
      allow: undefined,
      curve: undefined,
    };
    const endpoints = endpointsOf('127.0.0.1', port, true);
    const sockets = await openNativeWith({ handshakeTimeoutMs: 300 }, endpoints, options, sink);
    transport = new Transport(endpoints, options, sink, sockets);
    return { refusals, payloads };
  }

  test.each([
    ['says nothing', Buffer.alloc(0)],
    ['sends half a greeting', greeting().subarray(0, 30)],
    ['greets and sends half a READY', Buffer.concat([greeting(), ready('PUSH').subarray(0, 10)])],
  ])('and %s is closed after the time, and told of', async (_what, bytes) => {
    const port = await reservePorts();
    const { refusals } = await open(port);
    const raw = await RawPeer.connect(port);
    await raw.write(bytes);
    await raw.isClosed();
    await waitFor('the refusal', () => refusals.length === 1);
    expect(refusals[0]).toMatchObject({
      direction: 'receive',
      reason: 'did not finish its ZMTP handshake within 0.3 s',
    });
  });

  test('and dribbles its greeting is closed after the time, however often it says something', async () => {
    const port = await reservePorts();
    const { refusals, payloads } = await open(port);
    const good = await (await RawPeer.connect(port)).shakeHands('PUSH');
    const raw = await RawPeer.connect(port);
    for (let i = 0; i < 64 && !raw.closed; i++) {
      raw.socket.write(greeting().subarray(i, i + 1));
      await pause(20);
    }
    await raw.isClosed();
    expect(refusals).toHaveLength(1);
    await good.write(frameMessage('hello'));
    await waitFor('the good frame', () => payloads.length === 1);
  });
});
