// What users get: packs a fresh clone, installs the package from the tarball and from git into empty projects, compiles
// against its types, runs the two roles of the README and the command there. Needs git and a network.
//
//   npm run test:package
//
// Prints a line for each step, and ends with status 1 at the first one that fails.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const WORK = mkdtempSync(join(tmpdir(), 'rogue-bridge-package-'));
// The lowest one that compiles against the declarations; the README names it, too.
const LOWEST_TYPESCRIPT = '5.0';
const QUIETLY = ['--prefer-offline', '--no-audit', '--no-fund', '--silent'];
const TYPESCRIPTS = [LOWEST_TYPESCRIPT, 'latest'];

function run(folder, command, ...args) {
  try {
    return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (err) {
    throw new Error(`${command} ${args.join(' ')} failed in ${folder}:\n${err.stdout}\n${err.stderr}`);
  }
}

/** What the declarations accept, and what they do not. */
const STRICT = `
import { Frame, GeneralError, Logging, Master, Prbs, Slave, TcpClient, TcpServer } from 'rogue-bridge';
import { once } from 'node:events';
import type { PeerInfo, TcpOptions, TcpStats } from 'rogue-bridge';
import { ViewServer, type ViewOptions } from 'rogue-bridge/view';
export async function show(tcp: TcpServer, options: ViewOptions): Promise<string> {
  const view: ViewServer = await ViewServer.create({ ...options, port: 0 });
  // @ts-expect-error no such option
  await ViewServer.create({ prot: 0 });
  return tcp.to(view).url;
}
export async function main(options: TcpOptions): Promise<TcpStats> {
  const tcp: TcpServer = await TcpServer.create('127.0.0.1', 8000, options);
  const source = new Master();
  source.to(tcp).to((frame: Frame) => Logging.create('x').info(String(frame.size)));
  tcp.on('connect', (peer: PeerInfo) => peer.direction satisfies 'send' | 'receive');
  // @ts-expect-error no such event
  tcp.on('connected', () => undefined);
  await once(tcp, 'disconnect');
  // @ts-expect-error no such option
  await TcpClient.create('127.0.0.1', 8000, { linger: 3 });
  const prbs = new Prbs();
  prbs.to(tcp).to(new Slave());
  await prbs.genFrame(64, { channel: 3 });
  const frame = Frame.from(Float32Array.of(1), { channel: 3 });
  const floats: Float32Array = frame.array(Float32Array);
  const ids: BigUint64Array = frame.array(BigUint64Array, { offset: 0, length: 0 });
  const bytes: Buffer = frame.array(Buffer, { length: ids.length });
  floats.fill(frame.dataView.getFloat32(bytes.length, true));
  // @ts-expect-error numbers of another class
  const wrong: Float64Array = frame.array(Float32Array);
  // @ts-expect-error no class of arrays
  frame.array(Date, { offset: wrong.length });
  try { await tcp.waitForPeer({ timeoutMs: 5 }); } catch (err) {
    if (err instanceof GeneralError && err.code === 'ERR_PEER_TIMEOUT') await tcp.stop();
  }
  return tcp.stats;
}
`;

/** The page and its script, as a browser asks for them. */
const VIEW = `
import { ViewServer } from 'rogue-bridge/view';
const view = await ViewServer.create({ port: 0 });
for (const path of ['', 'page.js']) {
  const { status, headers } = await fetch(view.url + path);
  console.log(status, headers.get('content-type'));
}
await view.stop();
`;

/** In a browser, where there is no Node. */
const BROWSER = `
import { connect, Frame } from 'rogue-bridge/browser';
export async function main(signal: AbortSignal): Promise<number> {
  let sum = 0;
  for await (const frame of connect(location.href, { channels: [3], mode: 'all', signal })) {
    const one: Frame = frame.clone();
    const samples: Uint16Array = one.array(Uint16Array, { offset: 2 });
    // @ts-expect-error no Buffer here
    one.payload.readUInt16LE(0);
    sum += samples[0] ?? 0;
  }
  // @ts-expect-error no such mode
  connect('', { mode: 'some' });
  return sum;
}
`;

const passed = [];
let under = '';

/** Says what is tested from here on. */
function step(text) {
  if (under !== '') passed.push(under);
  under = text;
  process.stdout.write(`${text}\n`);
}

function newProject(name, ...packages) {
  const folder = join(WORK, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true }));
  run(folder, 'npm', 'install', ...QUIETLY, ...packages);
  return folder;
}

/** A port that is free, with the next one; the bridge binds both. */
async function freePort() {
  for (;;) {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address();
    const second = createServer().listen(port + 1, '127.0.0.1');
    const isFree = await Promise.race([
      once(second, 'listening').then(() => true),
      once(second, 'error').then(() => false),
    ]);
    await Promise.all(
      [first, second].filter(({ listening }) => listening).map((s) => once(s.close(), 'close')),
    );
    if (isFree) return port;
  }
}

/** The README's TypeScript for this role, for a port of this machine. */
function roleOf(type, port) {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
  const code = blocks.find((block) => block.includes(`${type}.create(`) && block.startsWith('import'));
  assert(code !== undefined, `the README has no example of ${type}`);
  return code.replace(/'(0\.0\.0\.0|daq-host)'/, "'127.0.0.1'").replace('8000', String(port));
}

class Running {
  text = '';
  constructor(folder, file) {
    this.child = spawn(process.execPath, [file], { cwd: folder });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on('data', (data) => (this.text += data));
    this.ended = once(this.child, 'exit');
  }
  async says(text) {
    const [code] = await Promise.race([this.seen(text), this.ended]);
    assert(this.text.includes(text), `expected '${text}', status ${code}:\n${this.text}`);
  }
  async seen(text) {
    while (!this.text.includes(text)) await once(this.child.stdout, 'data');
    return [undefined];
  }
  async end() {
    this.child.kill();
    await this.ended;
  }
}

