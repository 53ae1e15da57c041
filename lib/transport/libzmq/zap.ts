// The gatekeeper of libzmq's sockets: a ZAP handler (zeromq/rfc 27), one for the shared context.
//
// A socket with a ZAP domain asks it for every peer, and refuses those that cannot be asked about: whatever speaks no
// ZMTP 3 at all, which libzmq would otherwise take for a peer of an older kind and give the next frame to
// (zeromq/libzmq src/zmtp_engine.cpp, handshake_v1_0_unversioned and the others).

import { Router } from 'zeromq';
import { Mutex } from '../../async/mutex';
import { closeSocket } from './close';
import { sharedContext } from './context';

const ENDPOINT = 'inproc://zeromq.zap.01';
const VERSION = '1.0';
/** Of a socket that is closed. */
export const GONE = 'is gone';
const CLOSE_LIMIT_MS = 500;

/** A peer that asks to be let in. */
export interface Knock {
  /** Its IP address. */
  readonly address: string;
  /** Its public key, 32 bytes, where it has proved to hold the secret one. */
  readonly key: Buffer | undefined;
}

/** Why a peer is not let in, to be read behind "the peer at <address> "; undefined lets it in. */
export type Verdict = string | undefined;

/** Decides, now or when there is room for one more. */
export type Judge = (knock: Knock) => Verdict | Promise<Verdict>;

const domains = new Map<string, Judge>();
let nextDomain = 0;
let handler: Promise<Router> | undefined;
let closing: Promise<void> = Promise.resolve();

/** A ZAP domain that `judge` decides for, until {@link leaveDomain}. @throws what binding failed with. */
export async function enterDomain(judge: Judge): Promise<string> {
  nextDomain += 1;
  const domain = `bridge-${nextDomain}`;
  domains.set(domain, judge);
  try {
    handler ??= openHandler();
    await handler;
    return domain;
  } catch (err) {
    await leaveDomain(domain);
    throw err;
  }
}

/** The socket of this domain is closed. With the last one the handler goes, so that nothing is left behind. */
export async function leaveDomain(domain: string): Promise<void> {
  domains.delete(domain);
  if (domains.size === 0 && handler !== undefined) {
    const last = handler;
    handler = undefined;
    closing = closeHandler(last);
  }
  await closing;
}

async function openHandler(): Promise<Router> {
  // One at a time can be bound.
  await closing;
  const router = new Router({ context: sharedContext(), linger: 0 });
  await router.bind(ENDPOINT);
  void answer(router);
  return router;
}

async function closeHandler(opened: Promise<Router>): Promise<void> {
  const router = await opened.catch(() => undefined);
  if (router !== undefined) await closeSocket(router, undefined, CLOSE_LIMIT_MS);
}

async function answer(router: Router): Promise<void> {
  // One answer at a time can be on its way.
  const answers = new Mutex();
  for (;;) {
    let request: Buffer[];
    try {
      request = await router.receive();
    } catch {
      // Closed.
      return;
    }
    const [asker = '', delimiter = '', , id = '', domain = '', address = '', , , key] = request;
    const judge = domains.get(domain.toString());
    // A peer that has to wait holds up no other one.
    void Promise.resolve(judge === undefined ? GONE : judge({ address: address.toString(), key })).then(
      (verdict) => {
        const [status, text] = verdict === undefined ? ['200', 'OK'] : ['400', 'refused'];
        const reply = [asker, delimiter, VERSION, id, status, text, '', ''];
        // It fails where the router is closed, or the asker has left.
        answers.runExclusive(() => router.send(reply)).catch(() => undefined);
      },
    );
  }
}
