// What a process of a soak has sent and received, kept in a file, so that it is known exactly when the process is killed.

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

const FIELDS = 4;

/** One moment's account. */
export interface Entry {
  /** Frames accepted by the bridge. */
  readonly sent: number;
  /** The sender's life of the last frame received, and its number; both -1 before the first. */
  readonly life: number;
  readonly last: number;
  /** Frames that should have come before that one, and did not. */
  readonly missing: number;
}

/** The file of one process. */
export class Ledger {
  private readonly entry = new Float64Array([0, -1, -1, 0]);
  private readonly fd: number;

  constructor(path: string) {
    this.fd = openSync(path, 'w');
    this.write();
  }

  onSent(): void {
    this.entry[0]! += 1;
    this.write();
  }

  onReceived(life: number, last: number, missing: number): void {
    this.entry[1] = life;
    this.entry[2] = last;
    this.entry[3] = missing;
    this.write();
  }

  close(): void {
    closeSync(this.fd);
  }

  private write(): void {
    writeSync(this.fd, this.entry, 0, this.entry.byteLength, 0);
  }
}

/** What is in the file of a process, which may have ended. */
export function readLedger(path: string): Entry {
  const bytes = readFileSync(path);
  const [sent, life, last, missing] = Array.from({ length: FIELDS }, (_, i) => bytes.readDoubleLE(8 * i));
  return { sent: sent!, life: life!, last: last!, missing: missing! };
}
