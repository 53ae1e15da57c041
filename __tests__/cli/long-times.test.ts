// Times that are longer than a timer of Node can count.

import { writeFileSync } from 'node:fs';
import { Frame } from '../../lib';
import { Collector, LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, recordOf, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { pause as shortPause, waitFor } from '../helpers/wait';
import { Pace } from '../../lib/cli/support/pace';
import { pause } from '../../lib/cli/support/pause';

afterEach(async () => {
  await endProgramsHere();
  await stopBridges();
  removeFiles();
});

/** What becomes of a wait that is aborted a moment later. */
async function whenAborted(wait: (signal: AbortSignal) => Promise<void>): Promise<string> {
  const controller = new AbortController();
  const outcome = wait(controller.signal).then(
    () => 'over',
    () => 'aborted',
  );
  // A timer that cannot count so far is due in a millisecond, before this one.
  await shortPause(2);
  controller.abort();
  return outcome;
}

test.each([2 ** 31, 2 ** 33, Infinity])('a pause of %f ms is not over at once', async (ms) => {
  expect(await whenAborted((signal) => pause(ms, signal))).toBe('aborted');
});

test('a pace of one in thirty years does not hurry', async () => {
  const pace = new Pace(1e-9);
  await pace.next(new AbortController().signal);
  expect(await whenAborted((signal) => pace.next(signal))).toBe('aborted');
});

test.each(['prbs', 'replay'])('%s --duration 30d goes on', async (name) => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const file = fileName('run.dat');
  writeFileSync(file, recordOf(new Frame(10)));
  const command = name === 'prbs' ? ['prbs', 'tx'] : ['replay', '--loop=1000000', file];
  const program = rogueBridgeHere(...command, `${LOOPBACK}:${port}`, '--duration', '30d', '--rate', 50);
  await collector.waitForCount(10);
  program.interrupt();
  expect(await program.end()).toBe(1);
});

test('watch --duration 30d goes on', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('watch', `${LOOPBACK}:${port}`, '--duration', '30d', '--json');
  await waitFor('two lines', () => program.stdout.split('\n').length > 2);
});
