// libzmq's socket monitor, read to its end. An event nobody takes stalls the I/O thread of the whole context
// once some 2000 of them wait (zeromq/libzmq src/socket_base.cpp, monitor_event), so every event is taken at once.

import type { Observer, Socket } from 'zeromq';
import { hasSpareDescriptors } from '../descriptors';

// The monitor's own socket and its reader, and as much again for what the I/O thread may accept meanwhile: where
// the reader cannot be made, the monitor stays without one and stalls every bridge at its first event.
const SPARE_DESCRIPTORS = 4;

/** A zeromq.js event name: `accept`, `connect`, `handshake`, `disconnect`, `end` and so on. */
export type MonitorEvent = Awaited<ReturnType<Observer['receive']>>['type'];

/** The events of one socket, from the moment this is made until the socket is gone. */
export class SocketMonitor {
  /**
   * Resolves when libzmq has destroyed the socket: what was sent is with the kernel, or its linger time is
   * over; the ports are free; its descriptors are closed.
   */
  readonly ended: Promise<void>;

  private constructor(socket: Socket, onEvent: (type: MonitorEvent) => void) {
    this.ended = readEvents(socket.events, onEvent);
  }

  /** Attaches a monitor for the rest of the socket's life; undefined when there are no descriptors for it. */
  static attach(socket: Socket, onEvent: (type: MonitorEvent) => void): SocketMonitor | undefined {
    return hasSpareDescriptors(SPARE_DESCRIPTORS) ? new SocketMonitor(socket, onEvent) : undefined;
  }
}

async function readEvents(observer: Observer, onEvent: (type: MonitorEvent) => void): Promise<void> {
  for (;;) {
    let type: MonitorEvent;
    try {
      ({ type } = await observer.receive());
    } catch {
      // The monitor is gone without its last event: the context is shutting down.
      return;
    }
    if (type === 'end') return;
    onEvent(type);
  }
}
