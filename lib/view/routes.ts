// What the gateway answers over HTTP: the page, whole frames, the history of the rates.

import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { builtFile } from '../built-file';
import { HEADER_BYTES, writeHeader } from '../utilities/fileio/record';
import { metrics } from '../metrics/metrics';
import { metricsReply } from '../metrics/replies';
import { answer, answerJson, answerText } from './answers';
import type { Denial } from './access';
import { HISTORY_SECONDS } from './history';
import type { Hub } from './hub';
import { SOCKET_PATH } from './protocol';
import type { Kept } from './ring';

const DEFAULT_HISTORY_SECONDS = 300;
/** Whole frames under way at the same time. */
const MAX_DOWNLOADS = 8;
/** Different spans of the history in one second; each takes up to a tenth of a second to put together. */
const MAX_HISTORIES = 4;

const ASSETS = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
] as const;

/** The files of the page, by their path. */
export type Assets = ReadonlyMap<string, { readonly type: string; readonly bytes: Buffer }>;

export async function loadAssets(): Promise<Assets> {
  const entries = ASSETS.map(async ({ path, file, type }) => {
    const bytes = await readFile(builtFile('view', 'page', file));
    return [path, { type, bytes }] as const;
  });
  return new Map(await Promise.all(entries));
}

/** What the routes need of the server. */
export interface RoutesHost {
  readonly hub: Hub;
  readonly assets: Assets;
  /** A frame that the gateway, or a browser's pause, keeps. */
  kept(channel: number, number: number): Kept | undefined;
  /** Why no more browser can look now. */
  full(): (Denial & { readonly viewers: number }) | undefined;
}

export class Routes {
  private downloads = 0;
  /** Answers of this second, by the span that was asked for. */
  private histories = { version: -1, texts: new Map<number, string>() };

  constructor(private readonly host: RoutesHost) {}

  /** Answers a request that has been let in. */
  answer(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const { pathname } = url;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const headers = { allow: 'GET, HEAD' };
      answerJson(request, response, 405, { error: `${request.method} is not answered: GET is` }, headers);
      return;
    }
    const asset = this.host.assets.get(pathname);
    if (asset !== undefined) {
      answer(request, response, 200, { 'content-type': asset.type }, asset.bytes);
      return;
    }
    const { hub } = this.host;
    const reply = metricsReply(request.method, pathname, {
      metrics: () => metrics({ channels: url.searchParams.has('channels') }),
      health: () => ({ healthy: hub.link.isUp, reasons: [hub.link.fault ?? ''] }),
    });
    if (reply !== undefined) {
      answer(request, response, reply.status, reply.headers, Buffer.from(reply.body));
      return;
    }
    const frame = /^\/frames\/(\d{1,3})\/(\d{1,16})$/.exec(pathname);
    if (frame !== null) this.answerFrame(request, response, Number(frame[1]), Number(frame[2]), url);
    else if (pathname === '/history') this.answerHistory(request, response, url);
    else if (pathname === SOCKET_PATH) this.answerSocket(request, response);
    else answerJson(request, response, 404, { error: 'there is nothing at this address' });
  }

  private answerFrame(
    request: IncomingMessage,
    response: ServerResponse,
    channel: number,
    number: number,
    url: URL,
  ): void {
    const kept = this.host.kept(channel, number);
    if (kept === undefined) {
      answerJson(request, response, 410, {
        error: `frame ${number} of channel ${channel} is not kept any more`,
      });
      return;
    }
    if (this.downloads >= MAX_DOWNLOADS) {
      const text = `${MAX_DOWNLOADS} whole frames are being sent already`;
      answerJson(request, response, 503, { error: text }, { 'retry-after': 1 });
      return;
    }
    const { frame, time } = kept;
    const isRecord = url.searchParams.get('form') === 'dat';
    const header = Buffer.alloc(isRecord ? HEADER_BYTES : 0);
    if (isRecord) writeHeader(header, 0, frame, channel);
    frame.retain();
    this.downloads += 1;
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      request.socket.off('close', end);
      this.downloads -= 1;
      frame.release();
    };
    response.once('close', end);
    // An answer that waits behind others on its connection never closes when that is cut.
    request.socket.once('close', end);
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="channel-${channel}-frame-${number}.${isRecord ? 'dat' : 'bin'}"`,
      'rogue-flags': frame.flags,
      'rogue-error': frame.error,
      'rogue-channel': channel,
      'rogue-time': new Date(time).toISOString(),
    };
    answer(request, response, 200, headers, header, frame.payload);
  }

  private answerHistory(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const text = url.searchParams.get('seconds');
    const seconds = text === null ? DEFAULT_HISTORY_SECONDS : Number(text);
    if (!(seconds > 0 && seconds <= HISTORY_SECONDS)) {
      const error = `seconds is '${text ?? ''}', but must be a number from 1 to ${HISTORY_SECONDS}`;
      answerJson(request, response, 400, { error: error.slice(0, 200) });
      return;
    }
    const { history } = this.host.hub;
    if (this.histories.version !== history.version)
      this.histories = { version: history.version, texts: new Map() };
    const { texts } = this.histories;
    if (!texts.has(seconds) && texts.size >= MAX_HISTORIES) {
      answerJson(request, response, 503, { error: 'too many spans in one second' }, { 'retry-after': 1 });
      return;
    }
    const body = texts.get(seconds) ?? JSON.stringify({ points: history.last(seconds) });
    texts.set(seconds, body);
    answerText(request, response, 200, 'application/json', body);
  }

  /** A page cannot see why its WebSocket was refused, so it asks again without the upgrade. */
  private answerSocket(request: IncomingMessage, response: ServerResponse): void {
    const full = this.host.full();
    if (full === undefined) {
      answerJson(
        request,
        response,
        426,
        { error: 'this address is for a WebSocket' },
        { upgrade: 'websocket' },
      );
    } else {
      const { status, ...rest } = full;
      answerJson(request, response, status, rest);
    }
  }
}
