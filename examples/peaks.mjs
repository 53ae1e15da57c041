// A compressed data file, looked at on all cores: decompressing and the search for peaks run in worker threads, in order.
//
//   node examples/peaks.mjs run.dat

import { StreamReader, StreamUnZip, Workers } from 'rogue-bridge';

const [path = 'run.dat'] = process.argv.slice(2);

// For a file that Rogue's StreamZip was in front of. Without it: reader.to(peaks).
const unzip = new StreamUnZip();
const peaks = new Workers(new URL('./peaks-thread.mjs', import.meta.url));
peaks.to((frame) => {
  const [sample, value] = frame.array(Float64Array);
  console.log(`channel ${frame.channel}: peak ${value} at sample ${sample}`);
});

const reader = new StreamReader();
reader.to(unzip).to(peaks);
await reader.open(path);
await reader.closeWait();
// What is still in the threads has a minute.
await unzip.stop({ lingerMs: 60_000 });
await peaks.stop({ lingerMs: 60_000 });
console.log(`${peaks.frameCount} frames, ${unzip.errorCount} damaged, ${peaks.errorCount} not analysed`);
