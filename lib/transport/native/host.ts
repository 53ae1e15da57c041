// Whether the host of a silent peer is there. A peer that reads nothing, because what it has is still being worked on,
// answers no PING either; its kernel goes on acknowledging, and ours keeps count of what was not.

import type { Socket } from 'node:net';
import { canonicalAddress, isLoopback } from '../../wire/endpoints';
import { hasTcpTable, tcpTable } from '../../system/tcp-table';

// Of two questions in a row one has had its time to be answered.
const MAX_PROBES = 1;
// A machine that stands still for a fifth of a second makes its kernel send again what was acknowledged in time.
const MAX_RETRANSMITS = 1;

/** The two ends of a connection, as a socket names them. */
export type Ends = Pick<
  Socket,
  'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort' | 'remoteFamily'
>;

/**
 * Whether the other host acknowledges what is sent to it, or is not known not to: reading tells of a connection that the
 * kernel does not list any more. False on a system that does not tell.
 *
 * @param sinceMs when the peer was heard last, as `monotonicMs()`: an older table proves nothing.
 */
export function isHostAnswering(ends: Ends, sinceMs: number): boolean {
  const { localAddress, localPort, remoteAddress = '', remotePort, remoteFamily } = ends;
  if (localPort === undefined || !hasTcpTable()) return false;
  // It is this host: no cable lies between, and the kernel ends the connections of a process that has died.
  if (remoteAddress === localAddress || isLoopback(remoteAddress)) return true;
  const table = tcpTable(remoteFamily === 'IPv6' ? 'tcp6' : 'tcp');
  if (table.readAt < sinceMs) return true;
  const address = canonicalAddress(remoteAddress);
  const connection = table
    .onPort(localPort)
    .find((other) => other.remotePort === remotePort && other.remoteAddress === address);
  if (connection === undefined) return true;
  return connection.retransmits <= MAX_RETRANSMITS && connection.probes <= MAX_PROBES;
}
