// The engines, by name. Each is loaded when the first bridge wants it: the native one needs no addon, and a process
// that uses it alone never loads one.

import { isMainThread } from 'node:worker_threads';
import { GeneralError } from '../errors';
import { hasSpareDescriptors, rememberLimit, shortageError } from './descriptors';
import type * as Libzmq from './libzmq';
import type * as Native from './native';
import { keepFreedMemory } from './memory';
import type { OpenTransport } from './transport';

/** What speaks ZeroMQ for a bridge: this library itself, or the zeromq package. */
export type Engine = 'native' | 'libzmq';

export const ENGINES: readonly Engine[] = ['native', 'libzmq'];
export const DEFAULT_ENGINE: Engine = 'native';

/* eslint-disable @typescript-eslint/no-require-imports */
const LOADERS: Readonly<Record<Engine, () => OpenTransport>> = {
  libzmq: () => (require('./libzmq') as typeof Libzmq).openLibzmq,
  native: () => (require('./native') as typeof Native).openNative,
};

/** A pair of CURVE keys, from the one engine that knows them. */
export function newKeyPair(): { publicKey: string; secretKey: string } {
  return (require('./libzmq') as typeof Libzmq).newKeyPair();
}
/* eslint-enable @typescript-eslint/no-require-imports */

// What loading an engine opens for a moment, and then some.
const LOADING_DESCRIPTORS = 16;

const opened = new Map<Engine, OpenTransport>();

/**
 * Opens a bridge's transport on this engine. As {@link OpenTransport}.
 *
 * @throws {GeneralError} `ERR_TRANSPORT` for libzmq in a worker thread.
 */
export async function openTransport(
  engine: Engine,
  ...args: Parameters<OpenTransport>
): ReturnType<OpenTransport> {
  if (engine === 'libzmq' && !isMainThread) throw workerError();
  return (opened.get(engine) ?? load(engine))(...args);
}

/** The zeromq addon aborts the process when a worker thread with an open socket ends (zeromq/zeromq.js issue 411; 6.8.0). */
function workerError(): GeneralError {
  return new GeneralError(
    'ERR_TRANSPORT',
    "the libzmq engine does not run in worker threads: the zeromq package ends the process when such a thread ends. Use engine: 'native', or a process of its own",
  );
}

function load(engine: Engine): OpenTransport {
  rememberLimit();
  if (!hasSpareDescriptors(LOADING_DESCRIPTORS))
    throw shortageError(`loading the ${engine} engine`, undefined);
  keepFreedMemory();
  const open = LOADERS[engine]();
  opened.set(engine, open);
  return open;
}
