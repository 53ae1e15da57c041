// The guide: its configuration files on real servers, where only addresses, ports and folders are changed; its programs,
// addresses and error codes against the library.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NodeConnectionOptions } from '@nats-io/transport-node';
import ts from 'typescript';
import { ERROR_CODES, Frame } from '../../lib';
import { JetStreamReader, JetStreamWriter, parseLogAddress } from '../../lib/jetstream';
import { LogByHand, LogMessages } from '../helpers/log-by-hand';
import { connectTo, describeWithNats, endNats, makeCertificates } from '../helpers/nats';
import { askMonitor } from '../helpers/nats/monitor';
import { findNatsServer, NatsProcess } from '../helpers/nats/process';
import { reservePorts } from '../helpers/ports';
import { endPrograms, Program } from '../helpers/program';
import { waitFor } from '../helpers/wait';

const PAGE = readFileSync(join(__dirname, '..', '..', 'docs', 'jetstream.md'), 'utf8');
const ROOT = join(__dirname, '..', '..');
const FRAME = new Frame(Buffer.from('hello'), { channel: 3 });

let folder: string;
let servers: NatsProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rogue-bridge-'));
});

afterEach(async () => {
  await endPrograms();
  await endNats();
  for (const server of servers) await server.end('SIGKILL');
  servers = [];
  rmSync(folder, { recursive: true });
});

/** The files of the page that begin with this comment, as they are. */
function files(comment: string): string[] {
  const blocks = [...PAGE.matchAll(/^```text\n(# [\s\S]*?)^```$/gm)].map(([, text]) => text!);
  return blocks.filter((block) => block.startsWith(`# ${comment}`));
}

interface Ports {
  readonly client: number;
  readonly monitor: number;
  readonly cluster: number;
}

async function portsOf(): Promise<Ports> {
  const client = await reservePorts([1, 2]);
  return { client, monitor: client + 1, cluster: client + 2 };
}

/** Has the server check the file as it is, and starts it on ports and in a folder of its own. */
function start(text: string, { client, monitor, cluster }: Ports, name: string): NatsProcess {
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, text);
  const { status, stderr } = spawnSync(findNatsServer()!, ['-t', '-c', file], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, expect.stringContaining(`${file} is valid`)]);
  const moved = text
    .replace('0.0.0.0:4222', `127.0.0.1:${client}`)
    .replace('127.0.0.1:8222', `127.0.0.1:${monitor}`)
    .replace('0.0.0.0:6222', `127.0.0.1:${cluster}`)
    .replace('/var/lib/nats', join(folder, name));
  writeFileSync(file, moved);
  const server = new NatsProcess(file);
  servers.push(server);
  return server;
}

async function ready({ monitor }: Ports): Promise<void> {
  let seen: unknown;
  await waitFor(
    'the server to be ready',
    async () => {
      seen = await askMonitor(monitor, 'healthz');
      return (seen as { status?: string } | undefined)?.status === 'ok';
    },
    60_000,
    () => [seen, ...servers.map(({ log }) => log.slice(-1000))],
  );
  expect(seen).toEqual({ status: 'ok' });
}

async function writeLog(servers: string, options: NodeConnectionOptions = {}): Promise<LogByHand> {
  const log = await LogByHand.create(await connectTo(servers, options), 'run42');
  await log.append(...new LogMessages('run42').records(FRAME));
  return log;
}

/** What the Python program says of this log. */
async function read(url: string, env = {}): Promise<string> {
  const program = new Program('examples/log_reader.py', [url], { ...process.env, ...env });
  await program.end();
  return program.stdout + program.stderr;
}

test('the programs are right TypeScript', () => {
  const programs = [...PAGE.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);
  expect(programs.length).toBeGreaterThan(3);
  const declared = 'declare function analyse(samples: Uint16Array): Promise<void>;\n';
  const names = programs.map((text, i) => {
    const name = join(folder, `program-${i}.ts`);
    writeFileSync(name, declared + text);
    return name;
  });
  const lib = join(ROOT, 'lib');
  const program = ts.createProgram(names, {
    ...ts.convertCompilerOptionsFromJson(
      {
        target: 'ES2022',
        lib: ['ES2023', 'ESNext.Disposable'],
        module: 'ESNext',
        moduleResolution: 'bundler',
      },
      ROOT,
    ).options,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules', '@types')],
    paths: {
      'rogue-bridge': [join(lib, 'index.ts')],
      'rogue-bridge/jetstream': [join(lib, 'jetstream', 'index.ts')],
    },
  });
  // With these options, the sources of the library have others than their own.
  const found = ts.getPreEmitDiagnostics(program).filter(({ file }) => names.includes(file?.fileName ?? ''));
  const wrong = found.map(({ messageText, file, start }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    return `${file?.fileName}:${start}: ${text}`;
  });
  expect(wrong).toEqual([]);
});

