// zeromq/libzmq src/socket_base.cpp, monitor_event (4.3.5): about 2000 unread events block the I/O thread of the whole
// context. So every event of a socket is read, from its creation until it is gone.
// To be deleted once a monitor drops what is not read.

import type { Event, Observer, Socket } from 'zeromq';
import { settlesWithin } from '../../../async/linger';

/** A zeromq.js event name: `accept`, `connect`, `handshake`, `disconnect`, `end` and so on. */
export type MonitorEvent = Event['type'];

/** The events of one socket, from the moment this is made until the socket is gone. */
export class SocketMonitor {
  private tellBindError!: (err: Error) => void;
  /** Resolves with why binding failed: bind() itself rejects with a code that telling the monitor has spoilt. */
  readonly bindError = new Promise<Error>((resolve) => (this.tellBindError = resolve));
  /** Resolves when libzmq has destroyed the socket: ports and descriptors are free. zeromq.js's close() does not wait. */
  private readonly ended: Promise<void>;

  constructor(
    private readonly socket: Socket,
    onEvent: (type: MonitorEvent) => void,
  ) {
    this.ended = readEvents(socket.events, (event) => {
      if (event.type === 'bind:error') this.tellBindError(event.error);
      onEvent(event.type);
    });
  }

  /** Closes the socket, and waits until it is gone, for `limitMs` at most. */
  async close(limitMs: number): Promise<void> {
    this.socket.close();
    await settlesWithin(limitMs, this.ended);
  }
}

async function readEvents(observer: Observer, onEvent: (event: Event) => void): Promise<void> {
  for (;;) {
    let event: Event;
    try {
      event = await observer.receive();
    } catch {
      // The monitor is gone without its last event: the context is shutting down.
      return;
    }
    if (event.type === 'end') return;
    onEvent(event);
  }
}
