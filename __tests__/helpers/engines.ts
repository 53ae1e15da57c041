// Which engines the tests of this Jest project run on; jest.config.js says so.

import type { Engine } from '../../lib';

/** The engine of the bridge in each role. */
export interface Engines {
  readonly server: Engine;
  readonly client: Engine;
}

declare global {
  var ROGUE_BRIDGE_ENGINES: Engines | undefined;
}

export const engines: Engines = globalThis.ROGUE_BRIDGE_ENGINES ?? { server: 'native', client: 'native' };

/** The engine of a role's peer process, as its environment. */
export function engineVariable(role: unknown): NodeJS.ProcessEnv {
  return { ROGUE_BRIDGE_ENGINE: role === 'client' ? engines.client : engines.server };
}

/** `test` where the server, or the client, is native; elsewhere skipped. */
export const whereNative = {
  server: engines.server === 'native' ? test : test.skip,
  client: engines.client === 'native' ? test : test.skip,
};

/** `test` where the bridge is native; elsewhere skipped, with what libzmq does instead in its name. */
export function testNative(libzmqInstead: string, name: string, run: () => Promise<void>): void {
  if (engines.server === 'native') test(name, run);
  else test.skip(`${name} (libzmq ${libzmqInstead})`, run);
}
