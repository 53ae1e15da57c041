// Peers and slaves whose words are meant for the terminal that shows the log.

import { Frame, Logging, type TcpCore } from '../../lib';
import { makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { testNative } from '../helpers/engines';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { COMMAND, commandBody, greeting, part, property, RawPeer } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { waitFor } from '../helpers/wait';

const PRINTABLE = /^[\x20-\x7e]*$/;
// None of what a terminal obeys, or what ends a line.
const VISIBLE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;
const MOST_CHARS = 1000;
// CSI in one byte and in two, an own title for the window, the end of the line, a quote and a backslash.
const HOSTILE = Buffer.from(
  '\x9b31m\x1b[2J\x1b]0;title\x07\r\n\x85\x7f"\\\xe2\x80\xa8\xe2\x80\xae',
  'latin1',
);
// The most a READY may have, less what is around it.
const LONGEST = Buffer.alloc(16_000, 0x9b);

const command = (name: string, content: Uint8Array | string = ''): Buffer =>
  Buffer.concat([greeting(), part(COMMAND, commandBody(name, content))]);
const shortText = (text: Buffer): Buffer => Buffer.concat([Buffer.from([text.length]), text]);

afterEach(async () => {
  endRaw();
  await stopBridges();
  Logging.setSink(undefined);
});

const SAYINGS: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['its first bytes', HOSTILE],
  ['its first 64 kB', Buffer.alloc(65_536, 0x9b)],
  ['its mechanism', greeting({ mechanism: HOSTILE.toString('latin1').slice(0, 20) })],
  ['the name of its first command', command(HOSTILE.toString('latin1'))],
  ['the longest name of a command', command('\x9b'.repeat(255))],
  ['the reason of its ERROR', command('ERROR', shortText(HOSTILE))],
  ['the longest reason of an ERROR', command('ERROR', shortText(LONGEST.subarray(0, 255)))],
  ['its Socket-Type', command('READY', property('Socket-Type', HOSTILE))],
  ['a Socket-Type of 16 kB', command('READY', property('Socket-Type', LONGEST))],
];

/** A peer that says this on the port the bridge pulls on, and goes when it is sent away. */
async function meet(role: string, bytes: Buffer): Promise<TcpCore> {
  const port = await reservePorts();
  if (role === 'server') {
    const server = await makeServer(port);
    const raw = await RawPeer.connect(port);
    await raw.write(bytes);
    await raw.isClosed();
    return server;
  }
  const accepted = await RawPeer.listen(port + 1);
  const client = await makeClient(port);
  const raw = await accepted();
  await raw.write(bytes);
  await raw.isClosed();
  return client;
}

describe.each(['server', 'client'])('of a %s', (role) => {
  for (const [what, bytes] of SAYINGS) {
    const name = `a peer that means ${what} for the terminal is one short, printable line`;
    testNative('tells nothing of what it said', name, async () => {
      Logging.setFilter('stream.TcpCore', Logging.Debug);
      const lines = collectLog();
      const bridge = await meet(role, bytes);
      await waitFor('the refusal', () => bridge.stats.refusedPeers > 0);
      expect(lines.filter((line) => line.startsWith('Refused'))).toHaveLength(1);
      for (const line of lines) {
        expect(line).toMatch(PRINTABLE);
        expect(line.length).toBeLessThan(MOST_CHARS);
      }
    });
  }
});

const FAULTS: readonly (readonly [what: string, fault: unknown])[] = [
  ['an Error', new Error(HOSTILE.toString('latin1'))],
  ['an Error of 10 MB', new Error('\x9b'.repeat(10_000_000))],
  ['a string', HOSTILE.toString('latin1')],
  ['a string of 10 MB', '\x9b'.repeat(10_000_000)],
  ['an object that cannot be a string', Object.create(null)],
];

test.each(FAULTS)('%s that a slave throws is harmless in the log, and bounded', async (_what, fault) => {
  const lines = collectLog();
  const { server, client } = await makePair();
  server.addSlave(() => {
    throw fault;
  });
  await client.acceptFrame(new Frame(1));
  await waitFor('the error', () => server.stats.slaveErrors === 1);
  await waitFor('the line', () => server.stats.lastError !== undefined && lines.length > 0);
  // A stack is a line for each place.
  const all = lines.flatMap((line) => line.split('\n'));
  expect(all.length).toBeGreaterThan(0);
  expect(all.length).toBeLessThan(25);
  for (const line of all) {
    expect(line).toMatch(VISIBLE);
    expect(line.length).toBeLessThan(4 * MOST_CHARS);
  }
});
