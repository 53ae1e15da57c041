// libzmq stops reconnecting for good once its peer has broken the protocol, as another service that has the port for a
// moment does, or has refused it (zeromq/libzmq src/session_base.cpp, engine_error). Ours begins anew.

import type { Socket } from 'zeromq';
import { clearInterval, setInterval } from '../../async/clock';

// How often to look. A socket must have been without a peer at this many looks in a row: libzmq's own attempts, 100 ms
// apart, come first, and a connection that one of them makes at this very moment would be lost with what it brought.
const LOOK_MS = 300;
const MISSING_LOOKS = 4;

/** A socket that is to have a connection. */
export interface Connecting {
  readonly socket: Socket;
  readonly endpoint: string;
  /** Whether it has a connection, past its handshake or not, or is about to have one. */
  readonly isConnected: () => boolean;
  /** A count that stands still while nothing of what it has received waits to be read; undefined while some may. */
  readonly settled: () => number | undefined;
}

// The count at the last look, where there was no connection then, and for how many looks in a row that has been so.
const watched = new Map<Connecting, { missingAt: number | undefined; looks: number }>();
let timer: NodeJS.Timeout | undefined;

/** Sees to it that this socket goes on trying; ends by {@link letGo}. */
export function keepTrying(connecting: Connecting): void {
  watched.set(connecting, { missingAt: undefined, looks: 0 });
  // One timer for all: they share what is read from the system, too.
  timer ??= setInterval(look, LOOK_MS).unref();
}

/** This socket is to be closed. */
export function letGo(connecting: Connecting): void {
  watched.delete(connecting);
  if (watched.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

function look(): void {
  for (const [connecting, state] of watched) {
    // Beginning anew throws away what is still to be read.
    const missingAt = connecting.isConnected() ? undefined : connecting.settled();
    state.looks = missingAt !== undefined && missingAt === state.missingAt ? state.looks + 1 : 1;
    state.missingAt = missingAt;
    if (missingAt === undefined || state.looks < MISSING_LOOKS) continue;
    reconnect(connecting);
    state.looks = 0;
  }
}

function reconnect({ socket, endpoint }: Connecting): void {
  if (socket.closed) return;
  try {
    socket.disconnect(endpoint);
  } catch {
    // It has given up on it already.
  }
  try {
    socket.connect(endpoint);
  } catch {
    // Out of descriptors, say: at the next look again.
  }
}
