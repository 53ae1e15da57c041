// How often does the live page show something new, in a real browser, and how much memory do gateway and page take?

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Benchmark } from './benchmark';
import { statusMegabytes } from './process-memory';
import { attempt, Side } from './side';
import { numberText } from './table';

const PEER = join(__dirname, 'peers', 'page-source.js');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const ARGUMENTS = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];
const VIEWPORT = { width: 1440, height: 900 };
const DEFAULT_SECONDS = 10;
const QUICK_SECONDS = 1;
const SETTLE_MS = 2_000;

/** What is looked at: the view, and the samples of a frame, rows and columns of an image. */
const CASES = [
  { name: 'waveform of 4 k', view: 'wave', rows: 1, columns: 4_000 },
  { name: 'waveform of 100 k', view: 'wave', rows: 1, columns: 100_000 },
  { name: 'image of 512 x 512', view: 'image', rows: 512, columns: 512 },
  { name: 'image of 1024 x 1024', view: 'image', rows: 1024, columns: 1024 },
] as const;

interface Measured {
  readonly updatesPerSec: number;
  readonly framesPerSec: number;
  readonly pageMegabytes: readonly [first: number, last: number];
  readonly gatewayMegabytes: readonly [first: number, last: number];
}

export const page: Benchmark = async ({ quick, seconds, progress }) => {
  if (CHROMIUM === undefined)
    return { ...EMPTY, skipped: ['page: there is no chromium here (apt-get install chromium)'] };
  const { chromium } = await import('playwright-core');
  const lasts = seconds ?? (quick ? QUICK_SECONDS : DEFAULT_SECONDS);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  const failures: string[] = [];
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  try {
    for (const one of CASES) {
      progress(`page, ${one.name}`);
      const window = await browser.newPage({ viewport: VIEWPORT });
      const measured = await attempt(measure(window, one, lasts), failures);
      await window.close();
      if (measured === undefined) continue;
      const { updatesPerSec, framesPerSec, pageMegabytes, gatewayMegabytes } = measured;
      const name = `page/${one.name}`;
      const memory = (pair: readonly [number, number]): string =>
        pair.map((one) => numberText(one)).join(' to ');
      rows.push([
        name,
        numberText(updatesPerSec),
        numberText(framesPerSec),
        memory(gatewayMegabytes),
        memory(pageMegabytes),
      ]);
      cases.push({ name, updatesPerSec, framesPerSec, gatewayMegabytes, pageMegabytes });
    }
  } finally {
    await browser.close();
  }
  const table = {
    title: `The live page in headless Chromium ${browser.version()}, drawn in software, ${numberText(lasts)} s each`,
    columns: ['case', 'updates/s', 'frames/s', 'MB, gateway', "MB, page's heap"],
    rows,
  };
  return { ...EMPTY, tables: [table], notes: NOTES, cases, failures };
};

const EMPTY = { tables: [], notes: [], skipped: [], cases: [], failures: [], shortfalls: [] };

const NOTES = [
  'updates/s: pictures that the page has drawn, told by its asking for the next one. frames/s: what the gateway was given, about',
  '200 were meant. MB: at the beginning and at the end. Source and gateway are one process, browser and page others.',
];

async function measure(
  window: Page,
  { view, rows, columns }: (typeof CASES)[number],
  seconds: number,
): Promise<Measured> {
  const side = new Side(`page source, ${view}`, [process.execPath, PEER], [rows, columns]);
  try {
    const { port } = await side.line('port');
    let asked = 0;
    window.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        if (String(payload).includes('"next"')) asked += 1;
      }),
    );
    await window.goto(
      `http://127.0.0.1:${String(port)}/#view=${view}&type=u2&shape=${rows}x${columns}&skip=0`,
    );
    const devtools = await window.context().newCDPSession(window);
    const heapMegabytes = async (): Promise<number> => {
      await devtools.send('HeapProfiler.collectGarbage');
      const { usedSize } = await devtools.send('Runtime.getHeapUsage');
      return usedSize / 1e6;
    };
    await pause(SETTLE_MS);
    const gatewayMegabytes = (): number => statusMegabytes(side.pid, 'VmRSS') ?? NaN;
    const first = { page: await heapMegabytes(), gateway: gatewayMegabytes() };
    side.tell('begin');
    const begun = await side.line('frames');
    const [askedBefore, started] = [asked, performance.now()];
    await pause(seconds * 1000);
    const elapsed = (performance.now() - started) / 1000;
    const updates = asked - askedBefore;
    side.tell('end');
    const ended = await side.line('frames');
    return {
      updatesPerSec: updates / elapsed,
      framesPerSec: (Number(ended.frames) - Number(begun.frames)) / elapsed,
      pageMegabytes: [first.page, await heapMegabytes()],
      gatewayMegabytes: [first.gateway, gatewayMegabytes()],
    };
  } finally {
    await side.end();
  }
}
