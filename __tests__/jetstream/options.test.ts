// Options of writers and readers: names, defaults, checks.

import { JetStreamReader, JetStreamWriter } from '../../lib/jetstream';
import {
  resolveReaderOptions,
  resolveWriterOptions,
  type JetStreamWriterOptions,
} from '../../lib/jetstream/options';
import { rejection } from '../helpers/errors';

const PLACE = { servers: 'nats://a:4222', stream: 'S' };

/** As a caller without types could give them. */
const writer = (options: object): unknown => resolveWriterOptions({ ...PLACE, ...options });
const reader = (options: object): unknown => resolveReaderOptions({ ...PLACE, ...options });

describe('options of a writer', () => {
  test('have defaults', () => {
    expect(resolveWriterOptions(PLACE)).toEqual({
      servers: ['nats://a:4222'],
      stream: 'S',
      timeoutMs: 5_000,
      source: 'rogue-bridge',
      batchBytes: 262_144,
      batchMs: 5,
      windowBytes: 16_777_216,
      settle: 'window',
      drop: false,
      ackTimeoutMs: 5_000,
    });
  });

  test('are kept as they are', () => {
    const all: JetStreamWriterOptions = {
      servers: ['nats://a:1', 'nats://b:2'],
      stream: 'run_42-a',
      user: 'daq',
      pass: 'secret',
      token: '',
      creds: 'my.creds',
      tls: { caFile: 'ca.pem', certFile: 'me.pem', keyFile: 'me.key' },
      timeoutMs: 1,
      maxBytes: 1,
      maxAgeMs: 2,
      maxMessages: 3,
      replicas: 5,
      storage: 'memory',
      discard: 'new',
      source: 'crate-3_b',
      batchBytes: 1_024,
      batchMs: 0,
      windowBytes: 1_024,
      settle: 'stored',
      drop: true,
      ackTimeoutMs: 100,
    };
    expect(resolveWriterOptions(all)).toEqual(all);
  });

  test('are those of an address', () => {
    expect(resolveWriterOptions('nats://daq:pw@a,b/S?max-age=1h&replicas=3&creds=f')).toMatchObject({
      servers: ['nats://a:4222', 'nats://b:4222'],
      stream: 'S',
      user: 'daq',
      pass: 'pw',
      creds: 'f',
      maxAgeMs: 3_600_000,
      replicas: 3,
      batchMs: 5,
    });
  });

  test.each<[options: object, message: string]>([
    [{ batchSize: 1 }, "unknown option 'batchSize' in the options of JetStreamWriter; allowed are servers,"],
    [{ from: 'now' }, "unknown option 'from'"],
    [{ maxBytes: 0 }, 'maxBytes is 0'],
    [{ maxBytes: '1G' }, "maxBytes is '1G'"],
    [{ maxAgeMs: 1.5 }, 'maxAgeMs is 1.5'],
    [{ maxMessages: -1 }, 'maxMessages is -1'],
    [{ replicas: 6 }, 'replicas is 6'],
    [{ storage: 'tape' }, "storage is 'tape', but must be 'file' or 'memory'"],
    [{ discard: 'all' }, "discard is 'all', but must be 'old' or 'new'"],
    [{ settle: 'sent' }, "settle is 'sent', but must be 'window' or 'stored'"],
    [{ drop: 1 }, 'drop is 1'],
    [{ source: 'a.b' }, "source is 'a.b', but must be 1 to 200 letters, digits, '_' and '-'"],
    [{ batchBytes: 1_023 }, 'batchBytes is 1023'],
    [{ batchBytes: 8 * 1024 * 1024 + 1 }, 'batchBytes is 8388609'],
    [{ batchMs: -1 }, 'batchMs is -1'],
    [{ windowBytes: 1_023 }, 'windowBytes is 1023'],
    [{ ackTimeoutMs: 99 }, 'ackTimeoutMs is 99'],
    [{ ackTimeoutMs: 2 ** 31 }, 'ackTimeoutMs is 2147483648'],
  ])('that are wrong are named: %j', (options, message) => {
    expect(() => writer(options)).toThrow(message);
  });

  test('do not come with an address that is for reading', () => {
    expect(() => resolveWriterOptions('nats://a/S?from=first')).toThrow(
      "'nats://a/S?from=first' has 'from', which is for reading alone: leave it out",
    );
    expect(() => resolveWriterOptions('nats://a/S?until=end')).toThrow(
      /has 'untilEnd', which is for reading/,
    );
  });
});

