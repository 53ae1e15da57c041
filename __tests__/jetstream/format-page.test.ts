// The page about the format of a log, against a real server, the Python program, the library and the messages of the
// tests.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { headers as natsHeaders, type NatsConnection } from '@nats-io/transport-node';
import { Frame } from '../../lib';
import { JetStreamReader, LogFrame } from '../../lib/jetstream';
import { Assembler } from '../../lib/jetstream/assembler';
import { FORMAT_VERSION, HEADER, readHead } from '../../lib/jetstream/format';
import { LogByHand, LogMessages, type LogMessage } from '../helpers/log-by-hand';
import { connectTo, describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { endPrograms, Program } from '../helpers/program';

const PAGE = readFileSync(join(__dirname, '..', '..', 'docs', 'jetstream-format.md'), 'utf8');
const STREAM = 'run42';
const WRITER = 'daq-5f2c9ab01e77';
const LAST = 'Nats-Expected-Last-Sequence';

/** The code blocks of a language. */
function blocks(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text]) => text!,
  );
}

/** The bytes of a hex dump. */
function bytesOf(dump: string): Buffer {
  const rows = dump.split('\n').filter((row) => /^[\da-f]{8} {2}/.test(row));
  return Buffer.concat(
    rows.map((row, i) => {
      expect(Number.parseInt(row, 16)).toBe(16 * i);
      const bytes = Buffer.from(row.slice(10, 58).replaceAll(' ', ''), 'hex');
      expect(row).toContain(`|${bytes.toString('latin1').replaceAll(/[^ -~]/g, '.')}|`);
      return bytes;
    }),
  );
}

/** The messages of the page, with all of their headers. */
const MESSAGES: LogMessage[] = blocks('text')
  .filter((block) => block.startsWith(`${STREAM}.`))
  .map((block) => {
    const [head = '', dump = ''] = block.split('\n\n');
    const [subject = '', ...lines] = head.split('\n');
    return {
      subject,
      headers: Object.fromEntries(lines.map((line) => line.split(': ') as [string, string])),
      payload: bytesOf(dump),
    };
  });

/** What the page says that a reader prints. */
const [COMMAND, ...PRINTED] = blocks('console')[0]!.trimEnd().split('\n');

function lineOf({ payload, number, channel, flags, error }: LogFrame): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const meta = `#${number}  channel ${channel}  flags 0x${hex(flags, 4)}  error ${error}`;
  return `${meta}  ${payload.length} bytes  crc32 ${hex(crc32(payload), 8)}`;
}

test('the page has messages, or the tests below would prove nothing', () => {
  expect(MESSAGES.map(({ subject }) => subject)).toEqual([3, 3, 0, 1, 1, 1, 1].map((i) => `${STREAM}.${i}`));
});

test('the messages of the page are those that the tests write', () => {
  const frame = (payload: string, channel: number, flags = 0, error = 0): Frame =>
    new Frame(Buffer.from(payload, 'latin1'), { channel, flags, error });
  const messages = new LogMessages(STREAM, WRITER);
  const counted = String.fromCharCode(...Array(16).keys());
  const written = [
    ...messages.records(frame('hello rogue', 3, 0x0201), frame('\x01\x02\x03\x04', 3, 0x0201, 1)),
    ...messages.records(frame('AA', 3), frame('BB', 0), frame('CC', 3), frame('DD', 3), frame('EE', 0)),
    messages.lone(frame(counted, 1, 513)),
    ...messages.chunks(frame('@ABCDEFGHIJKLMNOPQRS', 1, 0, 2), 8),
  ].map(({ headers, ...rest }) => ({
    ...rest,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  }));
  expect(
    MESSAGES.map(({ headers, ...rest }, i) => {
      const { [LAST]: last, ...others } = headers;
      expect(last).toBe(String(i));
      return { ...rest, headers: others };
    }),
  ).toEqual(written);
});

test('the headers of the first message, byte by byte', () => {
  const lines = Object.entries(MESSAGES[0]!.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const dump = blocks('text').find((block) => block.startsWith('00000000'))!;
  expect(bytesOf(dump).toString('latin1')).toBe(`NATS/1.0\r\n${lines.join('')}\r\n`);
});

test('the library takes the messages of the page apart as the page says', () => {
  const assembler = new Assembler('log', () => undefined);
  const frames = MESSAGES.flatMap(({ subject, headers, payload }, i) => {
    const head = readHead(subject, { get: (name) => String(headers[name] ?? '') })!;
    expect(head.writer).toBe(WRITER);
    return assembler.add(head, { sequence: i + 1, storedAt: 0, payload });
  });
  expect(frames.map(lineOf)).toEqual(PRINTED);
});

test('the page has the version of the library, and its headers', () => {
  expect(PAGE).toContain(`This is version ${FORMAT_VERSION}.`);
  for (const name of Object.values(HEADER)) expect(PAGE).toMatch(new RegExp(`^\\| \`${name}\` `, 'm'));
});

test('the table has every header that a message of the page has, and no other', () => {
  const [table = ''] = /^\| header[\s\S]*?\n\n/m.exec(PAGE) ?? [];
  const names = [...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name!);
  const used = new Set(MESSAGES.flatMap(({ headers }) => Object.keys(headers)));
  // The messages of the page were acknowledged one by one.
  used.add('Nats-Expected-Last-Msg-Id');
  expect([...names].sort()).toEqual([...used].sort());
});

describeWithNats('with a server', () => {
  let server: NatsServer;
  let client: NatsConnection;

  beforeAll(async () => {
    server = await NatsServer.start();
    client = await connectTo(server);
  });

  afterEach(endPrograms);
  afterAll(endNats);

  test('the Python program and a JetStreamReader read the messages of the page as it says', async () => {
    const log = await LogByHand.create(client, STREAM);
    // The server checks the chain of the page.
    for (const message of MESSAGES) await log.appendAsItIs(message);
    expect(COMMAND).toBe(`$ python3 log_reader.py nats://127.0.0.1:4222/${STREAM}`);
    const program = new Program('examples/log_reader.py', [`nats://127.0.0.1:${server.port}/${STREAM}`]);
    expect([await program.end(), program.stderr]).toEqual([0, '']);
    expect(program.stdout.trimEnd().split('\n')).toEqual(PRINTED);

    const reader = await JetStreamReader.create(
      `nats://127.0.0.1:${server.port}/${STREAM}?from=first&until=end`,
    );
    const frames: LogFrame[] = [];
    reader.to((frame) => {
      if (frame instanceof LogFrame) frames.push(frame);
    });
    await reader.finished();
    await reader.stop();
    expect(frames.map(lineOf)).toEqual(PRINTED);
  });

  test('the server answers a writer as the page says', async () => {
    const stream = 'answers';
    const log = await LogByHand.create(client, stream);
    const messages = new LogMessages(stream);
    for (let i = 0; i < 4; i++) await log.append(...messages.records(new Frame(Buffer.of(i))));
    const publish = async (id: string, last: number): Promise<unknown> => {
      const headers = natsHeaders();
      headers.set('Nats-Msg-Id', id);
      headers.set(LAST, String(last));
      const { data } = await client.request(`${stream}.1`, Buffer.of(1), { headers, timeout: 30_000 });
      return JSON.parse(Buffer.from(data).toString());
    };
    const answers = [await publish('w.4', 4), await publish('w.4', 5), await publish('w.5', 4)];
    const block = blocks('text').find((text) => text.startsWith('{"stream"'))!;
    const shown = block.trimEnd().replaceAll(STREAM, stream).split('\n');
    expect(answers).toEqual(shown.map((line) => JSON.parse(line) as unknown));
  });
});
