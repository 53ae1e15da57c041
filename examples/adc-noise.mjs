// Pedestal and noise of a detector's channels: samples of 16 bits, or of fewer bits that lie packed without gaps.
//
//   node examples/adc-noise.mjs FILE [BITS]
//
// BITS is 16 (default), or the width of packed samples: 10, 12 or 14 are usual.

import { readFrames, unpackBits } from 'rogue-bridge';

const [file, bits = '16'] = process.argv.slice(2);
if (file === undefined) throw new Error('which FILE has the samples? FILE.1 stands for all parts');

// For samples that begin at the highest bit of the first byte: unpackBits(payload, bits, { highFirst: true }).
// For a header of n bytes: frame.array(Uint16Array, { offset: n }), unpackBits(frame.payload.subarray(n), bits).
const samplesOf =
  bits === '16' ? (frame) => frame.array(Uint16Array) : (frame) => unpackBits(frame.payload, Number(bits));

const channels = new Map();
// 255 is the channel of pyrogue's configuration, which is text.
for await (const frame of readFrames(file, { configChan: 255 })) {
  if (frame.error !== 0) continue;
  const samples = samplesOf(frame);
  const all = channels.get(frame.channel) ?? { samples: 0, sum: 0, squares: 0 };
  for (const sample of samples) {
    all.sum += sample;
    all.squares += sample * sample;
  }
  all.samples += samples.length;
  channels.set(frame.channel, all);
  frame.release();
}

for (const [channel, { samples, sum, squares }] of [...channels].sort(([a], [b]) => a - b)) {
  const pedestal = sum / samples;
  const noise = Math.sqrt(squares / samples - pedestal ** 2);
  console.log(
    `channel ${channel}: ${samples} samples, pedestal ${pedestal.toFixed(1)}, noise ${noise.toFixed(1)}`,
  );
}
