// Live pages, and the clients that look at them, which are closed after each test, whatever the test did.

import { ViewServer, type ViewOptions } from '../../lib/view';
import { PageClient } from './page-client';

const views: ViewServer[] = [];
const pages: PageClient[] = [];

/** A gateway on a port that the kernel chooses. */
export async function makeView(options: ViewOptions = {}): Promise<ViewServer> {
  const view = await ViewServer.create({ port: 0, ...options });
  views.push(view);
  return view;
}

/** A client of the gateway, as {@link PageClient.open}. */
export async function lookAt(...args: Parameters<typeof PageClient.open>): Promise<PageClient> {
  const page = await PageClient.open(...args);
  pages.push(page);
  return page;
}

/** For `afterEach`. */
export async function closeViews(): Promise<void> {
  for (const page of pages.splice(0)) page.socket.terminate();
  await Promise.all(views.splice(0).map((view) => view.stop()));
}
