// slaclab/rogue src/rogue/interfaces/stream/TcpClient.cpp.

import { TcpCore } from './core';
import type { TcpOptions } from './options';

/** The end that connects: pushes to the base port, pulls from the next one. */
export class TcpClient extends TcpCore {
  /**
   * Connects in the background, and again whenever the connection is lost: resolves at once, server or not.
   *
   * @param addr IP address or host name of the server.
   * @param port base port P, 1..65534; the bridge uses P and P + 1.
   * @throws {TypeError} {RangeError} for a wrong argument, before any socket is opened.
   * @throws {GeneralError} `ERR_CONNECT`, `ERR_TOO_MANY_OPEN_FILES`; nothing stays open then.
   */
  static override create(addr: string, port: number, options: TcpOptions = {}): Promise<TcpClient> {
    return TcpCore.open((...made) => new TcpClient(...made), 'TcpClient', addr, port, options, false);
  }
}
