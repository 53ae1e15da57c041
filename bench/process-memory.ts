// Memory of a process as the Linux kernel counts it.

import { readFileSync } from 'node:fs';

const KIB = 1024;

/**
 * A field of /proc/PID/status, in MB (10^6 bytes): `VmRSS` is the resident memory now, `VmHWM` its peak.
 * Undefined without a /proc, and after the process has ended.
 */
export function statusMegabytes(pid: number | 'self', field: 'VmRSS' | 'VmHWM'): number | undefined {
  try {
    const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(
      readFileSync(`/proc/${pid}/status`, 'utf8'),
    );
    return line === null ? undefined : (Number(line[1]) * KIB) / 1e6;
  } catch {
    return undefined;
  }
}

/**
 * Peak resident memory of this process, in MB.
 *
 * `maxRSS` only where there is no /proc: on Linux a process inherits it from its parent through exec.
 */
export function peakMegabytes(): number {
  return statusMegabytes('self', 'VmHWM') ?? (process.resourceUsage().maxRSS * KIB) / 1e6;
}
