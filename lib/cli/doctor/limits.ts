// What the system allows one process, and how many bridges that is on each engine.

import { readdirSync, readFileSync } from 'node:fs';
import type { Engine } from '../../index';

/** Servers bind two ports each, and those below 1024 are the system's. */
export const SERVERS_PER_ADDRESS = Math.floor((65_535 - 1024) / 2);

// README, "Many bridges".
const COSTS: Readonly<Record<Engine, { server: number; accepted: number; client: number; process: number }>> =
  {
    libzmq: { server: 8, accepted: 2, client: 8, process: 9 },
    native: { server: 2, accepted: 2, client: 2, process: 0 },
  };
// One context a process, two sockets a bridge and one that decides who may connect, each with two for its monitor.
const CONTEXT_SOCKETS = 65_535;
const LIBZMQ_BRIDGES = Math.floor((CONTEXT_SOCKETS - 3) / 6);
// What Linux lets fs.nr_open be.
const MOST_DESCRIPTORS = 2_147_483_584;
// libzmq wants so many free before it starts, and no process should live at the very edge.
const SPARE = 16;

/** What was read; a value is undefined where this system does not tell it, Infinity where there is no limit. */
export interface Limits {
  /** This process's: Node has raised its soft limit to the hard one. */
  readonly openFiles: { readonly soft: number | undefined; readonly hard: number | undefined };
  /** Open in this process, without a bridge. */
  readonly openNow: number;
  readonly processes: number | undefined;
  /** Most that the hard limit of open files can be raised to. */
  readonly nrOpen: number | undefined;
  readonly fileMax: number | undefined;
  /** Files open in the whole system. */
  readonly fileUse: number | undefined;
  readonly threadsMax: number | undefined;
  readonly maxMapCount: number | undefined;
  readonly portRange: { readonly first: number; readonly last: number } | undefined;
}

/** How many bridges fit into one process; undefined where nobody knows. */
export interface Capacity {
  readonly engine: Engine;
  /** Servers with one client each, which connects from elsewhere. */
  readonly servers: number | undefined;
  /** Connected clients. */
  readonly clients: number | undefined;
}

/** @param read the text of a file; undefined where there is none, as everywhere but on Linux. */
export function readLimits(read = readText, openNow = countOpen()): Limits {
  const limits = read('/proc/self/limits') ?? '';
  const numbers = (name: string): (number | undefined)[] =>
    (read(`/proc/sys/${name}`) ?? '').trim().split(/\s+/).map(numberOf);
  const [soft, hard] = limitsOf(limits, 'Max open files');
  const [first, last] = numbers('net/ipv4/ip_local_port_range');
  return {
    openFiles: { soft, hard },
    openNow,
    processes: limitsOf(limits, 'Max processes')[0],
    nrOpen: numbers('fs/nr_open')[0],
    fileMax: numbers('fs/file-max')[0],
    fileUse: numbers('fs/file-nr')[0],
    threadsMax: numbers('kernel/threads-max')[0],
    maxMapCount: numbers('vm/max_map_count')[0],
    portRange: first === undefined || last === undefined ? undefined : { first, last },
  };
}

/** What fits as things are. */
export function capacityOf(limits: Limits, engine: Engine): Capacity {
  const { openFiles, openNow, fileMax, fileUse } = limits;
  const cost = COSTS[engine];
  const ownSpare = openFiles.soft === undefined ? undefined : openFiles.soft - openNow;
  const systemSpare = fileMax === undefined ? undefined : fileMax - (fileUse ?? 0);
  if (ownSpare === undefined) return { engine, servers: undefined, clients: undefined };
  const spare = Math.min(ownSpare, systemSpare ?? Infinity) - cost.process - SPARE;
  const most = mostBridges(engine);
  const fits = (each: number): number => Math.max(0, Math.min(most, Math.floor(spare / each)));
  return { engine, servers: fits(serverCost(engine)), clients: fits(cost.client) };
}

/** What no limit of the system can raise. */
export function mostBridges(engine: Engine): number {
  return engine === 'libzmq' ? LIBZMQ_BRIDGES : Math.floor(MOST_DESCRIPTORS / serverCost('native'));
}

function serverCost(engine: Engine): number {
  return COSTS[engine].server + COSTS[engine].accepted;
}

/** Descriptors that `bridges` servers with a client each need, all in all. */
export function descriptorsFor(limits: Limits, engine: Engine, bridges: number): number {
  return bridges * serverCost(engine) + COSTS[engine].process + SPARE + limits.openNow;
}

/** One limit to be raised, and the lines that do it, each with the place it goes to. */
export interface Raise {
  readonly limit: string;
  readonly to: number;
  readonly lines: readonly { readonly where: string; readonly line: string }[];
}

/** What is too low for `descriptors` in one process, in the order to raise it in. */
export function raises(limits: Limits, descriptors: number): Raise[] {
  const { openFiles, nrOpen, fileMax, fileUse = 0 } = limits;
  const files = roundUp(descriptors);
  const isTooFew = isBelow(openFiles.soft, descriptors);
  return [
    ...(isBelow(fileMax, descriptors + fileUse)
      ? [sysctl('fs.file-max', roundUp(descriptors + fileUse))]
      : []),
    // The hard limit of open files cannot be above it.
    ...(isTooFew && isBelow(nrOpen, files) ? [sysctl('fs.nr_open', files)] : []),
    ...(isTooFew ? [openFilesRaise(files)] : []),
  ];
}

function openFilesRaise(to: number): Raise {
  return {
    limit: 'open files',
    to,
    lines: [
      { where: 'in the shell, as root', line: `ulimit -n ${to}` },
      { where: '/etc/security/limits.conf', line: `* soft nofile ${to}` },
      { where: '', line: `* hard nofile ${to}` },
      { where: 'systemd unit, [Service]', line: `LimitNOFILE=${to}` },
    ],
  };
}

function sysctl(name: string, to: number): Raise {
  return {
    limit: name,
    to,
    lines: [
      { where: 'now, as root', line: `sysctl -w ${name}=${to}` },
      { where: '/etc/sysctl.d/90-bridges.conf', line: `${name} = ${to}` },
    ],
  };
}

function isBelow(value: number | undefined, wanted: number): boolean {
  return value !== undefined && value < wanted;
}

/** A figure that people would write: the next multiple of 1024. */
function roundUp(value: number): number {
  return Math.ceil(value / 1024) * 1024;
}

function limitsOf(text: string, name: string): (number | undefined)[] {
  const match = new RegExp(`^${name} +(\\S+) +(\\S+)`, 'm').exec(text);
  return [numberOf(match?.[1] ?? ''), numberOf(match?.[2] ?? '')];
}

function numberOf(text: string): number | undefined {
  if (text === 'unlimited') return Infinity;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function countOpen(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
