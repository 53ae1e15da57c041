// Waveforms of a data file: mean and peak of each channel.
//
//   node examples/waveforms.mjs FILE [int16|float32]
//
// Each frame is one waveform of a channel: samples, and nothing else.

import { readFrames } from 'rogue-bridge';

const TYPES = { int16: Int16Array, float32: Float32Array };
const [file, name = 'int16'] = process.argv.slice(2);
if (file === undefined) throw new Error('which FILE has the waveforms? FILE.1 stands for all parts');
const type = TYPES[name];
if (type === undefined) throw new Error(`there is no type '${name}': give int16 or float32`);

const channels = new Map();
// 255 is the channel of pyrogue's configuration, which is text.
for await (const frame of readFrames(file, { configChan: 255 })) {
  if (frame.error !== 0) continue;
  const samples = frame.array(type);
  const all = channels.get(frame.channel) ?? { waveforms: 0, samples: 0, sum: 0, peak: -Infinity };
  for (const sample of samples) {
    all.sum += sample;
    if (sample > all.peak) all.peak = sample;
  }
  all.waveforms += 1;
  all.samples += samples.length;
  channels.set(frame.channel, all);
  frame.release(); // the next one is read into its memory
}

for (const [channel, { waveforms, samples, sum, peak }] of [...channels].sort(([a], [b]) => a - b)) {
  const mean = (sum / samples).toFixed(2);
  console.log(`channel ${channel}: ${waveforms} waveforms, mean ${mean}, peak ${peak.toFixed(2)}`);
}
