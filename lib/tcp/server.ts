// slaclab/rogue src/rogue/interfaces/stream/TcpServer.cpp.

import { TcpCore } from './core';
import type { TcpOptions } from './options';

/** The end that binds: pulls on the base port, pushes on the next one. */
export class TcpServer extends TcpCore {
  /**
   * Binds both ports; resolves when both are listening.
   *
   * @param addr local IP address, interface (`eth0`) or host name; `*` is every interface.
   * @param port base port P, 1..65534; the bridge uses P and P + 1.
   * @throws {TypeError} {RangeError} for a wrong argument, before any socket is opened.
   * @throws {GeneralError} `ERR_BIND` with the port that failed, `ERR_TOO_MANY_OPEN_FILES`; the other port is
   *   free again.
   */
  static override create(addr: string, port: number, options: TcpOptions = {}): Promise<TcpServer> {
    return TcpCore.open((...made) => new TcpServer(...made), 'TcpServer', addr, port, options, true);
  }
}
