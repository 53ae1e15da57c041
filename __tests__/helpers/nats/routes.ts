// What the servers of a cluster reach each other through: a proxy for each of them to each other one.

import { CutProxy } from './cut-proxy';

/** Proxies between servers 0, 1, 2, ... */
export class Routes {
  /** From i to j; undefined for i = j. */
  private rows: (CutProxy | undefined)[][] = [];

  /** @param ports where the servers listen for each other. */
  async listen(ports: readonly number[]): Promise<void> {
    const rows = ports.map((_, i) => ports.map((port, j) => (i === j ? undefined : CutProxy.listen(port))));
    this.rows = await Promise.all(rows.map((row) => Promise.all(row)));
  }

  get all(): CutProxy[] {
    return this.rows.flat().filter((proxy) => proxy !== undefined);
  }

  /** What server i reaches others through. */
  from(i: number): CutProxy[] {
    return this.rows[i]!.filter((proxy) => proxy !== undefined);
  }

  /** What others reach server i through, and it reaches them. */
  of(i: number, isWanted: (other: number) => boolean = () => true): CutProxy[] {
    return this.rows.flatMap((row, j) =>
      isWanted(j) ? [row[i], this.rows[i]![j]].filter((proxy) => proxy !== undefined) : [],
    );
  }

  /** Whether each two of these servers have a connection. One that was cut is none, even if a server believes in it. */
  areConnected(servers: readonly number[]): boolean {
    const count = (i: number, j: number): number => this.rows[i]![j]?.connections ?? 0;
    return servers.every((i) => servers.every((j) => i === j || count(i, j) + count(j, i) > 0));
  }
}
