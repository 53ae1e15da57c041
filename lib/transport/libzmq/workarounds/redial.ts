// zeromq/libzmq src/session_base.cpp, engine_error (4.3.5): a client stops reconnecting for good once its peer has broken
// the protocol, as another service that has the port for a moment does, or has refused it. Ours begins anew.
// To be deleted once libzmq reconnects after a protocol error.
//
// zeromq/libzmq src/tcp_address.cpp, resolve (4.3.5): names are looked up on the I/O thread, so a name server that does not
// answer stops every bridge of the process, and a name that has moved is not followed. Node looks them up here, and
// libzmq is given addresses. To be deleted once libzmq has a resolver of its own.

import { isIP } from 'node:net';
import type { Pull, Push } from 'zeromq';
import { clearTimeout, monotonicMs, setTimeout } from '../../../async/clock';
import { endpointText, splitScope } from '../../../wire/endpoints';
import { connectReason } from '../../errors';
import { addressesOf } from '../../names';
import type { ConnectFailure } from '../../socket';
import type { Place } from '../zmq-socket';
import type { MonitorEvent } from './monitor';

// libzmq says at once that it will try again, or never.
const SILENT_MS = 400;
// How long one address of a name is tried before it is looked up again, for its next one.
const LOOKUP_MS = 500;
// Of a host that has moved, nothing refuses a connection to its old address.
const CONNECT_TIMEOUT_MS = 3_000;
const TRYING: readonly MonitorEvent[] = ['connect:retry', 'connect:delay', 'connect'];

/** Keeps one client's socket connecting, to one address of its host after the other. */
export class Dialer {
  private readonly isName: boolean;
  private address: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isConnected = false;
  private closed = false;
  private lookingUp = false;
  private triedSince = -Infinity;
  private failures = 0;

  /**
   * @param settled resolves when nothing that has arrived waits in the socket: beginning anew throws that away.
   * @param onFailed told of a name that could not be looked up.
   */
  constructor(
    private readonly socket: Push | Pull,
    private readonly target: Pick<Place, 'host' | 'port'>,
    private readonly settled: () => Promise<void>,
    private readonly onFailed: (failure: Pick<ConnectFailure, 'code' | 'message' | 'attempts'>) => void,
  ) {
    this.isName = isIP(splitScope(target.host).ip) === 0;
  }

  /** Begins to connect. @throws what libzmq says of an address that it does not take. */
  dial(): void {
    if (!this.isName) {
      this.connect(this.target.host);
      return;
    }
    this.socket.connectTimeout = CONNECT_TIMEOUT_MS;
    void this.lookUp();
  }

  /** To be told every event of the socket's monitor. */
  onEvent(type: MonitorEvent): void {
    if (type === 'connect') this.isConnected = true;
    if (type === 'disconnect') {
      this.isConnected = false;
      this.triedSince = monotonicMs();
      this.redialAfter(SILENT_MS);
    }
    if (!TRYING.includes(type)) return;
    clearTimeout(this.timer);
    const isOverdue = !this.lookingUp && monotonicMs() - this.triedSince >= LOOKUP_MS;
    if (type === 'connect:retry' && this.isName && isOverdue) void this.lookUp();
  }

  /** Stops connecting. To be called before the socket is closed. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private redialAfter(ms: number): void {
    clearTimeout(this.timer);
    if (!this.closed) this.timer = setTimeout(() => void this.redial(), ms);
  }

  private async redial(): Promise<void> {
    if (this.lookingUp) {
      this.redialAfter(SILENT_MS);
      return;
    }
    if (this.isName && (await this.lookUp())) return;
    // The same address again: libzmq has given it up.
    if (this.address !== undefined) await this.connectAnew(this.address);
  }

  /** Looks the name up, and goes on to its next address: true where there is another one. */
  private async lookUp(): Promise<boolean> {
    this.lookingUp = true;
    try {
      const addresses = (await addressesOf(this.target.host)).map(({ address }) => address);
      this.failures = 0;
      const next = addresses[(addresses.indexOf(this.address ?? '') + 1) % addresses.length];
      const isOther = next !== undefined && next !== this.address;
      if (isOther) await this.connectAnew(next);
      return isOther;
    } catch (err) {
      this.failures += 1;
      if (!this.closed) this.onFailed({ ...connectReason(err), attempts: this.failures });
      this.redialAfter(LOOKUP_MS);
      return false;
    } finally {
      this.lookingUp = false;
      this.triedSince = monotonicMs();
    }
  }

  private async connectAnew(address: string): Promise<void> {
    await this.settled();
    // It may have succeeded after all, while the name was looked up.
    if (this.closed || this.isConnected) return;
    try {
      if (this.address !== undefined) this.socket.disconnect(endpointText(this.address, this.target.port));
    } catch {
      // It has given up on it already.
    }
    try {
      this.connect(address);
    } catch {
      // Out of descriptors, say.
      this.redialAfter(LOOKUP_MS);
    }
  }

  private connect(address: string): void {
    this.socket.ipv6 = address.includes(':');
    this.address = address;
    this.socket.connect(endpointText(address, this.target.port));
  }
}
