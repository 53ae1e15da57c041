// Whether the host of a silent peer is there. A peer that reads nothing, because what it has is still being worked on,
// answers no PING either; its kernel goes on acknowledging, and ours keeps count of what was not.

import type { Socket } from 'node:net';
import { canonicalAddress } from '../../wire/endpoints';
import { hasTcpTable, tcpTable } from '../tcp-table';

// Of two questions in a row one has had its time to be answered.
const MAX_PROBES = 1;

/** Whether the other host has acknowledged what was sent lately; false where nobody can tell. */
export function isHostAnswering({
  localPort,
  remoteAddress = '',
  remotePort,
  remoteFamily,
}: Socket): boolean {
  if (localPort === undefined || !hasTcpTable()) return false;
  const address = canonicalAddress(remoteAddress);
  const connection = tcpTable(remoteFamily === 'IPv6' ? 'tcp6' : 'tcp', 'question')
    .acceptedOn(localPort)
    .find((other) => other.remotePort === remotePort && other.remoteAddress === address);
  return connection?.retransmits === 0 && connection.probes <= MAX_PROBES;
}
