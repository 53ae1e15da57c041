// What is wrong with a log from the beginning, or goes wrong while it is used: what writers and readers say and do, and that
// nothing is lost when the fault is mended.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { jetstreamManager, RetentionPolicy, type StreamAPI } from '@nats-io/jetstream';
import type { Frame } from '../../lib';
import {
  JetStreamReader,
  JetStreamWriter,
  type JetStreamReaderOptions,
  type JetStreamWriterOptions,
  type LogFrame,
} from '../../lib/jetstream';
import { Logging } from '../../lib/logging';
import { rejection } from '../helpers/errors';
import { fields, fileName, removeFiles } from '../helpers/files';
import { collectLog } from '../helpers/log';
import {
  closeLogs,
  collect,
  errorsOf,
  expectLog,
  frameOf,
  LARGE,
  newStream,
  openReader,
  openWriter,
  type Place,
  waitForFrames,
  writeAll,
} from '../helpers/logs';
import { connectTo, CutProxy, describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { reservePorts } from '../helpers/ports';
import { turns, waitFor } from '../helpers/wait';

// In every password and token of these tests.
const SECRET = 'hunter2';

let stream: string;

beforeEach(() => (stream = newStream()));
afterEach(closeLogs);
afterEach(removeFiles);

type Target = string | (JetStreamWriterOptions & JetStreamReaderOptions);

/** What both a writer and a reader are refused with, which must be the same. No text of it has a password. */
async function refusal(target: Target): Promise<string> {
  const lines = collectLog();
  Logging.setLevel(Logging.Debug);
  const errors = await Promise.all([
    rejection(JetStreamWriter.create(target)),
    rejection(JetStreamReader.create(target)),
  ]);
  expect(errors.map(({ code }) => code)).toEqual(['ERR_LOG_CONNECT', 'ERR_LOG_CONNECT']);
  expect(errors[0].message).toBe(errors[1].message);
  expect(inspect([errors, lines], { depth: 20, showHidden: true })).not.toContain(SECRET);
  return errors[0].message;
}

/** Something that listens and is no nats-server. */
async function listen(
  take: (socket: Socket) => void,
): Promise<{ url: string; place: string; server: Server }> {
  const server = createServer((socket) => take(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `nats://${place}`, place, server };
}

const placeOf = ({ port }: { readonly port: number }): string => `127.0.0.1:${port}`;

describe('an address', () => {
  test('at which nothing listens', async () => {
    const port = await reservePorts([]);
    expect(await refusal({ servers: `nats://127.0.0.1:${port}`, stream })).toBe(
      `cannot connect to 127.0.0.1:${port}: nothing listens there: start nats-server, or check the address (connection refused)`,
    );
  });

  test('whose host has no address', async () => {
    // Longer than a name may be: no server of names is asked.
    const host = 'a'.repeat(64);
    expect(await refusal(`nats://daq:${SECRET}@${host}/S`)).toBe(
      `cannot connect to ${host}:4222: the name does not resolve to an address: check it (getaddrinfo ENOTFOUND ${host})`,
    );
  });

  test('at which something is silent, which is waited for as long as it may take', async () => {
    const sockets: Socket[] = [];
    const { url, place, server } = await listen((socket) => sockets.push(socket));
    const patient = JetStreamReader.create({ servers: url, stream, timeoutMs: 100_000 });
    let isOver = false;
    const patience = rejection(patient).finally(() => (isOver = true));
    expect(await refusal({ servers: url, stream, timeoutMs: 50 })).toBe(
      `cannot connect to ${place}: no answer: check that a nats-server listens there, and the network (timeout)`,
    );
    expect(isOver).toBe(false);
    for (const socket of sockets) socket.destroy();
    server.close();
    expect(await patience).toMatchObject({ code: 'ERR_LOG_CONNECT' });
  });

  test('at which something else than a nats-server listens', async () => {
    const { url, place, server } = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await refusal({ servers: url, stream })).toBe(
      `cannot connect to ${place}: no nats-server listens there: check the address (unexpected response from server)`,
    );
    server.close();
  });
});

describeWithNats('a server', () => {
  const REFUSED =
    'the servers refuse the user, password, token or credentials: check them (Authorization Violation)';
  afterAll(endNats);

  test('that does not know the user, the password or the token', async () => {
    const right = `${SECRET}-right`;
    const users = await NatsServer.start({ users: [{ user: 'daq', password: right }] });
    const token = await NatsServer.start({ token: right });
    for (const [server, login] of [
      [users, {}],
      [users, { user: 'daq', pass: SECRET }],
      [users, { user: SECRET, pass: right }],
      [users, { token: SECRET }],
      [token, {}],
      [token, { token: SECRET }],
    ] as const) {
      expect(await refusal({ servers: server.url, stream, ...login })).toBe(
        `cannot connect to ${placeOf(server)}: ${REFUSED}`,
      );
    }
    expect(await refusal(`nats://daq:${SECRET}@${placeOf(users)}/S`)).toContain(REFUSED);
    expect(await refusal(`nats://${SECRET}@${placeOf(token)}/S`)).toContain(REFUSED);
    await openWriter(users, { stream, user: 'daq', pass: right });
    await openWriter(token, { stream, token: right });
  });

  test('for which the credentials are no file, or no credentials', async () => {
    const port = await reservePorts([]);
    const [creds, servers] = [fileName('my.creds'), `nats://127.0.0.1:${port}`];
    expect(await refusal({ servers, stream, creds })).toBe(
      `cannot connect to 127.0.0.1:${port}: a file cannot be read: check 'creds', 'ca', 'cert' and 'key' (ENOENT: no such file or directory, open '${creds}')`,
    );
    const server = await NatsServer.start({ users: [{ user: 'daq', password: SECRET }] });
    writeFileSync(creds, SECRET);
    expect(await refusal({ servers: server.url, stream, creds })).toBe(
      `cannot connect to ${placeOf(server)}: the file of 'creds' is no credentials file of NATS: check it (unable to parse credentials)`,
    );
  });

  test('without JetStream', async () => {
    const server = await NatsServer.start({ jetstream: false });
    expect(await refusal({ servers: server.url, stream })).toBe(
      `${placeOf(server)} has no JetStream for this user: add 'jetstream {}' to the configuration of nats-server, or start it with -js`,
    );
  });

  test('whose certificate is of an authority that the client does not know', async () => {
    const server = await NatsServer.start({ tls: true });
    const text =
      `cannot connect to ${placeOf(server)}: check tls:// in the address, and the certificates ('ca', 'cert', 'key') ` +
      '(unable to verify the first certificate)';
    expect(await refusal(`tls://daq:${SECRET}@${placeOf(server)}/S`)).toBe(text);
    expect(await refusal({ servers: server.url, stream, tls: {} })).toBe(text);
    expect(await refusal(`nats://${placeOf(server)}/S`)).toBe(text);
    const caFile = fileName('ca.pem');
    expect(await refusal({ servers: server.url, stream, tls: { caFile } })).toBe(
      `cannot connect to ${placeOf(server)}: a file cannot be read: check 'creds', 'ca', 'cert' and 'key' (${caFile} doesn't exist)`,
    );
    await openWriter(server, { stream, tls: { caFile: server.tls!.caFile } });
  });

  test('that asks for a certificate of its clients', async () => {
    const server = await NatsServer.start({ tls: 'verify' });
    const { caFile, client } = server.tls!;
    // It says no more than the network does, and the client waits.
    expect(await refusal({ servers: server.url, stream, tls: { caFile }, timeoutMs: 200 })).toBe(
      `cannot connect to ${placeOf(server)}: no answer: check that a nats-server listens there, and the network; ` +
        "a server that asks clients for a certificate gives no answer without ('cert', 'key') (timeout)",
    );
    await openWriter(server, { stream, tls: { caFile, ...client } });
  });

  test('without TLS, which is asked for', async () => {
    const server = await NatsServer.start();
    expect(await refusal(`tls://${placeOf(server)}/S`)).toBe(
      `cannot connect to ${placeOf(server)}: check tls:// in the address, and the certificates ('ca', 'cert', 'key') (server does not support 'tls')`,
    );
  });

  test('that does not let them in any more ends a writer and a reader', async () => {
    const server = await NatsServer.start({ users: [{ user: 'daq', password: `${SECRET}-old` }] });
    const login = { stream, user: 'daq', pass: `${SECRET}-old` };
    const lines = collectLog();
    Logging.setLevel(Logging.Debug);
    const writer = await openWriter(server, login);
    const reader = await openReader(server, { ...login, from: 'first' });
    const told = [errorsOf(writer), errorsOf(reader)];
    const frames = collect(reader);
    await writeAll(writer, [frameOf(0, 5)]);
    await waitForFrames(frames, 1);
    await server.kill();
    void writer.acceptFrame(frameOf(1, 5));
    const ends = [writer.flush(), reader.finished()].map(rejection);
    await server.restart({ users: [{ user: 'daq', password: `${SECRET}-new` }] });
    const message = `the connection to ${placeOf(server)} has ended for good: ${REFUSED}`;
    for (const end of ends) expect(await end).toMatchObject({ code: 'ERR_LOG_CONNECT', message });
    expect(told).toEqual([[`ERR_LOG_CONNECT ${message}`], [`ERR_LOG_CONNECT ${message}`]]);
    expect(writer.stats).toMatchObject({ framesStored: 1, notStored: 1 });
    expect(lines.join('\n')).toContain(message);
    expect(lines.join('\n')).not.toContain(SECRET);
  });
});

describeWithNats('a stream', () => {
  let server: NatsServer;
  let streams: StreamAPI;

  beforeAll(async () => {
    server = await NatsServer.start({ maxFileStore: 1e8, maxMemoryStore: 1e6 });
    ({ streams } = await jetstreamManager(await connectTo(server)));
  });
  afterAll(endNats);

  /** What a writer is refused with. */
  async function writerError(options: Partial<JetStreamWriterOptions> = {}): Promise<string> {
    const { code, message } = await rejection(openWriter(server, { stream, ...options }));
    return `${code} ${message}`;
  }

  test('with other settings than are asked for: both are shown', async () => {
    await openWriter(server, { stream, maxBytes: 1e6, maxAgeMs: 3_600_000 });
    expect(
      await writerError({
        maxBytes: 2e6,
        maxAgeMs: 60_000,
        maxMessages: 7,
        replicas: 3,
        storage: 'memory',
        discard: 'new',
      }),
    ).toBe(
      `ERR_LOG_STREAM the stream ${stream} is there with other settings: maxBytes is 1000000 and 2000000 was asked for; ` +
        'maxAgeMs is 3600000 and 60000 was asked for; maxMessages is unlimited and 7 was asked for; ' +
        'replicas is 1 and 3 was asked for; storage is file and memory was asked for; discard is old and new was asked for; ' +
        "ask for what it has, or change it ('nats stream edit')",
    );
  });

  test('that is none of a log', async () => {
    await streams.add({
      name: stream,
      subjects: [`of.${stream}`],
      no_ack: true,
      retention: RetentionPolicy.Workqueue,
    });
    expect(await writerError()).toBe(
      `ERR_LOG_STREAM the stream ${stream} is there with other settings: its subjects are of.${stream} and a log has ${stream}.*; ` +
        'its retention is workqueue and a log has limits; it acknowledges nothing (no_ack) and a log needs acknowledgements; ' +
        "ask for what it has, or change it ('nats stream edit')",
    );
  });

  test('that copies another one takes nothing of a writer', async () => {
    await openWriter(server, { stream });
    const copy = newStream();
    await streams.add({ name: copy, mirror: { name: stream } });
    expect(await writerError({ stream: copy })).toBe(
      `ERR_LOG_STREAM the stream ${copy} is there with other settings: its subjects are none and a log has ${copy}.*; ` +
        "ask for what it has, or change it ('nats stream edit')",
    );
  });

  test.each<[what: string, options: Partial<JetStreamWriterOptions>, why: string]>([
    [
      'larger than the servers have room',
      { maxBytes: 1e9 },
      'the servers have no room left: delete other logs or old frames, ask for fewer bytes, or give max_file_store ' +
        '(max_memory_store) in the configuration of nats-server a larger value (insufficient storage resources available)',
    ],
    [
      'larger than the memory that it may have',
      { maxBytes: 1e7, storage: 'memory' },
      'the servers have no room left: delete other logs or old frames, ask for fewer bytes, or give max_file_store ' +
        '(max_memory_store) in the configuration of nats-server a larger value (insufficient memory resources available)',
    ],
    [
      'with more copies than there are servers',
      { replicas: 3 },
      'one server alone keeps one copy: ask for replicas=1, or run a cluster (replicas > 1 not supported in non-clustered mode)',
    ],
  ])('%s is not made', async (_what, options, why) => {
    expect(await writerError(options)).toBe(
      `ERR_LOG_STREAM the stream ${stream} cannot be made on ${placeOf(server)}: ${why}`,
    );
  });

  test('whose messages another one takes is not made', async () => {
    await streams.add({ name: newStream(), subjects: [`${stream}.>`] });
    expect(await writerError()).toBe(
      `ERR_LOG_STREAM the stream ${stream} cannot be made on ${placeOf(server)}: another stream takes its messages: ` +
        "choose another name, or delete that stream ('nats stream ls') (subjects overlap with an existing stream)",
    );
  });

  test('that is deleted ends its writer and its readers', async () => {
    const writer = await openWriter(server, { stream });
    const readers = [
      await openReader(server, { stream, from: 'first' }),
      await openReader(server, { stream, from: 'first', group: 'team' }),
    ];
    const told = errorsOf(writer);
    const [frames] = readers.map(collect);
    await writeAll(writer, [frameOf(0, 5)]);
    await waitForFrames(frames!, 1);
    await streams.delete(stream);
    void writer.acceptFrame(frameOf(1, 5));
    const message = `the stream ${stream} is not on ${placeOf(server)} any more: it was deleted`;
    expect(await rejection(writer.flush())).toMatchObject({ code: 'ERR_LOG_STREAM', message });
    expect(await rejection(writer.acceptFrame(frameOf(2, 5)))).toMatchObject({ code: 'ERR_LOG_STREAM' });
    expect(told.at(-1)).toBe(`ERR_LOG_STREAM ${message}`);
    expect(writer.stats).toMatchObject({ framesStored: 1, notStored: 1, refused: 1, unacknowledged: 0 });
    for (const reader of readers) {
      expect(await rejection(reader.finished())).toMatchObject({
        code: 'ERR_LOG_STREAM',
        message: `the log ${stream} at ${placeOf(server)} is not there any more: it was deleted`,
      });
    }
    const next = await openWriter(server, { stream });
    await writeAll(next, [frameOf(3, 5)]);
    await expectLog(server, stream, [frameOf(3, 5)]);
  });

  test('that is deleted and made anew at once ends its readers, which leave no frame out', async () => {
    const old = await openWriter(server, { stream });
    const reader = await openReader(server, { stream, from: 'first' });
    const told = errorsOf(reader);
    const frames = collect(reader);
    for (let i = 0; i < 3; i++) await writeAll(old, [frameOf(i, 5)]);
    await waitForFrames(frames, 3);
    await old.stop();
    await streams.delete(stream);
    // Frames 3 and 4 of the new log have the sequences behind the last ones of the old log.
    const next = await openWriter(server, { stream });
    for (let i = 0; i < 5; i++) await writeAll(next, [frameOf(10 + i, 5)]);
    const message = `the log ${stream} was deleted, and another one of that name was made: read it anew`;
    expect(await rejection(reader.finished())).toMatchObject({ code: 'ERR_LOG_STREAM', message });
    expect(told).toEqual([`ERR_LOG_STREAM ${message}`]);
    expect(frames.map(fields)).toEqual([0, 1, 2].map((i) => fields(frameOf(i, 5))));
    await expectLog(
      server,
      stream,
      [10, 11, 12, 13, 14].map((i) => frameOf(i, 5)),
    );
  });

  const FRAMES = Array.from({ length: 12 }, (_, i) => frameOf(i, i % 3 === 2 ? 100 : LARGE + i));

  /** Reads and removes what is there, until all frames were stored. */
  async function drain(place: Place, api: StreamAPI, sending: Promise<void>): Promise<LogFrame[]> {
    const reader = await openReader(place, { stream, from: 'first' });
    const frames = collect(reader);
    let isSent = false;
    void sending.then(() => (isSent = true));
    await waitFor('all frames to be sent', async () => {
      const { sequence } = reader.stats.position;
      // To purge up to sequence 1 removes everything.
      if (sequence > 0) await api.purge(stream, { seq: sequence + 1 });
      return isSent;
    });
    await sending;
    await waitForFrames(frames, FRAMES.length);
    return frames;
  }

  async function expectOnce(frames: readonly LogFrame[]): Promise<void> {
    await turns();
    expect(frames.map(fields)).toEqual(FRAMES.map(fields));
    expect(frames.map(({ number }) => number)).toEqual(FRAMES.map((_, i) => i));
  }

  test.each([
    ['bytes', { maxBytes: 200_000 }],
    ['messages', { maxMessages: 3 }],
  ])(
    'that is full of %s and refuses new ones holds the writer back until there is room',
    async (what, keep) => {
      const lines = collectLog();
      const writer = await openWriter(server, { stream, discard: 'new', windowBytes: 2 * LARGE, ...keep });
      const told = errorsOf(writer);
      const sending = writeAll(writer, FRAMES);
      await waitFor('the writer to be refused', () => told.length > 0);
      const { resent } = writer.stats;
      await waitFor('it to be refused again', () => writer.stats.resent > resent);
      const text =
        `the stream ${stream} on ${placeOf(server)} takes nothing: it is full, and with discard=new it keeps what it has: ` +
        `purge it, or give it larger limits (maximum ${what} exceeded)`;
      expect(told).toEqual([`ERR_LOG_STREAM ${text}`]);
      expect(lines).toEqual([`${text}; the source is held back until it does`]);
      expect(writer.stats.unacknowledged).toBeGreaterThan(1);
      const stored = writer.stats.framesStored;
      expect(stored).toBeGreaterThan(0);
      expect((await streams.info(stream)).state.messages).toBe(writer.stats.messages);

      await expectOnce(await drain(server, streams, sending));
      expect(new Set(told)).toEqual(new Set([`ERR_LOG_STREAM ${text}`]));
      expect(lines.at(-1)).toMatch(
        new RegExp(`^the log ${stream} at .* takes frames again, after [0-9.]+ s$`),
      );
      expect(writer.stats).toMatchObject({ framesStored: FRAMES.length, notStored: 0, unacknowledged: 0 });
    },
  );

  test('on a server whose store is full holds the writer back until there is room', async () => {
    const small = await NatsServer.start({ maxFileStore: 300_000 });
    const api = (await jetstreamManager(await connectTo(small))).streams;
    const writer = await openWriter(small, { stream, windowBytes: 2 * LARGE });
    const told = errorsOf(writer);
    const sending = writeAll(writer, FRAMES);
    await waitFor('the writer to be refused', () => told.length > 0);
    const text =
      `ERR_LOG_STREAM the stream ${stream} on ${placeOf(small)} takes nothing: the servers have no room left: ` +
      'delete other logs or old frames, ask for fewer bytes, or give max_file_store (max_memory_store) in the configuration ' +
      'of nats-server a larger value (insufficient resources)';
    // What is refused again and again is one message, not all that wait.
    const { resent } = writer.stats;
    await waitFor('more of them', () => writer.stats.resent >= resent + 3);
    expect(told).toEqual([text]);
    await expectOnce(await drain(small, api, sending));
    expect(writer.stats).toMatchObject({ framesStored: FRAMES.length, notStored: 0, unacknowledged: 0 });
    await small.end();
  });

  test('that takes only smaller messages ends the writer', async () => {
    await streams.add({ name: stream, subjects: [`${stream}.*`], max_msg_size: 10_000 });
    const writer = await openWriter(server, { stream });
    await writeAll(writer, [frameOf(0, 5)]);
    void writer.acceptFrame(frameOf(1, LARGE));
    expect(await rejection(writer.flush())).toMatchObject({
      code: 'ERR_LOG_STREAM',
      message:
        `the stream ${stream} on ${placeOf(server)} takes nothing: give the stream a larger max_msg_size ` +
        '(message size exceeds maximum allowed)',
    });
    await expectLog(server, stream, [frameOf(0, 5)]);
  });
});

describeWithNats('between a writer and a reader', () => {
  let server: NatsServer;
  let proxy: CutProxy;

  beforeAll(async () => {
    server = await NatsServer.start();
    proxy = await CutProxy.listen(server.port);
  });
  afterAll(endNats);

  const FRAMES = Array.from({ length: 40 }, (_, i) =>
    frameOf(i, i % 4 === 0 ? LARGE + i : i === 18 ? 2_500_000 : 50, { channel: i % 3, flags: i }),
  );
  const HALF = 15;

  interface Fault {
    readonly begin: () => Promise<void>;
    readonly end: () => Promise<void> | void;
    /** Whether connections end and come back. */
    readonly reconnects: boolean;
  }
  const FAULTS: Readonly<Record<string, Fault>> = {
    'a server that stands still': {
      begin: () => server.pause(),
      end: () => server.resume(),
      reconnects: false,
    },
    'a server that is killed': { begin: () => server.kill(), end: () => server.restart(), reconnects: true },
    'a network that loses all without a word': {
      begin: () => proxy.hang(),
      end: () => proxy.heal(),
      reconnects: true,
    },
    'a network that loses all answers': {
      begin: () => proxy.hang('answers'),
      end: () => proxy.heal(),
      reconnects: true,
    },
    'connections that break': { begin: () => proxy.drop(), end: () => proxy.heal(), reconnects: true },
  };

  test.each(Object.keys(FAULTS))('%s changes nothing: every frame, in order, once', async (name) => {
    const { begin, end, reconnects } = FAULTS[name]!;
    const lines = collectLog();
    const writer = await openWriter(proxy, { stream, windowBytes: 4 * LARGE, ackTimeoutMs: 100 });
    const readers = [
      await openReader(proxy, { stream, from: 'first' }),
      await openReader(proxy, { stream, from: 'first', channels: [1] }),
    ];
    const [all, own] = readers.map(collect) as [LogFrame[], LogFrame[]];
    const failed = readers.map(errorsOf);
    await writeAll(writer, FRAMES.slice(0, HALF));
    await waitForFrames(all, HALF);
    // Some are on their way when it begins, others come while it lasts: the window is a part of all.
    const sending = writeAll(writer, FRAMES.slice(HALF));
    await turns(2);
    await begin();
    await waitFor(
      'the writer to notice',
      () => writer.stats.lastError !== undefined || !writer.connected,
      undefined,
      () => writer.stats,
    );
    expect(writer.stats.framesStored).toBeLessThan(FRAMES.length);
    await end();
    await sending;
    await waitForFrames(all, FRAMES.length);
    const ownFrames = FRAMES.filter(({ channel }) => channel === 1);
    await waitForFrames(own, ownFrames.length);
    await expectFrames(all, FRAMES);
    expect(own.map(fields)).toEqual(ownFrames.map(fields));
    await expectLog(server, stream, FRAMES);
    expect(failed).toEqual([[], []]);
    expect(writer.stats).toMatchObject({ framesStored: FRAMES.length, notStored: 0, unacknowledged: 0 });
    if (!reconnects) return;
    // Those who see in the log that it was gone see that it is back.
    const back = lines.filter((line) => /^connected to 127.0.0.1:\d+ again$/.test(line)).length;
    expect(back).toBe(lines.filter((line) => line.endsWith(' is gone')).length);
    expect(back).toBeGreaterThan(0);
  });

  async function expectFrames(found: readonly LogFrame[], frames: readonly Frame[]): Promise<void> {
    await turns();
    expect(found.map(fields)).toEqual(frames.map(fields));
    expect(found.map(({ number }) => number)).toEqual(frames.map((_, i) => i));
  }
});
