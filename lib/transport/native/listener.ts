// A bound port.

import { createServer, type Server, type Socket } from 'node:net';

// As libzmq's; Node's own is 511.
const BACKLOG = 100;

/** A port that is being listened on. */
export class Listener {
  private closing: Promise<void> | undefined;

  private constructor(private readonly server: Server) {}

  /**
   * Binds and listens.
   * @param host an IP address of this machine, or one that stands for all of them.
   * @throws the system's error, e.g. `EADDRINUSE`.
   */
  static open(host: string, port: number, accept: (socket: Socket) => void): Promise<Listener> {
    const server = createServer({ pauseOnConnect: true }, accept);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.once('listening', () => {
        server.off('error', reject);
        // Accepting one connection failed: its peer sees it closed, and the next one is as welcome as ever.
        server.on('error', () => undefined);
        resolve(new Listener(server));
      });
      // exclusive: a cluster's workers would share the port otherwise, and the frames with it.
      server.listen({ host, port, backlog: BACKLOG, exclusive: true });
    });
  }

  /** Resolves when the port is free. Connections that were accepted are not its business any more. */
  close(): Promise<void> {
    this.closing ??= new Promise((resolve) => this.server.close(() => resolve()));
    return this.closing;
  }
}
