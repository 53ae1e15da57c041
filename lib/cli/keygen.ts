// rogue-bridge keygen: keys for bridges that encrypt.

import { rmSync, writeFileSync } from 'node:fs';
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
      'Makes a pair of CURVE keys, by which two bridges of this library encrypt what they send and know each other ' +
        '(a Rogue peer cannot), and prints it as JSON.',
    )
    .option('--out <name>', 'write <name>.secret and <name>.public instead; files that are there are kept')
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge keygen --out daq-host      on daq-host, and on the other host:
  rogue-bridge keygen --out analysis      then exchange the .public files
  rogue-bridge replay run.dat --listen '*:8000' \\
    --curve daq-host.secret --curve-peer analysis.public
  rogue-bridge watch daq-host:8000 \\
    --curve analysis.secret --curve-peer daq-host.public

A server without --curve-peer lets in all who have its .public file. The .secret
file is for its owner alone (mode 0600), and stays on its host.`,
    )
    .action(({ out }: { out?: string }) => {
      const { publicKey, secretKey } = generateCurveKeys();
      if (out === undefined) {
        process.stdout.write(`${JSON.stringify({ publicKey, secretKey }, null, 2)}\n`);
        return;
      }
      // The secret first: without it the other one is worth nothing.
      writeFileSync(`${out}.secret`, `${secretKey}\n`, { mode: SECRET_MODE, flag: 'wx' });
      try {
        writeFileSync(`${out}.public`, `${publicKey}\n`, { flag: 'wx' });
      } catch (err) {
        rmSync(`${out}.secret`);
        throw err;
      }
      const name = visible(out);
      tell(
        `${name}.secret stays on this host, for --curve; ${name}.public is for the others, for --curve-peer`,
      );
    });
}
