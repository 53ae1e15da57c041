// The gatekeeper of libzmq's sockets: a ZAP handler (zeromq/rfc 27), one for the shared context.
//
// A socket with a ZAP domain asks it for every peer, and refuses those that cannot be asked about: whatever speaks no
// ZMTP 3 at all, which libzmq would otherwise take for a peer of an older kind and give the next frame to
// (zeromq/libzmq src/zmtp_engine.cpp, handshake_v1_0_unversioned and the others).

import { Reply } from 'zeromq';
import { closeSocket } from './close';
import { sharedContext } from './context';

const ENDPOINT = 'inproc://zeromq.zap.01';
const VERSION = '1.0';
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

const domains = new Map<string, (knock: Knock) => Verdict>();
let nextDomain = 0;
let handler: Promise<Reply> | undefined;
let closing: Promise<void> = Promise.resolve();

/** A ZAP domain that `judge` decides for, until {@link leaveDomain}. @throws what binding failed with. */
export async function enterDomain(judge: (knock: Knock) => Verdict): Promise<string> {
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

async function openHandler(): Promise<Reply> {
  // One at a time can be bound.
  await closing;
  const reply = new Reply({ context: sharedContext(), linger: 0 });
  await reply.bind(ENDPOINT);
  void answer(reply);
  return reply;
}

async function closeHandler(opened: Promise<Reply>): Promise<void> {
  const reply = await opened.catch(() => undefined);
  if (reply !== undefined) await closeSocket(reply, undefined, CLOSE_LIMIT_MS);
}

async function answer(reply: Reply): Promise<void> {
  for (;;) {
    let request: Buffer[];
    try {
      request = await reply.receive();
    } catch {
      // Closed.
      return;
    }
    const [, id = '', domain = '', address = '', , , key] = request;
    const judge = domains.get(domain.toString());
    const verdict = judge === undefined ? 'is gone' : judge({ address: address.toString(), key });
    const [status, text] = verdict === undefined ? ['200', 'OK'] : ['400', 'refused'];
    try {
      await reply.send([VERSION, id, status, text, '', '']);
    } catch {
      return;
    }
  }
}
