// The engines, by name. Each is loaded when the first bridge wants it: the native one needs no addon, and a process
// that uses it alone never loads one.

import { hasSpareDescriptors, rememberLimit, shortageError } from '../system/descriptors';
import type * as Libzmq from './libzmq';
import { refuseInWorker } from './libzmq/workarounds/worker';
import type * as Native from './native';
import { keepFreedMemory } from './memory';
import type { OpenSockets } from './socket';

/** What speaks ZeroMQ for a bridge: this library itself, or the zeromq package. */
export type Engine = 'native' | 'libzmq';

export const ENGINES: readonly Engine[] = ['native', 'libzmq'];
export const DEFAULT_ENGINE: Engine = 'native';

/* eslint-disable @typescript-eslint/no-require-imports */
const LOADERS: Readonly<Record<Engine, () => OpenSockets>> = {
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

const opened = new Map<Engine, OpenSockets>();

/**
 * Opens a bridge's sockets on this engine. As {@link OpenSockets}.
 *
 * @throws {GeneralError} `ERR_TRANSPORT` for libzmq in a worker thread.
 */
export async function openSockets(engine: Engine, ...args: Parameters<OpenSockets>): ReturnType<OpenSockets> {
  if (engine === 'libzmq') refuseInWorker();
  return (opened.get(engine) ?? load(engine))(...args);
}

function load(engine: Engine): OpenSockets {
  rememberLimit();
  if (!hasSpareDescriptors(LOADING_DESCRIPTORS))
    throw shortageError(`loading the ${engine} engine`, undefined);
  keepFreedMemory();
  const open = LOADERS[engine]();
  opened.set(engine, open);
  return open;
}
