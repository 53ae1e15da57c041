// Closing a socket and knowing when libzmq has let go of it: closing is done by its threads, later, once what was
// sent has gone to the kernel or the linger time is over, and zeromq.js does not tell.

import { readFileSync } from 'node:fs';
import type { Socket } from 'zeromq';
import { monotonicMs, pause } from '../../async/clock';
import { settlesWithin } from '../../async/linger';
import { systemCode } from '../../errors';
import { SocketMonitor } from './monitor';

// The option by which libzmq gives out a socket's event descriptor. It closes that one last.
const ZMQ_FD = 14;

// How often to look whether the socket is gone; the first looks are closer together than the last.
const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 16;

/**
 * Closes a socket and waits, for at most `limitMs`, until its descriptors are closed and its port is free.
 *
 * @param watching the socket's monitor, if it has one.
 */
export async function closeSocket(
  socket: Socket,
  watching: SocketMonitor | undefined,
  limitMs: number,
): Promise<void> {
  const isGone = goneTest(socket);
  // Where the descriptor says nothing, a monitor does; and where there is none to be had, nobody waits.
  const monitor =
    watching ?? (isGone === undefined ? SocketMonitor.attach(socket, () => undefined) : undefined);
  socket.close();
  const deadline = monotonicMs() + limitMs;
  await Promise.all([
    isGone === undefined ? undefined : until(isGone, deadline),
    monitor === undefined ? undefined : settlesWithin(limitMs, monitor.ended),
  ]);
}

/**
 * A function that tells whether the socket's event descriptor is closed, by the identity Linux gives every such
 * descriptor (proc(5), fdinfo; since Linux 5.2): the number alone may be in use again. Undefined elsewhere.
 */
function goneTest(socket: Socket): (() => boolean) | undefined {
  const fd = (socket as unknown as { getInt32Option(option: number): number }).getInt32Option(ZMQ_FD);
  const path = `/proc/self/fdinfo/${fd}`;
  const identity = (): string | undefined => /eventfd-id:\s*\d+/.exec(readFileSync(path, 'latin1'))?.[0];
  try {
    const own = identity();
    if (own === undefined) return undefined;
    return () => {
      try {
        return identity() !== own;
      } catch (err) {
        // Any other error, such as no descriptor to read with, says nothing.
        return systemCode(err) === 'ENOENT';
      }
    };
  } catch {
    return undefined;
  }
}

async function until(condition: () => boolean, deadline: number): Promise<void> {
  for (let lookMs = FIRST_LOOK_MS; !condition(); lookMs = Math.min(lookMs * 2, LAST_LOOK_MS)) {
    if (monotonicMs() > deadline) return;
    await pause(lookMs);
  }
}
