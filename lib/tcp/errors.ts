// What a bridge says when it cannot do what it was asked to.

import { describeError, GeneralError } from '../errors';
import type { Endpoints } from '../wire/endpoints';
import { MAX_PAYLOAD_BYTES } from '../wire/message';
import type { ConnectError } from './events';

/** A frame that no peer can be sent; undefined for one that can. */
export function unsendableError(payloadBytes: number, allowEmptyFrames: boolean): GeneralError | undefined {
  if (payloadBytes === 0 && !allowEmptyFrames) {
    return new GeneralError(
      'ERR_EMPTY_FRAME',
      'a frame without payload was refused: a Rogue peer would lose it and the frame after it without a word. ' +
        'Send at least one byte, or set allowEmptyFrames: true if no peer is Rogue',
    );
  }
  if (payloadBytes <= MAX_PAYLOAD_BYTES) return undefined;
  const text = `a frame of ${payloadBytes} bytes was refused: the wire carries at most ${MAX_PAYLOAD_BYTES}. Split it`;
  return new GeneralError('ERR_FRAME_TOO_LARGE', text);
}

/** `sendFrame` on a bridge without slaves. */
export function noSlaveError(): GeneralError {
  return new GeneralError(
    'ERR_NO_SLAVE',
    'sendFrame() gives a frame to the slaves of a bridge, and this bridge has none: call send() to send it to a peer',
  );
}

/** Payloads of accepted frames that were transferred away; `written`: while the kernel was reading them. */
export function detachedError(frames: number, written: boolean): GeneralError {
  const what =
    frames === 1 ? 'the payload of an accepted frame was' : `the payloads of ${frames} accepted frames were`;
  const then = written
    ? 'while the kernel was reading it: what arrives may not be what was sent'
    : 'before it had left: not sent, and counted in stats.discarded';
  return new GeneralError(
    'ERR_PAYLOAD_DETACHED',
    `${what} transferred away ${then}. Send a clone() of a frame whose payload goes to a worker`,
  );
}

/** Accepted frames that may not have arrived when `stop()` ended. */
export function lingerError(lingerMs: number, what: string): GeneralError {
  return new GeneralError(
    'ERR_LINGER',
    `stop() ended, with lingerMs = ${lingerMs}, and ${what}: the peer left or takes nothing, or set lingerMs higher`,
  );
}

/** Receiving has ended without a `stop()`. */
export function receivingError(pull: string, cause: unknown): GeneralError {
  return new GeneralError(
    'ERR_TRANSPORT',
    `receiving on ${pull} has ended: ${describeError(cause)}; stop this bridge and create it anew`,
    { cause },
  );
}

/** No peer connected within the time. @param last the last attempt to connect that failed. */
export function noPeerError(
  { server, addr, pushPort, pullPort }: Endpoints,
  timeoutMs: number,
  last: ConnectError | undefined,
): GeneralError {
  const [port, next] = [pushPort, pullPort].sort((a, b) => a - b);
  const where = `no peer at ${addr}, ports ${port} and ${next}, within ${timeoutMs} ms`;
  if (last === undefined) {
    const hint = server ? 'no client has connected to both ports' : 'is the server running there?';
    return new GeneralError('ERR_PEER_TIMEOUT', `${where}: ${hint}`);
  }
  const { address, attempts, code, message } = last;
  const failed = `the last of ${attempts} attempts to connect to ${address} failed, ${message} (${code})`;
  const cause = new GeneralError('ERR_CONNECT', `${message} (${code})`);
  return new GeneralError('ERR_PEER_TIMEOUT', `${where}: ${failed}`, { cause });
}
