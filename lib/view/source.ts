// What a view can tell of the master that it is a slave of.

import type { StreamSource, WatchedBridge } from './link';

interface NamedBridge extends WatchedBridge {
  readonly logName: string;
}

/** The source that a bridge is; undefined for other masters. Not by its class: there may be more than one of that name. */
export function bridgeSource(master: object): StreamSource | undefined {
  const { logName, stats } = master as Partial<NamedBridge>;
  const match = /\.TcpCore\.(.+)\.(Server|Client)\.(\d+)$/.exec(logName ?? '');
  if (match === null || typeof stats !== 'object') return undefined;
  const [, addr = '', role, port = ''] = match;
  const bridge = master as NamedBridge;
  return { address: `${addr}:${port}`, role: role === 'Server' ? 'server' : 'client', bridge };
}
