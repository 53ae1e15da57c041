// What is published: both module systems, types, and nothing a user does not need.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENVIRONMENT } from './helpers/environment';

const ROOT = join(__dirname, '..');
let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'rogue-bridge-'));
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(ROOT, join(project, 'node_modules', 'rogue-bridge'), 'dir');
});

afterAll(() => rmSync(project, { recursive: true }));

function run(file: string, program: string): string {
  writeFileSync(join(project, file), program);
  return execFileSync(process.execPath, [join(project, file)], { cwd: project, env: ENVIRONMENT })
    .toString()
    .trim();
}

test('import and require give the same classes and the same state', () => {
  const program = `
    import { createRequire } from 'node:module';
    import * as imported from 'rogue-bridge';
    const required = createRequire(import.meta.url)('rogue-bridge');
    const same = Object.keys(required).every((name) => required[name] === imported[name]);
    required.Logging.setLevel(imported.Logging.Debug);
    console.log(same, Object.keys(required).length > 10, imported.Logging.create('x').level);`;
  expect(run('both.mjs', program)).toBe('true true 10');
});

test('the declarations serve a strict project of either module system', () => {
  const program = `
    import { Frame, GeneralError, Logging, Master, Prbs, Slave, TcpClient, TcpServer } from 'rogue-bridge';
    import { once } from 'node:events';
    import type { PeerInfo, TcpOptions, TcpStats } from 'rogue-bridge';
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
    }`;
  for (const file of ['user.mts', 'user.cts']) writeFileSync(join(project, file), program);
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = join(ROOT, 'node_modules', '@types');
  const flags = '--noEmit --strict --target es2022 --module node16 --types node --ignoreConfig'.split(' ');
  const args = [tsc, ...flags, '--typeRoots', types, join(project, 'user.mts'), join(project, 'user.cts')];
  expect(execFileSync(process.execPath, args, { cwd: project }).toString()).toBe('');
}, 60_000);

test('the package holds the library with its declarations and source maps, README and licence, and no more', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json', '--silent'], {
    cwd: ROOT,
  }).toString();
  const [packed] = Object.values(JSON.parse(output) as Record<string, { files: { path: string }[] }>);
  const paths = packed!.files.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
  for (const name of ['index.js', 'index.mjs', 'index.d.ts', 'index.d.mts', 'index.js.map', 'tcp/core.js']) {
    expect(paths).toContain(`dist/${name}`);
  }
  expect(paths).toContain('examples/exporter.mjs');
  const others = paths.filter(
    (path) => !/^(dist|examples)\/|^(LICENSE|README\.md|package\.json)$/.test(path),
  );
  expect(others).toEqual([]);
});

test('depends on zeromq and pino at run time and runs no script when it is installed', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: object;
    scripts: Record<string, string>;
  };
  expect(Object.keys(manifest.dependencies).sort()).toEqual(['pino', 'zeromq']);
  const hooks = ['preinstall', 'install', 'postinstall', 'prepare'];
  expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
});
