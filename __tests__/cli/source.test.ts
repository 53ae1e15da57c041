// A source that goes and comes back: what is said of it meanwhile, and at the end.

import { EventEmitter } from 'node:events';
import { Frame, type TcpCore } from '../../lib';
import { Source } from '../../lib/cli/support/source';
import { LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { describeInTerminal, endTerminals, Terminal } from '../helpers/terminal';
import { waitFor } from '../helpers/wait';

afterEach(async () => {
  endTerminals();
  await endProgramsHere();
  await stopBridges();
  removeFiles();
});

const GONE = /^the source is gone, \d{4}-\d\d-\d\dT[\d:.]+Z$/m;
const BACK = /^the source is back after \d+\.\d+ s, \d{4}-\d\d-\d\dT[\d:.]+Z$/m;

/** The arguments of a subcommand that takes the frames of a server at `target`. */
const TAKERS: Readonly<Record<string, (target: string, other: string) => string[]>> = {
  watch: (target) => ['watch', target],
  dump: (target) => ['dump', target],
  record: (target) => ['record', fileName('run.dat'), target],
  relay: (target, other) => ['relay', '--from', target, '--to', `${other},drop=1`],
};

async function argumentsOf(name: string, port: number): Promise<string[]> {
  return TAKERS[name]!(`${LOOPBACK}:${port}`, `${LOOPBACK}:${await reservePorts()}`);
}

async function sendTo(server: TcpCore): Promise<void> {
  await server.send(new Frame(Buffer.from('here I am')));
}

test.each([
  ['watch', 'native'],
  ['dump', 'native'],
  ['record', 'native'],
  ['relay', 'native'],
  ['record', 'libzmq'],
])(
  '%s tells when it goes, when it is back, and at the end how long it was gone (%s)',
  async (name, engine) => {
    const port = await reservePorts();
    const first = await makeServer(port);
    const args = await argumentsOf(name, port);
    const program = rogueBridgeHere(...args, '--engine', engine);
    await sendTo(first);
    await first.stop();
    await program.complains('the source is gone');
    expect(program.stderr).not.toContain('is back');
    const second = await makeServer(port);
    await sendTo(second);
    await program.complains('the source is back');
    await second.stop();
    await waitFor('it to be told again', () => program.stderr.split('the source is gone').length === 3);
    program.interrupt();
    await program.end();
    expect(program.stderr).toMatch(GONE);
    expect(program.stderr).toMatch(BACK);
    expect(program.stderr).toMatch(/^the source was gone 2 times, [\d.]+ s in all, and had not come back$/m);
  },
);

test('of several clients the last one that leaves is the source', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('dump', '--listen', `${LOOPBACK}:${port}`);
  const [one, two] = [await makeClient(port), await makeClient(port)];
  await Promise.all([sendTo(one), sendTo(two)]);
  await program.prints('#2');
  await one.stop();
  await sendTo(two);
  await program.prints('#3');
  expect(program.stderr).not.toContain('gone');
  await two.stop();
  await program.complains('the source is gone');
  program.interrupt();
  await program.end();
  expect(program.stderr).toMatch(/^the source was gone once, [\d.]+ s, and had not come back$/m);
});

test('nothing is said of a source that stays to the end', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const program = rogueBridgeHere('record', fileName('run.dat'), `${LOOPBACK}:${port}`, '--count', 1);
  await sendTo(server);
  expect(await program.end()).toBe(0);
  expect(program.stderr).not.toMatch(/source/);
});

test('what leaves after the end, because we do, is not counted', () => {
  const bridge = new EventEmitter();
  const said: string[] = [];
  const source = new Source(bridge as unknown as TcpCore, (text) => said.push(text));
  bridge.emit('connect', { direction: 'receive' });
  // The other connection has no part in it.
  bridge.emit('disconnect', { direction: 'send' });
  expect(source.goneText).toBeUndefined();
  source.end();
  bridge.emit('disconnect', { direction: 'receive' });
  expect(source).toMatchObject({ goneText: undefined, summary: undefined });
  expect(said).toEqual([]);
});

describeInTerminal('in a terminal (needs tmux)', () => {
  test.each([
    ['watch', /^127\.0\.0\.1:\d+, as a client +source gone for \d+ s {2}\d:\d\d$/m],
    ['record', /source gone for \d+ s, 1 frame, 17 B$/m],
    ['relay', /^source gone for \d+ s \| :\d+ 0\/s/m],
  ])('the live line of %s shows for how long it is gone, and not after its return', async (name, shown) => {
    const port = await reservePorts();
    const first = await makeServer(port);
    const terminal = new Terminal(90, 24, ...(await argumentsOf(name, port)));
    const { text } = terminal;
    await sendTo(first);
    await first.stop();
    await waitFor('the line', () => shown.test(text()), undefined, text);
    expect(text()).not.toContain('the source is gone');
    const second = await makeServer(port);
    await second.waitForPeer({ timeoutMs: 10_000 });
    await waitFor('it to be back', () => !text().includes('source gone'), undefined, text);
    terminal.press('C-c');
    await waitFor('the summary', () => text().includes('ENDED'), undefined, text);
    expect(text()).toMatch(/^the source was gone once, \d+\.\d+ s$/m);
  });
});
