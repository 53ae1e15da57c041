// The address of a log as one text.

import * as fc from 'fast-check';
import { isLogAddress, parseLogAddress } from '../../lib/jetstream';

const HOST = 'nats://daq:4222/run42';

/** What is asked for in a query. */
const readOf = (query: string): unknown => parseLogAddress(`${HOST}?${query}`).read;
const keepOf = (query: string): unknown => parseLogAddress(`${HOST}?${query}`).keep;
const connectionOf = (text: string): unknown => parseLogAddress(text).connection;

/** What an address that is wrong is refused with. */
function refusal(text: string): string {
  try {
    parseLogAddress(text);
  } catch (err) {
    expect(err).toBeInstanceOf(TypeError);
    return (err as Error).message;
  }
  throw new Error(`${text} was not refused`);
}

describe('an address', () => {
  test('of a server and a stream', () => {
    expect(parseLogAddress(HOST)).toEqual({
      connection: { servers: ['nats://daq:4222'], stream: 'run42' },
      keep: {},
      read: {},
    });
  });

  test.each([
    ['a', ['nats://a:4222']],
    ['a:1', ['nats://a:1']],
    ['a,b:65535,c.d', ['nats://a:4222', 'nats://b:65535', 'nats://c.d:4222']],
    ['10.0.0.1:4223', ['nats://10.0.0.1:4223']],
    ['[::1]', ['nats://[::1]:4222']],
    ['[fe80::1]:4223,[::ffff:10.0.0.1]', ['nats://[fe80::1]:4223', 'nats://[::ffff:10.0.0.1]:4222']],
  ])('with the servers %s', (servers, all) => {
    expect(connectionOf(`nats://${servers}/S`)).toEqual({ servers: all, stream: 'S' });
  });

  test.each<[login: string, options: object]>([
    ['daq:secret', { user: 'daq', pass: 'secret' }],
    ['daq:', { user: 'daq', pass: '' }],
    ['daq:a:b@c', { user: 'daq', pass: 'a:b@c' }],
    ['d%40q:%2F%3f%25', { user: 'd@q', pass: '/?%' }],
    ['100%:50%', { user: '100%', pass: '50%' }],
    ['s3cr3t', { token: 's3cr3t' }],
    ['a%3Ab', { token: 'a:b' }],
  ])('with the login %s', (login, options) => {
    expect(connectionOf(`nats://${login}@a,b/S`)).toEqual({
      servers: ['nats://a:4222', 'nats://b:4222'],
      stream: 'S',
      ...options,
    });
  });

  test.each<[query: string, read: object]>([
    ['from=now', { from: 'now' }],
    ['from=first', { from: 'first' }],
    ['from=7', { from: { sequence: 7 } }],
    ['last=1000', { from: { last: 1000 } }],
    ['frame=0', { from: { frame: 0 } }],
    ['since=2026-11-01', { from: { time: new Date('2026-11-01') } }],
    ['since=2026-11-01T12:00:00Z', { from: { time: new Date('2026-11-01T12:00:00Z') } }],
    ['since=2026-11-01T12:00:00.5-08:00', { from: { time: new Date('2026-11-01T20:00:00.5Z') } }],
    ['since=2026-11-01T12:00:00+01:00', { from: { time: new Date('2026-11-01T11:00:00Z') } }],
    ['channel=0', { channels: [0] }],
    ['channel=3,4&channel=255', { channels: [3, 4, 255] }],
    ['group=analysis', { group: 'analysis' }],
    ['until=end&from=first', { untilEnd: true, from: 'first' }],
  ])('for reading with %s', (query, read) => {
    expect(readOf(query)).toEqual(read);
  });

  test.each([
    ['90ms', 90],
    ['1.5s', 1_500],
    ['10m', 600_000],
    ['10min', 600_000],
    ['2h', 7_200_000],
    ['3d', 259_200_000],
  ])('for reading since %s ago', (ago, ms) => {
    const before = Date.now();
    const { from } = parseLogAddress(`${HOST}?since=${ago}`).read;
    const after = Date.now();
    const { time } = from as { time: Date };
    expect(time.getTime()).toBeGreaterThanOrEqual(before - ms);
    expect(time.getTime()).toBeLessThanOrEqual(after - ms);
  });

  test.each<[query: string, keep: object]>([
    ['max-bytes=1000', { maxBytes: 1_000 }],
    ['max-bytes=64k', { maxBytes: 64_000 }],
    ['max-bytes=1.5MB', { maxBytes: 1_500_000 }],
    ['max-bytes=10G', { maxBytes: 10e9 }],
    ['max-bytes=2TB', { maxBytes: 2e12 }],
    ['max-bytes=1Ki', { maxBytes: 1_024 }],
    ['max-bytes=1MiB', { maxBytes: 1_048_576 }],
    ['max-bytes=1Gi', { maxBytes: 2 ** 30 }],
    ['max-bytes=1TiB', { maxBytes: 2 ** 40 }],
    ['max-age=7d', { maxAgeMs: 604_800_000 }],
    ['max-messages=5', { maxMessages: 5 }],
    ['replicas=3', { replicas: 3 }],
    ['storage=file', { storage: 'file' }],
    ['storage=memory', { storage: 'memory' }],
    ['discard=old', { discard: 'old' }],
    ['discard=new', { discard: 'new' }],
  ])('for writing with %s', (query, keep) => {
    expect(keepOf(query)).toEqual(keep);
  });

  test('with files for the connection', () => {
    expect(connectionOf(`${HOST}?creds=/home/daq/my.creds`)).toEqual({
      servers: ['nats://daq:4222'],
      stream: 'run42',
      creds: '/home/daq/my.creds',
    });
    expect(connectionOf(`${HOST}?ca=ca.pem&cert=a+b.pem&key=me%26mine.key`)).toEqual({
      servers: ['nats://daq:4222'],
      stream: 'run42',
      tls: { caFile: 'ca.pem', certFile: 'a+b.pem', keyFile: 'me&mine.key' },
    });
  });

  test('with TLS', () => {
    expect(connectionOf('tls://daq/S')).toEqual({ servers: ['tls://daq:4222'], stream: 'S', tls: {} });
  });

  test('is told from others by how it begins', () => {
    expect(['nats://a/S', 'tls://'].map(isLogAddress)).toEqual([true, true]);
    expect(['a:4222', 'tcp://a/S', 'nats:/a', ' nats://a/S', ''].map(isLogAddress)).toEqual(
      Array(5).fill(false),
    );
  });
});

