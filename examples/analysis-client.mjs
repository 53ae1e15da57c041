// An analysis client: takes frames from an exporter as they come and keeps a figure for each channel.
//
//   node examples/analysis-client.mjs [HOST] [PORT] [FRAMES]

import { TcpClient } from 'rogue-bridge';

const [host = '127.0.0.1', port = '8000', frames = '1000'] = process.argv.slice(2);
const tcp = await TcpClient.create(host, Number(port));
const channels = new Map();
let count = 0;

// A loop that takes its time holds the exporter back, whatever it is written in.
for await (const frame of tcp.frames()) {
  if (frame.error !== 0) continue;
  const samples = frame.array(Uint16Array);
  const channel = channels.get(frame.channel) ?? { frames: 0, sum: 0, samples: 0 };
  channel.frames += 1;
  for (const sample of samples) channel.sum += sample;
  channel.samples += samples.length;
  channels.set(frame.channel, channel);
  if (++count === Number(frames)) break;
}
await tcp.stop();

for (const [channel, { frames, sum, samples }] of [...channels].sort(([a], [b]) => a - b)) {
  console.log(`channel ${channel}: ${frames} frames, mean ${(sum / samples).toFixed(1)}`);
}
