// A page as the gateway sees it: one WebSocket, messages in the order in which they come.

import { WebSocket, type ClientOptions } from 'ws';
import { SUBPROTOCOL, type Message, type Request, type Watch } from '../../lib/view/protocol';
import { waitFor } from './wait';

type Op = Message['op'];
type Of<O extends Op> = Extract<Message, { op: O }>;

/** Where a gateway is, and what it wants to be told. */
export interface Gateway {
  readonly port: number;
  readonly token: string | undefined;
}

/** A message, with the binary one that belongs to it. */
export interface Got {
  readonly message: Message;
  binary?: Buffer;
}

/** A watch as a page sends it first. */
export const WATCH: Watch = {
  op: 'watch',
  id: 0,
  channel: 0,
  view: 'wave',
  type: 'u2',
  order: 'le',
  skip: 0,
  shape: undefined,
};

export class PageClient {
  readonly got: Got[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  private at = 0;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.got.at(-1)!.binary = data as Buffer;
      else this.got.push({ message: JSON.parse((data as Buffer).toString()) as Message });
    });
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('error', () => undefined);
  }

  /** @throws {Error} `HTTP <status>: <body>` when the gateway refuses. */
  static async open(
    view: Gateway,
    options: ClientOptions = {},
    protocols: string[] = [SUBPROTOCOL],
  ): Promise<PageClient> {
    const token = view.token === undefined ? '' : `?token=${view.token}`;
    const socket = new WebSocket(`ws://127.0.0.1:${view.port}/ws${token}`, protocols, options);
    // First, so that no message is missed.
    const client = new PageClient(socket);
    await opened(socket);
    return client;
  }

  send(...requests: Request[]): void {
    for (const request of requests) this.socket.send(JSON.stringify(request));
  }

  /** The next message of this kind that this has not returned yet; those before it are passed over. */
  async next<O extends Op>(
    op: O,
    isRight: (message: Of<O>) => boolean = () => true,
  ): Promise<Of<O> & { binary: Buffer }> {
    let found: Got | undefined;
    await waitFor(
      `a message ${op}`,
      () => {
        while (found === undefined && this.at < this.got.length) {
          const got = this.got[this.at]!;
          const isFound = got.message.op === op && isRight(got.message as Of<O>);
          const isWhole = !isFound || got.binary !== undefined || !['preview', 'frames'].includes(op);
          if (!isWhole) return false;
          this.at += 1;
          if (isFound) found = got;
        }
        return found !== undefined || this.closed !== undefined;
      },
      undefined,
      () => [this.closed, this.got.slice(-5).map(({ message }) => message)],
    );
    if (found === undefined)
      throw new Error(`closed with ${JSON.stringify(this.closed)} before a message ${op}`);
    return { ...(found.message as Of<O>), binary: found.binary ?? Buffer.alloc(0) };
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await waitFor('the close of the WebSocket', () => this.closed !== undefined);
    return this.closed!;
  }
}

/** Rejects with the status and body of a refusal. */
function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      resolve();
    });
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) => {
      let body = '';
      response.on('data', (data: Buffer) => (body += data.toString()));
      response.on('end', () => reject(new Error(`HTTP ${response.statusCode}: ${body}`)));
    });
  });
}