describe('options of a reader', () => {
  test('have defaults', () => {
    expect(resolveReaderOptions(PLACE)).toEqual({
      servers: ['nats://a:4222'],
      stream: 'S',
      timeoutMs: 5_000,
      from: 'now',
      channels: undefined,
      group: undefined,
      untilEnd: false,
      readAheadBytes: 16_777_216,
    });
  });

  test('are those of an address', () => {
    expect(resolveReaderOptions('nats://a/S?frame=7&channel=3,4&until=end')).toMatchObject({
      from: { frame: 7 },
      channels: [3, 4],
      untilEnd: true,
    });
  });

  test.each<object>([
    { from: 'first' },
    { from: { sequence: 1 } },
    { from: { last: 1 } },
    { from: { frame: 0 } },
    { from: { time: new Date() } },
    { channels: [0, 255] },
    { group: 'g' },
    { readAheadBytes: 1_024 },
  ])('are taken: %j', (options) => {
    expect(reader(options)).toMatchObject(options);
  });

  test.each<[options: object, message: string]>([
    [{ maxBytes: 1 }, "unknown option 'maxBytes' in the options of JetStreamReader"],
    [
      { from: 'last' },
      "from is 'last', but must be 'now', 'first', { sequence }, { time }, { last } or { frame }",
    ],
    [{ from: 7 }, 'from is 7, but must be'],
    [{ from: {} }, 'from is an object (Object), but must be'],
    [{ from: { last: 1, frame: 1 } }, 'from is an object (Object), but must be'],
    [{ from: { sequence: 0 } }, 'from.sequence is 0'],
    [{ from: { last: 0 } }, 'from.last is 0'],
    [{ from: { frame: -1 } }, 'from.frame is -1'],
    [{ from: { time: '2026-11-01' } }, "from.time is '2026-11-01', but must be a Date"],
    [{ from: { time: new Date(NaN) } }, 'but must be a Date'],
    [{ channels: [] }, 'channels is an array, but must be an array with at least one channel'],
    [{ channels: 3 }, 'channels is 3, but must be an array with at least one channel'],
    [{ channels: [256] }, 'a channel is 256'],
    [{ channels: ['3'] }, "a channel is '3'"],
    [{ group: '' }, "group is '', but must be 1 to 200 letters, digits, '_' and '-'"],
    [{ group: 'a b' }, "group is 'a b'"],
    [{ untilEnd: 'yes' }, "untilEnd is 'yes'"],
    [{ group: 'g', untilEnd: true }, 'untilEnd is true and group is given: a group has no end'],
    [{ readAheadBytes: 0 }, 'readAheadBytes is 0'],
  ])('that are wrong are named: %j', (options, message) => {
    expect(() => reader(options)).toThrow(message);
  });

  test('do not come with an address that is for writing', () => {
    expect(() => resolveReaderOptions('nats://a/S?max-age=1h')).toThrow(
      "'nats://a/S?max-age=1h' has 'maxAgeMs', which is for writing alone: leave it out",
    );
  });
});

describe('options of a connection', () => {
  test('do not show the password of an address that is for the other', () => {
    const [read, write] = ['nats://daq:hunter2@a/S?last=1', 'nats://daq:hunter2@a/S?replicas=1'];
    expect(() => resolveWriterOptions(read)).toThrow(/^'nats:\/\/...@a\/S\?last=1' has 'from'/);
    expect(() => resolveReaderOptions(write)).toThrow(/^'nats:\/\/...@a\/S\?replicas=1' has 'replicas'/);
  });

  test.each<[options: object, message: string]>([
    [{ servers: [] }, "servers is an array, but must be 'nats://host:4222' or an array of such addresses"],
    [{ servers: '' }, "servers is '', but must be"],
    [{ servers: [1] }, 'servers is an array, but must be'],
    [{ servers: undefined }, 'servers is undefined, but must be'],
    [
      { servers: ['nats://a', 'nats://daq:hunter2@b:4222'] },
      "servers has 'nats://...@b:4222': give the login as the options user and pass, or token, and no '@' here",
    ],
    [{ stream: undefined }, 'stream is undefined, but must be 1 to 200 letters'],
    [{ stream: 'a.b' }, "stream is 'a.b'"],
    [{ stream: 'run 1' }, "stream is 'run 1'"],
    [{ stream: 'x'.repeat(201) }, "but must be 1 to 200 letters, digits, '_' and '-'"],
    [{ user: 1 }, 'user is 1, but must be a string'],
    [{ pass: null }, 'pass is null, but must be a string'],
    [{ pass: 4711 }, 'pass is a number, but must be a string'],
    [{ token: {} }, 'token is an object (Object), but must be a string'],
    [{ token: 4711n }, 'token is a bigint, but must be a string'],
    [{ creds: 7n }, 'creds is 7n, but must be a string'],
    [
      { tls: { ca: 'x' } },
      "unknown option 'ca' in the options of tls; allowed are caFile, certFile, keyFile",
    ],
    [{ timeoutMs: 0 }, 'timeoutMs is 0'],
  ])('that are wrong are named by writers and readers alike: %#', (options, message) => {
    expect(() => writer(options)).toThrow(message);
    expect(() => reader(options)).toThrow(message);
  });

  test('that are wrong are told by create, which does not throw', async () => {
    for (const create of [
      JetStreamWriter.create.bind(JetStreamWriter),
      JetStreamReader.create.bind(JetStreamReader),
    ]) {
      expect(await rejection(create('daq/S'))).toBeInstanceOf(TypeError);
      expect(await rejection(create({ ...PLACE, timeoutMs: 0 }))).toBeInstanceOf(RangeError);
    }
  });
});
