// A server whose peer comes, delivers and leaves before anybody has seen it connected.

import { Push } from 'zeromq';
import { Prbs, type Frame } from '../../lib';
import { LOOPBACK, stopBridges } from '../helpers/bridges';
import { fileName, read, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';

const FRAMES = 5;

afterEach(async () => {
  await endProgramsHere();
  await stopBridges();
  removeFiles();
});

/** Delivers over one of the two connections, and so is never seen to be connected. */
async function visit(port: number): Promise<void> {
  const push = new Push({ linger: 10_000 });
  push.connect(`tcp://${LOOPBACK}:${port}`);
  const prbs = new Prbs();
  prbs.addSlave(({ payload }: Frame) =>
    push.send([Buffer.alloc(2), Buffer.alloc(1), Buffer.alloc(1), payload]),
  );
  for (let i = 0; i < FRAMES; i++) await prbs.genFrame(1000);
  push.close();
}

const ENGINES = ['libzmq', 'native'];

test.each(ENGINES)('prbs rx has seen its frames (%s)', async (engine) => {
  const port = await reservePorts();
  const args = ['--count', FRAMES, '--engine', engine] as const;
  const program = rogueBridgeHere('prbs', 'rx', '--listen', `${LOOPBACK}:${port}`, ...args);
  await visit(port);
  expect(await program.end()).toBe(0);
  expect(program.stdout).toMatch(/^checked +5 frames,(.*\n)+PASS$/m);
});

test.each(ENGINES)('record has its frames, and goes on for its --duration (%s)', async (engine) => {
  const port = await reservePorts();
  const file = fileName('run.dat');
  const args = ['--duration', '300ms', '--timeout', '10s', '--engine', engine] as const;
  const program = rogueBridgeHere('record', file, '--listen', `${LOOPBACK}:${port}`, ...args);
  await visit(port);
  expect(await program.end()).toBe(0);
  expect(await read(file)).toHaveLength(FRAMES);
});

test('watch --timeout has seen somebody', async () => {
  const port = await reservePorts();
  const args = ['--json', '--duration', '300ms', '--timeout', '10s'] as const;
  const program = rogueBridgeHere('watch', '--listen', `${LOOPBACK}:${port}`, ...args);
  await visit(port);
  expect(await program.end()).toBe(0);
  expect(program.stderr).toContain('5 frames, 5.00 kB');
});

test('send does not take a frame for a peer that takes its own', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('send', '--listen', `${LOOPBACK}:${port}`, '--timeout', '1s');
  await visit(port);
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(/^rogue-bridge: no peer at /m);
});
