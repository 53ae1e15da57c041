// What a view can tell of the master that it is a slave of.

import type { StreamSource, WatchedBridge } from './link';

/** A bridge, as a view sees it. */
interface NamedBridge extends WatchedBridge {
  readonly identity: { readonly bridge: string; readonly role: 'client' | 'server' };
}

/** The source that a bridge is; undefined for other masters. Not by its class: there may be more than one of that name. */
export function bridgeSource(master: object): StreamSource | undefined {
  const { identity, stats } = master as Partial<NamedBridge>;
  if (identity === undefined || typeof stats !== 'object') return undefined;
  return { address: identity.bridge, role: identity.role, bridge: master as NamedBridge };
}
