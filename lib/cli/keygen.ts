// rogue-bridge keygen: keys for bridges that encrypt.

import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { generateCurveKeys } from '../index';
import { visible } from '../quoted';
import { tell } from './support/run';

// For its owner alone.
const SECRET_MODE = 0o600;

export function addKeygen(program: Command): void {
  program
    .command('keygen')
    .summary('make a pair of CURVE keys')
    .description(
      'Makes a pair of keys for the curve option of a bridge (libzmq engine), and prints them as JSON. Between two ' +
        'bridges of this library; Rogue knows no keys.',
    )
    .option('--out <name>', 'write <name>.public and <name>.secret instead; files that are there are kept')
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge keygen
  rogue-bridge keygen --out daq-host`,
    )
    .action(({ out }: { out?: string }) => {
      const { publicKey, secretKey } = generateCurveKeys();
      if (out === undefined) {
        process.stdout.write(`${JSON.stringify({ publicKey, secretKey }, null, 2)}\n`);
        return;
      }
      // The secret first: without it the other one is worth nothing.
      writeFileSync(`${out}.secret`, `${secretKey}\n`, { mode: SECRET_MODE, flag: 'wx' });
      writeFileSync(`${out}.public`, `${publicKey}\n`, { flag: 'wx' });
      const name = visible(out);
      tell(`${name}.secret stays on this host; ${name}.public is for the others`);
    });
}