test('the addresses are those of logs, and so are the words of the tables', () => {
  const addresses = [...PAGE.matchAll(/(?:nats|tls):\/\/[^\s'"`)]+\/[^\s'"`)]+/g)].map(([text]) => text);
  expect(addresses.length).toBeGreaterThan(15);
  for (const address of addresses) parseLogAddress(address.replace(/,drop=\d+$/, ''));
  const rows = [...PAGE.matchAll(/^\| (?:nothing, )?`([\w-]+=[^`]+)`/gm)].map(([, word]) => word!);
  expect(rows.length).toBeGreaterThan(14);
  for (const word of rows) parseLogAddress(`nats://host/run?${word.replace(/N$/, '5')}`);
});

test('the table of errors has those of the library', () => {
  const listed = [...PAGE.matchAll(/^\| `(ERR_LOG_\w+)`/gm)].map(([, code]) => code!);
  expect(listed.sort()).toEqual(
    Object.keys(ERROR_CODES)
      .filter((code) => code.startsWith('ERR_LOG_'))
      .sort(),
  );
});

describeWithNats('the configuration files of the guide', () => {
  test('the server on one machine', async () => {
    const [file = ''] = files('/etc/nats-server.conf\n');
    const ports = await portsOf();
    start(file, ports, 'daq-host');
    await ready(ports);
    await writeLog(`127.0.0.1:${ports.client}`);
    expect(await read(`nats://127.0.0.1:${ports.client}/run42`)).toMatch(/^#0 {2}channel 3 .* 5 bytes/);
  });

  test('the servers on three machines: a log with three copies, and one of them away', async () => {
    const texts = files('/etc/nats-server.conf on daq-');
    expect(texts).toHaveLength(3);
    // The same on each host, but for the name, and the comments of the first.
    const plain = texts.map((text) => text.replaceAll(/ *#.*/g, '').replaceAll(/server_name: .*/g, ''));
    expect(new Set(plain).size).toBe(1);
    const all = [await portsOf(), await portsOf(), await portsOf()];
    const moved = texts.map((text) =>
      all.reduce((done, { cluster }, i) => done.replace(`daq-${i + 1}:6222`, `127.0.0.1:${cluster}`), text),
    );
    moved.forEach((text, i) => start(text, all[i]!, `daq-${i + 1}`));
    for (const ports of all) await ready(ports);
    const urls = all.map(({ client }) => `127.0.0.1:${client}`);
    const client = await connectTo({ urls });
    const { streams } = await jetstreamManager(client);
    await streams.add({ name: 'run42', subjects: ['run42.*'], num_replicas: 3, max_bytes: 1e12 });
    const jsz = await askMonitor<{ meta_cluster: { leader: string; replicas: unknown[] } }>(
      all[0]!.monitor,
      'jsz',
    );
    // Only the leader knows the others.
    expect(jsz?.meta_cluster.leader).toMatch(/^daq-[123]$/);

    const js = jetstream(client);
    const { subject, headers, payload } = new LogMessages('run42').records(FRAME)[0]!;
    expect(headers['Rogue-Log']).toBe(1);
    await js.publish(subject, payload);
    await servers[2]!.end('SIGKILL');
    await waitFor('the two others to store a message', () =>
      js.publish(subject, payload).then(
        () => true,
        () => false,
      ),
    );
    expect((await streams.info('run42')).state.messages).toBeGreaterThan(1);
  });

  test('users: a reader that cannot write', async () => {
    const [file = ''] = files('/etc/nats-server.conf\n');
    const [users = ''] = files('users of');
    const ports = await portsOf();
    start(file + users, ports, 'daq-host');
    await ready(ports);
    const url = `127.0.0.1:${ports.client}`;
    await writeLog(url, { user: 'daq', pass: 's3cret' });
    expect(await read(`nats://reader:look@${url}/run42`)).toMatch(/^#0 {2}channel 3 .* 5 bytes/);
    expect(await read(`nats://${url}/run42`)).toContain('Authorization Violation');
    for (const query of [
      'from=first',
      'last=1',
      'frame=0',
      'since=1h',
      'from=first&channel=3',
      'group=g&from=first',
    ]) {
      const one = await JetStreamReader.create(`nats://reader:look@${url}/run42?${query}`);
      const { value } = await one.frames().next();
      expect([query, value?.payload.toString()]).toEqual([query, 'hello']);
      await one.stop();
    }
    await expect(JetStreamWriter.create(`nats://reader:look@${url}/other`)).rejects.toMatchObject({
      code: 'ERR_LOG_STREAM',
    });
    const reader = await connectTo(url, { user: 'reader', pass: 'look' });
    for (const subject of ['run42.3', '$JS.API.STREAM.DELETE.run42', '$JS.API.STREAM.PURGE.run42']) {
      await expect(reader.request(subject, '', { timeout: 30_000 })).rejects.toThrow(/Permissions Violation/);
    }
  });

  test('TLS', async () => {
    const [file = ''] = files('/etc/nats-server.conf\n');
    const [tls = ''] = files('TLS of');
    const made = makeCertificates(folder);
    const moved = tls
      .replace('/etc/nats/server.pem', made.server.certFile)
      .replace('/etc/nats/server.key', made.server.keyFile)
      .replace('/etc/nats/ca.pem', made.caFile);
    const ports = await portsOf();
    start(file + moved, ports, 'daq-host');
    await ready(ports);
    const url = `127.0.0.1:${ports.client}`;
    await writeLog(url, { tls: { caFile: made.caFile } });
    expect(await read(`tls://${url}/run42`, { SSL_CERT_FILE: made.caFile })).toMatch(/^#0 {2}channel 3 /);
  });

  test('Debian 12 has a server that does not know sync_interval, as the page says', () => {
    const version = execFileSync(findNatsServer()!, ['--version'], { encoding: 'utf8' });
    const file = join(folder, 'sync.conf');
    writeFileSync(file, 'jetstream { sync_interval: always }\n');
    const { status, stderr } = spawnSync(findNatsServer()!, ['-t', '-c', file], { encoding: 'utf8' });
    if (version.includes('v2.9.'))
      expect([status, stderr]).toEqual([1, expect.stringContaining('unknown field')]);
    else expect([status, stderr]).toEqual([0, expect.stringContaining('is valid')]);
  });
});
