// CURVE keys in files: keygen writes them, and every subcommand with a bridge reads them.

import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Frame, generateCurveKeys, type CurveOptions } from '../../lib';
import { curveKeys, publicKeyOf, type CurveFiles } from '../../lib/cli/support/curve';
import { Collector, fieldsOf, LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, read, recordOf, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endPrograms, rogueBridge } from '../helpers/program';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';

afterEach(async () => {
  await endPrograms();
  await endProgramsHere();
  await stopBridges();
  removeFiles();
});

interface Keys {
  readonly secret: string;
  readonly public: string;
  readonly publicKey: string;
  readonly secretKey: string;
}

/** A pair in files as `keygen --out` writes them. */
function makeKeys(name: string): Keys {
  const pair = generateCurveKeys();
  const files = { secret: fileName(`${name}.secret`), public: fileName(`${name}.public`) };
  writeFileSync(files.secret, `${pair.secretKey}\n`, { mode: 0o600 });
  writeFileSync(files.public, `${pair.publicKey}\n`);
  return { ...files, ...pair };
}

const FRAME = new Frame(Buffer.from('for their eyes alone'), { channel: 3, flags: 0x0201 });

test('a pair of keygen --out: two bridges that encrypt with it, and let in nobody else', async () => {
  for (const name of ['daq', 'analysis']) {
    const program = rogueBridgeHere('keygen', '--out', fileName(name));
    expect(await program.end()).toBe(0);
    expect(program.stderr).toMatch(/daq\.secret stays on this host, .*\n|analysis\.secret stays .*\n/);
    expect(statSync(fileName(`${name}.secret`)).mode & 0o777).toBe(0o600);
  }
  const port = await reservePorts();
  const [from, to] = [fileName('from.dat'), fileName('to.dat')];
  writeFileSync(from, recordOf(FRAME));
  const server = ['--curve', fileName('daq.secret'), '--curve-peer', fileName('analysis.public')];
  const client = ['--curve', fileName('analysis.secret'), '--curve-peer', fileName('daq.public')];
  const args = ['--count', 1, '--log', 'stream=warning'] as const;
  const recording = rogueBridgeHere('record', to, `${LOOPBACK}:${port}`, '--listen', ...args, ...server);
  // One with keys that the server does not know.
  const daq = { serverKey: readFileSync(fileName('daq.public'), 'utf8').trim() };
  const stranger = await makeClient(port, {
    engine: 'libzmq',
    curve: { ...generateCurveKeys(), ...daq },
  });
  await recording.complains('has a key that curve.clientKeys does not name');
  expect(stranger.connected).toBe(false);
  const playing = rogueBridgeHere('replay', from, `${LOOPBACK}:${port}`, ...client);
  expect(await playing.end()).toBe(0);
  expect(await recording.end()).toBe(0);
  expect((await read(to)).map(fieldsOf)).toEqual([fieldsOf(FRAME)]);
});

test('keygen keeps a file that is there, and leaves no half of a pair', async () => {
  const name = fileName('daq');
  writeFileSync(`${name}.public`, 'somebody needs this');
  const program = rogueBridge('keygen', '--out', name);
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(/^rogue-bridge: .*daq\.public: it is there already, and was left alone/);
  expect(readFileSync(`${name}.public`, 'utf8')).toBe('somebody needs this');
  expect(existsSync(`${name}.secret`)).toBe(false);
});

test('what keygen prints without --out is a file of keys as well', async () => {
  const program = rogueBridgeHere('keygen');
  expect(await program.end()).toBe(0);
  const { publicKey, secretKey } = JSON.parse(program.stdout) as Keys;
  const pair = fileName('pair.json');
  writeFileSync(pair, program.stdout, { mode: 0o600 });
  expect(curveKeys({ curve: pair }, true)).toEqual({ publicKey, secretKey });
});

test('relay encrypts either side', async () => {
  const [daq, relay, reader] = ['daq', 'relay', 'reader'].map(makeKeys) as [Keys, Keys, Keys];
  const [from, to] = [await reservePorts(), await reservePorts()];
  const pair = ({ publicKey, secretKey }: Keys): CurveOptions => ({ publicKey, secretKey });
  const engine = 'libzmq';
  const server = await makeServer(from, { engine, curve: { ...pair(daq), clientKeys: [relay.publicKey] } });
  rogueBridge(
    ...['relay', '--from', `${LOOPBACK}:${from}`, '--to', `${LOOPBACK}:${to}`],
    ...['--from-curve', relay.secret, '--from-curve-peer', daq.public],
    ...['--curve', relay.secret, '--curve-peer', reader.public],
  );
  const client = await makeClient(to, { engine, curve: { ...pair(reader), serverKey: relay.publicKey } });
  const collector = client.to(new Collector());
  await server.acceptFrame(FRAME);
  await collector.waitForCount(1);
  expect(collector.frames.map(fieldsOf)).toEqual([fieldsOf(FRAME)]);
});

