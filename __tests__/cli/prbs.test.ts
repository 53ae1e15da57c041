// The link test against the library, bare zeromq sockets and pyzmq.

import { Frame, Prbs, type TcpCore } from '../../lib';
import { LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { reservePorts } from '../helpers/ports';
import { endPeers, findPyzmq, startPeer } from '../helpers/process';
import { type ProgramHere, endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { describeInTerminal, endTerminals, Terminal } from '../helpers/terminal';
import { waitFor } from '../helpers/wait';
import { upperLimit } from '../../lib/cli/prbs/error-rate';

afterEach(async () => {
  endTerminals();
  await endProgramsHere();
  await endPeers();
  await stopBridges();
});

test.each(['libzmq', 'native'])('loop without a target passes on %s', async (engine) => {
  const program = rogueBridgeHere(
    'prbs',
    'loop',
    '--count',
    500,
    '--size',
    '1k',
    '--engine',
    engine,
    '--width',
    64,
  );
  expect(await program.end()).toBe(0);
  expect(program.stdout).toContain('sent      500 frames, 500 kB');
  expect(program.stdout).toContain('checked   500 frames, 500 kB, 4 000 000 bits');
  // Three errors' worth in four million bits.
  expect(program.stdout).toContain('bit error rate  0, below 7.49e-7 (95 %)');
  expect(program.stdout).toMatch(/PASS\n$/);
});

const pyzmq = findPyzmq();
const PEERS = [['zeromq-peer.cjs'], ...('python' in pyzmq ? [['pyzmq_peer.py']] : [])];

test.each(PEERS)('loop against the echo of %s passes', async (peer) => {
  const port = await reservePorts();
  const echo = startPeer(peer, ['server', LOOPBACK, port, 'echo']);
  await echo.say('ready');
  const program = rogueBridgeHere('prbs', 'loop', `${LOOPBACK}:${port}`, '--count', 200, '--rate', 2000);
  expect(await program.end()).toBe(0);
  expect(program.stdout).toContain('checked   200 frames, 2.00 MB');
});

test('tx is checked by a Prbs at the other end', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const prbs = server.to(new Prbs());
  const program = rogueBridgeHere('prbs', 'tx', `${LOOPBACK}:${port}`, '--count', 100, '--size', '10k');
  expect(await program.end()).toBe(0);
  await waitFor('all frames', () => prbs.rxCount === 100);
  expect(prbs.rxErrors).toBe(0);
  expect(program.stdout).toBe('sent      100 frames, 1.00 MB\nSENT\n');
});

test('rx counts wrong bits, says the rate, and fails', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const prbs = new Prbs();
  let number = 0;
  prbs.addSlave((frame) => {
    number += 1;
    const payload = Buffer.from(frame.payload);
    // Two frames with three wrong bits between them.
    if (number === 4) payload[100]! ^= 0x81;
    if (number === 7) payload[999]! ^= 0x10;
    return server.acceptFrame(new Frame(payload));
  });
  const program = rogueBridgeHere('prbs', 'rx', `${LOOPBACK}:${port}`, '--count', 10);
  for (let i = 0; i < 10; i++) await prbs.genFrame(1000);
  expect(await program.end()).toBe(1);
  expect(program.stdout).toBe(
    [
      'checked   10 frames, 10.0 kB, 80 000 bits',
      'errors    2 frames, 3 wrong bits',
      'bit error rate  3.75e-5, below 9.69e-5 (95 %)',
      'FAIL',
      '',
    ].join('\n'),
  );
  expect(program.stderr).toMatch(/^rogue-bridge: 2 frames with an error$/m);
});

