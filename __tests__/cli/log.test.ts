// The subcommands with a log in place of a peer: what goes in and comes out, exactly.

import { readFileSync } from 'node:fs';
import { Frame } from '../../lib';
import { Collector, fieldsOf, LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { fields, fileName, numberedFrame, read, recordOf, removeFiles, write } from '../helpers/files';
import { readLog, writeLog } from '../helpers/log-contents';
import { ask } from '../helpers/metrics';
import { describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { PageClient, WATCH } from '../helpers/page-client';
import { reservePorts } from '../helpers/ports';
import { endPrograms, rogueBridge } from '../helpers/program';
import { endProgramsHere, rogueBridgeHere, runHere, type ProgramHere } from '../helpers/program-here';
import { waitFor } from '../helpers/wait';

const COUNT = 50;
const ALL = '?from=first&until=end';
const FRAMES = Array.from({ length: COUNT }, (_, number) => numberedFrame(number, 1 + number * 97));
const RECORDS = Buffer.concat(FRAMES.map((frame) => recordOf(frame)));

const at = (port: number): string => `${LOOPBACK}:${port}`;

describeWithNats('a log', () => {
  let server: NatsServer;
  let logs = 0;

  beforeAll(async () => {
    server = await NatsServer.start();
  });
  afterAll(endNats);
  afterEach(async () => {
    await endProgramsHere();
    await endPrograms();
    await stopBridges();
    removeFiles();
  });

  /** One that no other test has. */
  const newLog = (): string => `${server.url}/log${++logs}`;
  const nameOf = (log: string): string => `${log.split('/').at(-1)!} at ${LOOPBACK}:${server.port}`;

  /** Of a subcommand that begins with what is written from now on. */
  async function isReading(program: ProgramHere): Promise<void> {
    await program.complains('no frame yet: ');
  }

  test('replay writes a data file into it, and record reads the same file out of it', async () => {
    const [file, copy, log] = [fileName('run.dat'), fileName('copy.dat'), newLog()];
    await write(file, FRAMES);
    expect(await runHere('replay', file, log)).toMatchObject({
      status: 0,
      stderr: '50 frames, 119 kB sent\n',
    });
    expect((await readLog(log)).map(fields)).toEqual(FRAMES.map(fields));
    const { status, stderr } = await runHere('record', copy, log + ALL);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^50 frames, 119 kB in .*copy\.dat, \d+\.\d+ s; 0 frames left out\n$/);
    expect(readFileSync(copy)).toEqual(RECORDS);
    expect(readFileSync(copy)).toEqual(readFileSync(file));
  });

  test('dump prints its frames, and send makes them of these lines', async () => {
    const [first, second] = [newLog(), newLog()];
    await writeLog(first, FRAMES);
    const lines = (await runHere('dump', first + ALL, '--json')).stdout;
    expect(lines.trimEnd().split('\n')).toHaveLength(COUNT);
    const send = rogueBridgeHere('send', second);
    send.input(lines);
    send.endInput();
    expect(await send.end()).toBe(0);
    expect((await runHere('dump', second + ALL, '--json')).stdout).toBe(lines);
    expect((await readLog(second)).map(fields)).toEqual(FRAMES.map(fields));
  });

  test('dump takes what its address asks for', async () => {
    const log = newLog();
    await writeLog(log, FRAMES);
    const { status, stdout, stderr } = await runHere(
      ...['dump', `${log}?frame=20&until=end&channel=3`, '--format', 'raw', '--count', 2],
    );
    expect(status).toBe(0);
    expect(stdout).toBe(Buffer.concat([FRAMES[23]!.payload, FRAMES[28]!.payload]).toString());
    expect(stderr).toMatch(/^2 frames printed[^;]*\n$/);
  });

  test('from now on, it says so while nothing comes', async () => {
    const log = newLog();
    await writeLog(log, FRAMES);
    const dump = rogueBridgeHere('dump', log, '--count', 1, '--json');
    await isReading(dump);
    expect(dump.stderr).toBe(
      `no frame yet: ${nameOf(log)} is read from now on; with ?from=first it is read from its first frame\n`,
    );
    await writeLog(log, [new Frame(Buffer.from('new'), { channel: 9 })]);
    expect(await dump.end()).toBe(0);
    expect(JSON.parse(dump.stdout)).toMatchObject({ channel: 9, size: 3 });
  });

  test('watch counts by channel, and tells when it is at the end', async () => {
    const log = newLog();
    await writeLog(log, FRAMES);
    const { status, stdout, stderr } = await runHere('watch', log + ALL);
    expect(status).toBe(0);
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Record<string, object>;
    expect(last).toMatchObject({ frames: COUNT, malformed: 0 });
    expect(Object.keys(last.channels!)).toEqual(['0', '1', '2', '3', '4']);
    // A server of Rogue would have dealt them out; a log has them still.
    expect(stderr).toMatch(/^50 frames, 119 kB in .*\n$/);
    expect(stderr).not.toContain('no other');
  });

  test('readers of a group share its frames, and say so', async () => {
    const log = newLog();
    await writeLog(log, FRAMES.slice(0, 1));
    const dump = rogueBridgeHere('dump', `${log}?from=first&group=analysis`, '--json');
    await dump.prints('"size":1');
    dump.interrupt();
    expect(await dump.end()).toBe(0);
    expect(dump.stderr).toContain('1 frame came here and reached no other reader of the group analysis\n');
  });

  test('prbs tx writes into it, and prbs rx checks every bit', async () => {
    const log = newLog();
    const tx = await runHere('prbs', 'tx', log, '--count', 200, '--size', 1000);
    expect(tx).toEqual({ status: 0, stdout: 'sent      200 frames, 200 kB\nSENT\n', stderr: '' });
    const rx = await runHere('prbs', 'rx', log + ALL);
    expect(rx.status).toBe(0);
    expect(rx.stdout).toMatch(/^checked {3}200 frames, 200 kB, 1 600 000 bits\nerrors {4}0 frames/);
    const short = await runHere('prbs', 'rx', log + ALL, '--count', 300);
    expect(short).toMatchObject({ status: 1, stderr: 'rogue-bridge: 200 of 300 frames: no more came\n' });
  });

  test('view shows it on a page', async () => {
    const log = newLog();
    await writeLog(log, [new Frame(Buffer.from('hello'), { channel: 3 })]);
    const view = rogueBridgeHere('view', `${log}?from=first`, '--http', '127.0.0.1:0');
    await view.complains('live page: ');
    const page = await PageClient.open({
      port: Number(/:(\d+)\/\n/.exec(view.stderr)![1]),
      token: undefined,
    });
    expect((await page.next('hello')).source).toEqual({ address: nameOf(log), role: 'log' });
    await page.next('status', ({ link, frames }) => link === 'streaming' && frames === 1);
    page.send({ ...WATCH, channel: 3, view: 'hex' }, { op: 'next', id: 0 });
    expect((await page.next('preview')).binary.subarray(8).toString()).toBe('hello');
    view.interrupt();
    expect(await view.end()).toBe(0);
    expect(await page.untilClosed()).toMatchObject({ code: 1001 });
    expect(view.stderr).toMatch(/\n1 frame, 5 B seen\n$/);
  });

  test('record with --view and --metrics has every frame, and is healthy while there is a server', async () => {
    const [log, file] = [newLog(), fileName('run.dat')];
    await writeLog(log, FRAMES);
    const record = rogueBridgeHere(
      ...['record', file, `${log}?from=first`, '--view', '127.0.0.1:0', '--metrics', '127.0.0.1:0'],
    );
    await record.complains('live page: ');
    const url = /metrics at (http:\S+)metrics$/m.exec(record.stderr)![1]!;
    await waitFor('the file', async () => (await read(file).catch(() => [])).length === COUNT);
    expect(await ask(`${url}healthz`)).toMatchObject({ status: 200, body: 'ok\n' });
    expect((await ask(`${url}metrics`)).body).toMatch(/^rogue_bridge_log_frames_read_total\{.*\} 50$/m);
    record.interrupt();
    expect(await record.end()).toBe(0);
    expect(readFileSync(file)).toEqual(RECORDS);
  });

  test('relay passes every frame of a server on to logs and to clients', async () => {
    const [source, port] = [await reservePorts(), await reservePorts()];
    const [first, second] = [newLog(), newLog()];
    const bridge = await makeServer(source);
    const relay = rogueBridgeHere(
      ...['relay', '--from', at(source), '--to', first, '--to', `${second}?max-age=1d,drop=1000`],
      ...['--to', at(port), '--count', COUNT],
    );
    const client = await makeClient(port);
    const collector = client.to(new Collector());
    await Promise.all([bridge, client].map((one) => one.waitForPeer({ timeoutMs: 20_000 })));
    for (const frame of FRAMES) await bridge.send(frame);
    await collector.waitForCount(COUNT);
    expect(await relay.end()).toBe(0);
    for (const log of [first, second]) expect((await readLog(log)).map(fields)).toEqual(FRAMES.map(fields));
    const row = (text: string): RegExp => new RegExp(`^${text} +50 +0 +0 `, 'm');
    expect(relay.stderr).toMatch(row(`${nameOf(first)} +block`));
    expect(relay.stderr).toMatch(row(`${nameOf(second)} +drop=1000`));
    expect(relay.stderr).toMatch(row(`${at(port)} +block`));
  });

  test('relay serves what is in it, and ends with it', async () => {
    const [log, port] = [newLog(), await reservePorts()];
    await writeLog(log, FRAMES);
    const relay = rogueBridgeHere('relay', '--from', log + ALL, '--to', at(port));
    const collector = (await makeClient(port)).to(new Collector());
    await collector.waitForCount(COUNT);
    expect(await relay.end()).toBe(0);
    expect(collector.frames.map(fieldsOf)).toEqual(FRAMES.map(fieldsOf));
    expect(relay.stderr).toContain('50 frames, 119 kB relayed in ');
  });

  test('the command as it was built writes and reads it, until Ctrl-C', async () => {
    const log = newLog();
    const send = rogueBridge('send', log, '--channel', 4);
    send.input('built');
    send.endInput();
    expect(await send.end()).toBe(0);
    const dump = rogueBridge('dump', `${log}?from=first`, '--format', 'raw');
    await dump.prints('built');
    dump.interrupt();
    expect(await dump.end()).toBe(0);
    expect(dump.stderr).toBe('1 frame printed\n');
  });
});
