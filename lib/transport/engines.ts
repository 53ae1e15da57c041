// The engines, by name. Each is loaded when the first bridge wants it: the native one needs no addon, and a process
// that uses it alone never loads one.

import type * as Libzmq from './libzmq';
import type * as Native from './native';
import { keepFreedMemory } from './memory';
import type { OpenTransport } from './transport';

/** What speaks ZeroMQ for a bridge: the zeromq package, or this library itself. */
export type Engine = 'libzmq' | 'native';

export const ENGINES: readonly Engine[] = ['libzmq', 'native'];

/* eslint-disable @typescript-eslint/no-require-imports */
const LOADERS: Readonly<Record<Engine, () => OpenTransport>> = {
  libzmq: () => (require('./libzmq') as typeof Libzmq).openLibzmq,
  native: () => (require('./native') as typeof Native).openNative,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Opens a bridge's transport on this engine. */
export function openTransport(engine: Engine, ...args: Parameters<OpenTransport>): ReturnType<OpenTransport> {
  keepFreedMemory();
  return LOADERS[engine]()(...args);
}