test('bench measures with it', async () => {
  const [daq, client] = ['daq', 'client'].map(makeKeys) as [Keys, Keys];
  const target = `${LOOPBACK}:${await reservePorts()}`;
  rogueBridge('bench', '--listen', target, '--curve', daq.secret);
  const args = ['--size', 64, '--time-per-size', '50ms', '--json'] as const;
  const bench = rogueBridge('bench', target, ...args, '--curve', client.secret, '--curve-peer', daq.public);
  expect(await bench.end()).toBe(0);
  expect(JSON.parse(bench.stdout)).toMatchObject({
    client: { engine: 'libzmq' },
    server: { engine: 'libzmq' },
  });
});

test('keys that do not fit are a hint where nobody comes', async () => {
  const [daq, client] = ['daq', 'client'].map(makeKeys) as [Keys, Keys];
  const target = `${LOOPBACK}:${await reservePorts()}`;
  const args = ['--timeout', '200ms', '--curve', client.secret, '--curve-peer', daq.public] as const;
  const program = rogueBridgeHere('dump', target, ...args);
  expect(await program.end()).toBe(1);
  expect(program.stderr).toContain("with --curve each side needs the other's .public file");
});

describe('the keys of a role', () => {
  test('the public key is that of the secret one', () => {
    for (let i = 0; i < 20; i++) {
      const { publicKey, secretKey } = generateCurveKeys();
      expect(publicKeyOf(secretKey)).toBe(publicKey);
    }
    // No 32 bytes are written like this.
    expect(publicKeyOf('#'.repeat(40))).toBeUndefined();
  });

  test('a server may have several clients, by several files or by one, or let in all', () => {
    const [own, one, two, three] = ['own', 'one', 'two', 'three'].map(makeKeys) as [Keys, Keys, Keys, Keys];
    const both = fileName('both.public');
    writeFileSync(both, `${two.publicKey}\n\n${three.publicKey}\n`);
    const pair = { publicKey: own.publicKey, secretKey: own.secretKey };
    expect(curveKeys({ curve: own.secret }, true)).toEqual(pair);
    expect(curveKeys({ curve: own.secret, curvePeer: [one.public, both] }, true)).toEqual({
      ...pair,
      clientKeys: [one, two, three].map(({ publicKey }) => publicKey),
    });
    expect(curveKeys({ curve: own.secret, curvePeer: [one.public] }, false)).toEqual({
      ...pair,
      serverKey: one.publicKey,
    });
    expect(curveKeys({}, true)).toBeUndefined();
  });

  test.each<[what: string, files: (own: Keys, other: Keys) => CurveFiles, words: RegExp]>([
    [
      'our own key, public',
      (own, other) => ({ curve: own.public, curvePeer: [other.public] }),
      /is a public key/,
    ],
    [
      "the other's key, secret",
      (own, other) => ({ curve: own.secret, curvePeer: [other.secret] }),
      /is a secret key, which stays on its host/,
    ],
    ['our own key as the other', (own) => ({ curve: own.secret, curvePeer: [own.public] }), /our own key/],
    ['no key of the server', (own) => ({ curve: own.secret }), /a client needs --curve-peer once/],
    [
      'keys of two servers',
      (own, other) => ({ curve: own.secret, curvePeer: [other.public, other.public] }),
      /a client needs --curve-peer once/,
    ],
    [
      'no key of ours',
      (_own, other) => ({ curvePeer: [other.public] }),
      /add --curve with the \.secret file/,
    ],
    [
      'a file that is not there',
      (_own, other) => ({ curve: fileName('none'), curvePeer: [other.public] }),
      /ENOENT/,
    ],
    ['a folder', (_own, other) => ({ curve: '.', curvePeer: [other.public] }), /\. holds no CURVE key/],
    [
      'something else',
      (_own, other) => ({ curve: 'package.json', curvePeer: [other.public] }),
      /package\.json holds no CURVE key: 'rogue-bridge keygen --out NAME' makes such files/,
    ],
    [
      "something else of the other's",
      (own) => ({ curve: own.secret, curvePeer: ['package.json'] }),
      /package\.json holds no CURVE key/,
    ],
  ])('%s is refused', (_what, files, words) => {
    expect(() => curveKeys(files(makeKeys('own'), makeKeys('other')), false)).toThrow(words);
  });

  test('a secret key that others can read is refused, with the way out', () => {
    const [own, other] = [makeKeys('own'), makeKeys('other')];
    for (const mode of [0o644, 0o640, 0o604]) {
      chmodSync(own.secret, mode);
      expect(() => curveKeys({ curve: own.secret, curvePeer: [other.public] }, false)).toThrow(
        `${own.secret} can be read by other users (mode 0${mode.toString(8)}): run 'chmod 600 ${own.secret}'`,
      );
    }
  });
});
