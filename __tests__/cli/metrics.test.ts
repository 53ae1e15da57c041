// --metrics and /healthz of every subcommand with a bridge.

import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Frame, type TcpCore } from '../../lib';
import { parseListen } from '../../lib/cli/support/arguments';
import { MetricsServer } from '../../lib/cli/support/metrics-server';
import { LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, removeFiles, write } from '../helpers/files';
import { hasIPv6 } from '../helpers/machine';
import { ask, parseMetrics, valuesOf, type Answer } from '../helpers/metrics';
import { reservePorts } from '../helpers/ports';
import { endPeers, startPeer, type Peer } from '../helpers/process';
import { endPrograms, rogueBridge } from '../helpers/program';
import { endProgramsHere, rogueBridgeHere, runHere } from '../helpers/program-here';
import type { Said } from '../helpers/said';
import { pause, waitFor } from '../helpers/wait';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await endProgramsHere();
  await endPrograms();
  await endPeers();
  await stopBridges();
  for (const one of open.splice(0)) await one.close();
  removeFiles();
});

const at = (port: number): string => `${LOOPBACK}:${port}`;

/** Where a program that was told port 0 says its metrics are. */
async function urlOf(program: Said): Promise<string> {
  await program.complains('metrics at ');
  return /metrics at (http:\S+\/metrics)$/m.exec(program.stderr)![1]!;
}

async function health(url: string): Promise<Answer> {
  return ask(url.replace(/metrics$/, 'healthz'));
}

async function waitForHealth(url: string, status: number, words = /^/): Promise<Answer> {
  let answer = await health(url);
  await waitFor(
    `/healthz to say ${status} ${words}`,
    async () => {
      answer = await health(url);
      return answer.status === status && words.test(answer.body);
    },
    undefined,
    () => answer,
  );
  return answer;
}

/** The metrics of a program's own bridge; the test has others in the same process. */
async function ownValue(
  url: string,
  name: string,
  bridge: string,
  role = 'client',
): Promise<number | undefined> {
  const { samples } = parseMetrics((await ask(url)).body);
  return samples.find((one) => one.name === name && one.labels.bridge === bridge && one.labels.role === role)
    ?.value;
}

/** The arguments of each subcommand that takes frames from, or sends them to, a server at `target`. */
const KINDS: Readonly<Record<string, (target: string) => Promise<string[]>>> = {
  watch: (target) => Promise.resolve(['watch', target]),
  dump: (target) => Promise.resolve(['dump', target]),
  record: (target) => Promise.resolve(['record', fileName('out.dat'), target]),
  'prbs rx': (target) => Promise.resolve(['prbs', 'rx', target]),
  'prbs tx': (target) => Promise.resolve(['prbs', 'tx', target, '--rate', '100']),
  replay: async (target) => {
    await write(fileName('in.dat'), [new Frame(100)]);
    return ['replay', fileName('in.dat'), target, '--rate', '100', '--loop'];
  },
  relay: async (target) => ['relay', '--from', target, '--to', `${at(await reservePorts())},drop=1`],
};

test.each(Object.keys(KINDS))(
  '%s: its frames are counted, and /healthz is 200, then 503 without its peer, and 200 again',
  async (name) => {
    const port = await reservePorts();
    const args = await KINDS[name]!(at(port));
    const program = rogueBridgeHere(...args, '--timeout', '1h', '--metrics', '0');
    const url = await urlOf(program);
    await waitForHealth(url, 503, /^\S+ \(client\): no peer to (receive from|send to)\n$/);
    const isSending = ['prbs tx', 'replay'].includes(name);
    const counter = `rogue_bridge_frames_${isSending ? 'sent' : 'received'}_total`;
    const stream = async (server: TcpCore): Promise<void> => {
      server.addSlave(() => undefined);
      await server.waitForPeer({ timeoutMs: 20_000 });
      if (!isSending) await server.send(new Frame(Buffer.alloc(1_000, 1)));
    };
    const first = await makeServer(port);
    await stream(first);
    expect(await waitForHealth(url, 200)).toMatchObject({ body: 'ok\n' });
    await waitFor('a frame to be counted', async () => Number(await ownValue(url, counter, at(port))) > 0);
    await first.stop();
    await waitForHealth(url, 503);
    await stream(await makeServer(port));
    await waitForHealth(url, 200);
    expect((await ask(url)).headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  },
);

test('a server of the command is told of as one, with its clients', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('dump', '--listen', at(port), '--metrics', '127.0.0.1:0');
  const url = await urlOf(program);
  await waitForHealth(url, 503);
  await makeClient(port);
  await waitForHealth(url, 200);
  expect(await ownValue(url, 'rogue_bridge_peers', at(port), 'server')).toBe(1);
});

