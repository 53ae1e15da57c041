// What the subcommands say and do when the server of a log goes and comes back, or the log is lost to them.

import { readFileSync } from 'node:fs';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Frame } from '../../lib';
import { frameLine } from '../../lib/cli/support/frame-json';
import { Collector, LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { fields, fileName, numberedFrame, read, recordOf, removeFiles } from '../helpers/files';
import { readLog, writeLog } from '../helpers/log-contents';
import { ask } from '../helpers/metrics';
import { connectTo, describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { reservePorts } from '../helpers/ports';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { waitFor } from '../helpers/wait';

const FRAMES = Array.from({ length: 20 }, (_, number) => numberedFrame(number, 100));
const FIRST = FRAMES.slice(0, 10);
const LATER = FRAMES.slice(10);

const linesOf = (frames: readonly Frame[]): string =>
  frames.map((frame) => `${JSON.stringify(frameLine(frame))}\n`).join('');

describeWithNats('a log', () => {
  let server: NatsServer;
  let logs = 0;

  beforeAll(async () => {
    server = await NatsServer.start();
  });
  afterAll(endNats);
  beforeEach(async () => {
    if (!server.isRunning) await server.restart();
  });
  afterEach(async () => {
    await endProgramsHere();
    await stopBridges();
    removeFiles();
  });

  const newLog = (): string => `${server.url}/log${++logs}`;
  const nameOf = (log: string): string => `${log.split('/').at(-1)!} at ${LOOPBACK}:${server.port}`;

  async function holds(log: string, frames: readonly Frame[]): Promise<void> {
    await waitFor(`${frames.length} frames in ${log}`, async () => {
      const stored = await readLog(log).catch(() => []);
      return stored.length >= frames.length;
    });
    expect((await readLog(log)).map(fields)).toEqual(frames.map(fields));
  }

  /** A sender that has stored the first half, and has the second one while there is no server. */
  async function sendWithoutServer(
    log: string,
    ...options: string[]
  ): Promise<ReturnType<typeof rogueBridgeHere>> {
    const send = rogueBridgeHere('send', log, ...options);
    send.input(linesOf(FIRST));
    await holds(log, FIRST);
    await server.kill();
    await send.complains(`no connection to ${nameOf(log)}: frames wait until it is back\n`);
    send.input(linesOf(LATER));
    return send;
  }

  test('whose server comes back gets what was sent meanwhile, in order and once', async () => {
    const log = newLog();
    const send = await sendWithoutServer(log);
    await server.restart();
    await send.complains(`connected to ${nameOf(log)} again\n`);
    send.endInput();
    expect(await send.end()).toBe(0);
    expect(send.stderr).toMatch(/\n20 frames, 2\.00 kB sent\n$/);
    await holds(log, FRAMES);
  });

  test('whose server stays away: status 1, and how many frames are not stored', async () => {
    const log = newLog();
    const send = await sendWithoutServer(log, '--linger', '300ms');
    send.endInput();
    expect(await send.end()).toBe(1);
    expect(send.stderr).toContain('20 frames, 2.00 kB sent, 10 of these not stored\n');
    expect(send.stderr).toContain(
      `rogue-bridge: 10 frames of these were not stored in ${nameOf(log)}: no server took them, or --linger is too short\n`,
    );
    await server.restart();
    await holds(log, FIRST);
  });

  test('into which another writer writes: status 1, and who it was', async () => {
    const log = newLog();
    const send = rogueBridgeHere('send', log);
    send.input(linesOf(FIRST));
    await holds(log, FIRST);
    await writeLog(log, LATER.slice(0, 1));
    send.input(linesOf(LATER.slice(1, 2)));
    await send.complains('another writer (');
    send.input(linesOf(LATER.slice(2, 3)));
    expect(await send.end()).toBe(1);
    expect(send.stderr).toMatch(
      /11 frames, 1\.10 kB sent, 1 of these not stored\nrogue-bridge: another writer \(.*: a log has one writer at a time\n$/,
    );
    await holds(log, FRAMES.slice(0, 11));
  });

  test('that record reads goes on after its server is back; --metrics tells', async () => {
    const [log, file] = [newLog(), fileName('run.dat')];
    await writeLog(log, FIRST);
    const record = rogueBridgeHere('record', file, `${log}?from=first`, '--metrics', '127.0.0.1:0');
    await record.complains('metrics at ');
    const url = `${/metrics at (http:\S+)metrics$/m.exec(record.stderr)![1]!}healthz`;
    await waitFor('the first frames', async () => (await read(file).catch(() => [])).length === FIRST.length);
    expect(await ask(url)).toMatchObject({ status: 200, body: 'ok\n' });
    await server.kill();
    await record.complains('the source is gone, ');
    expect(await ask(url)).toMatchObject({
      status: 503,
      body: `${nameOf(log)} (reader): no connection to a server\n`,
    });
    await server.restart();
    await record.complains('the source is back after ');
    expect(await ask(url)).toMatchObject({ status: 200, body: 'ok\n' });
    await writeLog(log, LATER);
    await waitFor('the other frames', async () => (await read(file)).length === FRAMES.length);
    record.interrupt();
    expect(await record.end()).toBe(0);
    expect(record.stderr).toContain('the source was gone once, ');
    expect(readFileSync(file)).toEqual(Buffer.concat(FRAMES.map((frame) => recordOf(frame))));
  });

  test('that is silent for longer than --stall is not well', async () => {
    const log = newLog();
    await writeLog(log, FIRST);
    const watch = rogueBridgeHere('watch', log, '--metrics', '127.0.0.1:0', '--stall', '50ms');
    await watch.complains('metrics at ');
    const url = `${/metrics at (http:\S+)metrics$/m.exec(watch.stderr)![1]!}healthz`;
    await waitFor('the stall', async () => (await ask(url)).body.includes('no frame has come for '));
    expect(await ask(url)).toMatchObject({ status: 503 });
    expect((await ask(url)).body).toMatch(/ \(reader\): .* s, and 0\.05 s is the limit\n$/);
  });

  test('that is deleted ends a recording, which keeps what it has', async () => {
    const [log, file] = [newLog(), fileName('run.dat')];
    await writeLog(log, FIRST);
    const record = rogueBridgeHere('record', file, `${log}?from=first`);
    await waitFor('the frames', async () => (await read(file).catch(() => [])).length === FIRST.length);
    await (await jetstreamManager(await connectTo(server))).streams.delete(`log${logs}`);
    expect(await record.end()).toBe(1);
    expect(record.stderr).toMatch(/rogue-bridge: the log .* is not there any more: it was deleted\n$/);
    expect(record.stderr.match(/deleted/g)).toHaveLength(1);
    expect(await read(file)).toHaveLength(FIRST.length);
  });

  test('that relay must not lose a frame of holds its source back while it has no server', async () => {
    const [log, source] = [newLog(), await reservePorts()];
    const bridge = await makeServer(source);
    const relay = rogueBridgeHere('relay', '--from', `${LOOPBACK}:${source}`, '--to', log);
    await bridge.waitForPeer({ timeoutMs: 20_000 });
    await server.kill();
    // More than a writer keeps.
    const large = Array.from({ length: 30 }, (_, number) => numberedFrame(number, 1_000_000));
    const sending = (async () => {
      for (const frame of large) await bridge.send(frame);
    })();
    await relay.complains(`no connection to ${nameOf(log)}: the source is held back until one comes\n`);
    await server.restart();
    await sending;
    await holds(log, large);
    relay.interrupt();
    expect(await relay.end()).toBe(0);
    expect(relay.stderr).toMatch(/ block +30 +0 +0 /);
  });

  test('that relay loses to another writer ends it, and not where it may drop', async () => {
    const [source, port] = [await reservePorts(), await reservePorts()];
    const [must, may] = [newLog(), newLog()];
    const bridge = await makeServer(source);
    const relay = rogueBridgeHere(
      ...['relay', '--from', `${LOOPBACK}:${source}`, '--to', must, '--to', `${may},drop=100`],
      ...['--to', `${LOOPBACK}:${port}`],
    );
    const collector = (await makeClient(port)).to(new Collector());
    await bridge.waitForPeer({ timeoutMs: 20_000 });
    let sent = 0;
    const sendUntil = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
      await waitFor('frames to be relayed', async () => {
        await bridge.send(numberedFrame(sent++, 100));
        await collector.waitForCount(sent);
        return condition();
      });
    };
    await sendUntil(async () => (await readLog(may)).length > 0);
    await writeLog(may, LATER);
    await sendUntil(() =>
      relay.stderr.includes(`${nameOf(may)} takes no more frames, and they are dropped: `),
    );
    await sendUntil(async () => (await readLog(must)).length > 0);
    await writeLog(must, LATER);
    const ended = relay.end();
    let hasEnded = false;
    void ended.then(() => (hasEnded = true));
    await waitFor('the end', () => {
      if (!hasEnded) void bridge.send(numberedFrame(sent++, 100))?.catch(() => undefined);
      return hasEnded;
    });
    expect(await ended).toBe(1);
    expect(relay.stderr).toMatch(/rogue-bridge: another writer \(.*: a log has one writer at a time\n$/);
  });
});
