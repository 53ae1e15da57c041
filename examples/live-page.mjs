// A program whose stream can be seen in a browser: node live-page.mjs [HTTP_PORT] [FRAMES]

import { Frame, Master } from 'rogue-bridge';
import { ViewServer } from 'rogue-bridge/view';
import { setTimeout as pause } from 'node:timers/promises';

const [httpPort = 8080, count = Infinity] = process.argv.slice(2).map(Number);

const source = new Master();
const view = await ViewServer.create({ port: httpPort });
source.to(view);
console.log(view.url);
let isOver = false;
process.once('SIGINT', () => (isOver = true));

// Channel 0: a pulse of 2000 samples. Channel 1: an image of 128 x 128 pixels. A bridge in place of these two lines:
// const tcp = await TcpClient.create('daq-host', 8000); tcp.to(view);
for (let i = 0; i < count && !isOver; i++) {
  const pulse = Uint16Array.from(
    { length: 2000 },
    (_, t) => 2000 + 9000 * Math.exp(-Math.abs(t - 700 - (i % 40)) / 90),
  );
  const image = Uint16Array.from(
    { length: 128 * 128 },
    (_, p) => 500 + 400 * Math.sin((p % 128) / 9 + i / 10),
  );
  await source.sendFrame(Frame.from(pulse, { channel: 0 }));
  await source.sendFrame(Frame.from(image, { channel: 1 }));
  await pause(20);
}
await view.stop();
