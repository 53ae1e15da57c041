// zeromq/libzmq src/stream_engine_base.cpp, restart_input (4.3.5): heartbeats are not read while the pipe of a PULL is
// full. They would end a connection that is merely ahead of its reader, and with it the process, by an assertion. So the
// kernel asks a PULL's peer. To be deleted once that assertion is gone.

import type { Direction } from '../../socket';

/** The options of a socket that notices a vanished peer within about three intervals. */
export function heartbeatOptions(direction: Direction, heartbeatMs: number | undefined): object {
  if (heartbeatMs === undefined) return {};
  // The timeout begins with the PING that was not answered, so a peer is gone within three intervals.
  if (direction === 'send') return { heartbeatInterval: heartbeatMs, heartbeatTimeout: 2 * heartbeatMs };
  const seconds = Math.ceil(heartbeatMs / 1000);
  return {
    tcpKeepalive: 1,
    tcpKeepaliveIdle: seconds,
    tcpKeepaliveInterval: seconds,
    tcpKeepaliveCount: 1,
  };
}
