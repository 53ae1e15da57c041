// Who may connect: allow on both engines, CURVE keys on libzmq.

import { Pull, Push } from 'zeromq';
import { Frame, generateCurveKeys, Logging, TcpClient, TcpServer, type TcpOptions } from '../../lib';
import { Collector, LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { engines } from '../helpers/engines';
import { rejection } from '../helpers/errors';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { frameMessage, greeting, RawPeer, ready } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { waitFor } from '../helpers/wait';

afterEach(async () => {
  Logging.setSink(undefined);
  endRaw();
  await stopBridges();
});

const GREETING_BYTES = 64;
const ELSEWHERE = '127.0.0.2';

describe('allow', () => {
  test('a peer it names passes frames both ways; another takes nothing, logged once and counted', async () => {
    Logging.setFilter('stream.TcpCore', Logging.Warning);
    const lines = collectLog();
    const port = await reservePorts();
    const server = await makeServer(port, { allow: [ELSEWHERE, '10.0.0.0/8'] });
    const collector = server.to(new Collector());
    const sent = server.acceptFrame(new Frame(Buffer.from('for the good one')));
    for (let i = 0; i < 3; i++) {
      for (const [type, to] of [
        ['PUSH', port],
        ['PULL', port + 1],
      ] as const) {
        const stranger = await RawPeer.connect(to);
        // It may be closed before it has heard anything, or at the end of its handshake.
        stranger.socket.write(greeting());
        await waitFor('its greeting', () => stranger.closed || stranger.heard.length >= GREETING_BYTES);
        stranger.socket.write(Buffer.concat([ready(type), frameMessage('not to be delivered')]));
        await stranger.isClosed();
        expect(stranger.heardAfterHandshake.toString('latin1')).not.toContain('good one');
      }
    }
    expect(server.stats.refusedPeers).toBe(6);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /Refused on port \d+: the peer at 127\.0\.0\.1(:\d+)? is not one that allow names/,
    );
    const good = await RawPeer.connect(port + 1, ELSEWHERE);
    await good.shakeHands('PULL');
    await sent;
    await good.hearsAfterHandshake(frameMessage('for the good one').length);
    const source = await RawPeer.connect(port, ELSEWHERE);
    await source.shakeHands('PUSH');
    await source.write(frameMessage('hello'));
    await collector.waitForCount(1);
    expect(collector.frames.map((frame) => frame.payload.toString())).toEqual(['hello']);
  });

  test.each([
    ['127.0.0.1', ['127.0.0.1']],
    ['127.0.0.1', ['127.0.0.0/8']],
    ['::1', ['::1']],
    ['::1', ['::/64', '10.0.0.1']],
  ])('a bridge at %s is named by %j', async (addr, allow) => {
    const port = await reservePorts();
    const server = await TcpServer.create(addr, port, { allow, engine: engines.server });
    const client = await TcpClient.create(addr, port, { engine: engines.client });
    try {
      await client.waitForPeer({ timeoutMs: 10_000 });
      const collector = server.to(new Collector());
      await client.acceptFrame(new Frame(3));
      await collector.waitForCount(1);
    } finally {
      await Promise.all([server.stop(), client.stop()]);
    }
  });

  test('a client that is refused does not see a peer, and its frames wait', async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { allow: [] });
    const client = await makeClient(port, { sendTimeoutMs: 300 });
    expect(await rejection(client.acceptFrame(new Frame(1)))).toMatchObject({ code: 'ERR_SEND_TIMEOUT' });
    await waitFor('the refusals', () => server.stats.refusedPeers >= 2);
    expect(server.stats).toMatchObject({ framesReceived: 0 });
    expect(client.stats).toMatchObject({ framesSent: 0, notSent: 1 });
  });

  test.each([
    ['10.0.0.1', TypeError, /allow is '10.0.0.1', but must be a list/],
    [[10], TypeError, /allow has 10, but takes IP addresses and CIDR blocks/],
    [['daq-host'], RangeError, /allow has 'daq-host'/],
    [['10.0.0.0/33'], RangeError, /allow has '10.0.0.0\/33'/],
    [['10.0.0.0/'], RangeError, /allow has '10.0.0.0\/'/],
  ])('refuses %j', async (allow, kind, message) => {
    const err = await rejection(makeServer(undefined, { allow } as unknown as TcpOptions));
    expect(err).toBeInstanceOf(kind);
    expect(err.message).toMatch(message);
  });

  test('is for servers', async () => {
    expect(await rejection(makeClient(8000, { allow: [] }))).toMatchObject({ name: 'TypeError' });
  });

  test('a server beyond loopback that names nobody says so, once', async () => {
    Logging.setFilter('stream.TcpCore', Logging.Warning);
    const lines = collectLog();
    const open = async (addr: string, options: TcpOptions): Promise<void> => {
      const server = await TcpServer.create(addr, await reservePorts(), {
        engine: engines.server,
        ...options,
      });
      await server.stop();
    };
    await open('127.0.0.1', {});
    await open('localhost', {});
    await open('*', { allow: ['127.0.0.1'] });
    expect(lines).toEqual([]);
    await open('*', {});
    expect(lines).toEqual([expect.stringMatching(/open to everyone who can reach \*: name those/)]);
  });
});

