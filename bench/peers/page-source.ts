// A gateway with a source of its own: frames of this many samples, 200 a second, each one new and filled.
//
//   page-source.js ROWS COLUMNS

import { Frame } from '../../lib/index';
import { ViewServer } from '../../lib/view';
import { orders, say } from './lines';

const EVERY_MS = 5;

async function main(rows: number, columns: number): Promise<void> {
  const view = await ViewServer.create({ port: 0 });
  const order = orders();
  let frames = 0;
  let due = performance.now();
  setInterval(() => {
    // Timers are late; what was missed is made up for, a few at a time.
    for (let i = 0; i < 4 && due <= performance.now(); i++, due += EVERY_MS) {
      const samples = new Uint16Array(rows * columns);
      for (let at = 0; at < samples.length; at++) samples[at] = 2000 + ((at * 7 + frames * 13) % 5000);
      void view.acceptFrame(Frame.from(samples));
      frames += 1;
    }
    due = Math.max(due, performance.now() - 4 * EVERY_MS);
  }, EVERY_MS);
  say({ port: view.port });
  for (;;) {
    await order();
    say({ frames });
  }
}

void main(Number(process.argv[2]), Number(process.argv[3]));
