// What a person sees of `bench`.

import type { RoundTrip, Throughput } from './client';
import type { BenchMachine } from './protocol';
import { machineText } from '../support/machine';
import { tableText } from '../support/table';
import { digits, grouped, sizeText } from '../support/text';

/** What was measured with frames of one size. */
export interface BenchResult {
  readonly size: number;
  readonly toServer: Throughput;
  readonly toClient: Throughput;
  /** Microseconds. */
  readonly roundTrip: RoundTrip;
}

/** @param server undefined when both halves are on one machine. */
export function headline(client: BenchMachine, server?: BenchMachine): string {
  if (server === undefined) return `${machineText(client)}\nclient and server on this machine`;
  return `client: ${machineText(client)}\nserver: ${machineText(server)}`;
}

const LEGEND = '-> to the server, <- from it; p50 and p99: one frame there and back';
/** Of a log. */
export const LOG_LEGEND = '-> into the log, until stored, <- out of it; p50 and p99: one frame in and out';

export function benchTable(results: readonly BenchResult[], legend = LEGEND): string {
  const rate = ({ framesPerSecond, bytesPerSecond }: Throughput): string[] => [
    digits(framesPerSecond),
    digits(bytesPerSecond / 1e6),
  ];
  const table = tableText(
    ['payload', '-> frames/s', 'MB/s', '<- frames/s', 'MB/s', 'p50 us', 'p99 us'],
    results.map(({ size, toServer, toClient, roundTrip }) => [
      sizeText(size),
      ...rate(toServer),
      ...rate(toClient),
      grouped(roundTrip.p50),
      grouped(roundTrip.p99),
    ]),
  );
  return `${table}\n${legend}`;
}