describe('curve', () => {
  const libzmq = { engine: 'libzmq' } as const;

  test('keys on both ends pass frames; a peer without, or with wrong ones, is refused with a clear line', async () => {
    Logging.setFilter('stream.TcpCore', Logging.Warning);
    const lines = collectLog();
    const [serverKeys, clientKeys, otherKeys] = [1, 2, 3].map(() => generateCurveKeys());
    const port = await reservePorts();
    const server = await makeServer(port, {
      ...libzmq,
      curve: { ...serverKeys!, clientKeys: [clientKeys!.publicKey] },
    });
    const collector = server.to(new Collector());
    const known = { serverKey: serverKeys!.publicKey };
    const knock = async (options: TcpOptions): Promise<void> => {
      const before = server.stats.refusedPeers;
      const stranger = await TcpClient.create(LOOPBACK, port, { ...libzmq, ...options });
      await waitFor('both refusals', () => server.stats.refusedPeers >= before + 2);
      expect(stranger.connected).toBe(false);
      await stranger.stop();
    };
    await knock({});
    expect(lines.some((line) => line.includes('CURVE keys that are missing or wrong'))).toBe(true);
    await knock({ curve: { ...otherKeys!, ...known } });
    expect(lines.some((line) => line.includes('has a key that curve.clientKeys does not name'))).toBe(true);
    await knock({ curve: { ...clientKeys!, serverKey: otherKeys!.publicKey } });
    const client = await makeClient(port, { ...libzmq, curve: { ...clientKeys!, ...known } });
    await client.waitForPeer({ timeoutMs: 10_000 });
    const back = client.to(new Collector());
    await client.acceptFrame(new Frame(Buffer.from('there')));
    await server.acceptFrame(new Frame(Buffer.from('back')));
    await Promise.all([collector.waitForCount(1), back.waitForCount(1)]);
    // Not one of these keys is in a log line.
    const secrets = [serverKeys, clientKeys, otherKeys].flatMap((keys) => Object.values(keys!));
    expect(lines.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
  });

  test('bare zeromq sockets with the keys are peers as well', async () => {
    const [serverKeys, clientKeys] = [generateCurveKeys(), generateCurveKeys()];
    const port = await reservePorts();
    const server = await makeServer(port, { ...libzmq, curve: serverKeys });
    const curve = {
      curveServerKey: serverKeys.publicKey,
      curvePublicKey: clientKeys.publicKey,
      curveSecretKey: clientKeys.secretKey,
    };
    const [push, pull] = [new Push({ ...curve, linger: 0 }), new Pull({ ...curve, linger: 0 })];
    push.connect(`tcp://${LOOPBACK}:${port}`);
    pull.connect(`tcp://${LOOPBACK}:${port + 1}`);
    const collector = server.to(new Collector());
    await push.send([Buffer.from([1, 2]), Buffer.of(3), Buffer.of(0), Buffer.from('hello')]);
    await collector.waitForCount(1);
    expect(collector.frames[0]).toMatchObject({ flags: 0x0201, channel: 3 });
    await server.acceptFrame(new Frame(Buffer.from('back')));
    expect((await pull.receive()).at(-1)!.toString()).toBe('back');
    push.close();
    pull.close();
  });

  test('refuses what is no key, missing, or not for this role, without naming a key', async () => {
    const keys = generateCurveKeys();
    const short = { ...keys, secretKey: keys.secretKey.slice(1) };
    const err = await rejection(makeServer(undefined, { ...libzmq, curve: short }));
    expect(err).toBeInstanceOf(RangeError);
    expect(err.message).toMatch(/curve.secretKey is a string of 39 characters/);
    expect(err.message).not.toContain(short.secretKey);
    for (const [role, options, message] of [
      [makeServer, { curve: { ...keys, serverKey: keys.publicKey } }, /curve.serverKey is for clients/],
      [makeServer, { curve: { ...keys, clientKeys: 'all' } }, /clientKeys is 'all', but must be a list/],
      [makeServer, { curve: { ...keys, clientKeys: ['x'] } }, /clientKeys is a string of 1 characters/],
      [makeClient, { curve: keys }, /curve.serverKey is undefined/],
      [makeClient, { curve: { ...keys, clientKeys: [] } }, /curve.clientKeys is for servers/],
      [makeClient, { curve: { ...keys, key: '' } }, /unknown option 'key' in the options of curve/],
      [
        makeClient,
        { engine: 'native', curve: { ...keys, serverKey: keys.publicKey } },
        /only the libzmq engine has CURVE/,
      ],
    ] as const) {
      const refused = await rejection(role(8000, { ...libzmq, ...options } as unknown as TcpOptions));
      expect(refused.message).toMatch(message);
    }
  });
});
