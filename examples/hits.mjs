// Hit lists of a data file: how often each pixel was hit, and the energy in it.
//
//   node examples/hits.mjs FILE [PIXELS]
//
// Each frame is an event: a header, and the hits behind it. Shows the PIXELS (default 10) that were hit most.

import { readFrames, struct } from 'rogue-bridge';

// As the firmware's manual has them. Numbers that are big-endian: struct({...}, { bigEndian: true }).
const header = struct({ event: 'u32', time: 'u64', hits: 'u16', reserved: 'u16' });
const hit = struct({ column: 'u8', row: 'u8', reserved: 'u16', energy: 'f32' });

const [file, most = '10'] = process.argv.slice(2);
if (file === undefined) throw new Error('which FILE has the hits? FILE.1 stands for all parts');

const pixels = new Map();
let [events, total] = [0, 0];
// 255 is the channel of pyrogue's configuration, which is text.
for await (const frame of readFrames(file, { configChan: 255 })) {
  if (frame.error !== 0) continue;
  const { hits: count } = header.read(frame);
  for (const { column, row, energy } of hit.readAll(frame, { offset: header.size, count })) {
    const name = `row ${row}, column ${column}`;
    const pixel = pixels.get(name) ?? { hits: 0, energy: 0 };
    pixel.hits += 1;
    pixel.energy += energy;
    pixels.set(name, pixel);
  }
  events += 1;
  total += count;
}

console.log(`${events} events, ${total} hits in ${pixels.size} pixels`);
const byHits = [...pixels].sort(([, a], [, b]) => b.hits - a.hits);
for (const [name, { hits, energy }] of byHits.slice(0, Number(most))) {
  console.log(`${name}: ${hits} hits, mean energy ${(energy / hits).toFixed(2)}`);
}
