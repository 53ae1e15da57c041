// rogue-bridge/browser in a real browser: frames as a page of one's own gets them.

import { createReadStream, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { Frame } from '../../lib';
import type { ViewServer } from '../../lib/view';
import type { ViewOptions } from '../../lib/view';
import { makePair, stopBridges } from '../helpers/bridges';
import { closeBrowser, closeWindows, describeInBrowser, openWindow, until } from '../helpers/chromium';
import { waitFor } from '../helpers/wait';
import { closeViews, makeView } from '../helpers/views';

const ROOT = join(__dirname, '..', '..');
const TYPES: Record<string, string> = { '.js': 'text/javascript', '.html': 'text/html' };

let site: Server;
let origin: string;

beforeAll(async () => {
  // A foreign site, with this package in its folder.
  site = createServer((request, response) => {
    const path = join(ROOT, request.url!.split('?')[0]!);
    if (request.url === '/')
      return void response.setHeader('content-type', 'text/html').end('<!doctype html><title>site</title>');
    if (!existsSync(path)) return void response.writeHead(404).end();
    response.setHeader('content-type', TYPES[/\.\w+$/.exec(path)?.[0] ?? ''] ?? 'text/plain');
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await closeWindows();
  await closeViews();
  await stopBridges();
});

afterAll(async () => {
  await closeBrowser();
  site.close();
});

const gateway = (options: ViewOptions = {}): Promise<ViewServer> =>
  makeView({ origins: [origin], ...options });

interface Collected {
  readonly frames: readonly (readonly [
    channel: number,
    flags: number,
    error: number,
    size: number,
    first: number,
  ])[];
  readonly skipped: number;
  readonly state: string;
}

/** A page that collects frames into a global; `pace` ms are waited after each. */
async function collect(url: string, options: object, pace = 0): Promise<Page> {
  const page = await openWindow(`${origin}/`);
  await page.evaluate(
    `(async () => {
      const { connect } = await import('/dist/browser/index.js');
      const { signal, abort } = (globalThis.stop = new AbortController());
      const stream = connect(${JSON.stringify(url)}, { ...${JSON.stringify(options)}, signal });
      globalThis.seen = { frames: [], state: 'running' };
      globalThis.stream = stream;
      (async () => {
        for await (const frame of stream) {
          seen.frames.push([frame.channel, frame.flags, frame.error, frame.size, frame.payload[0]]);
          if (${pace} > 0) await new Promise((resolve) => (globalThis.step = resolve));
        }
      })().then(() => (seen.state = 'ended'), (err) => (seen.state = err.message));
    })()`,
  );
  return page;
}

const seenBy = (page: Page): Promise<Collected> =>
  page.evaluate('({ ...seen, skipped: stream.skipped, frames: seen.frames.slice() })');

describeInBrowser('frames in the browser', () => {
  test('come with their metadata, of the channels that were asked for', async () => {
    const view = await gateway();
    const page = await collect(view.url, { channels: [1, 2] });
    await until(
      'the page',
      () => page.evaluate<boolean>('stream.connected'),
      (connected) => connected,
    );
    // The subscription has been read when a status that was asked for later has come.
    await waitFor('the subscription', () => view.viewerCount === 1);
    let sent = 0;
    const { frames } = await until(
      'frames of both channels',
      async () => {
        sent += 1;
        void view.acceptFrame(
          new Frame(Buffer.alloc(10, 7), { channel: sent % 3, flags: 0x0201, error: sent % 2 }),
        );
        return seenBy(page);
      },
      ({ frames }) => new Set(frames.map(([channel]) => channel)).size === 2,
    );
    for (const [channel, flags, error, size, first] of frames) {
      expect([1, 2]).toContain(channel);
      expect([flags, size, first]).toEqual([0x0201, 10, 7]);
      expect([0, 1]).toContain(error);
    }
  });

  test("in mode 'all' come one and all, in order, and the source waits for a page that is slow", async () => {
    const { server, client } = await makePair();
    const view = await gateway({ holdBack: true });
    client.to(view);
    const page = await collect(view.url, { mode: 'all' }, 1);
    await waitFor('the subscription', () => view.viewerCount === 1);
    const COUNT = 60;
    const payload = (i: number): Buffer => Buffer.alloc(1_000_000, i);
    let sent = 0;
    const sending = (async () => {
      // The first frames may come before the subscription: they are of channel 9, and do not count.
      for (;;) {
        await server.send(new Frame(Buffer.alloc(8), { channel: 9 }));
        if ((await seenBy(page)).frames.length > 0) break;
      }
      for (let i = 0; i < COUNT; i++) {
        await server.send(new Frame(payload(i)));
        sent += 1;
      }
    })();
    // It takes one frame and waits: 8 MB of credit, and what the bridge and the kernel hold, and no more.
    await waitFor('some frames', () => sent > 5);
    const { frames } = await until(
      'all frames',
      async () => {
        await page.evaluate('step?.()');
        return seenBy(page);
      },
      (seen) => seen.frames.filter(([channel]) => channel === 0).length === COUNT,
    );
    await sending;
    const numbers = frames.filter(([channel]) => channel === 0).map(([, , , , first]) => first);
    expect(numbers).toEqual(Array.from({ length: COUNT }, (_, i) => i));
  });

  test("in mode 'all' small ones come at any rate", async () => {
    const { server, client } = await makePair();
    const view = await gateway({ holdBack: true });
    client.to(view);
    const page = await collect(view.url, { mode: 'all', channels: [0, 9] });
    for (;;) {
      await server.send(new Frame(Buffer.alloc(8), { channel: 9 }));
      if ((await seenBy(page)).frames.length > 0) break;
    }
    const COUNT = 20_000;
    for (let i = 0; i < COUNT; i++) await server.send(new Frame(Buffer.from([i & 255])));
    const { frames } = await until(
      'all frames',
      () => seenBy(page),
      (seen) => seen.frames.filter(([channel]) => channel === 0).length === COUNT,
    );
    const numbers = frames.filter(([channel]) => channel === 0).map(([, , , , first]) => first);
    expect(numbers).toEqual(Array.from({ length: COUNT }, (_, i) => i & 255));
    expect(view.viewerCount).toBe(1);
  });

  test("in mode 'all' hold the source back while the page takes nothing", async () => {
    const view = await gateway({ holdBack: true });
    const page = await collect(view.url, { mode: 'all' }, 1);
    await until(
      'the page',
      () => page.evaluate<boolean>('stream.connected'),
      (connected) => connected,
    );
    let held: Promise<void> | undefined;
    await waitFor('a frame that waits', () => {
      held = view.acceptFrame(new Frame(Buffer.alloc(1_000_000))) as Promise<void> | undefined;
      return held !== undefined;
    });
    let isAccepted = false;
    void held!.then(() => (isAccepted = true));
    await until(
      'it to go on',
      () => page.evaluate('step?.()'),
      () => isAccepted,
    );
  });

  test("in mode 'latest' a slow page misses frames, and knows how many", async () => {
    const view = await gateway();
    const page = await collect(view.url, {}, 1);
    let sent = 0;
    const { skipped, frames } = await until(
      'frames that were left out',
      async () => {
        sent += 1;
        void view.acceptFrame(new Frame(Buffer.alloc(50_000, sent & 255)));
        await page.evaluate('step?.()');
        return seenBy(page);
      },
      (seen) => seen.frames.length > 3,
    );
    expect(skipped).toBeLessThanOrEqual(sent - frames.length);
  });

  test("mode 'all' is refused where the gateway does not allow it", async () => {
    const view = await gateway();
    const page = await collect(view.url, { mode: 'all' });
    const { state } = await until(
      'the refusal',
      () => seenBy(page),
      (seen) => seen.state !== 'running',
    );
    expect(state).toMatch(/--hold-back/);
  });

  test('end when they are told to, and the gateway is left', async () => {
    const view = await gateway();
    const page = await collect(view.url, {});
    await waitFor('the page', () => view.viewerCount === 1);
    await page.evaluate('stop.abort()');
    await until(
      'the end',
      () => seenBy(page),
      ({ state }) => state === 'ended',
    );
    await waitFor('the page to leave', () => view.viewerCount === 0);
  });

  test('go on after the gateway has been away', async () => {
    const view = await gateway();
    const { port } = view;
    const page = await collect(view.url, {});
    await waitFor('the page', () => view.viewerCount === 1);
    await view.stop();
    const again = await gateway({ port });
    await waitFor('the page to come back', () => again.viewerCount === 1);
    await until(
      'a frame',
      async () => {
        void again.acceptFrame(new Frame(Buffer.alloc(4, 3)));
        return seenBy(page);
      },
      ({ frames }) => frames.length > 0,
    );
  });

  test('the example page draws them', async () => {
    const view = await gateway();
    const page = await openWindow(`${origin}/examples/browser.html?gateway=${view.url}`);
    const text = await until(
      'a frame on the page',
      async () => {
        void view.acceptFrame(Frame.from(Uint16Array.of(9, 8000, 100), { flags: 3 }));
        return page.getByRole('status').textContent();
      },
      (shown) => shown?.startsWith('frame') === true,
    );
    expect(text).toMatch(/^frame \d+: 6 bytes, flags 3, first sample 9$/);
  });
});
