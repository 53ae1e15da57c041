// What a process may open, and what to say when that is used up.

import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { GeneralError, systemCode } from '../errors';

// 'EMFILE' is libzmq's word for the process's limit and for the context's number of sockets alike.
const SHORTAGE_CODES = ['EMFILE', 'ENFILE'];

// Read while there still are descriptors to read it with.
let softLimit: number | undefined;

/** Remembers the limit of open files, for the message that is due when there is none left to look it up with. */
export function rememberLimit(): void {
  softLimit ??= readSoftLimit();
}

/** Whether `count` more descriptors can be opened at this moment. */
export function hasSpareDescriptors(count: number): boolean {
  const spare: number[] = [];
  try {
    while (spare.length < count) spare.push(openSync(devNull, 'r'));
    return true;
  } catch {
    return false;
  } finally {
    for (const fd of spare) closeSync(fd);
  }
}

/** `err` or its cause, whichever says that descriptors, or the context's sockets, have run out; else undefined. */
export function shortageIn(err: unknown): unknown {
  return [err, (err as Error).cause].find((one) => SHORTAGE_CODES.includes(systemCode(one) ?? ''));
}

/**
 * The error for {@link shortageIn}: how many are open, what the limit is, how to raise it.
 *
 * @param maxSockets of the shared ZeroMQ context; undefined where there is none.
 */
export function shortageError(what: string, maxSockets: number | undefined, cause?: unknown): GeneralError {
  const limit = String(softLimit ?? 'unknown here');
  const open = String(countOpen() ?? `all ${limit}`);
  return new GeneralError(
    'ERR_TOO_MANY_OPEN_FILES',
    `${what}: out of descriptors; ${open} are open in this process ` +
      `and the limit is ${limit}. A bridge takes ${maxSockets === undefined ? 2 : 8}, and each client of a ` +
      `server 2 more. Raise the limit with ` +
      `'ulimit -n 65536' in the shell that starts this process, or for good with a nofile line in ` +
      `/etc/security/limits.conf (LimitNOFILE= for a systemd service).` +
      (maxSockets === undefined
        ? ''
        : ` If far fewer are open than the limit, the ${maxSockets} sockets of the shared ZeroMQ context are used ` +
          `up: use more than one process.`),
    { cause },
  );
}

function countOpen(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    // Counting takes a descriptor, too; or this system has no /proc.
    return undefined;
  }
}

function readSoftLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line === null ? undefined : Number(line[1]);
  } catch {
    return undefined;
  }
}
