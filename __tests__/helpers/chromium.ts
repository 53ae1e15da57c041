// A real browser: Debian's chromium, driven by playwright-core. Nothing is downloaded.

import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { waitFor } from './wait';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
// No display, no GPU: WebGL2 in software.
const ARGUMENTS = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-dev-shm-usage',
];

const path = PATHS.find((one) => existsSync(one));

/** As `describe`, or skipped with the reason in its name where no Chromium is installed. */
export const describeInBrowser: (name: string, tests: () => void) => void =
  path === undefined
    ? (name, tests) => describe.skip(`${name} (no chromium here: apt-get install chromium)`, tests)
    : describe;

let browser: Browser | undefined;
const pages: Page[] = [];
const complaints: string[] = [];

/** A new window; what its console says of errors and of the content policy is in {@link consoleErrors}. */
export async function openWindow(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= await chromium.launch({ executablePath: path!, args: ARGUMENTS });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  pages.push(page);
  page.on('pageerror', (err) => complaints.push(err.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}

/** What windows have complained about so far, apart from a gateway that does not answer. */
export function consoleErrors(): string[] {
  return complaints.filter(
    (text) => !/WebSocket connection|Failed to load resource|ERR_CONNECTION/.test(text),
  );
}

/** Waits until what `read` finds is right. playwright-core has no assertions that wait. */
export async function until<T>(
  what: string,
  read: () => Promise<T>,
  isRight: (value: T) => boolean,
): Promise<T> {
  let value: T | undefined;
  await waitFor(
    what,
    async () => {
      try {
        value = await read();
      } catch {
        // What is looked for may be replaced while it is read.
        return false;
      }
      return isRight(value);
    },
    undefined,
    () => value,
  );
  return value!;
}

/** For `afterEach`. */
export async function closeWindows(): Promise<void> {
  complaints.length = 0;
  await Promise.all(pages.splice(0).map((page) => page.context().close()));
}

/** For `afterAll`. */
export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}
