// A gateway with a source of its own, which sends frames of one channel, 200 a second, each one new and filled.
//
//   page-source.js SAMPLES ...      samples of a frame of channel 0, 1, ...
//
// Each order is the channel to send from then on; the answer is how many frames there have been.

import { Frame } from '../../lib/index';
import { ViewServer } from '../../lib/view';
import { orders, say } from './lines';

const EVERY_MS = 5;
// What was missed is made up for, this many frames at a time.
const AT_ONCE = 4;

async function main(sizes: readonly number[]): Promise<void> {
  const view = await ViewServer.create({ port: 0 });
  const order = orders();
  let channel = 0;
  let frames = 0;
  let due = performance.now();
  setInterval(() => {
    for (let i = 0; i < AT_ONCE && due <= performance.now(); i++, due += EVERY_MS) {
      const samples = new Uint16Array(sizes[channel]!);
      for (let at = 0; at < samples.length; at++) samples[at] = 2000 + ((at * 7 + frames * 13) % 5000);
      void view.acceptFrame(Frame.from(samples, { channel }));
      frames += 1;
    }
    due = Math.max(due, performance.now() - AT_ONCE * EVERY_MS);
  }, EVERY_MS);
  say({ port: view.port });
  for (let answers = 1; ; answers++) {
    channel = Number(await order());
    say({ [`frames ${answers}`]: frames });
  }
}

void main(process.argv.slice(2).map(Number));
