// Who may connect to a server's socket: the ZAP handler (zeromq/rfc 27) of the shared context.
//
// Every server has a ZAP domain: a socket with one refuses whatever speaks no ZMTP 3, which libzmq would otherwise take
// for a peer of an older kind and give the next frame to (zeromq/libzmq src/zmtp_engine.cpp). Clients have none: libzmq
// ends the process when a socket with one is closed while it reconnects (zeromq/libzmq issue 2476; 4.3.5).

import { Router, type Context } from 'zeromq';
import { Mutex } from '../../async/mutex';
import { SocketMonitor } from './workarounds/monitor';

const ENDPOINT = 'inproc://zeromq.zap.01';
const VERSION = '1.0';
const CLOSE_LIMIT_MS = 500;

/** A peer that is about to connect. */
export interface Applicant {
  /** Its IP address. */
  readonly address: string;
  /** CURVE: its public key, 32 bytes; it has proved to hold the secret one. */
  readonly publicKey: Buffer | undefined;
}

/** Whether it may. */
export type Authorize = (applicant: Applicant) => boolean;

const domains = new Map<string, Authorize>();
let nextDomain = 0;
let handler: SocketMonitor | undefined;
// One handler at a time can be bound.
const mutex = new Mutex();

/** A ZAP domain that `authorize` decides for, until {@link leaveDomain}. Rejects with what binding failed with. */
export function enterDomain(context: Context, authorize: Authorize): Promise<string> {
  return mutex.runExclusive(async () => {
    handler ??= await openHandler(context);
    nextDomain += 1;
    const domain = `bridge-${nextDomain}`;
    domains.set(domain, authorize);
    return domain;
  });
}

/** The socket of this domain is closed. With the last one the handler goes, so that nothing is left behind. */
export function leaveDomain(domain: string): Promise<void> {
  return mutex.runExclusive(async () => {
    domains.delete(domain);
    if (domains.size > 0 || handler === undefined) return;
    const last = handler;
    handler = undefined;
    await last.close(CLOSE_LIMIT_MS);
  });
}

/** @returns the monitor of the handler's socket, which closes it. */
async function openHandler(context: Context): Promise<SocketMonitor> {
  const router = new Router({ context, linger: 0 });
  const monitor = new SocketMonitor(router, () => undefined);
  try {
    await router.bind(ENDPOINT);
  } catch (err) {
    await monitor.close(CLOSE_LIMIT_MS);
    throw err;
  }
  void answer(router);
  return monitor;
}

async function answer(router: Router): Promise<void> {
  for (;;) {
    // Nothing can be received once the router is closed.
    const request = await router.receive().catch(() => undefined);
    if (request === undefined) return;
    const [asker = '', delimiter = '', , id = '', domain, address, , , publicKey] = request;
    const authorize = domains.get(String(domain));
    const isWelcome = authorize?.({ address: String(address), publicKey }) === true;
    const [status, text] = isWelcome ? ['200', 'OK'] : ['400', 'refused'];
    // It fails where the asker has left, or the router is closed.
    await router.send([asker, delimiter, VERSION, id, status, text, '', '']).catch(() => undefined);
  }
}
