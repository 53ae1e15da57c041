// rogue-bridge doctor, run as a process in front of real servers, and of what is none.

import { createServer } from 'node:http';
import { Publisher, Pull, Push, Reply } from 'zeromq';
import { Frame, generateCurveKeys, type Engine } from '../../lib';
import { probe } from '../../lib/cli/doctor/zmtp-probe';
import { Collector, LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { reservePorts } from '../helpers/ports';
import { endProgramsHere, rogueBridgeHere, runHere } from '../helpers/program-here';
import { greeting } from '../helpers/raw-peer';
import { endRaw, listenRaw } from '../helpers/recording';
import { waitForEnd } from '../helpers/wait';

const ENGINES: readonly Engine[] = ['libzmq', 'native'];
const SILENCE = ['--timeout', '300ms'];

interface Report {
  ok: boolean;
  addresses: string[];
  asked: string;
  ports: { port: number; expected?: string; finding: { state: string; socketType?: string } }[];
  diagnosis: { code: string; text: string; advice: string };
}

const closing: { close(): unknown }[] = [];

afterEach(async () => {
  await endProgramsHere();
  for (const one of closing.splice(0)) one.close();
  endRaw();
  await stopBridges();
});

/** What doctor says of a base port, as JSON; its status must say the same. */
async function examine(port: number, ...more: string[]): Promise<Report> {
  const doctor = rogueBridgeHere('doctor', `${LOOPBACK}:${port}`, '--json', ...more);
  const status = await doctor.end();
  expect(doctor.stderr).toBe('');
  const report = JSON.parse(doctor.stdout) as Report;
  expect(status).toBe(report.ok ? 0 : 1);
  return report;
}

async function bindBare(socket: Publisher | Pull | Push | Reply, port: number): Promise<void> {
  closing.push(socket);
  await socket.bind(`tcp://${LOOPBACK}:${port}`);
}

describe('a good server', () => {
  test.each(ENGINES)('on %s is found, and its frame waits for a real client', async (engine) => {
    const port = await reservePorts();
    const server = await makeServer(port, { engine });
    const sent = server.acceptFrame(new Frame(Buffer.from('for a client')));
    const report = await examine(port);
    expect(report).toMatchObject({
      ok: true,
      asked: LOOPBACK,
      diagnosis: { code: 'fine' },
      ports: [
        {
          port,
          expected: 'PULL',
          finding: { state: 'ready', version: '3.1', mechanism: 'NULL', socketType: 'PULL' },
        },
        { port: port + 1, expected: 'PUSH', finding: { state: 'ready', socketType: 'PUSH' } },
      ],
    });
    expect(server.stats).toMatchObject({
      framesSent: 0,
      sendsWaiting: 1,
      discarded: 0,
      framesReceived: 0,
      malformed: 0,
      refusedPeers: 0,
      lastError: undefined,
    });
    const client = await makeClient(port, { engine });
    const collector = client.to(new Collector());
    await sent;
    await collector.waitForCount(1);
    expect(collector.frames.map((frame) => frame.payload.toString())).toEqual(['for a client']);
    expect(server.stats).toMatchObject({ framesSent: 1, sendsWaiting: 0, discarded: 0 });
  });

  test.each(ENGINES)('on %s with a client goes on streaming to it', async (engine) => {
    const port = await reservePorts();
    const server = await makeServer(port, { engine });
    const client = await makeClient(port, { engine });
    await client.waitForPeer({ timeoutMs: 10_000 });
    const collector = client.to(new Collector());
    const doctor = rogueBridgeHere('doctor', `${LOOPBACK}:${port}`);
    let ended = false;
    const end = doctor.end().finally(() => (ended = true));
    let sent = 0;
    for (; !ended; sent++) await server.acceptFrame(new Frame(Buffer.from(String(sent))));
    expect(await end).toBe(0);
    await collector.waitForCount(sent);
    expect(collector.frames.every((frame, i) => frame.payload.toString() === String(i))).toBe(true);
  });

  test('is told in words, by its name and addresses', async () => {
    const port = await reservePorts();
    await makeServer(port);
    const doctor = rogueBridgeHere('doctor', `localhost:${port}`);
    expect(await doctor.end()).toBe(0);
    expect(doctor.stdout).toMatch(/^localhost is .*127\.0\.0\.1/);
    expect(doctor.stdout).toMatch(new RegExp(`${port} +PULL +ok +PULL, ZMTP 3.1, NULL`));
    expect(doctor.stdout).toMatch(new RegExp(`${port + 1} +PUSH +ok +PUSH, ZMTP 3.1, NULL`));
    expect(doctor.stdout).toContain(
      `ok: A bridge server is there: it receives on ${port} and sends on ${port + 1}.`,
    );
  });
});

test('a look is over when it is aborted, whatever it waits for', async () => {
  const port = await reservePorts();
  const { connection } = await listenRaw(port);
  const ending = new AbortController();
  const hourMs = 3_600_000;
  const looking = probe(LOOPBACK, port, hourMs, ending.signal);
  await connection;
  ending.abort();
  await waitForEnd('the look', looking);
  await waitForEnd('one that comes after it', probe(LOOPBACK, port, hourMs, ending.signal));
});

describe('ports', () => {
  test('nothing listens', async () => {
    const port = await reservePorts();
    const { diagnosis } = await examine(port);
    expect(diagnosis).toMatchObject({
      code: 'nothing-listens',
      text: `Nothing listens on ${LOOPBACK}:${port} and ${port + 1}.`,
    });
  });

  test.each([
    [0, 1, () => new Pull()],
    [1, 0, () => new Push({ linger: 0 })],
  ])('only P + %i listens', async (open, shut, make) => {
    const port = await reservePorts();
    await bindBare(make(), port + open);
    const { diagnosis } = await examine(port);
    expect(diagnosis.code).toBe('one-port');
    expect(diagnosis.text).toContain(`Only ${port + open} is open; nothing answers on ${port + shut}`);
  });

  test.each(ENGINES)('a base port that is one too high is put right, on %s', async (engine) => {
    const port = await reservePorts([1, 2]);
    await makeServer(port, { engine });
    const { diagnosis } = await examine(port + 1);
    expect(diagnosis).toMatchObject({ code: 'off-by-one', advice: `Give ${LOOPBACK}:${port}.` });
    expect(diagnosis.text).toContain('one too high');
  });

  test('a base port that is one too low is put right', async () => {
    const port = await reservePorts([1, 2]);
    await makeServer(port + 1);
    const { diagnosis } = await examine(port);
    expect(diagnosis).toMatchObject({ code: 'off-by-one', advice: `Give ${LOOPBACK}:${port + 1}.` });
    expect(diagnosis.text).toContain('one too low');
  });

  test('swapped ports', async () => {
    const port = await reservePorts();
    await bindBare(new Push({ linger: 0 }), port);
    await bindBare(new Pull(), port + 1);
    const { diagnosis } = await examine(port);
    expect(diagnosis.code).toBe('swapped');
    expect(diagnosis.advice).toContain(`bind PULL to ${port} and PUSH to ${port + 1}`);
  });
});

describe('others on the ports', () => {
  test('an HTTP server', async () => {
    const server = createServer();
    closing.push(server);
    const port = await reservePorts();
    await new Promise<void>((resolve) => {
      server.listen(port, LOOPBACK, resolve);
    });
    const { diagnosis } = await examine(port);
    expect(diagnosis.code).toBe('not-zmtp');
    expect(diagnosis.text).toContain('it seems to be an HTTP server; it said "HTTP/1.1 400 Bad Request');
  });

  test('somebody who says nothing', async () => {
    const port = await reservePorts();
    await listenRaw(port);
    await listenRaw(port + 1);
    const { diagnosis } = await examine(port, ...SILENCE);
    expect(diagnosis.code).toBe('silent');
    expect(diagnosis.text).toContain('it said nothing within 0.3 s');
  });

  test('somebody who greets and says no READY', async () => {
    const port = await reservePorts();
    for (const one of [port, port + 1]) {
      const { server } = await listenRaw(one);
      server.on('connection', (socket) => socket.write(greeting()));
    }
    expect((await examine(port, ...SILENCE)).diagnosis.code).toBe('stuck');
  });

  test('PUB sockets', async () => {
    const port = await reservePorts();
    await bindBare(new Publisher(), port);
    await bindBare(new Publisher(), port + 1);
    const { diagnosis } = await examine(port);
    expect(diagnosis.code).toBe('wrong-type');
    expect(diagnosis.text).toContain(`${LOOPBACK}:${port} is a ZeroMQ PUB; a bridge has a PULL there`);
  });

  test("pyrogue's control interface", async () => {
    const port = await reservePorts();
    await bindBare(new Publisher(), port);
    await bindBare(new Reply(), port + 1);
    expect((await examine(port)).diagnosis.advice).toContain('ZmqServer');
  });

  test.each(ENGINES)('a server on %s whose allow does not name us', async (engine) => {
    const port = await reservePorts();
    await makeServer(port, { engine, allow: ['127.0.0.2'] });
    const { diagnosis } = await examine(port);
    expect(diagnosis.code).toBe('refused');
    expect(diagnosis.advice).toMatch(/allow list/);
  });

  test('a server with CURVE', async () => {
    const port = await reservePorts();
    await makeServer(port, { engine: 'libzmq', curve: generateCurveKeys() });
    const { diagnosis } = await examine(port);
    expect(diagnosis).toMatchObject({ code: 'secured' });
    expect(diagnosis.text).toContain('CURVE');
  });

  test('a host name that nobody knows', async () => {
    const doctor = rogueBridgeHere('doctor', 'nosuchhost.invalid:8000');
    expect(await doctor.end()).toBe(1);
    expect(doctor.stdout).toContain('The host name nosuchhost.invalid does not resolve');
  });
});

describe('the system', () => {
  test('its limits and how many bridges they allow', async () => {
    const doctor = rogueBridgeHere('doctor');
    expect(await doctor.end()).toBe(0);
    for (const name of [
      'open files (ulimit -n)',
      'processes (ulimit -u)',
      'fs.file-max',
      'kernel.threads-max',
      'vm.max_map_count',
      'net.ipv4.ip_local_port_range',
      'loopback 127.0.0.1',
      'servers with a client each',
    ]) {
      expect(doctor.stdout).toContain(name);
    }
    expect(doctor.stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
  });

  test('10 bridges fit', async () => {
    const doctor = rogueBridgeHere('doctor', '--bridges', 10);
    expect(await doctor.end()).toBe(0);
    expect(doctor.stdout).toContain(
      'ok: 10 bridges (servers with a client each) fit in one process, on either engine',
    );
    expect(doctor.stdout).not.toContain('raise');
  });

  test('500 million do not, and the lines say what to raise', async () => {
    // More than any system allows a process at first.
    const doctor = rogueBridgeHere('doctor', '--bridges', 500_000_000);
    expect(await doctor.end()).toBe(1);
    expect(doctor.stdout).toContain('fit in one process on neither engine');
    for (const line of [/ulimit -n 20\d{8}\n/, /\* hard nofile 20\d{8}\n/, /LimitNOFILE=20\d{8}\n/]) {
      expect(doctor.stdout).toMatch(line);
    }
  });

  test('as JSON', async () => {
    const doctor = rogueBridgeHere('doctor', '--bridges', 10, '--json');
    expect(await doctor.end()).toBe(0);
    const report = JSON.parse(doctor.stdout) as { checks: object[] };
    expect(report).toMatchObject({
      ok: true,
      capacity: [{ engine: 'libzmq' }, { engine: 'native' }],
      wanted: { bridges: 10, libzmq: true, native: true, raise: [] },
    });
    expect(report.checks).toHaveLength(7);
  });
});

test.each([
  [['daq-host'], /HOST:PORT/],
  [['daq-host:65535'], /1 to 65534/],
  [['*:8000'], /every interface/],
  [['--bridges', '0'], /whole number/],
  [['daq-host:8000', '--bridges', '3'], /--bridges is for this system/],
  [['--timeout', '3'], /--timeout is for an address/],
  [['daq-host:8000', '--timeout', 'long'], /time above 0/],
])('wrong usage: %j', async (args, message) => {
  const doctor = await runHere('doctor', ...args);
  expect(doctor.status).toBe(2);
  expect(doctor.stderr).toMatch(message);
  expect(doctor.stderr.trim().split('\n')).toHaveLength(1);
  expect(doctor.stdout).toBe('');
});
