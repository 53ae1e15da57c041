// The engines, by name. Each is loaded when the first bridge wants it: the native one needs no addon, and a process
// that uses it alone never loads one.

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

/** Opens a bridge's transport on this engine. As {@link OpenTransport}. */
export async function openTransport(
  engine: Engine,
  ...args: Parameters<OpenTransport>
): ReturnType<OpenTransport> {
  return (opened.get(engine) ?? load(engine))(...args);
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
