// A nats-server of the benchmark's own, in a temporary folder, with streams in files; and whether there can be one.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { releasePorts } from '../../__tests__/helpers/kept-ports';
import { endNats } from '../../__tests__/helpers/nats/clean-up';
import { findNatsServer, MISSING } from '../../__tests__/helpers/nats/process';
import { NatsServer } from '../../__tests__/helpers/nats/server';

export type { NatsServer } from '../../__tests__/helpers/nats/server';

const PACKAGES = ['@nats-io/transport-node', '@nats-io/jetstream'];

/** Why a log cannot be measured here; undefined if it can. */
export function whyNoServer(): string | undefined {
  if (findNatsServer() === undefined) return MISSING;
  const missing = PACKAGES.filter((name) => !isInstalled(name));
  return missing.length === 0 ? undefined : `not installed: npm install ${missing.join(' ')}`;
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** `2.9.10`; undefined without a server. */
export function natsServerVersion(): string | undefined {
  const program = findNatsServer();
  if (program === undefined) return undefined;
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /v(\d\S*)/.exec(stdout)?.[1];
}

/** Runs what needs a server, and ends the server and removes its data. */
export async function withServer<T>(run: (server: NatsServer) => Promise<T>): Promise<T> {
  let server: NatsServer | undefined;
  const clear = (): void => {
    if (server?.isRunning === true) process.kill(server.pid, 'SIGKILL');
    if (server !== undefined)
      rmSync(dirname(server.dataDir), { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', clear);
  try {
    server = await NatsServer.launch({});
    await server.ready();
    return await run(server);
  } finally {
    await endNats();
    releasePorts();
    process.off('exit', clear);
  }
}
