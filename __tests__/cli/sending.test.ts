// What send and replay say of frames that may not have arrived.

import { writeFileSync } from 'node:fs';
import { Frame } from '../../lib';
import { Collector, LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, recordOf, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endPrograms, rogueBridge } from '../helpers/program';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { waitForStandstill } from '../helpers/wait';

const DOUBT = 'the peer left while frames were sent to it: those under way may be lost';

afterEach(async () => {
  await endPrograms();
  await endProgramsHere();
  await stopBridges();
  removeFiles();
});

test.each(['libzmq', 'native'])('a peer that is frozen has not got everything (%s)', async (engine) => {
  const port = await reservePorts();
  const receiver = rogueBridge('watch', '--listen', `${LOOPBACK}:${port}`, '--json');
  const args = ['--chunk', '100k', '--linger', '200ms', '--engine', engine] as const;
  const program = rogueBridge('send', `${LOOPBACK}:${port}`, ...args);
  await receiver.prints('"connected":true');
  receiver.freeze();
  // More than a connection has room for, and less than a bridge's high-water mark.
  program.input(Buffer.alloc(50_000_000));
  program.endInput();
  expect(await program.end()).toBe(1);
  expect(program.stderr).toContain('500 frames, 50.0 MB sent');
  expect(program.stderr).toMatch(
    /^rogue-bridge: .*(did not leave|may not have left): .*--linger is too short$/m,
  );
});

test('a peer that left while there was more to send is told of, and is a failure', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`, '--chunk', 10);
  const first = await makeServer(port);
  const before = first.to(new Collector());
  program.input(Buffer.alloc(20, 'x'));
  await before.waitForCount(2);
  await first.stop();
  const after = (await makeServer(port)).to(new Collector());
  program.input(Buffer.alloc(20, 'x'));
  program.endInput();
  await after.waitForCount(2);
  expect(await program.end()).toBe(1);
  expect(program.stderr).toContain(`4 frames, 40 B sent\nrogue-bridge: ${DOUBT}\n`);
});

test('to replay --loop peers may come and go', async () => {
  const port = await reservePorts();
  const file = fileName('run.dat');
  writeFileSync(file, recordOf(new Frame(10)));
  const program = rogueBridgeHere('replay', file, `${LOOPBACK}:${port}`, '--rate', 200, '--loop');
  const first = await makeServer(port);
  await first.to(new Collector()).waitForCount(2);
  await first.stop();
  await (await makeServer(port)).to(new Collector()).waitForCount(2);
  program.interrupt();
  expect(await program.end()).toBe(0);
  expect(program.stderr).toMatch(new RegExp(`sent\\n${DOUBT}\\n$`));
});

test('to replay --loop a peer may leave that had not taken what it was sent', async () => {
  const port = await reservePorts();
  const file = fileName('run.dat');
  writeFileSync(file, recordOf(new Frame(1_000_000)));
  const program = rogueBridgeHere('replay', file, `${LOOPBACK}:${port}`, '--loop', '--engine', 'native');
  const first = await makeServer(port, { receiveHighWaterMark: 1 });
  first.addSlave(() => new Promise(() => undefined));
  await waitForStandstill('the first one to take no more', () => first.stats.framesReceived);
  await first.stop();
  await (await makeServer(port)).to(new Collector()).waitForCount(2);
  program.interrupt();
  expect(await program.end()).toBe(0);
  expect(program.stderr).toMatch(new RegExp(`sent\\n${DOUBT}\\n$`));
});
