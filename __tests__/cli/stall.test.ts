// record --stall: the end of a recording that nothing comes for any more.

import { existsSync } from 'node:fs';
import { Frame } from '../../lib';
import { Stall } from '../../lib/cli/record/stall';
import { LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, read, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { makeGate, pause } from '../helpers/wait';

afterEach(async () => {
  await endProgramsHere();
  await stopBridges();
  removeFiles();
});

test.each([
  ['gone', true],
  ['connected, and silent', false],
])('of a source that is %s it ends with status 1, a whole file and its summary', async (why, leaves) => {
  const port = await reservePorts();
  const file = fileName('run.dat');
  const program = rogueBridgeHere('record', file, `${LOOPBACK}:${port}`, '--stall', '1s', '--duration', '1h');
  const server = await makeServer(port);
  for (let i = 0; i < 3; i++) await server.send(new Frame(100));
  if (leaves) await server.stop();
  expect(await program.end()).toBe(1);
  const lines = program.stderr.trimEnd().split('\n');
  expect(lines.at(-1)).toBe(`rogue-bridge: no frame has come for 1 s (--stall): the source is ${why}`);
  expect(program.stderr).toMatch(/^3 frames, 324 B in .*run\.dat, \d+\.\d+ s; 0 frames left out$/m);
  expect(program.stderr.includes('the source was gone once')).toBe(leaves);
  expect(await read(file)).toHaveLength(3);
});

test('of a source that sends nothing at all it leaves no file behind', async () => {
  const port = await reservePorts();
  await makeServer(port);
  const file = fileName('run.dat');
  const program = rogueBridgeHere('record', file, `${LOOPBACK}:${port}`, '--stall', '100ms');
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(
    /removed: .*\nrogue-bridge: no frame has come for 0\.1 s \(--stall\): .*\n$/,
  );
  expect(existsSync(file)).toBe(false);
});

test.each([
  ['--count', 2],
  ['--duration', '200ms'],
])('%s before it is the end that was asked for', async (name, value) => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const args = ['--stall', '10m', name, value] as const;
  const program = rogueBridgeHere('record', fileName('run.dat'), `${LOOPBACK}:${port}`, ...args);
  for (let i = 0; i < 2; i++) await server.send(new Frame(100));
  expect(await program.end()).toBe(0);
  expect(program.stderr).not.toContain('--stall');
});

test('before the first peer the time is that of --timeout', async () => {
  const args = ['--stall', '1ms', '--timeout', '300ms'] as const;
  const target = `${LOOPBACK}:${await reservePorts()}`;
  const program = rogueBridgeHere('record', fileName('run.dat'), target, ...args);
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(/^rogue-bridge: no peer at /m);
  expect(program.stderr).not.toContain('--stall');
});

test('a frame that waits for the disk is no silence; the next one that does not come is', async () => {
  const stall = new Stall(0.001);
  const gate = makeGate();
  const taken = stall.watched(() => gate.opened)(new Frame(1));
  // Far longer than too long.
  expect(await stall.comesBefore(pause(30))).toBe(false);
  gate.open();
  await taken;
  expect(await stall.comesBefore(new Promise(() => undefined))).toBe(true);
});