test('a relay tells of all of its bridges; without a client of one that holds it back it is not well', async () => {
  const [source, first, second] = [await reservePorts(), await reservePorts(), await reservePorts()];
  await makeServer(source);
  const program = rogueBridgeHere(
    ...['relay', '--from', at(source), '--to', at(first), '--to', `${at(second)},drop=1`],
    ...['--metrics', ':0', '--stall', '1h'],
  );
  const url = await urlOf(program);
  await waitForHealth(url, 503, new RegExp(`^${at(first)} \\(server\\): no peer to send to\\n$`));
  await makeClient(first);
  await waitForHealth(url, 200);
  const { samples } = parseMetrics((await ask(url)).body);
  const servers = samples.filter(
    ({ name, labels }) => name === 'rogue_bridge_info' && labels.role === 'server',
  );
  expect(servers.map(({ labels }) => labels.bridge)).toEqual(expect.arrayContaining([at(first), at(second)]));
});

test('with --stall a peer that sends nothing is no health, and a frame is', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const program = rogueBridgeHere('dump', at(port), '--metrics', '0', '--stall', '100ms');
  const url = await urlOf(program);
  await server.waitForPeer({ timeoutMs: 20_000 });
  const silent = /no frame has come for [\d.]+ s, and 0.1 s is the limit\n$/;
  await waitForHealth(url, 503, silent);
  let sending = true;
  const streaming = (async () => {
    while (sending) {
      await server.send(new Frame(10));
      await pause();
    }
  })();
  await waitForHealth(url, 200);
  sending = false;
  await streaming;
  await waitForHealth(url, 503, silent);
});

test('record has one --stall for its end and for /healthz, and needs no --metrics for it', async () => {
  const port = await reservePorts();
  await makeServer(port);
  const args = ['record', fileName('run.dat'), at(port), '--stall'] as const;
  expect(await rogueBridgeHere(...args, '10ms').end()).toBe(1);
  const program = rogueBridgeHere(...args, '1h', '--metrics', '0');
  await waitForHealth(await urlOf(program), 200);
});

test('--metrics-channels counts by channel from the beginning', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const program = rogueBridgeHere('dump', at(port), '--metrics', '0', '--metrics-channels');
  const url = await urlOf(program);
  for (const channel of [3, 3, 9]) await server.send(new Frame(10, { channel }));
  await waitFor(
    'the frames',
    async () => Number(await ownValue(url, 'rogue_bridge_frames_received_total', at(port))) === 3,
  );
  const { samples, help, types } = parseMetrics((await ask(url)).body);
  const own = samples.filter(({ labels }) => labels.role === 'client' && labels.direction === 'receive');
  expect(valuesOf({ samples: own, help, types }, 'rogue_bridge_channel_frames_total', 'channel')).toEqual({
    3: 2,
    9: 1,
  });
  expect(valuesOf({ samples: own, help, types }, 'rogue_bridge_channel_bytes_total', 'channel')).toEqual({
    3: 20,
    9: 10,
  });
});

test('a process of its own serves while its peer is killed and comes back, and ends with Ctrl-C', async () => {
  const port = await reservePorts();
  const program = rogueBridge('watch', at(port), '--json', '--metrics', hasIPv6() ? '[::1]:0' : ':0');
  const url = await urlOf(program);
  const source = (): Peer => startPeer('bridge-peer.cjs', ['server', LOOPBACK, port, 'source']);
  const first = source();
  await waitForHealth(url, 200);
  await first.kill();
  await waitForHealth(url, 503);
  source();
  await waitForHealth(url, 200);
  // One direction may have had no peer yet when the first was killed.
  expect([1, 2]).toContain(await ownValue(url, 'rogue_bridge_reconnects_total', at(port)));
  program.interrupt();
  expect(await program.end()).toBe(0);
  await expect(ask(url)).rejects.toThrow('ECONNREFUSED');
});

