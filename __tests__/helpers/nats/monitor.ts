// The server's own account of itself, over HTTP. It needs no user, no password and no TLS.

import { get } from 'node:http';
import { HOST } from './settings';

/** Asks the monitoring port for a page, e.g. `jsz?streams=true`; undefined if nothing usable answers. */
export function askMonitor<T>(port: number, page: string, timeoutMs = 5_000): Promise<T | undefined> {
  return new Promise((resolve) => {
    // No connection is kept: a killed server would leave one behind.
    const options = { host: HOST, port, path: `/${page}`, agent: false, timeout: timeoutMs } as const;
    const request = get(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('error', () => resolve(undefined));
      response.on('end', () => resolve(parse(text) as T | undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