describe('rx makes no rate of frames that fail as a whole', () => {
  test.each<[what: string, make: (number: number) => Frame, guess: string]>([
    [
      'no PRBS data',
      (number) => new Frame(Buffer.alloc(1000, number + 1)),
      'the first of them is no PRBS frame of any width',
    ],
    [
      'an error field',
      (number) => new Frame(Buffer.alloc(1000, number + 1), { error: 3 }),
      'the sender has set the error field',
    ],
  ])('%s', async (_, make, guess) => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const program = rogueBridgeHere('prbs', 'rx', `${LOOPBACK}:${port}`, '--count', 50);
    for (let number = 0; number < 50; number++) await server.send(make(number));
    expect(await program.end()).toBe(1);
    expect(program.stdout).toContain('checked   50 frames, 50.0 kB, 0 bits\n');
    expect(program.stdout).toContain('errors    50 frames, 50 of them as a whole, 0 wrong bits\n');
    expect(program.stdout).toContain('bit error rate  none: no frame could be compared\n');
    expect(program.stdout).toContain(`50 frames failed as a whole: ${guess}`);
  });

  test('PRBS frames of another width, which it names', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const prbs = new Prbs();
    prbs.width = 128;
    prbs.to(server);
    const program = rogueBridgeHere('prbs', 'rx', `${LOOPBACK}:${port}`, '--count', 5);
    for (let i = 0; i < 5; i++) await prbs.genFrame(960);
    expect(await program.end()).toBe(1);
    expect(program.stdout).toContain(
      '5 frames failed as a whole: the first of them is a PRBS frame of another width: try --width 128\n',
    );
  });

  test('one that was lost among good ones: the rate is that of the others', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const prbs = new Prbs();
    let number = 0;
    prbs.addSlave((frame) => (++number === 4 ? undefined : server.acceptFrame(frame.clone())));
    const program = rogueBridgeHere('prbs', 'rx', `${LOOPBACK}:${port}`, '--count', 9);
    for (let i = 0; i < 10; i++) await prbs.genFrame(1000);
    expect(await program.end()).toBe(1);
    expect(program.stdout).toContain('checked   9 frames, 9.00 kB, 64 000 bits\n');
    expect(program.stdout).toContain('errors    1 frame, 1 of them as a whole, 0 wrong bits\n');
    expect(program.stdout).toContain('bit error rate  0, below');
    expect(program.stdout).toContain(
      'the first of them is out of sequence: frames were lost, or went to another client\n',
    );
  });
});

test('rx to which nothing comes fails', async () => {
  const port = await reservePorts();
  await makeServer(port);
  const program = rogueBridgeHere('prbs', 'rx', `${LOOPBACK}:${port}`, '--duration', '200ms');
  expect(await program.end()).toBe(1);
  expect(program.stderr).toContain('no frame came');
});

test.each(['libzmq', 'native'])(
  '--duration ends tx behind a peer that takes nothing (%s)',
  async (engine) => {
    const port = await reservePorts();
    const server = await makeServer(port, { receiveHighWaterMark: 1 });
    server.addSlave(() => new Promise(() => undefined));
    // Three of these are more than the receiver and the kernel take, so that a slow machine sends enough in that time, too.
    const args = ['--size', '16M', '--duration', '2s', '--engine', engine] as const;
    const program = rogueBridgeHere('prbs', 'tx', `${LOOPBACK}:${port}`, ...args);
    await waitFor('the first frame', () => server.stats.framesReceived === 1);
    expect(await program.end()).toBe(1);
    expect(program.stdout).toMatch(/^FAIL$/m);
    expect(program.stderr).toMatch(/^rogue-bridge: .*(did not leave|may not have left): /m);
  },
);

test('rx checks no more than --count', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const prbs = new Prbs();
  prbs.to(server);
  const program = rogueBridgeHere('prbs', 'rx', `${LOOPBACK}:${port}`, '--count', 10);
  for (let i = 0; i < 200; i++) await prbs.genFrame(1000);
  expect(await program.end()).toBe(0);
  expect(program.stdout).toContain('checked   10 frames,');
});

test('Ctrl-C ends tx behind a peer that takes nothing, with a report', async () => {
  const port = await reservePorts();
  const server = await makeServer(port, { receiveHighWaterMark: 1 });
  server.addSlave(() => new Promise(() => undefined));
  const program = rogueBridgeHere('prbs', 'tx', `${LOOPBACK}:${port}`, '--size', '1M');
  await waitFor('the first frame', () => server.stats.framesReceived === 1);
  await server.stop();
  program.interrupt();
  await program.end();
  expect(program.stdout).toMatch(/^sent {6}\d+ frames?/);
});

test.each([
  ['tx', 'SENT'],
  ['rx', 'PASS'],
  ['loop', 'PASS'],
])('Ctrl-C is the end of %s where no other was asked for', async (direction, verdict) => {
  const { program } = await begin(direction);
  program.interrupt();
  expect(await program.end()).toBe(0);
  expect(program.stdout).toMatch(new RegExp(`^${verdict}$`, 'm'));
});

test.each([
  ['tx', '--count', 1_000_000, 'SENT'],
  ['tx', '--duration', '10m', 'SENT'],
  ['rx', '--count', 1_000_000, 'PASS'],
  ['rx', '--duration', '10m', 'PASS'],
  ['loop', '--count', 1_000_000, 'PASS'],
])('%s that is interrupted before its %s has not passed', async (direction, name, value, verdict) => {
  const { program } = await begin(direction, name, value);
  program.interrupt();
  expect(await program.end()).toBe(1);
  expect(program.stdout).toMatch(new RegExp(`^${verdict} so far$`, 'm'));
  expect(program.stderr).toMatch(/^rogue-bridge: interrupted before its end$/m);
});

