// The live page in a real browser: the numbers, the pictures, the states, the keys, what is saved.

import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { Frame, TcpServer, type TcpClient } from '../../lib';
import type { Play, ViewServer } from '../../lib/view';
import { LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import {
  closeBrowser,
  closeWindows,
  consoleErrors,
  describeInBrowser,
  openWindow,
  until,
} from '../helpers/chromium';
import { pixelsOf } from '../helpers/pixels';
import { reservePorts } from '../helpers/ports';
import { closeViews, makeView } from '../helpers/views';

const feeding: NodeJS.Timeout[] = [];

afterEach(async () => {
  for (const timer of feeding.splice(0)) clearInterval(timer);
  expect(consoleErrors()).toEqual([]);
  await closeWindows();
  await closeViews();
  await stopBridges();
});

afterAll(closeBrowser);

const HEAD = Buffer.alloc(32, 0xee);
const WAVE = Uint16Array.from({ length: 2100 }, (_, i) => (i < 1050 ? 1000 : 5000));
const IMAGE = Uint16Array.from({ length: 192 * 384 }, (_, i) => (i % 384 < 192 ? 100 : 900));
const withHead = (samples: Uint16Array): Buffer => Buffer.concat([HEAD, Buffer.from(samples.buffer)]);

/** Four channels of known content: a step, an image of two halves with an error, text, and 96 bytes. */
function feed(view: ViewServer, times = 1): void {
  for (let i = 0; i < times; i++) {
    void view.acceptFrame(new Frame(Buffer.from(WAVE.buffer), { channel: 0, flags: 0x0201 }));
    void view.acceptFrame(new Frame(withHead(IMAGE), { channel: 1, error: i === 0 ? 4 : 0 }));
    void view.acceptFrame(new Frame(Buffer.from('temperature: 21.5'), { channel: 2 }));
    void view.acceptFrame(new Frame(Buffer.alloc(96, i), { channel: 3 }));
  }
}

const text =
  (page: Page, role: 'group' | 'img' | 'status' | 'row', name: string | RegExp) =>
  async (): Promise<string> => {
    const found = page.getByRole(role, { name, exact: typeof name === 'string' }).first();
    const shown = role === 'img' ? await found.getAttribute('aria-label') : await found.textContent();
    return plain(shown ?? '');
  };

/** Without the narrow spaces between groups of digits. */
const plain = (shown: string): string => shown.replace(/\u202f/g, '');

const shows = (page: Page, group: string, pattern: RegExp): Promise<string> =>
  until(`${group} with ${String(pattern)}`, text(page, 'group', group), (shown) => pattern.test(shown));

const says = (page: Page, pattern: RegExp): Promise<string> =>
  until(
    `the banner ${String(pattern)}`,
    async () => plain((await page.getByRole('status').first().textContent()) ?? ''),
    (shown) => pattern.test(shown),
  );

const isEmpty = (page: Page, title: string | RegExp): Promise<string> =>
  until(`the words '${String(title)}'`, text(page, 'group', title), (shown) => shown !== '');

const picture = (page: Page, pattern: RegExp): Promise<string> =>
  until(
    `a picture ${String(pattern)}`,
    async () => {
      const names = await page
        .getByRole('tabpanel')
        .getByRole('img')
        .evaluateAll((elements) => elements.map((element) => element.getAttribute('aria-label') ?? ''));
      return plain(names.join('; '));
    },
    (shown) => pattern.test(shown),
  );

const fact = (page: Page, name: string): Promise<string> =>
  page
    .locator('dl[aria-label="Frame"] > div', { has: page.getByText(name, { exact: true }) })
    .locator('dd')
    .textContent()
    .then((shown) => plain(shown ?? ''));

/** The number of the frame that is shown. */
const shownNumber = async (page: Page): Promise<number> => Number(await fact(page, 'Frame'));

/** Frames keep coming until the end of the test: after three seconds without one the page dims its picture. */
function keepFeeding(view: ViewServer): void {
  feed(view);
  feeding.push(setInterval(() => feed(view), 500));
}

describeInBrowser('the live page', () => {
  test('has the numbers of the gateway', async () => {
    const view = await makeView();
    feed(view, 3);
    const page = await openWindow(view.url);
    await shows(page, 'errors', /^1errors$/);
    await shows(page, 'malformed', /^0malformed$/);
    const rows = page.getByRole('grid', { name: 'Channels' }).getByRole('row');
    await until(
      'four channels',
      () => rows.count(),
      (count) => count === 5,
    );
    const cells = async (row: number): Promise<string[]> =>
      (await rows.nth(row).getByRole('gridcell').allTextContents()).map((cell) =>
        cell.trim().replace(/\s/g, ' '),
      );
    expect(await cells(1)).toMatchObject(['0', 'wave', '0', '0 B/s', '4.20 kB', '0']);
    expect((await cells(2)).slice(1)).toMatchObject(['image', '0', '0 B/s', '147 kB', '1']);
    expect((await cells(3)).slice(1)).toMatchObject(['hex', '0', '0 B/s', '17 B', '0']);
    await picture(page, /2100 samples, min 1000, max 5000/);
    expect([await fact(page, 'Frame'), await fact(page, 'Size'), await fact(page, 'Flags')]).toEqual([
      '3',
      '4200 B',
      '0x0201',
    ]);
  });

  test('shows rates as they are, and that no more come', async () => {
    const view = await makeView();
    const page = await openWindow(view.url);
    const timer = setInterval(() => feed(view), 20);
    try {
      const shown = await until('a rate', text(page, 'group', 'frames/s'), (rate) => parseFloat(rate) > 20);
      expect(shown).toMatch(/^[\d.]+frames\/s$/);
      await until('strips', text(page, 'img', /^Frames\/s/), (summary) => /channel 0/i.test(summary));
    } finally {
      clearInterval(timer);
    }
    await shows(page, 'Status', /^connected, no frames/);
    await says(page, /^No frames for \d+ s\.The link is up\. Before: [\d.]+\/s$/);
  });

  test('draws a waveform where its samples are', async () => {
    const view = await makeView();
    keepFeeding(view);
    const page = await openWindow(view.url);
    await picture(page, /max 5000/);
    const plot = page.getByRole('tabpanel').getByRole('img').first();
    // Color 0 of the dark or the light theme.
    const heights = await until(
      'the line',
      async () => {
        const { width, height, at } = await pixelsOf(page, await plot.screenshot());
        const rowsOf = (from: number, to: number): number[] => {
          const found: number[] = [];
          for (let y = 0; y < height; y++)
            for (let x = Math.floor(from * width); x < to * width; x++)
              if (isColor(at(x, y), [0x27, 0x48, 0xa5])) found.push(y);
          return found;
        };
        return { left: rowsOf(0.2, 0.45), right: rowsOf(0.6, 0.9), height };
      },
      ({ left, right }) => left.length > 50 && right.length > 50,
    );
    const middle = (rows: number[]): number =>
      rows.reduce((sum, row) => sum + row, 0) / rows.length / heights.height;
    // 5000 is drawn above 1000, by most of the height.
    expect(middle(heights.left) - middle(heights.right)).toBeGreaterThan(0.4);
  });

  test.each(['WebGL2', 'the canvas fallback'])(
    'draws an image by %s with the colors of its values',
    async (painter) => {
      const view = await makeView();
      keepFeeding(view);
      const page = await openWindow('about:blank');
      if (painter !== 'WebGL2') {
        await page.addInitScript(() => {
          const real = HTMLCanvasElement.prototype.getContext as (...args: unknown[]) => unknown;
          HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...args: unknown[]) {
            return args[0] === 'webgl2' ? null : real.apply(this, args);
          } as never;
        });
      }
      await page.goto(`${view.url}#ch=1`);
      await picture(page, /192 × 384/);
      const canvas = page.getByRole('tabpanel').getByRole('img').first();
      await until(
        'both halves',
        async () => {
          const { width, height, at } = await pixelsOf(page, await canvas.screenshot());
          return [
            at(Math.floor(width / 4), Math.floor(height / 2)),
            at(Math.floor((3 * width) / 4), Math.floor(height / 2)),
          ];
        },
        // The two ends of viridis.
        ([left, right]) => isColor(left!, [68, 1, 84], 24) && isColor(right!, [253, 231, 37], 24),
      );
      await page.getByRole('button', { name: 'Keys' }).click();
      const keys = plain((await page.getByRole('dialog').textContent()) ?? '');
      expect(keys.includes('canvas')).toBe(painter !== 'WebGL2');
    },
  );

  test('shows a channel in every view, and remembers in its address which', async () => {
    const view = await makeView();
    feed(view);
    const page = await openWindow(view.url);
    await picture(page, /max 5000/);
    await page.getByRole('tab', { name: 'Histogram' }).click();
    await picture(page, /Histogram of channel 0/);
    await page.getByRole('tab', { name: 'Hex' }).click();
    await until(
      'bytes',
      () => page.getByRole('tabpanel').textContent(),
      (shown) => (shown ?? '').includes('e8 03 e8 03'),
    );
    expect(new URL(page.url()).hash).toMatch(/view=hex/);
    await page.getByRole('tab', { name: 'Image' }).click();
    await page.getByLabel('Shape, rows × columns').fill('30x70');
    await page.getByLabel('Shape, rows × columns').press('Enter');
    await picture(page, /30 × 70/);
    const colleague = await openWindow(page.url());
    await picture(colleague, /30 × 70/);
    await page.goBack();
    await until(
      'the view before',
      () => page.getByRole('tab', { name: 'Hex' }).getAttribute('aria-selected'),
      (is) => is === 'true',
    );
  });

  test('goes to the channel of its address when that comes', async () => {
    const view = await makeView();
    void view.acceptFrame(new Frame(Buffer.from(WAVE.buffer)));
    const page = await openWindow(`${view.url}#ch=1&view=image&type=u2&skip=32&shape=192x384`);
    await picture(page, /Waveform of channel 0/);
    feed(view);
    await picture(page, /Image of channel 1, 192 × 384/);
  });

  test('says what is wrong with a type, and goes on when it is right', async () => {
    const view = await makeView();
    void view.acceptFrame(new Frame(Buffer.alloc(64, 1)));
    const page = await openWindow(`${view.url}#ch=0&view=image&type=u2&skip=32&shape=192x384`);
    const shown = await isEmpty(page, '64 bytes are not a 192 × 384 image');
    expect(shown).toContain('This shape of uint16 needs 147456 bytes after the 32 skipped.');
    await page.getByRole('button', { name: 'Show as waveform' }).click();
    await picture(page, /16 samples, min 257, max 257/);
    await page.getByLabel('Type').selectOption('uint8');
    await picture(page, /32 samples, min 1, max 1/);
    const other = await openWindow(`${view.url}#ch=0&shape=19x&view=wave`);
    await says(other, /The link has shape=19x: not a shape\. The guess is used\./);
  });

  test('pauses, steps through the frames that were kept, and goes live again', async () => {
    const view = await makeView();
    feed(view, 10);
    const page = await openWindow(view.url);
    await until(
      'the newest',
      () => shownNumber(page),
      (number) => number === 10,
    );
    await page.getByRole('button', { name: 'Pause' }).click();
    await shows(page, 'Paused', /frame 10 of 10/);
    feed(view, 70);
    await page.getByRole('button', { name: 'Frame before' }).click();
    await shows(page, 'Paused', /frame 9 of 10/);
    await until(
      'the frame before',
      () => shownNumber(page),
      (number) => number === 9,
    );
    await shows(page, 'Share shown', /Since then 70 frames, counted/);
    await page.keyboard.press('Home');
    await until(
      'the oldest',
      () => shownNumber(page),
      (number) => number === 1,
    );
    await page.getByRole('button', { name: 'Live' }).click();
    await until(
      'the newest again',
      () => shownNumber(page),
      (number) => number === 80,
    );
  });

  test('saves what is shown: the bytes, for numpy, and as a picture', async () => {
    const view = await makeView();
    feed(view);
    const page = await openWindow(`${view.url}#ch=1`);
    await picture(page, /192 × 384/);
    const bin = await save(page, '.bin');
    expect(bin.name).toBe('channel-1-frame-1.bin');
    expect(bin.bytes.equals(withHead(IMAGE))).toBe(true);
    const npy = await save(page, '.npy');
    const header = npy.bytes.subarray(10, 10 + npy.bytes.readUInt16LE(8)).toString();
    expect(header).toMatch(/^\{'descr': '<u2', 'fortran_order': False, 'shape': \(192, 384\), \} *\n$/);
    expect(npy.bytes.subarray(-2 * IMAGE.length).equals(Buffer.from(IMAGE.buffer))).toBe(true);
    const png = await save(page, '.png');
    expect(png.bytes.subarray(1, 4).toString()).toBe('PNG');
    expect((await pixelsOf(page, png.bytes)).width).toBeGreaterThan(300);
  });

  test('says that a frame has left when it is saved too late', async () => {
    const view = await makeView();
    feed(view);
    const page = await openWindow(`${view.url}#ch=0`);
    await picture(page, /max 5000/);
    // The page is behind: nothing of the stream reaches it, and the frame it shows leaves the gateway.
    await page.context().setOffline(true);
    await page.evaluate('document.title');
    feed(view, 70);
    await page.context().setOffline(false);
    await page.route('**/frames/0/*', (route) => route.continue({ url: `${view.url}frames/0/1` }));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').getByRole('button', { name: /\.bin/ }).click();
    await says(page, /Frame \d+ is gone\.The gateway keeps 64 frames\. Pause first, then save\./);
  });

  test('tells which errors a channel has, and shows the last one', async () => {
    const view = await makeView();
    for (const error of [4, 4, 1, 4, 0])
      void view.acceptFrame(new Frame(Buffer.alloc(200, error), { channel: 2, error }));
    const page = await openWindow(view.url);
    await page.getByRole('button', { name: 'Errors of channel 2: 4' }).click();
    const shown = await shows(page, 'Errors of channel 2', /4 frames of channel 2 have an error/);
    expect(shown).toContain('Error 4: 3 frames. Error 1: 1 frame.');
    await page.getByRole('button', { name: 'Show the last one' }).click();
    await until(
      'the frame with the error',
      () => shownNumber(page),
      (number) => number === 4,
    );
    expect(await fact(page, 'Error')).toBe('4');
  });

  async function save(page: Page, ending: string): Promise<{ name: string; bytes: Buffer }> {
    await page.getByRole('button', { name: 'Save' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page
        .getByRole('dialog')
        .getByRole('button', { name: new RegExp(`\\${ending}`) })
        .click(),
    ]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  }
});

describeInBrowser('the states of the page', () => {
  async function withClient(): Promise<{ port: number; client: TcpClient; view: ViewServer; page: Page }> {
    const port = await reservePorts();
    const client = await makeClient(port);
    const view = await makeView();
    client.to(view);
    return { port, client, view, page: await openWindow(view.url) };
  }

  test('no peer, a peer without frames, frames, a lost link, and the link again', async () => {
    const { port, view, page } = await withClient();
    await shows(page, 'Status', /^waiting for a peer\d+:\d\d$/);
    const shown = await isEmpty(page, 'No peer yet');
    expect(shown).toContain(`The gateway keeps trying ${LOOPBACK}:${port}.`);
    expect(shown).toContain(`rogue-bridge doctor ${LOOPBACK}:${port}`);
    const server = await makeServer(port);
    await shows(page, 'Status', /^connected, idle/);
    expect(await isEmpty(page, 'No frames yet')).toContain('The peer is connected and has not sent a frame.');
    await server.send(new Frame(Buffer.from(WAVE.buffer)));
    await shows(page, 'Status', /^connected\d/);
    await picture(page, /max 5000/);
    await server.stop();
    await shows(page, 'Status', /^link lost/);
    await until('the hatching', text(page, 'img', /^Frames\/s/), (summary) => summary.includes('link lost'));
    await says(page, /^Link lost\.Reconnecting\. Last frame \d\d:\d\d:\d\d\.\d\d\d$/);
    const again = await TcpServer.create(LOOPBACK, port);
    try {
      await again.waitForPeer();
      await again.send(new Frame(Buffer.from(WAVE.buffer)));
      await shows(page, 'Status', /^connected\d/);
      await until(
        'the banner to go',
        async () => (await page.getByRole('status').first().textContent()) ?? '',
        (banner) => banner === '',
      );
      await until('the hatching', text(page, 'img', /^Frames\/s/), (summary) => /link lost/i.test(summary));
    } finally {
      await again.stop();
    }
    expect(view.viewerCount).toBe(1);
  });

  test('a server says where it listens', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const view = await makeView();
    server.to(view);
    const page = await openWindow(view.url);
    expect(await isEmpty(page, 'No peer yet')).toContain(`The gateway listens on ${LOOPBACK}:${port}.`);
  });

  test('one channel that has stalled', async () => {
    const view = await makeView();
    feed(view);
    const page = await openWindow(`${view.url}#ch=1`);
    await picture(page, /192 × 384/);
    const timer = setInterval(() => void view.acceptFrame(new Frame(Buffer.from(WAVE.buffer))), 50);
    try {
      await says(page, /^No frames on channel 1 for \d+ s\./);
      await shows(page, 'Status', /^connected\d/);
    } finally {
      clearInterval(timer);
    }
  });

  test('the gateway is gone, with the picture of before, and comes back', async () => {
    const view = await makeView();
    feed(view);
    const { port } = view;
    const page = await openWindow(view.url);
    await picture(page, /max 5000/);
    await view.stop();
    await shows(page, 'Status', /^gateway not reachable/);
    await says(page, /^The gateway does not answer\./);
    await until(
      'the next attempt',
      async () => (await page.getByRole('status').first().textContent()) ?? '',
      (banner) => /Next attempt in \d+ s\./.test(banner),
    );
    await page.getByRole('button', { name: 'Try now' }).click();
    const again = await makeView({ port });
    feed(again);
    await shows(page, 'Status', /^connected/);
    await picture(page, /max 5000/);
  });

  test('a token is missing', async () => {
    const view = await makeView({ token: 'a-token-of-tests' });
    const page = await openWindow(view.url);
    await until(
      'the token to leave the address',
      () => Promise.resolve(page.url()),
      (url) => !url.includes('token'),
    );
    await shows(page, 'Status', /^connected, idle/);
    const other = await openWindow(`http://127.0.0.1:${view.port}/`);
    expect(await other.locator('body').textContent()).toMatch(/needs a token/);
    // A page that is open when the gateway gets a new token.
    const { port } = view;
    await view.stop();
    await makeView({ port, token: 'another-token' });
    await shows(page, 'Status', /^gateway not reachable/);
    expect(await isEmpty(page, 'This page needs a token')).toContain(
      'Open the address that the gateway printed.',
    );
    expect(consoleErrors().filter((line) => !/401|token/.test(line))).toEqual([]);
  });

  test('too many viewers', async () => {
    const view = await makeView({ maxViewers: 1 });
    const first = await openWindow(view.url);
    await shows(first, 'Status', /^connected, idle/);
    const page = await openWindow(view.url);
    expect(await isEmpty(page, 'The gateway has its 1 viewers')).toContain('Close a page elsewhere');
  });

  test('an empty frame', async () => {
    const view = await makeView();
    void view.acceptFrame(new Frame(0));
    const page = await openWindow(view.url);
    expect(await isEmpty(page, 'This frame is empty')).toContain('It has a header and no payload.');
  });

  test('a frame that is too large', async () => {
    const view = await makeView();
    void view.acceptFrame(new Frame(Buffer.alloc(412_000_000)));
    const page = await openWindow(`${view.url}#view=wave`);
    expect(await isEmpty(page, 'No preview: this frame is 412 MB')).toContain('Previews stop at 256 MB.');
    await page.getByRole('button', { name: 'Show the first 4 kB as hex' }).click();
    await until(
      'bytes',
      () => page.getByRole('tabpanel').textContent(),
      (shown) => (shown ?? '').includes('00 00 00 00'),
    );
  });

  test('many channels: filter, errors first, and rows that are not seen are not there', async () => {
    const view = await makeView();
    for (let channel = 0; channel < 256; channel++)
      void view.acceptFrame(new Frame(Buffer.alloc(500), { channel, error: channel === 201 ? 3 : 0 }));
    const page = await openWindow(view.url);
    const grid = page.getByRole('grid', { name: 'Channels' });
    await until(
      'all channels',
      () => grid.getAttribute('aria-rowcount'),
      (count) => count === '257',
    );
    expect(await grid.getByRole('row').count()).toBeLessThan(60);
    await page.getByRole('button', { name: 'Errors first' }).click();
    await until(
      'the one with errors',
      () => grid.getByRole('row').nth(1).textContent(),
      (row) => row?.startsWith('201') === true,
    );
    await page.getByLabel('Filter the channels').fill('8-15');
    await until(
      'eight channels',
      () => grid.getAttribute('aria-rowcount'),
      (count) => count === '9',
    );
  });

  test('frames that were not shown are counted', async () => {
    const view = await makeView();
    const page = await openWindow(view.url);
    const timer = setInterval(() => feed(view, 20), 10);
    try {
      await shows(
        page,
        'Share shown',
        /^Shown [\d.]+\/s of [1-9][\d.]*\/sNot shown [1-9][\d.]*\/s, counted$/,
      );
    } finally {
      clearInterval(timer);
    }
  });

  test('ten pages, and one that sleeps', async () => {
    const view = await makeView();
    feed(view);
    const pages = await Promise.all(
      Array.from({ length: 10 }, () => openWindow(view.url, { viewport: { width: 390, height: 844 } })),
    );
    await Promise.all(pages.map((page) => picture(page, /max 5000/)));
    expect(view.viewerCount).toBe(10);
    // A hidden page asks for nothing.
    const asked: string[] = [];
    const sleeper = pages[0]!;
    const devtools = await sleeper.context().newCDPSession(sleeper);
    await devtools.send('Network.enable');
    devtools.on('Network.webSocketFrameSent', ({ response }) => asked.push(response.payloadData));
    await sleeper.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    const other = pages[1]!;
    for (let i = 2; i < 12; i++) {
      feed(view);
      await until(
        'the others to go on',
        () => shownNumber(other),
        (number) => number === i,
      );
    }
    // One may have been on its way.
    expect(asked.filter((request) => request.includes('next')).length).toBeLessThanOrEqual(1);
    await sleeper.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: false, configurable: true });
      Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    feed(view);
    await until(
      'it to wake up',
      () => shownNumber(sleeper),
      (number) => number === 12,
    );
  });
});

