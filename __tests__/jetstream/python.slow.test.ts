// The Python program that reads a log, on logs that are written by hand and by the library.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { jetstreamManager } from '@nats-io/jetstream';
import { Frame } from '../../lib';
import { JetStreamWriter } from '../../lib/jetstream';
import { LogByHand, LogMessages, type LogMessage } from '../helpers/log-by-hand';
import { connectTo, describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { endPrograms, Program, python } from '../helpers/program';
import { waitFor } from '../helpers/wait';

describeWithNats('log_reader.py', () => {
  let server: NatsServer;
  let count = 0;
  let stream: string;

  beforeAll(async () => {
    server = await NatsServer.start();
  });

  beforeEach(() => {
    stream = `run${++count}`;
  });

  afterEach(endPrograms);
  afterAll(endNats);

  function reader(...args: (string | number)[]): Program {
    return new Program('examples/log_reader.py', args);
  }

  const urlOf = (name = stream, host = `127.0.0.1:${server.port}`): string => `nats://${host}/${name}`;

  /** What it prints, a line each; it must end well. */
  async function lines(...args: (string | number)[]): Promise<string[]> {
    const program = reader(urlOf(), ...args);
    expect([await program.end(), program.stderr]).toEqual([0, '']);
    return program.stdout.split('\n').slice(0, -1);
  }

  /** How it ends, and what it says of it. */
  async function failure(...args: (string | number)[]): Promise<{ printed: number; said: string }> {
    const program = reader(...args);
    expect([await program.end(), program.stderr]).toEqual([1, expect.any(String)]);
    return { printed: program.stdout.split('\n').length - 1, said: program.stderr };
  }

  const hand = async (name = stream): Promise<LogByHand> => LogByHand.create(await connectTo(server), name);

  /** A frame with other content for each `i`. */
  function frame(i: number, channel: number, size = 10 + i): Frame {
    const payload = Buffer.alloc(size);
    for (let at = 0; at < size; at++) payload[at] = (at * 7 + i) & 0xff;
    return new Frame(payload, { channel, flags: (i * 513) & 0xffff, error: i % 3 });
  }

  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

  function lineOf({ payload, channel, flags, error }: Frame, number: number): string {
    const bytes = `${payload.length} bytes  crc32 ${hex(crc32(payload), 8)}`;
    return `#${number}  channel ${channel}  flags 0x${hex(flags, 4)}  error ${error}  ${bytes}`;
  }

  /** A log of 13 frames with messages of every kind, and its frames. */
  async function variousLog(): Promise<Frame[]> {
    const log = await hand();
    const messages = new LogMessages(stream);
    const frames = [3, 3, 0, 3, 255, 0, 0, 0, 3, 3, 0, 3, 3].map((channel, i) => frame(i, channel));
    frames[9] = frame(9, 3, 70_000);
    frames[10] = frame(10, 0, 250_001);
    await log.append(...messages.records(...frames.slice(0, 2)));
    await log.append(...messages.records(...frames.slice(2, 9)));
    await log.append(messages.lone(frames[9]));
    await log.append(...messages.chunks(frames[10], 100_000));
    await log.append(...messages.records(...frames.slice(11)));
    return frames;
  }

  test('frames of all three kinds of messages come in the order in which they were written', async () => {
    const frames = await variousLog();
    expect(await lines()).toEqual(frames.map(lineOf));
  });

  test('one channel', async () => {
    const frames = await variousLog();
    for (const channel of [0, 3, 255, 7]) {
      const expected = frames.map(lineOf).filter((line) => line.includes(`channel ${channel} `));
      expect(await lines('--channel', channel)).toEqual(expected);
    }
  });

  test('as JSON, with the places on the server', async () => {
    const frames = await variousLog();
    const printed = (await lines('--json')).map((line) => JSON.parse(line) as Record<string, unknown>);
    const inChannel = new Map<number, number>();
    // Of a batch, and of chunks, the first message.
    const sequences = [1, 1, 2, 2, 2, 2, 2, 2, 2, 5, 6, 9, 9];
    expect(printed).toEqual(
      frames.map(({ channel, flags, error, payload }, number) => {
        const channelNumber = inChannel.get(channel) ?? 0;
        inChannel.set(channel, channelNumber + 1);
        return {
          number,
          channel,
          channel_number: channelNumber,
          flags,
          error,
          sequence: sequences[number],
          time_ns: expect.any(Number) as number,
          size: payload.length,
          crc32: hex(crc32(payload), 8),
        };
      }),
    );
    const times = printed.map(({ time_ns }) => time_ns as number);
    expect(times.every((time) => Math.abs(time / 1e6 - Date.now()) < 600_000)).toBe(true);
  });

  test('from a sequence number, and a number of frames', async () => {
    const frames = await variousLog();
    const expected = frames.map(lineOf);
    expect(await lines('--from', 2, '--count', 4)).toEqual(expected.slice(2, 6));
    expect(await lines('--from', 5)).toEqual(expected.slice(9));
    // Within a batch: what is in its messages from there on. Within the chunks of a frame: from the next frame.
    expect(await lines('--from', 3)).toEqual([3, 4, 8, 9, 10, 11, 12].map((i) => expected[i]!));
    expect(await lines('--from', 7)).toEqual(expected.slice(11));
    expect(await lines('--from', 9)).toEqual(expected.slice(11));
    expect(await lines('--from', 100)).toEqual([]);
    expect(await lines('--from', 'now')).toEqual([]);
  });

  test('as a module: frames of a program of its own', async () => {
    const frames = await variousLog();
    const script = `
import json, sys, log_reader
found = []
for frame in log_reader.frames(sys.argv[1], start=1, channel=3):
    found.append([frame.number, frame.channel_number, len(frame.payload), frame.payload[1]])
    if len(found) == 3:
        break
try:
    next(log_reader.frames(sys.argv[1] + 'x'))
except log_reader.LogError as err:
    found.append(str(err))
print(json.dumps(found))`;
    const { stdout } = await promisify(execFile)(python(), ['-c', script, urlOf()], {
      cwd: join(__dirname, '..', '..', 'examples'),
      // A folder of compiled modules is no example.
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect(JSON.parse(stdout)).toEqual([
      ...[0, 1, 3].map((i, n) => [i, n, frames[i]!.size, frames[i]!.payload[1]]),
      `${stream}x: stream not found`,
    ]);
  });

  test('what a JetStreamWriter writes: batches of several channels, lone frames, chunks, two writers in turn', async () => {
    const channels = [3, 3, 0, 7, 255, 3, 3, 3, 0];
    const large = new Map([100, 65_536, 900_000, 3_000_000, 70_000].map((size, i) => [50 * i, size]));
    const frames = Array.from({ length: 600 }, (_, i) =>
      frame(i % 250, channels[i % channels.length]!, large.get(i) ?? 10 + i),
    );
    for (const half of [frames.slice(0, 300), frames.slice(300)]) {
      const writer = await JetStreamWriter.create(urlOf());
      for (const one of half) await writer.acceptFrame(one);
      await writer.stop();
    }
    const expected = frames.map(lineOf);
    expect(await lines()).toEqual(expected);
    for (const channel of [3, 7]) {
      expect(await lines('--channel', channel)).toEqual(
        expected.filter((line) => line.includes(`channel ${channel} `)),
      );
    }
  });

  test('an empty log', async () => {
    await hand();
    expect(await lines()).toEqual([]);
  });

  test('frames as they come', async () => {
    const log = await hand();
    const messages = new LogMessages(stream);
    const frames = [frame(0, 3), frame(1, 4), frame(2, 4), frame(3, 3)];
    await log.append(...messages.records(frames[0]!));
    const all = reader(urlOf(), '--follow');
    await all.prints(lineOf(frames[0]!, 0));
    const later = reader(urlOf(), '--from', 'now', '--follow', '--channel', 4, '--count', 2);
    const { consumers } = await jetstreamManager(log.client);
    for (let there = 0; there < 2;) {
      there = 0;
      for await (const { num_waiting } of consumers.list(stream)) there += num_waiting;
    }
    await log.append(...messages.records(frames[1]!), ...messages.records(frames[2]!, frames[3]!));
    expect([await later.end(), later.stderr]).toEqual([0, '']);
    expect(later.stdout).toBe(`${lineOf(frames[1]!, 1)}\n${lineOf(frames[2]!, 2)}\n`);
    await all.prints(lineOf(frames[3]!, 3));
    expect(all.stdout).toBe(frames.map((one, i) => `${lineOf(one, i)}\n`).join(''));
    all.interrupt();
    expect([await all.end(), all.stderr]).toEqual([130, '']);
    await waitFor('no consumer to be left', async () => (await consumers.list(stream).next()).length === 0);
  });

  test('more frames than one request asks for, and more bytes', async () => {
    const log = await hand();
    const messages = new LogMessages(stream);
    const frames = Array.from({ length: 250 }, (_, i) => frame(i, i % 4, i === 100 ? 900_000 : 90_000));
    for (const one of frames) await log.append(messages.lone(one));
    expect(await lines()).toEqual(frames.map(lineOf));
  });

  describe('a missing message', () => {
    /** Writes all but those with these sequence numbers, as a log has them after a trim or a fault. */
    async function without(missing: readonly number[], ...messages: LogMessage[]): Promise<void> {
      const log = await hand();
      await log.append(...messages);
      const { streams } = await jetstreamManager(log.client);
      for (const sequence of missing) await streams.deleteMessage(stream, sequence);
    }

    test('is a gap with both frame numbers', async () => {
      const messages = new LogMessages(stream);
      const all = [0, 3, 3, 0].flatMap((channel, i) =>
        messages.records(frame(i, channel), frame(i, channel)),
      );
      await without([2], ...all);
      expect(await failure(urlOf())).toEqual({
        printed: 2,
        said: 'log_reader: gap: frame 4 (message 3) follows frame 1\n',
      });
      expect(await lines('--channel', 0)).toHaveLength(4);
      // What was there before this reader began is not missed.
      expect(await lines('--channel', 3)).toHaveLength(2);
    });

    test('is a gap within the channel', async () => {
      const messages = new LogMessages(stream);
      await without([2], ...[1, 2, 1].flatMap((i) => messages.records(frame(i, 9))));
      expect(await failure(urlOf(), '--channel', 9)).toEqual({
        printed: 1,
        said: 'log_reader: gap in channel 9: its frame 2 (message 3) follows its frame 0\n',
      });
    });

    test.each([
      ['first', [2], 1, 'message 3 is part 1 of 3: part 0 is missing'],
      ['second', [3], 1, 'message 4 is part 2 of 3: part 1 is missing'],
      ['last', [4], 1, 'message 5: a part of frames 1 to 1 is missing'],
    ])('that is the %s chunk of a frame', async (_which, missing, printed, said) => {
      const messages = new LogMessages(stream);
      const small = messages.records(frame(0, 1));
      await without(
        missing,
        ...small,
        ...messages.chunks(frame(1, 1, 25), 10),
        ...messages.records(frame(2, 1)),
      );
      for (const channel of [[], ['--channel', 1]]) {
        expect(await failure(urlOf(), ...channel)).toEqual({ printed, said: `log_reader: ${said}\n` });
      }
    });

    test.each([
      ['first', [2], 'message 3 is part 1 of 2: part 0 is missing'],
      ['last', [3], 'message 4: a part of frames 1 to 3 is missing'],
    ])('that is the %s part of a batch', async (_which, missing, said) => {
      const messages = new LogMessages(stream);
      const batch = [
        ...messages.records(frame(0, 1)),
        ...messages.records(frame(1, 1), frame(2, 2), frame(3, 1)),
        ...messages.records(frame(4, 1)),
      ];
      await without(missing, ...batch);
      expect(await failure(urlOf())).toEqual({ printed: 1, said: `log_reader: ${said}\n` });
    });

    test('before the sequence number that was asked for', async () => {
      const messages = new LogMessages(stream);
      await without([1, 2], ...[0, 1, 2].flatMap((i) => messages.records(frame(i, 9))));
      expect(await failure(urlOf(), '--from', 2)).toEqual({
        printed: 0,
        said: `log_reader: ${stream} begins at message 3: 2 is not there any more\n`,
      });
      expect(await lines('--from', 3)).toEqual([lineOf(frame(2, 9), 2)]);
    });
  });

  describe('a writer that ended', () => {
    /** What one writer has left, and the frames of the next one; what the program prints, and says. */
    async function after(
      left: LogMessage[],
      next: LogMessage[],
      ...args: (string | number)[]
    ): Promise<unknown[]> {
      const log = await hand();
      await log.append(...left, ...next);
      const program = reader(urlOf(), ...args);
      expect(await program.end()).toBe(0);
      return [program.stdout.split('\n').slice(0, -1), program.stderr];
    }

    test('within a frame: its number is given again', async () => {
      const messages = new LogMessages(stream);
      const before = messages.records(frame(0, 5));
      const next = new LogMessages(stream, 'hand-2').startAt(messages);
      const chunks = messages.chunks(frame(1, 5, 25), 10).slice(0, 2);
      const later = [...next.records(frame(1, 6)), ...next.records(frame(2, 5))];
      const frames = [frame(0, 5), frame(1, 6), frame(2, 5)];
      const said = 'frames 1 to 1: only 0 of 1 are there\n';
      expect(await after([...before, ...chunks], later)).toEqual([frames.map(lineOf), said]);
      expect(await lines('--count', 1)).toEqual([lineOf(frames[0]!, 0)]);
      const one = reader(urlOf(), '--channel', 5);
      expect([await one.end(), one.stderr]).toEqual([0, said]);
      expect(one.stdout).toBe(`${lineOf(frames[0]!, 0)}\n${lineOf(frames[2]!, 2)}\n`);
    });

    test('within a batch: the next one goes on with the number behind the batch', async () => {
      const messages = new LogMessages(stream);
      const frames = [5, 6, 5, 6, 7, 5].map((channel, i) => frame(i, channel));
      const [five, six] = messages.records(...frames);
      const next = new LogMessages(stream, 'hand-2').startAt(messages);
      const seven = next.records(frame(6, 5));
      expect(await after([five!, six!], seven)).toEqual([
        [...[0, 1, 2, 3, 5].map((i) => lineOf(frames[i]!, i)), lineOf(frame(6, 5), 6)],
        'frames 0 to 5: only 5 of 6 are there\n',
      ]);
      expect(await lines('--channel', 6)).toEqual([lineOf(frames[1]!, 1), lineOf(frames[3]!, 3)]);
    });

    test('is nothing that explains a jump', async () => {
      const messages = new LogMessages(stream);
      const [five] = messages.records(frame(0, 5), frame(1, 6));
      messages.records(frame(2, 7));
      const next = new LogMessages(stream, 'hand-2').startAt(messages);
      const log = await hand();
      await log.append(five!, ...next.records(frame(3, 5)));
      const program = reader(urlOf());
      expect(await program.end()).toBe(1);
      expect(program.stderr).toBe(
        'frames 0 to 1: only 1 of 2 are there\nlog_reader: gap: frame 3 (message 2) follows frame 1\n',
      );
    });

    test.each([
      ['a frame', (messages: LogMessages) => messages.chunks(frame(1, 5, 20), 10), [0], '1 to 1', 0],
      ['a batch', (messages: LogMessages) => messages.records(frame(1, 5), frame(2, 6)), [0, 1], '1 to 2', 1],
    ])('%s may stand incomplete at the end of the log', async (_what, make, numbers, range, there) => {
      const messages = new LogMessages(stream);
      const all = [...messages.records(frame(0, 5)), ...make(messages).slice(0, 1)];
      expect(await after(all, [])).toEqual([
        numbers.map((i) => lineOf(frame(i, 5), i)),
        `frames ${range}: only ${there} of ${there + 1} are there\n`,
      ]);
    });
  });

  test('a message that is not part of the log is skipped, and said', async () => {
    const log = await hand();
    const messages = new LogMessages(stream);
    await log.append(
      ...messages.records(frame(0, 1)),
      { subject: `${stream}.1`, headers: {}, payload: Buffer.from('hello') },
      ...messages.records(frame(1, 1)),
    );
    const program = reader(urlOf());
    expect(await program.end()).toBe(0);
    expect(program.stdout).toBe(`${lineOf(frame(0, 1), 0)}\n${lineOf(frame(1, 1), 1)}\n`);
    expect(program.stderr).toBe(`message 2 on ${stream}.1 is not part of the log: skipped\n`);
  });

  test.each([
    [
      'a record that is cut off',
      { payload: recordBytes().subarray(0, -1) },
      "ValueError('record 0 of 1 at offset 0')",
    ],
    [
      'bytes behind the records',
      { payload: Buffer.concat([recordBytes(), Buffer.of(0)]) },
      "ValueError('record 1 of 1 at offset 18')",
    ],
    [
      'fewer records than announced',
      { headers: { 'Rogue-Count': 2 } },
      "ValueError('record 1 of 2 at offset 18')",
    ],
    [
      'a number that is none',
      { headers: { 'Rogue-Frame': 'x' } },
      'ValueError("invalid literal for int() with base 10: \'x\'")',
    ],
    ['a record of another channel', { subject: 2 }, "ValueError('record 0 of 1 at offset 0')"],
  ])('a damaged message: %s', async (_what, change, said) => {
    const log = await hand();
    const [message] = new LogMessages(stream).records(frame(0, 1));
    const headers = { ...message!.headers, ...('headers' in change ? change.headers : {}) };
    const subject = 'subject' in change ? `${stream}.${change.subject}` : message!.subject;
    const payload = 'payload' in change ? change.payload : message!.payload;
    await log.append({ subject, headers, payload });
    expect((await failure(urlOf())).said).toBe(`log_reader: message 1 is damaged: ${said}\n`);
  });

  function recordBytes(): Buffer {
    return new LogMessages('any').records(frame(0, 1))[0]!.payload;
  }

  test('a later version of the format', async () => {
    const log = await hand();
    const [message] = new LogMessages(stream).records(frame(0, 1));
    await log.append({ ...message!, headers: { ...message!.headers, 'Rogue-Log': 2 } });
    expect((await failure(urlOf())).said).toBe(
      'log_reader: message 1 has version 2 of the format, which is not known here\n',
    );
  });

  test('no server, no NATS server, no stream, no log address', async () => {
    const silent = createServer((socket) => socket.end('220 mail\r\n')).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    expect((await failure(urlOf(stream, `127.0.0.1:${port}`))).said).toBe(
      `log_reader: no NATS server: 127.0.0.1:${port}: this is not a NATS server\n`,
    );
    silent.close();
    await once(silent, 'close');
    expect((await failure(urlOf(stream, `127.0.0.1:${port}`))).said).toBe(
      `log_reader: no NATS server: 127.0.0.1:${port}: [Errno 111] Connection refused\n`,
    );
    expect((await failure(urlOf('nothing'))).said).toBe('log_reader: nothing: stream not found\n');
    for (const url of ['http://host/run', 'nats://host', 'nats://host/run?from=now', 'run']) {
      expect((await failure(url)).said).toBe(
        `log_reader: ${url} is not the address of a log: give nats://HOST:PORT/STREAM\n`,
      );
    }
    const wrong = reader(urlOf(), '--from', 'yesterday');
    expect([await wrong.end(), wrong.stderr]).toEqual([
      2,
      expect.stringContaining("--from is 'first', 'now' or a sequence number"),
    ]);
  });

  test('the first server of several that answers', async () => {
    const frames = await variousLog();
    const { port } = await closedPort();
    const program = reader(`nats://127.0.0.1:${port},127.0.0.1:${server.port}/${stream}`, '--count', 1);
    expect([await program.end(), program.stderr]).toEqual([0, '']);
    expect(program.stdout).toBe(`${lineOf(frames[0]!, 0)}\n`);
  });

  async function closedPort(): Promise<{ port: number }> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address() as AddressInfo;
    listener.close();
    await once(listener, 'close');
    return address;
  }

  test('the end of the server', async () => {
    const own = await NatsServer.start();
    const log = await LogByHand.create(await connectTo(own, { reconnect: false }), stream);
    await log.append(...new LogMessages(stream).records(frame(0, 1)));
    const program = reader(`nats://127.0.0.1:${own.port}/${stream}`, '--follow');
    await program.prints(lineOf(frame(0, 1), 0));
    await own.kill();
    expect(await program.end()).toBe(1);
    expect(program.stderr).toBe('log_reader: the NATS server closed the connection\n');
  });

  test('the end of the log', async () => {
    const log = await hand();
    await log.append(...new LogMessages(stream).records(frame(0, 1)));
    const program = reader(urlOf(), '--follow');
    await program.prints(lineOf(frame(0, 1), 0));
    await (await jetstreamManager(log.client)).streams.delete(stream);
    expect(await program.end()).toBe(1);
    expect(program.stderr).toBe('log_reader: the server ended the reading: 409 Consumer Deleted\n');
  });

  test('a server without JetStream', async () => {
    const plain = await NatsServer.start({ jetstream: false });
    expect((await failure(`nats://127.0.0.1:${plain.port}/run`)).said).toBe(
      'log_reader: this NATS server has no JetStream: start it with -js\n',
    );
    await plain.end();
  });

  test('a user and a password, and a token', async () => {
    for (const [login, options] of [
      ['daq:se%40cret@', { users: [{ user: 'daq', password: 'se@cret' }] }],
      ['to%2Fken@', { token: 'to/ken' }],
    ] as const) {
      const closed = await NatsServer.start(options);
      const client = await connectTo(closed);
      const log = await LogByHand.create(client, stream);
      await log.append(...new LogMessages(stream).records(frame(0, 1)));
      const program = reader(urlOf(stream, `${login}127.0.0.1:${closed.port}`));
      expect([await program.end(), program.stderr]).toEqual([0, '']);
      expect(program.stdout).toBe(`${lineOf(frame(0, 1), 0)}\n`);
      expect((await failure(urlOf(stream, `127.0.0.1:${closed.port}`))).said).toBe(
        "log_reader: the NATS server refused: 'Authorization Violation'\n",
      );
      await closed.end();
    }
  });

  test('TLS', async () => {
    const safe = await NatsServer.start({ tls: true });
    const log = await LogByHand.create(await connectTo(safe), stream);
    await log.append(...new LogMessages(stream).records(frame(0, 1)));
    const url = `tls://127.0.0.1:${safe.port}/${stream}`;
    const program = new Program('examples/log_reader.py', [url], {
      ...process.env,
      SSL_CERT_FILE: safe.tls!.caFile,
    });
    expect([await program.end(), program.stderr]).toEqual([0, '']);
    expect(program.stdout).toBe(`${lineOf(frame(0, 1), 0)}\n`);
    expect((await failure(url)).said).toContain('certificate verify failed');
    await safe.end();
  });
});
