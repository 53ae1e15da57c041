// What an HTTP server answers to `GET /metrics` and `GET /healthz`. Pure, so that every server of ours answers alike.

import { METRICS_CONTENT_TYPE } from './exposition';
import type { Health } from './health';

/** An answer, to be sent without its body where the method is HEAD. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where the answers come from; asked once a request. */
export interface ReplySources {
  metrics(): string;
  health(): Health;
}

const PLAIN = 'text/plain; charset=utf-8';

/** The answer to a request, or undefined where its path is neither of these. */
export function metricsReply(
  method: string | undefined,
  url: string | undefined,
  sources: ReplySources,
): Reply | undefined {
  const path = url?.replace(/\?.*$/s, '');
  if (path !== '/metrics' && path !== '/healthz') return undefined;
  if (method !== 'GET' && method !== 'HEAD') {
    return reply(405, `${path} takes GET and HEAD\n`, PLAIN, { allow: 'GET, HEAD' });
  }
  if (path === '/metrics') return reply(200, sources.metrics(), METRICS_CONTENT_TYPE);
  const { healthy, reasons } = sources.health();
  return reply(healthy ? 200 : 503, `${healthy ? 'ok' : reasons.join('\n')}\n`, PLAIN);
}

/** For every other path. */
export function notFound(): Reply {
  return reply(404, 'there are /metrics and /healthz here\n', PLAIN);
}

function reply(
  status: number,
  body: string,
  type: string,
  more: Readonly<Record<string, string>> = {},
): Reply {
  const headers = {
    'content-type': type,
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...more,
  };
  return { status, headers, body };
}
