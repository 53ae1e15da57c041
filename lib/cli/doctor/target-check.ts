// A bridge's address: what its name stands for, and what is behind its ports.

import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { hostOf, targetText, type Target } from '../support/arguments';
import { examine, type Diagnosis, type Examination } from './diagnosis';
import type { Port } from './findings';
import { probe } from './zmtp-probe';

/** What is said about a target: `--json` prints just this. */
export interface TargetReport {
  readonly ok: boolean;
  readonly target: string;
  /** What the host name stands for. */
  readonly addresses: readonly string[];
  /** The one of them that was asked. */
  readonly asked?: string;
  readonly ports: readonly Port[];
  readonly diagnosis: Diagnosis;
}

/**
 * @param timeout in seconds.
 * @param signal ends it soon; the report then means nothing.
 */
export async function reportTarget(
  target: Target,
  timeout: number,
  signal?: AbortSignal,
): Promise<TargetReport> {
  const host = hostOf(target);
  const text = targetText(target);
  let addresses: string[];
  try {
    addresses = await addressesOf(host);
  } catch (err) {
    return { ok: false, target: text, addresses: [], ports: [], diagnosis: unresolved(host, err) };
  }
  // The first one where anything is open is what a client would come to.
  let asked = '';
  let found: Examination | undefined;
  for (const address of addresses) {
    asked = address;
    found = await examine(target, `${timeout} s`, (port) =>
      probe(address, port, Math.ceil(timeout * 1000), signal),
    );
    if (found.ports.some(({ finding }) => finding.state !== 'closed')) break;
  }
  const { ports, diagnosis } = found!;
  const ok = diagnosis.code === 'fine';
  // It answers here, and a client that is given the name would still look for it in vain.
  const isHidden = ok && isIPv6(asked) && !isIPv6(host);
  const advice = isHidden
    ? `The libzmq engine takes the IPv4 addresses of a name alone: give it [${asked}]:${target.port}.`
    : diagnosis.advice;
  return { ok, target: text, addresses, asked, ports, diagnosis: { ...diagnosis, advice } };
}

/** IPv4 first: of a name the libzmq engine takes no other. */
async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const all = await lookup(host, { all: true });
  return [...new Set(all.sort((a, b) => a.family - b.family).map(({ address }) => address))];
}

function unresolved(host: string, err: unknown): Diagnosis {
  const { code } = err as NodeJS.ErrnoException;
  const isUnknown = code === 'ENOTFOUND';
  return {
    code: 'unresolved',
    text: `The host name ${host} does not resolve: ${isUnknown ? 'nobody knows it' : (code ?? String(err))}.`,
    advice: isUnknown
      ? 'Look for a slip in the name, or give the IP address.'
      : 'Name servers did not answer: give the IP address, or try again.',
  };
}
