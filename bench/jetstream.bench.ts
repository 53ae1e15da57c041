// What goes into a log and out of it, how many can read it, and what changes when it grows?

import type { Benchmark, BenchmarkResult } from './benchmark';
import { fanOut } from './jetstream/fan-out';
import { growth } from './jetstream/growth';
import { inAndOut } from './jetstream/in-and-out';
import { natsServerVersion, whyNoServer } from './jetstream/server';

const PARTS: readonly Benchmark[] = [inAndOut, fanOut, growth];

export const jetstream: Benchmark = async (options) => {
  const missing = whyNoServer();
  if (missing !== undefined) return { ...EMPTY, skipped: [`jetstream: ${missing}`] };
  const parts: BenchmarkResult[] = [];
  for (const part of PARTS) parts.push(await part(options));
  const of = <K extends keyof BenchmarkResult>(key: K): BenchmarkResult[K] =>
    parts.flatMap((part) => part[key] as readonly unknown[]) as unknown as BenchmarkResult[K];
  const server = `nats-server ${natsServerVersion() ?? '?'}`;
  return {
    tables: of('tables').map((table) => ({ ...table, title: `${table.title}, ${server}` })),
    notes: of('notes'),
    skipped: of('skipped'),
    cases: of('cases'),
    failures: of('failures'),
    shortfalls: of('shortfalls'),
  };
};

const EMPTY = { tables: [], notes: [], skipped: [], cases: [], failures: [], shortfalls: [] };
