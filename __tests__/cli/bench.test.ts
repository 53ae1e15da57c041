// rogue-bridge bench: numbers, and one line where there are none.

import { BenchChannel } from '../../lib/cli/bench/protocol';
import { Collector, LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { isFree, reservePorts } from '../helpers/ports';
import { endPrograms, rogueBridge } from '../helpers/program';
import { endProgramsHere, rogueBridgeHere, runHere } from '../helpers/program-here';
import { waitFor } from '../helpers/wait';

afterEach(async () => {
  await endPrograms();
  await endProgramsHere();
  await stopBridges();
});

interface Throughput {
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
}

interface Result {
  readonly size: number;
  readonly toServer: Throughput;
  readonly toClient: Throughput;
  readonly roundTrip: { readonly p50: number; readonly p99: number };
}

interface Output {
  readonly client: { readonly engine: string; readonly node: string };
  readonly server: { readonly engine: string };
  readonly results: readonly Result[];
}

function expectNumbers({ size, toServer, toClient, roundTrip }: Result): void {
  for (const { framesPerSecond, bytesPerSecond } of [toServer, toClient]) {
    expect(framesPerSecond).toBeGreaterThan(0);
    expect(bytesPerSecond).toBeCloseTo(framesPerSecond * size, 0);
  }
  expect(roundTrip.p50).toBeGreaterThan(0);
  expect(roundTrip.p99).toBeGreaterThanOrEqual(roundTrip.p50);
}

test.each(['libzmq', 'native'])('measures against a process of its own, on %s', async (engine) => {
  const bench = rogueBridge(
    ...['bench', '--size', '64,1k', '--time-per-size', '100ms', '--json', '--engine', engine],
  );
  expect(await bench.end()).toBe(0);
  const { client, server, results } = JSON.parse(bench.stdout) as Output;
  expect(client).toMatchObject({ engine, node: process.version });
  expect(server).toEqual(client);
  expect(results.map(({ size }) => size)).toEqual([64, 1000]);
  results.forEach(expectNumbers);
  expect(bench.stderr).toBe('');
});

test('against another bench --listen, time after time, until that is ended; a table for people', async () => {
  const port = await reservePorts();
  const half = rogueBridgeHere('bench', '--listen', `${LOOPBACK}:${port}`, '--engine', 'libzmq');
  for (let i = 0; i < 2; i++) {
    const bench = rogueBridgeHere(
      ...['bench', `${LOOPBACK}:${port}`, '--size', '100,1M', '--time-per-size', '100ms'],
    );
    expect(await bench.end()).toBe(0);
    expect(bench.stdout).toMatch(/^client: .*, engine native\nserver: .*, engine libzmq\n/);
    expect(bench.stdout).toMatch(/^100 B( +[\d. ]+)+$/m);
    expect(bench.stdout).toMatch(/^1\.00 MB( +[\d. ]+)+$/m);
    expect(bench.stderr).not.toContain('rogue-bridge:');
  }
  half.interrupt();
  expect(await half.end()).toBe(0);
  expect(half.stdout).toBe('');
  expect(half.stderr).toMatch(/serving on .*\n[\d ]+ frames received, [\d ]+ frames sent\n$/);
  expect(await isFree(port)).toBe(true);
});

test.each(['libzmq', 'native'])('two at one server: it is said, at once, on %s', async (engine) => {
  const target = `${LOOPBACK}:${await reservePorts()}`;
  const half = rogueBridgeHere('bench', '--listen', target, '--engine', engine);
  await half.complains('serving on');
  const both = [1, 2].map(() =>
    rogueBridgeHere('bench', target, '--time-per-size', '1h', '--timeout', '1h', '--engine', engine),
  );
  const told = /^rogue-bridge: another client is connected to .*: run one bench at a time$/m;
  // The one that is not told may go on alone.
  await waitFor('one of them to be told', () => both.some(({ stderr }) => told.test(stderr)));
  const first = both.find(({ stderr }) => told.test(stderr))!;
  expect(await first.end()).toBe(1);
});

test('a server that is no bench, or none at all, is one line', async () => {
  const port = await reservePorts();
  (await makeServer(port)).addSlave(new Collector());
  const stranger = rogueBridgeHere('bench', `${LOOPBACK}:${port}`, '--timeout', '2s');
  const nobody = rogueBridgeHere('bench', `${LOOPBACK}:${await reservePorts()}`, '--timeout', '200ms');
  expect([await stranger.end(), await nobody.end()]).toEqual([1, 1]);
  expect(stranger.stderr).toMatch(
    /^rogue-bridge: .* does not answer: run 'rogue-bridge bench --listen'.*\n$/,
  );
  expect(nobody.stderr).toMatch(/^rogue-bridge: no peer at .*\n$/);
  expect(stranger.stdout + nobody.stdout).toBe('');
});

test('engine and machine are the first line of either half, before anything is measured', async () => {
  const port = await reservePorts();
  const half = rogueBridgeHere('bench', '--serve', `${LOOPBACK}:${port}`, '--engine', 'libzmq');
  await half.complains('serving on');
  expect(half.stderr).toMatch(/^.+, \d+ cores?, Node v[\d.]+, engine libzmq\nserving on /);
  const bench = rogueBridgeHere('bench', `${LOOPBACK}:${port}`, '--seconds-per-size', '1h');
  await bench.prints('server: ');
  expect(bench.stdout).toMatch(
    /^client: .+, \d+ cores?, Node v[\d.]+, engine native\nserver: .+, engine libzmq\n$/,
  );
  bench.interrupt();
  expect(await bench.end()).toBe(0);
});

test('Ctrl-C ends it in the middle', async () => {
  const port = await reservePorts();
  const hellos = (await makeServer(port)).to(new Collector());
  const bench = rogueBridgeHere('bench', `${LOOPBACK}:${port}`, '--timeout', '1h');
  await hellos.waitForCount(1);
  expect(hellos.frames[0]!.channel).toBe(BenchChannel.control);
  bench.interrupt();
  expect(await bench.end()).toBe(0);
  await waitFor('the line', () => bench.stderr === 'stopped before anything was measured\n');
});

test('Ctrl-C before a peer came is a failure', async () => {
  const bench = rogueBridgeHere('bench', `${LOOPBACK}:${await reservePorts()}`, '--timeout', '1h');
  await bench.complains('waiting for');
  bench.interrupt();
  expect(await bench.end()).toBe(1);
  expect(bench.stderr).toMatch(/\nrogue-bridge: interrupted before a peer came\n$/);
});

test.each([
  [['--time-per-size', '30d'], /give 1h at most/],
  [['127.0.0.1:8000', '--serve', '127.0.0.1:8000'], /--serve is the other half/],
  [['--size', '0'], /sizes from 1 byte/],
  [['--size', '64,many'], /number of bytes/],
  [['--listen'], /--listen needs the address/],
  [['--allow', '10.0.0.0/8'], /add --listen/],
  [['--engine', 'other'], /native or libzmq/],
])('%j is refused in one line', async (args, message) => {
  const bench = await runHere('bench', ...args);
  expect(bench.status).toBe(2);
  expect(bench.stderr).toMatch(message);
  expect(bench.stderr.trimEnd().split('\n')).toHaveLength(1);
});