test.each(['libzmq', 'native'])('--duration does not pass where the peer has left (%s)', async (engine) => {
  const { program, server } = await begin('tx', '--duration', '2s', '--engine', engine);
  await server.stop();
  expect(await program.end()).toBe(1);
  // A frame that was on its way to who leaves may be lost, and then that is said first.
  const lost = /^rogue-bridge: (.+; )?the peer had left$/m.exec(program.stderr)?.[1];
  expect(program.stderr).toMatch(/the peer had left$/m);
  if (lost !== undefined) expect(lost).toMatch(/frames? .*(did not leave|may be lost)/);
  expect(program.stdout).toMatch(lost === undefined ? /^SENT so far$/m : /^FAIL$/m);
});

test('a --count that was not reached in --duration has not passed', async () => {
  const { program } = await begin('rx', '--count', 1_000_000, '--duration', '1s');
  expect(await program.end()).toBe(1);
  expect(program.stdout).toMatch(/^PASS so far$/m);
  expect(program.stderr).toMatch(/^rogue-bridge: \d+ of 1 000 000 frames: no more came$/m);
});

/** In front of a server that checks, sends or echoes; resolves once frames have gone the way they are to go. */
async function begin(
  direction: string,
  ...args: (string | number)[]
): Promise<{ program: ProgramHere; server: TcpCore }> {
  const port = await reservePorts();
  const server = await makeServer(port);
  server.addSlave((frame: Frame) => (direction === 'loop' ? server.acceptFrame(frame) : undefined));
  const rate = direction === 'rx' ? ['--log', 'stream=debug'] : ['--rate', 200];
  const program = rogueBridgeHere('prbs', direction, `${LOOPBACK}:${port}`, ...rate, ...args);
  await server.waitForPeer({ timeoutMs: 20_000 });
  if (direction === 'rx') {
    const prbs = new Prbs();
    prbs.to(server);
    for (let i = 0; i < 20; i++) await prbs.genFrame(1000);
    await program.complains('Pulled frame');
  } else await waitFor('frames', () => server.stats.framesReceived > 3);
  return { program, server };
}

test.each(['libzmq', 'native'])('Ctrl-C waits for what is on its way back (%s)', async (engine) => {
  const port = await reservePorts();
  const server = await makeServer(port);
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  server.addSlave(async (frame: Frame) => {
    await released;
    await server.acceptFrame(frame);
  });
  const program = rogueBridgeHere('prbs', 'loop', `${LOOPBACK}:${port}`, '--engine', engine);
  await waitFor('the first frame', () => server.stats.framesReceived > 0);
  program.interrupt();
  release();
  expect(await program.end()).toBe(0);
  expect(program.stdout).toMatch(/^PASS$/m);
});

test.each([
  // Poisson's upper limits at 95 %, from the tables.
  [0, 2.996],
  [1, 4.744],
  [3, 7.754],
  [10, 16.962],
  [100, 118.08],
])('%i errors: the mean is below %f with 95 %', (errors, limit) => {
  expect(upperLimit(errors)).toBeCloseTo(limit, 2);
});

test('of many errors the limit goes on from that of fewer, and is there at once', () => {
  expect(upperLimit(1000) - upperLimit(999)).toBeCloseTo(upperLimit(999) - upperLimit(998), 1);
  // Of a normal distribution: 1.645 times the root of as many.
  expect(upperLimit(1e9) / (1e9 + 1.645 * Math.sqrt(1e9))).toBeCloseTo(1, 6);
});

describeInTerminal('in a terminal (needs tmux)', () => {
  test('80 columns have room for the bar, the time left and the errors; C-c ends it with the summary', async () => {
    const terminal = new Terminal(80, 24, 'prbs', 'loop', '--duration', '10m');
    const { text } = terminal;
    const bar = /^.{10} +\d+ % {2}(9:\d\d|10:00) left {2}0 errors, [\d ]+ checked, [\d ]+ sent$/m;
    await waitFor('the bar', () => bar.test(text()), undefined, text);
    terminal.press('C-c');
    await waitFor('its end', () => text().includes('ENDED'), undefined, text);
    expect(text()).toMatch(/^errors +0 frames, 0 wrong bits\n(.*\n)*PASS so far$/m);
    expect(text()).toContain('ENDED 1');
    expect(text()).not.toContain('left');
  });
});
