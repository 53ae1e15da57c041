/* eslint-disable @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment,
   @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return --
   these are the calls that types do not let through */
// Calls that JavaScript lets through, and that cannot be meant: each gets one error that says what, which value, what to do.

import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import * as library from '../lib';
import { rejection } from './helpers/errors';

const { Fifo, Frame, Logging, Master, Prbs, readFrames, Slave, streamConnect, streamConnectBiDir } = library;
const { StreamReader, StreamWriter, TcpClient, TcpCore, TcpServer } = library;

/** As from JavaScript. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;
const bytes = Buffer.from('abc') as Any;
const any = (value: unknown): Any => value;

const THROWN: [what: string, call: () => unknown, text: string][] = [
  ['new TcpServer', () => new (TcpServer as Any)('127.0.0.1', 8000), "made by 'await TcpServer.create("],
  ['new TcpClient', () => new (TcpClient as Any)('127.0.0.1', 8000), "made by 'await TcpClient.create("],
  ['a frame of text', () => new Frame(any('abc')), "payload is 'abc', but must be a Buffer"],
  [
    'a misspelt field',
    () => new Frame(1, { chanel: 3 } as Any),
    "unknown option 'chanel' in the options of Frame",
  ],
  ['a field in place of the options', () => new Frame(1, any(3)), 'the options of Frame are 3'],
  ['null as options', () => new Frame(1, any(null)), 'the options of Frame are null'],
  [
    'bytes to a slave',
    () => new Slave().acceptFrame(bytes),
    'frame is an object (Buffer), but must be a Frame',
  ],
  ['bytes to a Fifo', () => new Fifo(1).acceptFrame(bytes), 'new Frame(bytes) makes one'],
  ['bytes to a Prbs', () => new Prbs().acceptFrame(bytes), 'frame is an object (Buffer)'],
  [
    'bytes to a file',
    () => new StreamWriter().getChannel(0).acceptFrame(bytes),
    'frame is an object (Buffer)',
  ],
  ['a Node option', () => new Master().frames({ highWaterMark: 3 } as Any), "unknown option 'highWaterMark'"],
  ['a frames() option', () => new Master().readable({ maxDepth: 3 } as Any), 'allowed are highWaterMark'],
  [
    'the same when writing',
    () => new Fifo(1).writable({ maxDepth: 3 } as Any),
    'options of writable; allowed are',
  ],
  ['a number as options', () => new Master().readable(any(5)), 'the options of readable are 5'],
  ['a mark below 0', () => new Master().readable({ highWaterMark: -1 }), 'highWaterMark is -1, but must be'],
  ['no file', () => any(readFrames)(), "paths is undefined, but must be a file's name or a file: URL"],
  ['a number as file', () => readFrames(any(3)), 'paths is 3'],
  ['an empty name', () => readFrames(''), "paths is ''"],
  ['an empty list', () => readFrames([]), 'empty list of files'],
  ['a wrong name in a list', () => readFrames(['a.dat', any(undefined)]), 'a path is undefined'],
  ['a URL of another kind', () => readFrames(new URL('http://host/run.dat')), 'must be a file: URL'],
  ['no file to play', () => any(new StreamReader()).open(), 'paths is undefined'],
  ['no file to write', () => any(new StreamWriter()).open(), 'path is undefined'],
  ['nothing to connect', () => any(streamConnect)(new Master()), 'a master and at least one slave'],
  ['no master', () => streamConnect(any(5), new Slave()), '5 is no master'],
  ['a slave in the middle', () => any(streamConnect)(new Master(), new Slave(), new Slave()), 'is no master'],
  ['no master behind', () => streamConnectBiDir(new Fifo(1), any(new Slave())), 'is no master'],
  ['the console as sink', () => Logging.setSink(console as Any), 'must be a pino logger'],
  ['a number as sink', () => Logging.setSink(any(5)), 'sink is 5'],
  ['taps that are no list', () => (new Prbs().taps = any(5)), 'taps is 5, but must be a list'],
];

test.each(THROWN)('%s is refused', (_, call, text) => {
  expect(call).toThrow(text);
});

const REJECTED: [what: string, call: () => Promise<unknown>, text: string][] = [
  [
    'bytes through a master',
    () => new Master().sendFrame(bytes),
    'frame is an object (Buffer), but must be a Frame',
  ],
  ['nothing through a master', () => any(new Master()).sendFrame(), 'frame is undefined'],
  ['a bridge of no role', () => any(TcpCore).create('127.0.0.1', 8000), 'server: true or false'],
  [
    'no options for a bridge',
    () => TcpServer.create('127.0.0.1', 8000, any(null)),
    'the options of TcpServer are null',
  ],
  ['a port in a string', () => TcpServer.create('127.0.0.1', any('8000')), "port is '8000'"],
];

test.each(REJECTED)('%s is refused, by a promise', async (_, call, text) => {
  const err = await rejection(call());
  expect(err).toBeInstanceOf(TypeError);
  expect(err.message).toContain(text);
});

test('a bridge refuses what is no frame', async () => {
  const client = await TcpClient.create('127.0.0.1', 9);
  const text = 'frame is an object (Buffer), but must be a Frame';
  for (const call of [
    () => client.send(bytes),
    () => client.acceptFrame(bytes),
    () => client.sendFrame(bytes),
  ])
    expect((await rejection(call() as Promise<void>)).message).toContain(text);
  expect(client.stats.refused).toBe(2);
  await client.stop();
});

describe('what may look wrong and is right', () => {
  test('a Uint8Array of another realm', () => {
    const array = runInNewContext('new Uint8Array([1, 2, 3])') as Uint8Array;
    expect([...new Frame(array).payload]).toEqual([1, 2, 3]);
    expect(Frame.from(runInNewContext('new Float32Array(2)') as Float32Array).size).toBe(8);
  });

  test('another frame as the options of a frame', () => {
    const first = new Frame(1, { flags: 0x0201, channel: 3, error: 4 });
    const { flags, channel, error } = new Frame(2, first);
    expect([flags, channel, error]).toEqual([0x0201, 3, 4]);
    expect(new Frame(1, { channel: undefined } as Any).channel).toBe(0);
  });

  test('a file: URL, also one of another realm', async () => {
    const url = pathToFileURL('/no such folder/run.dat');
    const other = { href: url.href, protocol: url.protocol } as unknown as URL;
    for (const one of [url, other])
      expect((await rejection(readFrames(one).next())).message).toContain(
        '/no such folder/run.dat could not',
      );
    expect((await rejection(new StreamReader().open(url))).message).toContain('/no such folder/run.dat');
    expect((await rejection(new StreamWriter().open(url))).message).toContain('/no such folder/run.dat');
  });
});
