// What a view can tell of the master that it is a slave of.

import type { StreamSource, WatchedBridge } from './link';

/** A bridge, as a view sees it. */
interface NamedBridge extends WatchedBridge {
  readonly identity: { readonly bridge: string; readonly role: 'client' | 'server' };
}

/** A reader of a log, as a view sees it. */
interface NamedLog {
  readonly identity: { readonly log: string; readonly servers: string };
  readonly connected: boolean;
  readonly stats: { readonly foreign: number };
}

/** The source that a bridge or a log is; undefined for other masters. Not by its class: there may be more than one of that name. */
export function sourceOf(master: object): StreamSource | undefined {
  const { identity, stats } = master as Partial<NamedBridge | NamedLog>;
  if (identity === undefined || typeof stats !== 'object') return undefined;
  if ('bridge' in identity) {
    return { address: identity.bridge, role: identity.role, bridge: master as NamedBridge };
  }
  return 'log' in identity ? logSource(master as NamedLog) : undefined;
}

function logSource(log: NamedLog): StreamSource {
  const bridge: WatchedBridge = {
    get stats() {
      return { peers: { receive: log.connected ? 1 : 0 }, malformed: log.stats.foreign };
    },
  };
  return { address: `${log.identity.log} at ${log.identity.servers}`, role: 'log', bridge };
}
