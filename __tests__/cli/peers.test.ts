// Every subcommand with a stream, in front of servers that are not this library.

import { writeFileSync } from 'node:fs';
import { Frame } from '../../lib';
import { frameLine } from '../../lib/cli/support/frame-json';
import { Collector, LOOPBACK, makeClient, stopBridges } from '../helpers/bridges';
import { fileName, read, recordOf, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endPeers, findPyzmq, startPeer, type Peer } from '../helpers/process';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';

const COUNT = 50;
const SIZE = 100;
const NUMBERS = Array.from({ length: COUNT }, (_, number) => number);
const pyzmq = findPyzmq();

afterEach(async () => {
  await endProgramsHere();
  await stopBridges();
  await endPeers();
  removeFiles();
});

/** As the peers number theirs: in the first four bytes, the flags and the channel. */
function numbered(number: number): Frame {
  const payload = Buffer.alloc(SIZE, number);
  payload.writeUInt32LE(number);
  return new Frame(payload, { flags: number, channel: number });
}

const PEERS = [['zeromq-peer.cjs'], ...('python' in pyzmq ? [['pyzmq_peer.py']] : [])];

describe.each(PEERS)('%s', (program) => {
  /** A server that sends so many numbered frames, and says {received, ordered} when it has got as many. */
  async function serve(): Promise<{ address: string; peer: Peer }> {
    const port = await reservePorts();
    const peer = startPeer(program, ['server', LOOPBACK, port, 'duplex', COUNT, SIZE]);
    await peer.say('ready');
    return { address: `${LOOPBACK}:${port}`, peer };
  }

  test('dump prints what it sends', async () => {
    const { address } = await serve();
    const dumping = rogueBridgeHere('dump', address, '--format', 'json', '--count', COUNT);
    expect(await dumping.end()).toBe(0);
    const lines = dumping.stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual(
      NUMBERS.map((n) => frameLine(numbered(n))),
    );
  });

  test('watch counts it', async () => {
    const { address } = await serve();
    const watching = rogueBridgeHere('watch', address, '--json', '--engine', 'native');
    await watching.prints(`"frames":${COUNT},"bytes":${COUNT * SIZE}`);
  });

  test('record keeps it', async () => {
    const { address } = await serve();
    const recording = rogueBridgeHere('record', fileName('run.dat'), address, '--count', COUNT);
    expect(await recording.end()).toBe(0);
    const frames = await read(fileName('run.dat'));
    expect(frames.map(({ flags }) => flags)).toEqual(NUMBERS);
  });

  test('relay passes it on', async () => {
    const { address } = await serve();
    const to = await reservePorts();
    const relaying = rogueBridgeHere(
      'relay',
      '--from',
      address,
      '--to',
      `${LOOPBACK}:${to}`,
      '--count',
      COUNT,
    );
    const collector = (await makeClient(to)).to(new Collector());
    await collector.waitForCount(COUNT);
    expect(collector.frames.map(({ flags }) => flags)).toEqual(NUMBERS);
    expect(await relaying.end()).toBe(0);
  });

  test.each(['send', 'replay'])('it gets what %s sends', async (name) => {
    const { address, peer } = await serve();
    const [lines, data] = [fileName('frames.jsonl'), fileName('frames.dat')];
    writeFileSync(lines, NUMBERS.map((number) => JSON.stringify(frameLine(numbered(number)))).join('\n'));
    writeFileSync(data, Buffer.concat(NUMBERS.map((number) => recordOf(numbered(number)))));
    const sending = rogueBridgeHere(name, ...(name === 'send' ? [address, lines] : [data, address]));
    expect(await sending.end()).toBe(0);
    expect(await peer.say('received')).toMatchObject({ received: COUNT, bytes: COUNT * SIZE, ordered: true });
  });

  test('doctor finds nothing wrong with it', async () => {
    const { address } = await serve();
    expect(await rogueBridgeHere('doctor', address).end()).toBe(0);
  });
});
