// What a client of a busy server takes from the others is said: in the help, and with its count at the end.

import { existsSync, statSync } from 'node:fs';
import { Frame, type TcpCore } from '../../lib';
import { createProgram } from '../../lib/cli/program';
import { Collector, LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { waitFor } from '../helpers/wait';

afterEach(async () => {
  await endProgramsHere();
  await stopBridges();
  removeFiles();
});

const TAKEN =
  "3 frames of the server came here and reached no other client; 'relay' gives everyone all of them\n";

async function sendThree(to: TcpCore): Promise<void> {
  for (let i = 0; i < 3; i++) await to.send(new Frame(10));
}

test('dump and watch say how many they took', async () => {
  const [first, second] = [await reservePorts(), await reservePorts()];
  const dump = rogueBridgeHere('dump', `${LOOPBACK}:${first}`, '--count', 3);
  await sendThree(await makeServer(first));
  expect(await dump.end()).toBe(0);
  expect(dump.stderr).toContain(`3 frames printed\n${TAKEN}`);
  const watch = rogueBridgeHere('watch', `${LOOPBACK}:${second}`);
  await sendThree(await makeServer(second));
  await watch.prints('"frames":3');
  watch.interrupt();
  expect(await watch.end()).toBe(0);
  expect(watch.stderr).toContain(TAKEN);
});

test.each([
  ['a client says how many it took', false],
  ['a server takes from nobody', true],
])('record: %s', async (_, listen) => {
  const port = await reservePorts();
  const file = fileName('run.dat');
  const role = listen ? ['--listen'] : [];
  const record = rogueBridgeHere('record', file, `${LOOPBACK}:${port}`, ...role);
  await sendThree(await (listen ? makeClient : makeServer)(port));
  await waitFor('the file', () => existsSync(file) && statSync(file).size === 3 * 18);
  record.interrupt();
  expect(await record.end()).toBe(0);
  expect(record.stderr.includes(TAKEN)).toBe(!listen);
  expect(record.stderr.includes('no other client')).toBe(!listen);
});

test('prbs tx says how many it threw away', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const collector = server.to(new Collector());
  const tx = rogueBridgeHere('prbs', 'tx', `${LOOPBACK}:${port}`, '--rate', 200, '--log', 'stream=debug');
  await sendThree(server);
  await waitFor('all three', () => tx.stderr.split('Pulled frame').length === 4);
  await collector.waitForCount(1);
  tx.interrupt();
  expect(await tx.end()).toBe(0);
  expect(tx.stderr).toContain(
    '3 frames of the server came here and were thrown away; other clients did not get them\n',
  );
});

test('bench in front of a server that is none says how many it threw away', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const hellos = server.to(new Collector());
  const bench = rogueBridgeHere('bench', `${LOOPBACK}:${port}`, '--timeout', '1s');
  await sendThree(server);
  await hellos.waitForCount(1);
  expect(await bench.end()).toBe(1);
  expect(bench.stderr).toMatch(
    /^3 frames of the server came here and were thrown away; .*\nrogue-bridge: .* does not answer/m,
  );
});

test.each([
  ['watch', 'reach no other one'],
  ['dump', 'reach no other one'],
  ['record', 'reach no other one'],
  ['prbs rx', 'reach no other one'],
  ['send', 'thrown away and counted, and reach no other client'],
  ['replay', 'thrown away and counted, and reach no other client'],
  ['prbs tx', 'thrown away and counted, and reach no other client'],
  ['bench', 'thrown away and counted, and reach no other client'],
])('%s --help says that others do not get them', (name, words) => {
  const command = name
    .split(' ')
    .reduce((parent, word) => parent.commands.find((one) => one.name() === word)!, createProgram());
  expect(command.helpInformation().replace(/\s+/g, ' ')).toContain(words);
});
