// What figures were taken with: the machine, and Node.

import { availableParallelism, cpus } from 'node:os';

export interface Machine {
  /** The model of the processor. */
  readonly cpu: string;
  /** How many of its cores this process may use. */
  readonly cores: number;
  /** The version, `v20.20.2`. */
  readonly node: string;
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    node: process.version,
  };
}

/** `AMD EPYC, 2 cores, Node v20.20.2, engine native`; without an engine where no bridge is measured. */
export function machineText({ cpu, cores, node, engine }: Machine & { readonly engine?: string }): string {
  const name = engine === undefined ? '' : `, engine ${engine}`;
  return `${cpu}, ${cores} core${cores === 1 ? '' : 's'}, Node ${node}${name}`;
}
