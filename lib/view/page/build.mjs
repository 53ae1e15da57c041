// Builds the page: one file of HTML, one of script, one of style, in dist/view/page. The script stays within its budget.

import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const MAX_GZIPPED_BYTES = 120_000;

const source = dirname(fileURLToPath(import.meta.url));
const target = join(source, '..', '..', '..', 'dist', 'view', 'page');

mkdirSync(target, { recursive: true });
copyFileSync(join(source, 'index.html'), join(target, 'index.html'));
await build({
  entryPoints: { page: join(source, 'main.tsx') },
  outdir: target,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'eof',
  logLevel: 'warning',
});
const gzipped = gzipSync(readFileSync(join(target, 'page.js'))).length;
if (gzipped > MAX_GZIPPED_BYTES) {
  throw new Error(`the page's script has ${gzipped} bytes, gzipped; its budget is ${MAX_GZIPPED_BYTES}`);
}
if (process.argv.includes('--size')) console.log(`page.js: ${gzipped} bytes, gzipped, of ${MAX_GZIPPED_BYTES}`);