describe('the server', () => {
  const sources = { metrics: () => 'a_total 1\n', health: () => ({ healthy: true, reasons: [] }) };
  const start = async (
    more: Partial<typeof sources> = {},
    say: (text: string) => void = () => undefined,
  ): Promise<string> => {
    const server = await MetricsServer.open({ host: LOOPBACK, port: 0 }, { ...sources, ...more }, say);
    open.push(server);
    return server.url;
  };

  test('GET and HEAD have the same head, other paths and methods are refused, no connection is kept', async () => {
    const url = await start();
    const [got, head] = [await ask(url), await ask(url, 'HEAD')];
    expect([got.status, got.body, head.status, head.body]).toEqual([200, 'a_total 1\n', 200, '']);
    for (const name of ['content-type', 'content-length', 'cache-control', 'connection']) {
      expect(head.headers[name]).toBe(got.headers[name]);
    }
    expect(got.headers.connection).toBe('close');
    expect(await ask(url.replace('metrics', 'other'))).toMatchObject({
      status: 404,
      body: 'there are /metrics and /healthz here\n',
    });
    const { status, headers } = await ask(url, 'DELETE');
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('a fault of ours is an answer and a line, and the next request is served', async () => {
    const said: string[] = [];
    let faults = 1;
    const health = (): never => {
      faults -= 1;
      throw new Error(`fault ${faults}`);
    };
    const url = await start({ health }, (text) => said.push(text));
    expect((await ask(url.replace('metrics', 'healthz'))).status).toBe(500);
    expect(said).toEqual([expect.stringContaining('--metrics: ')]);
    expect((await ask(url)).status).toBe(200);
  });

  test('no request, no HTTP, and too long a request take a connection for a moment at most', async () => {
    const url = new URL(await start());
    const dial = (): Socket => {
      const socket = connect(Number(url.port), url.hostname).on('error', () => undefined);
      socket.resume();
      open.push({ close: () => socket.destroy() });
      return socket;
    };
    const noise = dial();
    noise.write('\x16\x03\x01\x00\xa5 no HTTP\r\n\r\n');
    await once(noise, 'close');
    const long = dial();
    long.write(`GET /metrics HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}`);
    await once(long, 'close');
    // More than it keeps: those above the limit are closed, and none of those that say nothing keeps others out for long.
    const silent = Array.from({ length: 20 }, dial);
    let closed = 0;
    for (const socket of silent) socket.once('close', () => (closed += 1));
    await waitFor('those above the limit to be closed', () => closed >= 4);
    await waitFor('the others to be closed', () => closed === 20);
    expect((await ask(url.href)).status).toBe(200);
  });
});

describe('what cannot be served ends with one line before a peer is waited for', () => {
  test('an address that is taken: status 1', async () => {
    const taken = createServer().listen(0, LOOPBACK);
    await once(taken, 'listening');
    open.push(taken);
    const { port } = taken.address() as AddressInfo;
    const ended = await runHere('watch', at(await reservePorts()), '--metrics', at(port));
    expect(ended).toEqual({
      status: 1,
      stdout: '',
      stderr:
        `rogue-bridge: --metrics cannot listen at ${at(port)}: another program listens there: ` +
        'give another port, or port 0 for one that is free (EADDRINUSE)\n',
    });
  });

  test('an address of another machine: status 1', async () => {
    const ended = await runHere('watch', at(await reservePorts()), '--metrics', '192.0.2.1:0');
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(
      /^rogue-bridge: --metrics cannot listen at 192\.0\.2\.1:0: this machine has no such .*\n$/,
    );
  });

  test.each([
    ['--metrics', 'host'],
    ['--metrics', '127.0.0.1:70000'],
    ['--metrics', '::1:9100'],
  ])('%s %s: status 2', async (...args) => {
    const { status, stderr } = await runHere('watch', 'host:8000', ...args);
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('give ADDR:PORT with a port from 0 to 65535'),
    ]);
  });

  test.each([
    [
      ['watch', 'host:8000', '--stall', '3s'],
      '--stall is for --metrics: add --metrics ADDR:PORT, or leave it out',
    ],
    [['prbs', 'tx', 'host:8000', '--metrics-channels'], '--metrics-channels is for --metrics: '],
    [['record', 'a.dat', 'host:8000', '--metrics-channels'], '--metrics-channels is for --metrics: '],
    [['dump', 'package.json', '--metrics', '0'], '--metrics is for a peer, and '],
    [['demo', '--metrics', '0'], '--metrics are for one half: give HOST:PORT'],
  ])('%j: status 2', async (args, words) => {
    const { status, stderr } = await runHere(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(words)]);
  });
});

test.each([
  ['9100', LOOPBACK, 9100],
  [':9100', LOOPBACK, 9100],
  ['*:0', '0.0.0.0', 0],
  ['[::1]:9100', '::1', 9100],
  ['daq-host:9100', 'daq-host', 9100],
])('--metrics %s listens at %s, port %i', (text, host, port) => {
  expect(parseListen(text)).toEqual({ host, port });
});
