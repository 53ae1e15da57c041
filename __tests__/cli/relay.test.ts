// rogue-bridge relay: every frame to everyone, and nobody held back by those who may drop.

import { Frame, type TcpCore } from '../../lib';
import { parseTarget } from '../../lib/cli/support/arguments';
import { checkServers } from '../../lib/cli/relay/check';
import { Collector, LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { reservePorts } from '../helpers/ports';
import { type ProgramHere, endProgramsHere, rogueBridgeHere, runHere } from '../helpers/program-here';
import { makeGate, turns, waitFor, waitForStandstill } from '../helpers/wait';

afterEach(async () => {
  await endProgramsHere();
  await stopBridges();
});

// More than the queues of both kernels and of the bridges hold, so that one that is held up has to drop.
const COUNT = 1_000;
const BYTES = 20_000;

const at = (port: number): string => `${LOOPBACK}:${port}`;

/** The numbers `from` to `to - 1`, each in a frame of its own. */
async function sendNumbers(to: TcpCore, count: number, bytes = 4): Promise<void> {
  for (let number = 0; number < count; number++) {
    const payload = Buffer.alloc(bytes);
    payload.writeUInt32LE(number);
    await to.acceptFrame(new Frame(payload, { channel: 7, flags: 0x0201 }));
  }
}

function numbersOf({ frames }: Collector): number[] {
  return frames.map(({ payload }) => payload.readUInt32LE(0));
}

/** A row of the summary. */
function rowOf(
  { stderr }: ProgramHere,
  port: number,
): { mode: string; taken: number; dropped: number; notTaken: number } {
  const line = stderr.split('\n').find((text) => text.startsWith(`${at(port)} `));
  const [, mode = '', taken = '', dropped = '', notTaken = ''] = line?.split(/\s{2,}/) ?? [];
  const number = (text: string): number => Number(text.replaceAll(' ', ''));
  return { mode, taken: number(taken), dropped: number(dropped), notTaken: number(notTaken) };
}

async function tells(relay: ProgramHere, text: string): Promise<void> {
  await waitFor(
    `'${text}'`,
    () => relay.stderr.includes(text),
    undefined,
    () => relay.stderr,
  );
}

/** Sends until nothing moves any more, because somebody at the other end takes nothing. */
async function fill(server: TcpCore): Promise<void> {
  sendNumbers(server, Infinity, BYTES).catch(() => undefined);
  await waitForStandstill('the source to be held back', () =>
    server.stats.sendsWaiting > 0 ? server.stats.framesSent : 0,
  );
}

describe.each(['libzmq', 'native'] as const)('on %s', (engine) => {
  test('a fast and a slow client get everything, one that is stuck drops and stops nobody', async () => {
    const [source, fast, slow, stuck] = [
      await reservePorts(),
      await reservePorts(),
      await reservePorts(),
      await reservePorts(),
    ];
    const server = await makeServer(source);
    const relay = rogueBridgeHere(
      ...['relay', '--from', at(source), '--engine', engine],
      ...['--to', at(fast), '--to', `${at(slow)},block`, '--to', `${at(stuck)},drop=5`],
    );
    const [fastOnes, slowOnes, stuckOnes] = [new Collector(), new Collector(), new Collector()];
    const gate = makeGate();
    const clients = await Promise.all([
      makeClient(fast),
      makeClient(slow, { receiveHighWaterMark: 1 }),
      makeClient(stuck, { receiveHighWaterMark: 1 }),
    ]);
    clients[0].addSlave(fastOnes);
    clients[1].addSlave(async (frame) => {
      await turns(2);
      slowOnes.acceptFrame(frame);
    });
    clients[2].addSlave(async (frame) => {
      stuckOnes.acceptFrame(frame);
      await gate.opened;
    });
    await Promise.all([server, ...clients].map((bridge) => bridge.waitForPeer({ timeoutMs: 20_000 })));
    await sendNumbers(server, COUNT, BYTES);
    const all = Array.from({ length: COUNT }, (_, number) => number);
    await Promise.all([fastOnes.waitForCount(COUNT), slowOnes.waitForCount(COUNT)]);
    expect(numbersOf(fastOnes)).toEqual(all);
    expect(numbersOf(slowOnes)).toEqual(all);
    expect(fastOnes.frames[3]).toMatchObject({ size: BYTES, channel: 7, flags: 0x0201 });
    expect(stuckOnes.frames).toHaveLength(1);
    gate.open();
    relay.interrupt();
    expect(await relay.end()).toBe(0);
    expect(rowOf(relay, fast)).toEqual({ mode: 'block', taken: COUNT, dropped: 0, notTaken: 0 });
    expect(rowOf(relay, slow)).toEqual({ mode: 'block', taken: COUNT, dropped: 0, notTaken: 0 });
    const { mode, taken, dropped } = rowOf(relay, stuck);
    expect(mode).toBe('drop=5');
    expect(taken + dropped).toBe(COUNT);
    expect(dropped).toBeGreaterThan(0);
    await stuckOnes.waitForCount(taken);
    const seen = numbersOf(stuckOnes);
    expect(seen).toHaveLength(taken);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(relay.stderr).toContain(`1 000 frames, 20.0 MB relayed`);
    expect(relay.stdout).toBe('');
  });

  test('a client that takes nothing keeps the end for one --linger, and what it misses is a failure', async () => {
    const lingerMs = 4_000;
    const [source, port] = [await reservePorts(), await reservePorts()];
    const server = await makeServer(source);
    const relay = rogueBridgeHere(
      ...['relay', '--from', at(source), '--to', at(port), '--engine', engine],
      ...['--linger', `${lingerMs}ms`],
    );
    const client = await makeClient(port, { receiveHighWaterMark: 1 });
    const gate = makeGate();
    client.addSlave(() => gate.opened);
    await Promise.all([server, client].map((bridge) => bridge.waitForPeer({ timeoutMs: 20_000 })));
    await fill(server);
    const interruptedAt = performance.now();
    relay.interrupt();
    const status = await relay.end();
    expect(performance.now() - interruptedAt).toBeLessThan(lingerMs * 1.5);
    expect(status).toBe(1);
    gate.open();
    const lost = engine === 'native' ? `, [\\d ]+ frames may not have reached ${at(port)}` : '';
    expect(relay.stderr).toMatch(
      new RegExp(`^rogue-bridge: 1 frame did not reach ${at(port)}${lost}: .*--linger\n$`, 'm'),
    );
  });

  test('--back: frames of that one reach the source, those of another go nowhere and are counted', async () => {
    const [source, first, second] = [await reservePorts(), await reservePorts(), await reservePorts()];
    const relay = rogueBridgeHere(
      ...['relay', '--listen', '--from', at(source), '--engine', engine],
      ...['--to', at(first), '--to', `${at(second)},drop=10`, '--back', at(second)],
    );
    const [upstream, other, chosen] = [
      await makeClient(source),
      await makeClient(first),
      await makeClient(second),
    ];
    const collector = upstream.to(new Collector());
    const bridges = [upstream, other, chosen];
    await Promise.all(bridges.map((bridge) => bridge.waitForPeer({ timeoutMs: 20_000 })));
    await other.acceptFrame(new Frame(Buffer.from('not for you')));
    await other.acceptFrame(new Frame(Buffer.from('nor this')));
    await tells(relay, `frames from clients of ${at(first)} go nowhere: --back ${at(first)}`);
    await sendNumbers(chosen, 10);
    await collector.waitForCount(10);
    relay.interrupt();
    expect(await relay.end()).toBe(0);
    expect(numbersOf(collector)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(collector.frames[0]).toMatchObject({ channel: 7, flags: 0x0201 });
    expect(relay.stderr).toContain('10 frames sent back to the source');
    expect(relay.stderr).toContain('2 frames of clients went nowhere');
    expect(relay.stderr.match(/go nowhere:/g)).toHaveLength(1);
  });
});

test('two that block get all of it, --count ends it, and says who held it up', async () => {
  const [source, first, second] = [await reservePorts(), await reservePorts(), await reservePorts()];
  const server = await makeServer(source);
  const relay = rogueBridgeHere(
    ...['relay', '--from', at(source), '--count', 50],
    ...['--to', at(first), '--to', at(second)],
  );
  const collectors = [new Collector(), new Collector()] as const;
  (await makeClient(first)).addSlave(collectors[0]);
  await sendNumbers(server, 60);
  await tells(relay, `no client on ${at(second)}: the source is held back until one comes`);
  expect(collectors[0].frames.length).toBeLessThan(2);
  (await makeClient(second)).addSlave(collectors[1]);
  await Promise.all(collectors.map((one) => one.waitForCount(50)));
  expect(await relay.end()).toBe(0);
  const expected = Array.from({ length: 50 }, (_, number) => number);
  expect(collectors.map(numbersOf)).toEqual([expected, expected]);
  for (const port of [first, second]) {
    expect(rowOf(relay, port)).toEqual({ mode: 'block', taken: 50, dropped: 0, notTaken: 0 });
  }
  expect(relay.stderr.match(/no client on/g)!.length).toBeLessThanOrEqual(2);
});

test('a source that does not come is one line; --duration ends the wait for clients', async () => {
  const [source, port] = [await reservePorts(), await reservePorts()];
  const alone = rogueBridgeHere('relay', '--from', at(source), '--to', at(port), '--timeout', '900ms');
  expect(await alone.end()).toBe(1);
  expect(alone.stderr).toMatch(
    /^rogue-bridge: no peer at 127\.0\.0\.1:\d+ within 0\.9 s: Nothing listens .*\n$/,
  );
  const server = await makeServer(source);
  const relay = rogueBridgeHere(
    ...['relay', '--from', at(source), '--to', `${at(port)},drop=2`, '--duration', '1s'],
  );
  await sendNumbers(server, 10);
  expect(await relay.end()).toBe(0);
  // Nobody took any: of the last ones, too, which were in the queue at the end.
  expect(rowOf(relay, port)).toEqual({ mode: 'drop=2', taken: 0, dropped: 10, notTaken: 0 });
});

test('a frame that no client was there for did not reach those that are to have every frame', async () => {
  const [source, first, second, lossy] = [
    await reservePorts(),
    await reservePorts(),
    await reservePorts(),
    await reservePorts(),
  ];
  const server = await makeServer(source);
  const relay = rogueBridgeHere(
    ...['relay', '--from', at(source), '--duration', '2s'],
    ...['--to', at(first), '--to', at(second), '--to', `${at(lossy)},drop=1`],
  );
  const collector = (await makeClient(first)).to(new Collector());
  await sendNumbers(server, 1);
  await collector.waitForCount(1);
  expect(await relay.end()).toBe(1);
  expect(rowOf(relay, first)).toEqual({ mode: 'block', taken: 1, dropped: 0, notTaken: 0 });
  expect(rowOf(relay, second)).toEqual({ mode: 'block', taken: 0, dropped: 0, notTaken: 1 });
  expect(rowOf(relay, lossy)).toEqual({ mode: 'drop=1', taken: 0, dropped: 1, notTaken: 0 });
  const [line] = relay.stderr.split('\n').filter((text) => text.startsWith('rogue-bridge:'));
  expect(line).toMatch(new RegExp(`^rogue-bridge: 1 frame did not reach ${at(second)}: `));
});

test.each([
  ['127.0.0.1:8000', ['127.0.0.2:8000', '127.0.0.1:9000', '*:9002', '127.0.0.1:8002'], false],
  ['*:8000', ['127.0.0.1:8002', '127.0.0.1:9000', '127.0.0.2:9000'], true],
  // Not one of this machine's: reserved for documentation.
  ['192.0.2.1:8000', ['*:8000'], false],
])('--from %s and --to %j do not meet', async (from, to, listen) => {
  await expect(checkServers(parseTarget(from), to.map(parseTarget), listen)).resolves.toBeUndefined();
});

test.each([
  ['127.0.0.1:8000', '127.0.0.1:8000'],
  ['localhost:8000', '127.0.0.1:8000'],
  ['127.0.0.1:8000', '*:8000'],
  ['127.0.0.5:8000', '0.0.0.0:8000'],
  ['[::1]:8000', '*:8000'],
  ['[::ffff:127.0.0.1]:8000', '127.0.0.1:8000'],
  ['localhost.:8000', '127.0.0.1:8000'],
  ['127.0.0.1:8000', 'lo:8000'],
  ['0.0.0.0:8000', '127.0.0.1:8000'],
])('--from %s would connect to --to %s', async (from, to) => {
  const relay = await runHere('relay', '--from', from, '--to', '127.0.0.1:9000', '--to', to);
  expect(relay.status).toBe(2);
  expect(relay.stderr).toBe(
    `rogue-bridge: --from ${from} would connect to --to ${to}: frames would go round; serve at another port\n`,
  );
});

test.each([
  [['--from', '127.0.0.1:8000'], /--to/],
  [
    ['--from', '127.0.0.1:8000', '--to', '127.0.0.1:9000', '--to', '*:9001,drop=1'],
    /--to 127\.0\.0\.1:9000 and --to \*:9001 would share a port/,
  ],
  [
    ['--listen', '--from', '*:8001', '--to', '127.0.0.1:8000'],
    /--from \*:8001 and --to 127\.0\.0\.1:8000 would share a port/,
  ],
  [['--to', '127.0.0.1:9000'], /--from/],
  [['--from', '127.0.0.1:8000', '--to', '127.0.0.1:9000,lossy'], /,block or .*,drop=N/],
  [['--from', '127.0.0.1:8000', '--to', '127.0.0.1:9000,drop=0'], /from 1 to/],
  [['--from', '127.0.0.1:8000', '--to', '127.0.0.1:9000,drop=1,block'], /whole number/],
  [
    ['--from', '127.0.0.1:8000', '--to', '127.0.0.1:9000', '--back', '127.0.0.1:9001'],
    /--back 127\.0\.0\.1:9001 is none of/,
  ],
])('%j is refused in one line', async (args, message) => {
  const relay = await runHere('relay', ...args);
  expect(relay.status).toBe(2);
  expect(relay.stderr).toMatch(message);
  expect(relay.stderr.trimEnd().split('\n')).toHaveLength(1);
});