const FROM =
  'give now, first or the sequence of a message; or, in place of from, last=N, frame=N or since=10m';

describe('an address that is wrong', () => {
  test.each([
    '',
    'daq:4222/run42',
    'http://daq/run42',
    'nats://daq',
    'nats://daq/',
    'nats:///run42',
    'nats://daq/run42/0',
    'nats://da q/run42',
    'nats://daq/run 42',
  ])("is '%s'", (text) => {
    expect(refusal(text)).toBe(
      `'${text}' is no address of a log: give one such as nats://daq-host:4222/run42?since=10m&channel=3`,
    );
  });

  test('is longer than any that makes sense', () => {
    const message = refusal(`nats://${'a'.repeat(5_000)}/S`);
    expect(message).toMatch(/is no address of a log/);
    expect(message.length).toBeLessThan(300);
  });

  test.each(['a:0', 'a:65536', 'a:123456', 'a:x', 'a:', ':4222', '::1', '[::1', '[x]', 'a,,b', 'a,'])(
    'has the host %s',
    (servers) => {
      expect(refusal(`nats://${servers}/S`)).toMatch(
        /^'nats:\/\/.*\/S' has the host '.*': give HOST or HOST:PORT$/,
      );
    },
  );

  test.each([
    ['from=', `from is '': ${FROM}`],
    ['from=0', "from is '0': give a whole number from 1 on"],
    ['from=-1', `from is '-1': ${FROM}`],
    ['from=1e3', `from is '1e3': ${FROM}`],
    ['from=9007199254740992', "from is '9007199254740992': give a whole number from 1 on"],
    ['from=second', `from is 'second': ${FROM}`],
    ['from=last', `from is 'last': ${FROM}`],
    ['last=0', "last is '0': give a whole number from 1 on"],
    ['frame=1.5', "frame is '1.5': give a whole number from 0 on"],
    ['since=10', "since is '10': give how long ago, as 10m, or a time, as 2026-11-01T12:00:00Z"],
    [
      'since=2026-13-01',
      "since is '2026-13-01': give how long ago, as 10m, or a time, as 2026-11-01T12:00:00Z",
    ],
    [
      'since=yesterday',
      "since is 'yesterday': give how long ago, as 10m, or a time, as 2026-11-01T12:00:00Z",
    ],
    ['since=10parsecs', "since is '10parsecs': give a number with ms, s, m, h or d: 10m"],
    ['from=first&last=3', "last is '3': give one of from, since, last and frame"],
    ['from=first&from=now', "from is 'now': give it once"],
    ['channel=', "channel is '': give a whole number from 0 to 255"],
    ['channel=256', "channel is '256': give a whole number from 0 to 255"],
    ['channel=1,', "channel is '1,': give a whole number from 0 to 255"],
    ['until=5', "until is '5': give 'end'"],
    ['max-bytes=0', "max-bytes is '0': give a number of bytes: 1000, 64k, 10M, 1G, 2T"],
    ['max-bytes=', "max-bytes is '': give a number of bytes: 1000, 64k, 10M, 1G, 2T"],
    ['max-bytes=1K', "max-bytes is '1K': give a number of bytes: 1000, 64k, 10M, 1G, 2T"],
    ['max-age=7', "max-age is '7': give a number with ms, s, m, h or d: 10m"],
    ['max-age=0s', "max-age is '0s': give a number with ms, s, m, h or d: 10m"],
    ['max-age=1constructor', "max-age is '1constructor': give a number with ms, s, m, h or d: 10m"],
    ['max-messages=many', "max-messages is 'many': give a whole number from 1 on"],
    ['replicas=6', "replicas is '6': give a whole number from 1 to 5"],
    ['storage=tape', "storage is 'tape': give file or memory"],
    ['discard=all', "discard is 'all': give old or new"],
  ])('has %s', (query, message) => {
    expect(refusal(`${HOST}?${query}`)).toBe(`'${HOST}?${query}': ${message}`);
  });

  test.each(['chanel=3', 'constructor=1', '__proto__=1', 'From=now', '=1'])(
    'has the unknown word in %s',
    (query) => {
      expect(refusal(`${HOST}?${query}`)).toBe(
        `'${HOST}?${query}' has the unknown word '${query.split('=')[0]}': allowed are from, since, last, frame, channel, ` +
          'group, until, max-bytes, max-age, max-messages, replicas, storage, discard, creds, ca, cert, key',
      );
    },
  );

  test.each([
    'nats://daq:hunter2@a:0/S',
    'nats://daq:hunter2@a/',
    'nats://daq:hunter2@a/S?x=1',
    'nats://daq:hunter2@a/S?from=0',
    'nats://daq:hunter2@a/S@b',
    'nats://hunter2@a:x/S',
    'nats://hun:ter2@hunter2@:4222/S',
    'nats://daq:7/hunter2@a/S',
    'nats://daq:7/hunter2@a',
    'nats://daq:/hunter2@a:0/S',
    'nats://daq:x?hunter2@a/S',
    'tls://daq:x\n/hunter2@a/S',
    'http://daq:hunter2@a/S',
    'daq:hunter2@a/S',
    'nats:/daq:hunter2@a/S',
    'nats://a/S?user=daq&pass=hunter2',
    'nats://a/S?Password=hunter2&from=first',
    'nats://a/S?from=first&auth-token=hunter2',
    'nats://a/S?pass=hunter2&user=me@home',
  ])('does not show the password of %s', (text) => {
    expect(refusal(text)).not.toMatch(/hunter2/);
  });

  test('is refused in one line, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        for (const address of [text, `nats://${text}`, `nats://a/${text}`, `nats://a/S?${text}`]) {
          try {
            const { connection } = parseLogAddress(address);
            expect(connection.servers.length).toBeGreaterThan(0);
          } catch (err) {
            expect(err).toBeInstanceOf(TypeError);
            expect((err as Error).message).not.toMatch(/\n/);
          }
        }
      }),
    );
  });
});
