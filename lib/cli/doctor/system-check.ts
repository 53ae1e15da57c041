// Whether the system is ready for bridges: each limit with what it means, how many bridges fit, what to raise.

import { connect, createServer, type AddressInfo } from 'node:net';
import type { Engine } from '../../index';
import {
  capacityOf,
  descriptorsFor,
  mostBridges,
  raises,
  SERVERS_PER_ADDRESS,
  type Capacity,
  type Limits,
  type Raise,
} from './limits';
import { grouped, plural } from '../support/text';

const ENGINES: readonly Engine[] = ['libzmq', 'native'];
/** The usual limit of open files: room for some 160 servers with a client each. */
const FEW_FILES = 1024;
const FEW_PORTS = 1024;

export type Verdict = 'ok' | 'warn' | 'fail' | 'unknown';

/** One line of the table. */
export interface Check {
  readonly name: string;
  readonly value: string;
  readonly verdict: Verdict;
  /** What it means for bridges. */
  readonly meaning: string;
}

/** What `--bridges` asked. */
export interface Wanted {
  readonly bridges: number;
  /** Whether they fit; undefined where nobody knows. */
  readonly libzmq: boolean | undefined;
  readonly native: boolean | undefined;
  readonly text: string;
  readonly raise: readonly Raise[];
}

export interface SystemReport {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly capacity: readonly Capacity[];
  readonly wanted?: Wanted;
}

/** @param loopback undefined when it works, what went wrong otherwise. */
export function reportOf(
  limits: Limits,
  loopback: string | undefined,
  bridges: number | undefined,
): SystemReport {
  const checks = checksOf(limits, loopback, bridges);
  const capacity = ENGINES.map((engine) => capacityOf(limits, engine));
  if (bridges === undefined) return { ok: loopback === undefined, checks, capacity };
  const wanted = wantedOf(limits, capacity, bridges);
  const fits = wanted.libzmq !== false || wanted.native !== false;
  return { ok: loopback === undefined && fits, checks, capacity, wanted };
}

function checksOf(limits: Limits, loopback: string | undefined, bridges: number | undefined): Check[] {
  const { openFiles, fileMax, fileUse, portRange: range } = limits;
  const needs =
    bridges === undefined ? undefined : ENGINES.map((engine) => descriptorsFor(limits, engine, bridges));
  const room = (value: number | undefined, used: number, few: number): Verdict => {
    if (value === undefined) return 'unknown';
    if (needs === undefined) return value - used <= few ? 'warn' : 'ok';
    if (value - used < Math.min(...needs)) return 'fail';
    return value - used < Math.max(...needs) ? 'warn' : 'ok';
  };
  const known = (value: number | undefined): Verdict => (value === undefined ? 'unknown' : 'ok');
  const ports = range === undefined ? undefined : range.last - range.first + 1;
  const row = (name: string, value: number | undefined, verdict: Verdict, meaning: string): Check => ({
    name,
    value: valueText(value),
    verdict,
    meaning,
  });
  return [
    row(
      'open files (ulimit -n)',
      openFiles.soft,
      room(openFiles.soft, 0, FEW_FILES),
      `2 to 10 a bridge; hard ${valueText(openFiles.hard)}`,
    ),
    row('processes (ulimit -u)', limits.processes, known(limits.processes), 'bridges start none'),
    row(
      'fs.file-max',
      fileMax,
      room(fileMax, fileUse ?? 0, FEW_FILES),
      fileUse === undefined ? 'of all processes' : `${grouped(fileUse)} open in the system`,
    ),
    row('kernel.threads-max', limits.threadsMax, known(limits.threadsMax), 'bridges have no threads'),
    row('vm.max_map_count', limits.maxMapCount, known(limits.maxMapCount), 'bridges take no maps'),
    {
      name: 'net.ipv4.ip_local_port_range',
      value: range === undefined ? 'unknown' : `${range.first}-${range.last}`,
      verdict: ports === undefined ? 'unknown' : ports < FEW_PORTS ? 'warn' : 'ok',
      meaning: 'outgoing; base ports elsewhere',
    },
    {
      name: 'loopback 127.0.0.1',
      value: loopback ?? 'usable',
      verdict: loopback === undefined ? 'ok' : 'fail',
      meaning: 'bind and connect',
    },
  ];
}

function wantedOf(limits: Limits, capacity: readonly Capacity[], bridges: number): Wanted {
  const fits = (wanted: Engine): boolean | undefined => {
    const servers = capacity.find(({ engine }) => engine === wanted)?.servers;
    return servers === undefined ? undefined : bridges <= servers;
  };
  const [libzmq, native] = [fits('libzmq'), fits('native')];
  // The lines are for the engine that needs more, as long as lines can help it.
  const aim = ENGINES.find((engine) => bridges <= mostBridges(engine));
  const raise = aim === undefined ? [] : raises(limits, descriptorsFor(limits, aim, bridges));
  return { bridges, libzmq, native, text: wantedText(bridges, libzmq, native), raise };
}

function wantedText(bridges: number, libzmq: boolean | undefined, native: boolean | undefined): string {
  const many = `${plural(bridges, 'bridge')} (servers with a client each)`;
  const verb = bridges === 1 ? 'fits' : 'fit';
  const sentences = [
    libzmq === undefined || native === undefined
      ? `whether ${many} ${verb} is unknown: this system does not tell its limits.`
      : libzmq && native
        ? `${many} ${verb} in one process, on either engine.`
        : native
          ? `${many} ${verb} on the native engine, not on libzmq.`
          : libzmq
            ? `${many} ${verb} on libzmq, not on the native engine.`
            : `${many} ${verb} in one process on neither engine.`,
  ];
  if (bridges > mostBridges('libzmq')) {
    sentences.push(
      `libzmq has sockets for ${grouped(mostBridges('libzmq'))} a process, whatever the limits.`,
    );
  }
  if (bridges > mostBridges('native')) sentences.push('No setting allows one process as many: use several.');
  if (bridges > SERVERS_PER_ADDRESS) {
    sentences.push(
      `An address has ports for ${grouped(SERVERS_PER_ADDRESS)} servers: use several addresses.`,
    );
  }
  return sentences.join(' ');
}

/** Binds and connects on 127.0.0.1. @returns undefined when that works, else the system's code. */
export async function tryLoopback(timeoutMs = 3_000): Promise<string | undefined> {
  const server = createServer();
  try {
    return await new Promise((resolve) => {
      const failed = (err: NodeJS.ErrnoException): void => resolve(err.code ?? err.message);
      server.once('error', failed).listen({ host: '127.0.0.1', port: 0 }, () => {
        const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
        socket.setTimeout(timeoutMs, () => socket.destroy(new Error('TIMEOUT')));
        socket.once('error', failed).once('connect', () => {
          socket.destroy();
          resolve(undefined);
        });
      });
    });
  } finally {
    server.close();
  }
}

/** `unlimited` for what is beyond all counting, too. */
export function valueText(value: number | undefined): string {
  if (value === undefined) return 'unknown';
  return value > Number.MAX_SAFE_INTEGER ? 'unlimited' : grouped(value);
}
