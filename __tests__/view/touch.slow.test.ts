// The live page under fingers, and on a phone on its side, in a real browser.

import type { CDPSession, Page } from 'playwright-core';
import { Frame } from '../../lib';
import type { ViewServer } from '../../lib/view';
import {
  closeBrowser,
  closeWindows,
  consoleErrors,
  describeInBrowser,
  openWindow,
  until,
} from '../helpers/chromium';
import { closeViews, makeView } from '../helpers/views';

afterEach(async () => {
  expect(consoleErrors()).toEqual([]);
  await closeWindows();
  await closeViews();
});

afterAll(closeBrowser);

/** A gateway with a waveform on channel 0 and an image on channel 1. */
async function gateway(): Promise<ViewServer> {
  const view = await makeView();
  const wave = Uint16Array.from({ length: 2100 }, (_, i) => i);
  const image = Uint16Array.from({ length: 192 * 384 }, (_, i) => i % 384);
  await view.acceptFrame(new Frame(Buffer.from(wave.buffer), { channel: 0 }));
  const withHead = Buffer.concat([Buffer.alloc(32), Buffer.from(image.buffer)]);
  await view.acceptFrame(new Frame(withHead, { channel: 1 }));
  return view;
}

const openPhone = (url: string, width: number, height: number): Promise<Page> =>
  openWindow(url, { viewport: { width, height }, hasTouch: true, isMobile: true });

/** Figures of the frame, below the plot or beside the buttons: as they stand, without the spaces between digits. */
const figures = async (page: Page): Promise<string> =>
  ((await page.locator('.phone-figures').textContent()) ?? '').replace(/\u202f/g, '');

const showsFigures = (page: Page, pattern: RegExp): Promise<string> =>
  until(
    `the figures ${String(pattern)}`,
    () => figures(page),
    (shown) => pattern.test(shown),
  );

/** First and last sample that are shown: the value of a sample is its number. */
const extent = async (page: Page): Promise<readonly [number, number]> => {
  const [, low, high] = /^Min(\d+)Max(\d+)/.exec(await figures(page)) ?? [];
  return [Number(low), Number(high)];
};

/** Of 2100 samples, apart from rounding at both ends. */
const isQuarter = ([low, high]: readonly [number, number]): boolean => Math.abs(high - low - 524) <= 1;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Fingers go down, along these places, and up again. */
async function touch(devtools: CDPSession, steps: readonly (readonly Place[])[]): Promise<void> {
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', places: readonly Place[]): Promise<unknown> =>
    devtools.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: places.map(({ x, y }, id) => ({ x, y, id })),
    });
  await send('touchStart', steps[0]!);
  for (const places of steps) await send('touchMove', places);
  await send('touchEnd', []);
}

const STEPS = Array.from({ length: 11 }, (_, i) => i / 10);

describeInBrowser('the live page under fingers', () => {
  test('two zoom and pan, one moves the cursor or scrolls, and all of it can be shown again', async () => {
    const view = await gateway();
    const page = await openPhone(view.url, 390, 844);
    const devtools = await page.context().newCDPSession(page);
    await showsFigures(page, /^Min0Max2099/);
    const plot = (await page.getByRole('tabpanel').getByRole('img').first().boundingBox())!;
    const y = plot.y + plot.height / 2;
    // Apart, from 40 to 160 px: a quarter of the samples is left, and they go on when the fingers go to the left.
    await touch(
      devtools,
      STEPS.map((share) => [
        { x: 190 - 60 * share, y },
        { x: 230 + 60 * share, y },
      ]),
    );
    const zoomed = await until('a quarter of it', () => extent(page), isQuarter);
    await touch(
      devtools,
      STEPS.map((share) => [
        { x: 150 - 80 * share, y: y - 40 * share },
        { x: 250 - 80 * share, y: y - 40 * share },
      ]),
    );
    await until(
      'as many later samples',
      () => extent(page),
      (panned) => isQuarter(panned) && panned[0] > zoomed[0] + 50,
    );
    expect(await page.evaluate('[scrollY, visualViewport.scale]')).toEqual([0, 1]);
    await touch(
      devtools,
      STEPS.map((share) => [{ x: 100 + 100 * share, y }]),
    );
    await showsFigures(page, /^Sample(\d+)This frame\1Min of/);
    // Chromium takes a tap soon after a swipe for one that stops it.
    await page.getByRole('button', { name: /uint16, / }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Show all samples' }).click();
    await page.keyboard.press('Escape');
    await touch(
      devtools,
      STEPS.map((share) => [{ x: 200, y: y + 60 - 150 * share }]),
    );
    await until(
      'the page to scroll',
      () => page.evaluate<number>('scrollY'),
      (scrolled) => scrolled > 50,
    );
  });

  test('an image is zoomed in steps, and the sheet has them', async () => {
    const view = await gateway();
    const page = await openPhone(`${view.url}#ch=1`, 390, 844);
    const devtools = await page.context().newCDPSession(page);
    await showsFigures(page, /^Min0Max383/);
    const image = (await page.getByRole('tabpanel').getByRole('img').first().boundingBox())!;
    const y = image.y + image.height / 2;
    await touch(
      devtools,
      STEPS.map((share) => [
        { x: 175 - 60 * share, y },
        { x: 215 + 60 * share, y },
      ]),
    );
    await page.getByRole('button', { name: /uint16, / }).click();
    const zoom = page.getByRole('dialog').getByRole('radiogroup', { name: 'Zoom' });
    await until(
      'the step',
      () => zoom.getByRole('radio', { checked: true }).textContent(),
      (step) => step === '4:1',
    );
    await zoom.getByRole('radio', { name: 'fit' }).click();
    await until(
      'all of it',
      () => zoom.getByRole('radio', { checked: true }).textContent(),
      (step) => step === 'fit',
    );
  });

  test('on its side the plot takes the screen, and all that is needed is on it', async () => {
    const view = await gateway();
    const page = await openPhone(view.url, 844, 390);
    await showsFigures(page, /^Min0Max2099/);
    const boxOf = async (name: string): Promise<{ top: number; bottom: number; height: number }> => {
      const { y, height } = (await page.locator(name).first().boundingBox())!;
      return { top: y, bottom: y + height, height };
    };
    const plot = await boxOf('.plot');
    const head = await boxOf('.viewer-head');
    const buttons = await boxOf('.viewer-buttons');
    const top = await boxOf('.top');
    expect([top.height, head.height, buttons.height]).toEqual([40, 40, 41]);
    expect(plot.height).toBeGreaterThan(390 - 125);
    expect(plot.top).toBeGreaterThanOrEqual(head.bottom);
    expect(plot.bottom).toBeLessThanOrEqual(buttons.top);
    // The banner stands in their place once the stream has stalled.
    expect((await boxOf('.phone-figures:visible, .banner:visible')).bottom).toBeLessThanOrEqual(390);
    expect(await page.evaluate('document.scrollingElement.scrollWidth')).toBe(844);
    for (const name of ['Image', 'Histogram', 'Hex']) {
      await page.getByRole('tab', { name }).tap();
      expect([name, await page.evaluate('document.scrollingElement.scrollWidth')]).toEqual([name, 844]);
    }
  });
});
