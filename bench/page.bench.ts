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
  readonly pageMegabytes: number;
  readonly gatewayMegabytes: number;
}

export const page: Benchmark = async ({ quick, seconds, progress }) => {
  if (CHROMIUM === undefined)
    return { ...EMPTY, skipped: ['page: there is no chromium here (apt-get install chromium)'] };
  const { chromium } = await import('playwright-core');
  const lasts = seconds ?? (quick ? QUICK_SECONDS : DEFAULT_SECONDS);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  const source = new Side(
    'page source',
    [process.execPath, PEER],
    CASES.map(({ rows, columns }) => rows * columns),
  );
  const failures: string[] = [];
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  try {
    const { port } = await source.line('port');
    const window = await browser.newPage({ viewport: VIEWPORT });
    const look = new Look(window, source, `http://127.0.0.1:${String(port)}/`);
    for (const [channel, one] of CASES.entries()) {
      progress(`page, ${one.name}`);
      const measured = await attempt(look.measure(channel, one, lasts), failures);
      if (measured === undefined) continue;
      const { updatesPerSec, framesPerSec, pageMegabytes, gatewayMegabytes } = measured;
      const name = `page/${one.name}`;
      const numbers = [updatesPerSec, framesPerSec, gatewayMegabytes, pageMegabytes];
      rows.push([name, ...numbers.map((number) => numberText(number))]);
      cases.push({ name, ...measured });
    }
  } finally {
    await browser.close();
    await source.end();
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
  'updates/s: pictures that the page has drawn, told by its asking for the next one. frames/s: what the gateway was given; 200 were',
  'meant. MB: resident memory of the gateway, which is the source as well, and the heap of the page after a collection, both at the',
  'end of the case. One gateway and one page see all cases, one after the other.',
];

/** One page that looks at one channel after the other. */
class Look {
  private asked = 0;
  private orders = 0;

  constructor(
    private readonly window: Page,
    private readonly source: Side,
    private readonly url: string,
  ) {
    window.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        if (String(payload).includes('"next"')) this.asked += 1;
      }),
    );
  }

  async measure(
    channel: number,
    { view, rows, columns }: (typeof CASES)[number],
    seconds: number,
  ): Promise<Measured> {
    const { window } = this;
    await this.order(channel);
    // The same page: only the part after # changes.
    await window.goto(`${this.url}#ch=${channel}&view=${view}&type=u2&shape=${rows}x${columns}&skip=0`);
    await pause(SETTLE_MS);
    const before = await this.order(channel);
    const [askedBefore, started] = [this.asked, performance.now()];
    await pause(seconds * 1000);
    const elapsed = (performance.now() - started) / 1000;
    const updates = this.asked - askedBefore;
    const frames = (await this.order(channel)) - before;
    const devtools = await window.context().newCDPSession(window);
    await devtools.send('HeapProfiler.collectGarbage');
    const { usedSize } = await devtools.send('Runtime.getHeapUsage');
    await devtools.detach();
    return {
      updatesPerSec: updates / elapsed,
      framesPerSec: frames / elapsed,
      pageMegabytes: usedSize / 1e6,
      gatewayMegabytes: statusMegabytes(this.source.pid, 'VmRSS') ?? NaN,
    };
  }

  private async order(channel: number): Promise<number> {
    this.orders += 1;
    const key = `frames ${this.orders}`;
    this.source.tell(String(channel));
    return Number((await this.source.line(key))[key]);
  }
}
