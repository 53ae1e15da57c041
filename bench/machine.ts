// What figures were taken with; none is printed without it.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import { version as libzmqVersion } from 'zeromq';
import { thisMachine } from '../lib/cli/support/machine';
import { findPyzmq } from './contenders';
import { natsServerVersion } from './jetstream/server';

/** The machine and the versions of everything measured. */
export interface Machine {
  readonly date: string;
  readonly cpuModel: string;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly rogueBridge: string;
  /** With `-dirty` behind it when files differ from the commit. */
  readonly commit: string | undefined;
  readonly zeromqPackage: string;
  readonly libzmq: string;
  readonly pyzmq: string | undefined;
  readonly pyzmqLibzmq: string | undefined;
  readonly natsServer: string | undefined;
  /** Of @nats-io/jetstream. */
  readonly natsClient: string | undefined;
}

export function describeMachine(): Machine {
  const pyzmq = findPyzmq();
  const { cpu, cores, node } = thisMachine();
  return {
    date: new Date().toISOString(),
    cpuModel: cpu,
    cpuCores: cores,
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    node,
    rogueBridge: versionIn(__dirname),
    commit: gitCommit(),
    zeromqPackage: versionIn(dirname(require.resolve('zeromq'))),
    libzmq: libzmqVersion,
    pyzmq: pyzmq?.version,
    pyzmqLibzmq: pyzmq?.libzmqVersion,
    natsServer: natsServerVersion(),
    natsClient: natsClientVersion(),
  };
}

/** The head of the printed tables. */
export function machineText(machine: Machine): string {
  const { pyzmq, pyzmqLibzmq, natsServer = 'none', natsClient = 'none' } = machine;
  const python = pyzmq === undefined ? 'none' : `${pyzmq} (libzmq ${pyzmqLibzmq ?? '?'})`;
  return [
    `${machine.date}  rogue-bridge ${machine.rogueBridge}, commit ${machine.commit ?? 'unknown'}`,
    `${machine.cpuModel}, ${machine.cpuCores} cores, ${(machine.memoryBytes / 1e9).toFixed(1)} GB, ${machine.kernel}`,
    `Node ${machine.node}, zeromq package ${machine.zeromqPackage} (libzmq ${machine.libzmq}), pyzmq ${python}`,
    `nats-server ${natsServer}, NATS client ${natsClient}`,
  ].join('\n');
}

/** The version in the nearest package.json that has one, from `folder` upwards. */
function versionIn(folder: string): string {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      version?: string;
    };
    if (version !== undefined) return version;
  } catch {
    // Not in this folder.
  }
  const parent = dirname(folder);
  return parent === folder ? 'unknown' : versionIn(parent);
}

/** The package is an optional one. */
function natsClientVersion(): string | undefined {
  try {
    return versionIn(dirname(require.resolve('@nats-io/jetstream')));
  } catch {
    return undefined;
  }
}

function gitCommit(): string | undefined {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
    cwd: __dirname,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}
