// Sorts the frames of a data file by a variable of the configuration that pyrogue wrote into it.
//
//   node examples/configuration.mjs FILE [PATH] [CHANNEL]

import { readFrames } from 'rogue-bridge';

const [file, path = 'Top.Det.Gain', channel = '255'] = process.argv.slice(2);
if (file === undefined)
  throw new Error('which FILE is to be read? FILE.1 stands for all parts of a recording');

const frames = readFrames(file, { config: Number(channel) });
const counts = new Map();
for await (const { config } of frames) {
  // Frames in front of the first configuration have an empty one.
  const value = config.has(path) ? config.value(path) : 'unknown';
  counts.set(value, (counts.get(value) ?? 0) + 1);
}
for (const [value, count] of counts) console.log(`${path} ${value}: ${count} frames`);

// The log has the place of each.
if (frames.configErrorCount > 0)
  console.log(`${frames.configErrorCount} configuration records or keys left out`);

// Of a path that is not there, the error says which keys are.
try {
  console.log(`at the end: ${frames.config.value(path)}`);
} catch (err) {
  console.error(err.message);
  process.exitCode = 1;
}
