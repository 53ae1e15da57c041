// Where accepted connections wait while a PULL has too much to read of peers that have left.

import type { Socket } from 'node:net';
import { deadline } from '../../async/clock';

// Each costs a descriptor.
const MAX_WAITING = 256;

/** What a {@link Admission} asks and tells. */
export interface AdmissionOwner {
  readonly isOpen: () => boolean;
  /** This many wait now, one more than before. */
  readonly onWaiting: (waiting: number) => void;
  /** This connection is closed because it has waited too long, or too many wait. */
  readonly onRefused: (socket: Socket, reason: string) => void;
}

/** Lets connections in, in the order in which they came. Not a byte of one that waits has been read. */
export class Admission {
  /** Those that wait, each with what calls its time limit off. */
  private readonly queue = new Map<Socket, { readonly enter: () => void; readonly cancel: () => void }>();

  /** @param timeoutMs how long one may wait: a peer does not wait longer for a handshake either. */
  constructor(
    private readonly owner: AdmissionOwner,
    private readonly timeoutMs: number,
  ) {}

  /** Connections that wait now. */
  get waiting(): number {
    return this.queue.size;
  }

  /** Calls `enter` at once or when there is room; never when the socket is closed first. */
  admit(socket: Socket, enter: () => void): void {
    const { owner, queue } = this;
    if (queue.size === 0 && owner.isOpen()) {
      enter();
      return;
    }
    if (queue.size >= MAX_WAITING) {
      this.refuse(socket, `came while ${MAX_WAITING} others waited to be let in`);
      return;
    }
    const cancel = deadline(this.timeoutMs, () => {
      this.refuse(socket, `waited ${this.timeoutMs / 1000} s to be let in`);
    });
    queue.set(socket, { enter, cancel });
    socket.once('close', () => this.remove(socket));
    owner.onWaiting(queue.size);
  }

  /** Lets in as many as there is room for; to be called when there may be. */
  look(): void {
    for (const [socket, { enter }] of this.queue) {
      if (!this.owner.isOpen()) return;
      this.remove(socket);
      enter();
    }
  }

  /** Closes every connection that waits. */
  close(): void {
    for (const socket of [...this.queue.keys()]) {
      this.remove(socket);
      socket.destroy();
    }
  }

  private refuse(socket: Socket, reason: string): void {
    this.remove(socket);
    this.owner.onRefused(socket, reason);
    socket.destroy();
  }

  private remove(socket: Socket): void {
    this.queue.get(socket)?.cancel();
    this.queue.delete(socket);
  }
}
