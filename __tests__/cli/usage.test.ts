// What every subcommand has: help with examples, one line for an error, an exit status.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as targetCheck from '../../lib/cli/doctor/target-check';
import { colorsOf } from '../../lib/cli/support/colors';
import { ENVIRONMENT } from '../helpers/environment';
import { reservePorts } from '../helpers/ports';
import { makeServer, stopBridges } from '../helpers/bridges';
import { endProgramsHere, rogueBridgeHere, runHere } from '../helpers/program-here';

const MAIN = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const SUBCOMMANDS = [
  'watch',
  'dump',
  'send',
  'prbs',
  'record',
  'replay',
  'info',
  'export',
  'extract',
  'relay',
  'bench',
  'doctor',
  'keygen',
  'demo',
  'completion',
];

afterEach(async () => {
  await endProgramsHere();
  await stopBridges();
});

test('--help names every subcommand, --version is that of the package', async () => {
  const { status, stdout } = await runHere('--help');
  expect(status).toBe(0);
  for (const name of SUBCOMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  const { version } = JSON.parse(readFileSync(join(MAIN, '..', '..', '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  expect((await runHere('--version')).stdout).toBe(`${version}\n`);
});

test('the command as it was built ends with the status and the one line', async () => {
  const program = rogueBridgeHere('dump', 'daq-host');
  expect(await program.end()).toBe(2);
  expect(program.stdout).toBe('');
  expect(program.stderr).toMatch(/^rogue-bridge: .*give HOST:PORT.*\n$/);
});

test('without a word it is as with --help', async () => {
  expect(await runHere()).toEqual(await runHere('--help'));
});

test.each(SUBCOMMANDS)('%s --help has examples, within 80 columns', async (name) => {
  const { status, stdout } = await runHere(name, '--help');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Examples:\n {2}/m);
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test.each([
  [['nonsense'], "unknown command 'nonsense' (--help tells more)"],
  [['wach'], "unknown command 'wach' (Did you mean watch?)"],
  [['watch', 'h:1', '--engin', 'native'], "unknown option '--engin' (Did you mean --engine?)"],
  [['watch', '*:8000'], '* is every address of this machine, and nobody can connect to that: add --listen'],
  [['dump', '[::]:8000'], 'add --listen to be the server there'],
  [['dump'], "missing required argument 'source'"],
  [['dump', 'daq-host'], 'daq-host: there is no such file, and for a peer give HOST:PORT'],
  [['dump', 'package.json', 'h:1'], 'h:1 is a peer: give it alone, or data files alone'],
  [['dump', 'package.json', '-'], '- is standard input: give it alone'],
  [
    ['watch', 'package.json', '--listen'],
    '--listen is for a peer, and package.json is a data file: leave it out',
  ],
  [
    ['prbs', 'rx', 'package.json', '--timeout', '3', '--engine', 'native'],
    '--engine and --timeout are for a peer',
  ],
  [['record', 'run.dat', 'h:65535'], "'h:65535' is no address of a peer: give HOST:PORT"],
  [['record', '-', 'h:1', '--max-size', '1M'], '--max-size and --overwrite are for a file'],
  [['record', '-', 'h:1', '--overwrite'], '--max-size and --overwrite are for a file'],
  [['replay', 'run.dat', 'h:65535'], "'h:65535' is no address of a peer: give HOST:PORT"],
  [['replay', '-', 'h:1', '--loop'], '--loop needs files: standard input can be read once'],
  [['dump', 'daq-host:65535'], '1 to 65534'],
  [['dump', 'h:1', '--channel', '256'], 'give a whole number from 0 to 255'],
  [['dump', 'h:1', '--format', 'xml'], 'give hex, json or raw'],
  [['dump', 'h:1', '--max-bytes', 'many'], 'give a number of bytes'],
  [['dump', 'h:1', '--timeout', '5 parsecs'], 'give a time above 0'],
  [['dump', 'h:1', '--timeout', '30d'], 'give a time of at most 24d'],
  [['send', '127.0.0.1:9000', '--linger', '30d'], 'give a time of at most 24d'],
  [['relay', '--from', 'h:1', '--to', 'i:1', '--linger', '60d'], 'give a time of at most 24d'],
  [['bench', '--timeout', '30d'], 'give a time of at most 24d'],
  [['replay', '--loop', 'run.dat', 'h:1'], '--loop alone as the last word'],
  [['dump', 'h:1', '--engine', 'steam'], 'give native or libzmq'],
  [['dump', 'h:1', '--log', 'stream'], 'give FILTER=LEVEL'],
  [['dump', 'h:1', '--allow', '10.0.0.1'], 'add --listen'],
  [['dump', '127.0.0.1:9000', '--listen', '--allow', 'everyone'], "allow has 'everyone'"],
  [['send', 'h:1', '--loop', '2'], '--loop needs files'],
  [['send', 'h:1', '--repeat', '2'], '--loop needs files'],
  [['dump', 'h:1', '--format', 'raw', '--json'], '--json is --format json, and --format is raw'],
  [['watch', 'h:1', '--format', 'text'], 'standard output is none'],
  [['send', 'h:1', '--chunk', '0'], '--chunk is 0'],
  [['prbs', 'sideways'], "unknown command 'sideways'"],
  [['prbs', 'rx', 'h:1', '--width', '16'], 'from 32 to 65536'],
  [['prbs', 'tx', 'h:1', '--size', '3'], 'size is 3'],
  [['prbs', 'loop', '--listen'], 'need HOST:PORT'],
  [['prbs', 'loop', '--curve', 'a.secret'], '--curve need HOST:PORT'],
  [['bench', '--curve', 'a.secret'], '--curve needs HOST:PORT'],
  [['watch', 'h:1', '--curve', 'a.secret', '--engine', 'native'], 'only libzmq encrypts: leave --engine out'],
  [['watch', 'h:1', '--curve-peer', 'a.public'], 'add --curve with the .secret file of ours'],
  [
    ['watch', 'package.json', '--curve', 'a.secret'],
    '--curve is for a peer, and package.json is a data file',
  ],
  [
    ['relay', '--from', 'h:1', '--to', 'i:1', '--from-curve', 'a.secret'],
    'a client needs --from-curve-peer once',
  ],
  [['relay', '--from', 'h:1', '--to', 'h:1'], 'frames would go round'],
  [['replay', 'run.dat'], 'give HOST:PORT'],
  [['replay', 'daq:8000'], 'name a data file'],
  [['completion', 'tcsh'], 'Allowed choices are bash, zsh, fish'],
])('%j is wrong usage: what, and what to do, status 2', async (args, words) => {
  const { status, stdout, stderr } = await runHere(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(words);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('doctor: --json is --format json', async () => {
  for (const args of [['--json'], ['--format', 'json'], ['--json', '--format', 'json']]) {
    const { status, stdout } = await runHere('doctor', ...args);
    expect({ status, report: JSON.parse(stdout) as object }).toMatchObject({
      status: 0,
      report: { ok: true },
    });
  }
  expect((await runHere('doctor', '--format', 'text')).stdout).toContain('bridges that fit in one process');
});

test('help is --help', async () => {
  expect(await runHere('help')).toEqual(await runHere('--help'));
  expect(await runHere('help', 'dump')).toEqual(await runHere('dump', '--help'));
});

test.each([
  ['libzmq', 'dump'],
  ['native', 'watch'],
])('nobody there is a failure on %s: one line, and doctor has looked, status 1', async (engine, name) => {
  const port = await reservePorts();
  const program = rogueBridgeHere(name, `127.0.0.1:${port}`, '--engine', engine, '--timeout', '2s');
  expect(await program.end()).toBe(1);
  expect(program.stderr.trimEnd().split('\n').at(-1)).toBe(
    `rogue-bridge: no peer at 127.0.0.1:${port} within 2 s: Nothing listens on 127.0.0.1:${port} and ${port + 1}. ` +
      'Start the server, or give its base port. A server bound to 127.0.0.1 is not seen from other hosts; ' +
      'a client listens on nothing.',
  );
});

test('the second port of a server is what send, too, is told of when it gives up', async () => {
  const port = await reservePorts([1, 2]);
  await makeServer(port);
  const program = rogueBridgeHere('send', `127.0.0.1:${port + 1}`, '--timeout', '2s');
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(/^rogue-bridge: no peer at .*: The base port is one too high: .*\n$/m);
});

test('where it gives up before doctor is done, it names doctor', async () => {
  const port = await reservePorts();
  const looking = jest.spyOn(targetCheck, 'reportTarget').mockReturnValue(new Promise(() => undefined));
  const program = rogueBridgeHere('dump', `127.0.0.1:${port}`, '--timeout', '100ms');
  expect(await program.end()).toBe(1);
  expect(looking).toHaveBeenCalledTimes(1);
  looking.mockRestore();
  expect(program.stderr).toMatch(
    /^rogue-bridge: no peer at .*'rogue-bridge doctor 127\.0\.0\.1:\d+' looks closer$/m,
  );
});

test.each([
  ['is full', '> /dev/full', 1, /^rogue-bridge: standard output: ENOSPC/],
  ['is closed', '| true', 0, /^$/],
])('where standard output %s there is no stack', (_what, redirection, expected, words) => {
  const command = `set -o pipefail; "$0" "$1" doctor ${redirection}`;
  const { status, stderr } = spawnSync('bash', ['--norc', '-c', command, process.execPath, MAIN], {
    encoding: 'utf8',
  });
  expect(stderr).toMatch(words);
  expect(status).toBe(expected);
});

test.each([
  [{}, false],
  [{ CI: 'true' }, false],
  [{ FORCE_COLOR: '0' }, false],
  [{ FORCE_COLOR: '1' }, true],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('with %j a pipe is given colours: %s', (env, expected) => {
  const options = { encoding: 'utf8', env: { ...ENVIRONMENT, CI: '', ...env } } as const;
  const { stdout } = spawnSync(process.execPath, [MAIN, 'doctor'], options);
  expect(stdout.includes('\x1b[')).toBe(expected);
});

test('a terminal is given colours, unless NO_COLOR or TERM say otherwise', () => {
  const shows = (isTTY: boolean, env: NodeJS.ProcessEnv): boolean =>
    colorsOf({ isTTY }, env).isColorSupported;
  expect(shows(true, { TERM: 'xterm' })).toBe(true);
  expect(shows(true, { TERM: 'xterm', NO_COLOR: '' })).toBe(true);
  expect(shows(true, { TERM: 'xterm', NO_COLOR: '1' })).toBe(false);
  expect(shows(true, { TERM: 'xterm', FORCE_COLOR: '0' })).toBe(false);
  expect(shows(true, { TERM: 'dumb' })).toBe(false);
  expect(shows(false, { TERM: 'xterm', CI: 'true' })).toBe(false);
});

test.each(['watch', 'dump'])('%s of a host that nobody knows fails at once', async (name) => {
  const program = rogueBridgeHere(name, 'nosuchhost.invalid:8000');
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(/^rogue-bridge: nosuchhost\.invalid does not resolve/);
});

test.each(['bash', 'zsh', 'fish'])('completion %s prints a script', async (shell) => {
  const { status, stdout } = await runHere('completion', shell);
  expect(status).toBe(0);
  for (const name of SUBCOMMANDS) expect(stdout).toContain(name);
});
