// Builds what browsers load: the page, one file each of HTML, script and style, in dist/view/page; and rogue-bridge/browser
// in dist/browser. The page's script stays within its budget.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';

const MAX_GZIPPED_BYTES = 120_000;

const lib = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(lib, '..', 'dist');
const page = join(dist, 'view', 'page');
const browser = join(dist, 'browser');
const shared = { bundle: true, format: 'esm', target: ['es2022'], legalComments: 'eof', logLevel: 'warning' };

mkdirSync(page, { recursive: true });
copyFileSync(join(lib, 'view', 'page', 'index.html'), join(page, 'index.html'));
await build({
  ...shared,
  entryPoints: { page: join(lib, 'view', 'page', 'main.tsx') },
  outdir: page,
  minify: true,
  jsx: 'automatic',
  jsxImportSource: 'preact',
});
const gzipped = gzipSync(readFileSync(join(page, 'page.js'))).length;
if (gzipped > MAX_GZIPPED_BYTES) {
  throw new Error(`the page's script has ${gzipped} bytes, gzipped; its budget is ${MAX_GZIPPED_BYTES}`);
}
if (process.argv.includes('--size'))
  console.log(`page.js: ${gzipped} bytes, gzipped, of ${MAX_GZIPPED_BYTES}`);

mkdirSync(browser, { recursive: true });
// The rest of the package is CommonJS.
writeFileSync(join(browser, 'package.json'), '{ "type": "module" }\n');
await build({ ...shared, entryPoints: [join(lib, 'browser', 'index.ts')], outdir: browser });
const tsc = join(lib, '..', 'node_modules', 'typescript', 'bin', 'tsc');
const types = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--stripInternal'];
execFileSync(process.execPath, [tsc, '-p', join(lib, 'browser'), ...types], { stdio: 'inherit' });