async function main() {
  step('a fresh clone, its dependencies, and a tarball of it');
  const clone = join(WORK, 'clone');
  run(WORK, 'git', 'clone', '--quiet', ROOT, clone);
  run(clone, 'npm', 'ci', ...QUIETLY);
  rmSync(join(clone, 'dist'), { recursive: true, force: true });
  run(clone, 'npm', 'pack', '--silent', '--pack-destination', WORK);
  const tarball = join(
    WORK,
    readdirSync(WORK).find((name) => name.endsWith('.tgz')),
  );

  step('what the linters of packages say of it');
  for (const [linter, ...args] of [
    ['publint', 'run', '--strict'],
    // The resolution of TypeScript before 4.7 knows no entry points but the main one.
    ['attw', '--profile', 'node16', '--exclude-entrypoints', './browser', '--'],
    // Browsers load ES modules alone.
    ['attw', '--profile', 'esm-only', '--entrypoints', './browser', '--'],
  ])
    run(clone, join(ROOT, 'node_modules', '.bin', linter), ...args, tarball);

  step('CommonJS and ES modules, from the tarball');
  const project = newProject('user', tarball);
  const program = "Object.keys(library).filter((name) => name.startsWith('Tcp')).sort().join(' ')";
  const required = run(
    project,
    process.execPath,
    '-p',
    `const library = require('rogue-bridge'); ${program}`,
  );
  writeFileSync(join(project, 'a.mjs'), `import * as library from 'rogue-bridge'; console.log(${program});`);
  assert.equal(run(project, process.execPath, 'a.mjs'), required);
  assert.equal(required.trim(), 'TcpClient TcpCore TcpServer');
  const examples = readdirSync(join(project, 'node_modules/rogue-bridge/examples'));
  assert(examples.includes('exporter.mjs'), String(examples));

  step('the live page, with what a package manager installs beside it');
  writeFileSync(join(project, 'view.mjs'), VIEW);
  assert.match(run(project, process.execPath, 'view.mjs'), /^200 text\/html[^\n]*\n200 text\/javascript/);

  step('the command');
  assert.match(run(project, 'npx', '--no-install', 'rogue-bridge', '--version'), /^\d+\.\d+\.\d+/);
  assert.match(run(project, 'npx', '--no-install', 'rogue-bridge', '--help'), /rogue-bridge/);

  step('from git');
  const fromGit = newProject('from-git', `git+file://${clone}`);
  assert.equal(
    run(fromGit, process.execPath, '-p', `const library = require('rogue-bridge'); ${program}`),
    required,
  );

  const port = await freePort();
  const roles = { server: roleOf('TcpServer', port), client: roleOf('TcpClient', port) };
  roles.client = roles.client.replace('class Analysis', `${ANALYSE}\nclass Analysis`);
  for (const version of TYPESCRIPTS) {
    const folder = newProject(`typescript-${version}`, tarball, `typescript@${version}`, '@types/node@20');
    step(`TypeScript ${run(folder, 'npx', '--no-install', 'tsc', '--version').trim().split(' ')[1]}`);
    for (const [role, code] of Object.entries(roles)) writeFileSync(join(folder, `${role}.mts`), code);
    for (const file of ['strict.mts', 'strict.cts']) writeFileSync(join(folder, file), STRICT);
    writeFileSync(
      join(folder, 'old.cts'),
      "import bridge = require('rogue-bridge');\nexport const { Frame } = bridge;\n",
    );
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['es2022', 'bundler'],
    ]) {
      const compilerOptions = {
        strict: true,
        skipLibCheck: false,
        target: 'es2022',
        module,
        moduleResolution: resolution,
        types: ['node'],
        noEmit: module !== 'nodenext',
      };
      const include = module === 'nodenext' ? ['*.mts', '*.cts'] : ['*.mts'];
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }));
      run(folder, 'npx', '--no-install', 'tsc', '-p', '.');
    }
    const browser = join(folder, 'browser');
    mkdirSync(browser);
    writeFileSync(join(browser, 'page.ts'), BROWSER);
    const lib = ['es2022', 'dom'];
    const compilerOptions = { strict: true, skipLibCheck: false, lib, types: [], noEmit: true };
    const modules = { target: 'es2022', module: 'es2022', moduleResolution: 'bundler' };
    writeFileSync(
      join(browser, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, ...modules }, include: ['*.ts'] }),
    );
    run(folder, 'npx', '--no-install', 'tsc', '-p', 'browser');
  }

  step("the README's two roles, the server first, and the client first");
  const folder = join(WORK, `typescript-${TYPESCRIPTS.at(-1)}`);
  for (const order of [
    ['server', 'client'],
    ['client', 'server'],
  ]) {
    const running = {};
    for (const role of order) running[role] = new Running(folder, `${role}.mjs`);
    await running.client.says('analysing hello');
    const [status] = await running.server.ended;
    assert.equal(status, 0, running.server.text);
    await running.client.says('the server has left');
    await running.client.end();
  }
}

const ANALYSE = `
async function analyse(payload: Buffer): Promise<void> {
  console.log('analysing', payload.toString());
  await Promise.resolve();
}`;

let failed = 0;
try {
  await main();
  passed.push(under);
} catch (err) {
  failed = 1;
  process.stderr.write(`${err instanceof Error ? err.stack : String(err)}\n`);
} finally {
  rmSync(WORK, { recursive: true, force: true });
}
process.stdout.write(`${passed.length} passed, ${failed} failed\n`);
process.exitCode = failed;
