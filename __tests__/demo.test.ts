// The demo as its user runs it: processes, what they print, how they exit.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Pull, Push } from 'zeromq';
import { LOOPBACK, makeServer, stopBridges } from './helpers/bridges';
import { reservePorts } from './helpers/ports';
import { ENVIRONMENT } from './helpers/environment';
import { runHere } from './helpers/program-here';
import { waitFor } from './helpers/wait';
import { Master, Frame } from '../lib';

const DEMO = join(__dirname, '..', 'dist', 'cli', 'main.js');

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

function demo(...args: (string | number)[]): Promise<Run> {
  const child = spawn(process.execPath, [DEMO, 'demo', ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const run: Run = { status: null, stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (run.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (run.stderr += text.toString()));
  return new Promise((resolve) => child.once('close', (status) => resolve({ ...run, status })));
}

afterEach(stopBridges);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('both processes stream both ways, check everything, print a table and exit 0', async () => {
  const { status, stdout, stderr } = await demo('--duration', 1, '--engine', 'libzmq');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^.+, \d+ cores?, Node v[\d.]+, engine libzmq\nexporter: TcpServer on /);
  expect(stdout).toContain('OK: every frame arrived with its payload and its metadata intact.');
  const row = /^(exporter -> analysis|analysis -> exporter) +([\d ]+?) {2,}([\d ]+?) {2,}.* 0 +0$/gm;
  const rows = [...stdout.matchAll(row)];
  expect(rows).toHaveLength(2);
  for (const [, , sent, received] of rows) {
    expect(sent).toBe(received);
    expect(Number(sent!.replaceAll(' ', ''))).toBeGreaterThan(100);
  }
});

test.each([
  ['all of its processes, as a terminal does it', -1],
  ['the first process alone', 1],
])('Ctrl-C to %s ends it early and in good order', async (_, sign) => {
  const child = spawn(process.execPath, [DEMO, 'demo', '--duration', '600'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: ENVIRONMENT,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const closed = new Promise((resolve) => child.once('close', (...end) => resolve(end)));
  try {
    await waitFor(
      'frames',
      () => /[1-9][\d ]* frames {3}/.test(stdout),
      undefined,
      () => stdout + stderr,
    );
    process.kill(sign * child.pid!, 'SIGINT');
    expect(await closed).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^exporter -> analysis .* 0 +0\nanalysis -> exporter .* 0 +0$/m);
  expect(stdout).toContain('OK: every frame arrived');
  const parts = [...stdout.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
  expect(parts.map(isRunning)).toEqual([false, false]);
});

test('the two halves find each other, know each other, end together, and count alike', async () => {
  const target = `${LOOPBACK}:${await reservePorts()}`;
  const halves = await Promise.all([
    runHere('demo', '--listen', target, '--engine', 'libzmq', '--duration', '10m'),
    runHere('demo', target, '--duration', 1),
  ]);
  for (const { status, stdout, stderr } of halves) {
    expect({ status, faults: stderr.includes('FAILED') }).toEqual({ status: 0, faults: false });
    expect(stdout).toContain(
      'the other side is the other half of this demo: payload and metadata are checked',
    );
    expect(stdout).toContain('OK: the other side took what was sent');
  }
  expect(halves[0].stdout).toMatch(/^the other half has ended after \d+\.\d+ s$/m);
  const [server, client] = halves.map(({ stdout }) => ({
    engine: /^.+, \d+ cores?, Node v[\d.]+, engine (.*)\n/.exec(stdout)?.[1],
    sent: /^sent +([\d ]+?) {2,}/m.exec(stdout)?.[1],
    received: /^received +- +([\d ]+?) {2,}/m.exec(stdout)?.[1],
  }));
  expect(server).toEqual({ engine: 'libzmq', sent: client!.received, received: client!.sent });
  expect(client!.engine).toBe('native');
  expect(server!.sent).toMatch(/[1-9]/);
});

test('a half whose frames arrive damaged says so and exits 1', async () => {
  const port = await reservePorts();
  const push = new Push({ immediate: true, linger: 0 });
  const pull = new Pull();
  await pull.bind(`tcp://${LOOPBACK}:${port}`);
  await push.bind(`tcp://${LOOPBACK}:${port + 1}`);
  const running = runHere('demo', `${LOOPBACK}:${port}`, '--duration', 1);
  // An echo that changes the channel of one frame and the payload of another.
  let frames = 0;
  const echo = (async () => {
    for await (const [flags, channel, error, payload] of pull) {
      frames += 1;
      if (frames === 5) channel![0]! ^= 1;
      if (frames === 6) payload![payload!.length - 1]! ^= 1;
      // The last one is how a half says that it has sent all.
      if (frames <= 100 || payload!.length < 12) await push.send([flags!, channel!, error!, payload!]);
    }
  })();
  const { status, stdout, stderr } = await running;
  push.close();
  pull.close();
  await echo;
  expect(status).toBe(1);
  expect(stdout).toContain('the other side is the other half of this demo');
  expect(stderr).toContain('FAILED: received: 1 frames with a wrong payload');
  expect(stderr).toContain('FAILED: received: 1 frames with wrong metadata');
});

test('frames that are not PRBS are counted and not blamed', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  server.to(() => undefined);
  const running = runHere('demo', `${LOOPBACK}:${port}`, '--duration', 1);
  const master = new Master();
  master.to(server);
  for (let i = 0; i < 10; i++) await master.sendFrame(new Frame(Buffer.from('not PRBS at all')));
  const { status, stdout } = await running;
  expect(status).toBe(0);
  expect(stdout).toContain('the other side is not PRBS: its frames are only counted');
});

test.each([
  [['--connect', 'nowhere'], "'nowhere' is invalid. give HOST:PORT"],
  [['--connect', '127.0.0.1:65535'], 'the base port, 1 to 65534'],
  [['--duration', '0.5'], 'give a time from 1s to 1h'],
  [['--seconds', '3601'], 'give a time from 1s to 1h'],
  [['--listen'], '--curve and --metrics are for one half: give HOST:PORT'],
  [['--connect', 'a:1', '--listen', 'b:2'], '--connect and --listen are two halves'],
  [['--bogus'], '--bogus'],
])('%j is wrong usage: one line that says what to do, exit status 2', async (args, words) => {
  const { status, stdout, stderr } = await runHere('demo', ...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(words);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('a port in use is a failure: one line, exit status 1', async () => {
  const port = await reservePorts();
  await makeServer(port);
  const { status, stderr } = await runHere('demo', '--listen', `${LOOPBACK}:${port}`);
  expect(status).toBe(1);
  expect(stderr).toBe(
    `rogue-bridge: Failed to bind server to port ${port} at address ${LOOPBACK}, another process may be using this port (EADDRINUSE)\n`,
  );
});

test('--help says how, and exits 0', async () => {
  const { status, stdout } = await runHere('demo', '--help');
  expect(status).toBe(0);
  expect(stdout).toContain('rogue-bridge demo daq-host:8000');
});
