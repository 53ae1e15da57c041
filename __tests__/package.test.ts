// What is published: both module systems, and nothing a user does not need. As installed: package/install.mjs.

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

test('the package holds the library with its declarations and source maps, README, docs and licence, and no more', () => {
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
    (path) => !/^(dist|docs|examples)\/|^(LICENSE|README\.md|package\.json)$/.test(path),
  );
  expect(others).toEqual([]);
});

test('depends on zeromq and pino at run time and runs no script when it is installed', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: object;
    scripts: Record<string, string>;
  };
  expect(Object.keys(manifest.dependencies).sort()).toEqual(['pino', 'zeromq']);
  // `prepare` is for a clone alone.
  const hooks = ['preinstall', 'install', 'postinstall'];
  expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
});
