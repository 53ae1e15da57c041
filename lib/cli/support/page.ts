// The live page of a subcommand: `view`, and `--view` of the others.

import { Option } from 'commander';
import type * as view from '../../view';
import { given, integer, list, parseListen, type ListenAddress } from './arguments';
import { UsageError } from './errors';

export const tokenOption = (): Option =>
  new Option('--token <text>', 'what browsers must know (default: none on 127.0.0.1, elsewhere a new one)');

/** Of subcommands that can show their stream. */
export const viewOption = (): Option =>
  new Option('--view <addr:port>', 'show the stream on a live page at this address').argParser(parseListen);

/** Further options of the page; `view` alone has them. */
export function pageOptions(): Option[] {
  return [
    tokenOption(),
    new Option('--http-host <names>', 'further names of this machine in the address bar').argParser(list),
    new Option('--origin <urls>', 'other sites whose pages may show the stream').argParser(list),
    new Option('--viewers <n>', 'browsers at the same time at most (default: 32)').argParser(
      integer(1, 10_000),
    ),
    new Option('--hold-back', 'programs in a browser may ask for every frame, and hold the stream back'),
  ];
}

/** How a subcommand's page is opened. */
export interface PageOptions {
  readonly view?: ListenAddress;
  readonly token?: string;
  readonly httpHost?: string[];
  readonly origin?: string[];
  readonly viewers?: number;
  readonly holdBack?: boolean;
  readonly allow?: string[] | undefined;
}

/** The page that the options ask for, if they do. */
export async function openPage(
  options: PageOptions,
  source?: view.StreamSource,
): Promise<view.ViewServer | undefined> {
  const { view: address, token, httpHost, origin, viewers, holdBack, allow } = options;
  if (address === undefined) {
    if (token !== undefined) throw new UsageError('--token is for the live page: add --view ADDR:PORT');
    return undefined;
  }
  // Loaded here, because it is of no use to those who show nothing.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { ViewServer } = require('../../view') as typeof view;
  const more = given({
    token,
    hosts: httpHost,
    origins: origin,
    maxViewers: viewers,
    holdBack,
    allow,
    source,
  });
  return ViewServer.create({ ...address, ...more });
}

/** Says where a page is. */
export function pageText(page: view.ViewServer | undefined): string | undefined {
  return page && `live page: ${page.url}`;
}
