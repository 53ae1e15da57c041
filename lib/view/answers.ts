// HTTP answers, alike in what keeps a page and its token safe.

import type { IncomingMessage, ServerResponse } from 'node:http';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Of every answer. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

export type Headers = Readonly<Record<string, string | number>>;

/** Answers with these pieces; `HEAD` gets the headers alone. */
export function answer(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Headers,
  ...pieces: readonly Buffer[]
): void {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  response.writeHead(status, { ...SAFE_HEADERS, ...headers, 'content-length': length });
  if (method !== 'HEAD') for (const piece of pieces) response.write(piece);
  response.end();
}

export function answerText(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers: Headers = {},
): void {
  answer(request, response, status, { 'content-type': type, ...headers }, Buffer.from(text));
}

export function answerJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Headers = {},
): void {
  answerText(request, response, status, 'application/json', `${JSON.stringify(value)}\n`, headers);
}
