// All tests, five times, on a machine that is busy with something else: loops that take every core twice, somebody who
// writes to the disk, and 3000 ports that are listened on.
//
//   npm run test:busy [-- RUNS [ARGUMENTS OF JEST]]

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const LISTENERS = 3_000;
const PIECE = Buffer.alloc(1024 * 1024, 1);
const PIECES = 256;

const others = {
  loop() {
    for (;;);
  },
  write() {
    const folder = mkdtempSync(join(tmpdir(), 'rogue-bridge-busy-'));
    const end = () => {
      rmSync(folder, { recursive: true });
      process.exit();
    };
    process.once('SIGTERM', end);
    const file = openSync(join(folder, 'data'), 'w');
    const write = async () => {
      for (let i = 0; ; i = (i + 1) % PIECES) {
        if (i === 0) ftruncateSync(file, 0);
        writeSync(file, PIECE, 0, PIECE.length, i * PIECE.length);
        if (i % 16 === 0) fsyncSync(file);
        await turn();
      }
    };
    write().finally(() => closeSync(file));
  },
  async listen() {
    for (let i = 0; i < LISTENERS; i++) await once(createServer().listen(0, '127.0.0.1'), 'listening');
    process.stdout.write('listening\n');
  },
};

async function main([runs = 5, ...args]) {
  const start = (what) =>
    spawn(process.execPath, [fileURLToPath(import.meta.url), '--', what], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const listener = start('listen');
  await once(listener.stdout, 'data');
  const loops = Array.from({ length: 2 * availableParallelism() }, () => start('loop'));
  const busy = [listener, start('write'), ...loops];
  let failed = 0;
  for (let run = 1; run <= runs; run++) {
    const began = performance.now();
    const { status } = spawnSync('npx', ['jest', ...args], { stdio: 'inherit' });
    if (status !== 0) failed += 1;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`run ${run} of ${runs}, busy: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s`);
  }
  for (const child of busy) child.kill();
  process.exitCode = failed === 0 ? 0 : 1;
}

const other = process.argv[2] === '--' ? others[process.argv[3]] : undefined;
await (other === undefined ? main(process.argv.slice(2)) : other());