describeInBrowser('the page for everyone', () => {
  test('by keyboard alone', async () => {
    const view = await makeView();
    feed(view, 5);
    const page = await openWindow(view.url);
    await picture(page, /max 5000/);
    const keys = page.keyboard;
    await keys.press('3');
    await picture(page, /Histogram of channel 0/);
    await keys.press('ArrowDown');
    await until(
      'the next channel',
      () => page.getByLabel('Channel', { exact: true }).inputValue(),
      (channel) => channel === '1',
    );
    await keys.press('2');
    await picture(page, /192 × 384/);
    await keys.press('Space');
    await shows(page, 'Paused', /frame 5 of 5/);
    await keys.press('ArrowLeft');
    await shows(page, 'Paused', /frame 4 of 5/);
    await keys.press('End');
    await until(
      'live',
      () => page.getByRole('button', { name: 'Pause' }).count(),
      (count) => count === 1,
    );
    const before = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    await keys.press('t');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).not.toBe(before);
    await keys.press('?');
    expect(await page.getByRole('dialog', { name: 'Keys' }).textContent()).toContain('pause, live');
    await keys.press('Escape');
    await until(
      'the dialog to close',
      () => page.getByRole('dialog').count(),
      (count) => count === 0,
    );
    await keys.press('r');
    // The banner of a stream that has stalled is in the place of its button.
    await shows(page, 'Region', /Mean/);
  });

  test('the focus goes through all of it, and is seen', async () => {
    const view = await makeView();
    feed(view);
    const page = await openWindow(view.url);
    await picture(page, /max 5000/);
    const parts: string[] = [];
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const [part, outline] = await page.evaluate<[string, string]>(`(() => {
        const element = document.activeElement;
        const part = element.closest('header, [aria-label=Channels], [aria-label=Viewer], [aria-label=Inspector], [aria-label=Rates]');
        return [part?.getAttribute('aria-label') ?? part?.localName ?? 'none', getComputedStyle(element).outlineStyle];
      })()`);
      if (part === 'none') break;
      expect([part, outline]).not.toEqual([part, 'none']);
      if (parts.at(-1) !== part) parts.push(part);
    }
    expect(parts.slice(0, 3)).toEqual(['header', 'Channels', 'Viewer']);
    expect(parts).toContain('Inspector');
    expect(parts.at(-1)).toBe('Rates');
  });

  test('on a telephone: one column, buttons for a thumb, nothing beside the screen', async () => {
    const view = await makeView();
    feed(view, 3);
    const page = await openWindow(view.url, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    await picture(page, /max 5000/);
    expect(await page.evaluate('document.scrollingElement.scrollWidth')).toBe(390);
    for (const name of ['Pause', 'Frame before', 'Frame after', 'Save']) {
      const box = (await page.getByRole('button', { name }).boundingBox())!;
      expect([name, box.width >= 44, box.height >= 44, box.y + box.height <= 844]).toEqual([
        name,
        true,
        true,
        true,
      ]);
    }
    await page.getByRole('button', { name: 'Pause' }).tap();
    await shows(page, 'Paused', /frame 3 of 3/);
    await page.getByRole('button', { name: /uint16, / }).tap();
    await page.getByRole('dialog').getByLabel('Type').selectOption('uint8');
    await page.keyboard.press('Escape');
    await picture(page, /4200 samples/);
  });

  test.each([
    ['dark', 1440, 900],
    ['light', 1440, 900],
    ['dark', 1024, 768],
    ['light', 390, 844],
  ] as const)('has no serious fault of accessibility: %s, %d x %d', async (colorScheme, width, height) => {
    const view = await makeView();
    feed(view);
    const page = await openWindow(view.url, { colorScheme, viewport: { width, height } });
    await picture(page, /max 5000/);
    expect(await faultsOf(page)).toEqual([]);
    for (const tab of ['Image', 'Histogram', 'Hex']) {
      await page.getByRole('tab', { name: tab }).click();
      await until(
        'the view',
        () => page.getByRole('tab', { name: tab }).getAttribute('aria-selected'),
        (is) => is === 'true',
      );
      expect([tab, await faultsOf(page)]).toEqual([tab, []]);
    }
    await page.getByRole('button', { name: 'Keys' }).click();
    expect(await faultsOf(page)).toEqual([]);
  });

  test('a file that is played has a slider in the place of the ticks', async () => {
    const asked: Play[] = [];
    const status = { playing: true, atEnd: false, position: 0.28, bytes: 28, frames: 3, rate: 10 };
    const file = { status, play: (request: Play) => void asked.push(request) };
    const view = await makeView({ source: { address: 'run.dat', role: 'file', file } });
    feed(view);
    const page = await openWindow(view.url);
    await shows(page, 'Status', /^playing run\.dat28%$/);
    const slider = page.getByRole('slider', { name: 'Position in the file' });
    await slider.fill('750');
    await until(
      'the request',
      () => Promise.resolve(asked),
      (requests) => requests.some(({ position }) => position === 0.75),
    );
    await page.getByRole('button', { name: 'Pause' }).click();
    await until(
      'the stop',
      () => Promise.resolve(asked),
      (requests) => requests.some(({ playing }) => playing === false),
    );
    Object.assign(status, { playing: false, atEnd: true, position: 1 });
    await shows(page, 'Status', /^end of run\.dat$/);
  });
});

/** Serious and critical ones, by axe-core. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

function isColor(color: readonly number[], wanted: readonly number[], off = 40): boolean {
  return wanted.every((value, i) => Math.abs(value - color[i]!) <= off);
}
