// A monitor beside the main path: the monitor may drop frames, the main path may not.
//
//   node examples/monitor-tap.mjs [HOST] [PORT] [FRAMES]

import { Fifo, Logging, RateDrop, Slave, TcpClient } from 'rogue-bridge';

const [host = '127.0.0.1', port = '8000', frames = '1000'] = process.argv.slice(2);
const tcp = await TcpClient.create(host, Number(port));

// What the monitor drops is counted below, and needs no line of its own.
Logging.setLevel(Logging.Error);

// The main path sees every frame, and its pace is the pace of the link.
const main = tcp.to(new Slave());

// A display for people: at most ten frames a second, copies of the first 16 bytes, never a reason to wait.
const rate = tcp.to(new RateDrop(true, 0.1));
const fifo = rate.to(new Fifo(2, 16));
fifo.addSlave(async (frame) => {
  console.log(`channel ${frame.channel}: ${frame.payload.toString('hex')}`);
  await new Promise((resolve) => setTimeout(resolve, 250)); // a slow display
});

let count = 0;
for await (const _frame of tcp.frames()) if (++count === Number(frames)) break;
await fifo.stop({ lingerMs: 0 });
await tcp.stop();
console.log(`main path: ${main.frameCount} frames`);
console.log(`monitor: ${rate.dropCount} not due, ${fifo.dropCount} dropped while it was busy`);
