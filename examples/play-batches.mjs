// Plays a data file of batches to a remote client, which gets one frame for each record.
//
//   node examples/play-batches.mjs FILE [PORT]

import { readFrames, SplitterV1, StreamReader, TcpServer } from 'rogue-bridge';

const [file, port = '8000'] = process.argv.slice(2);
if (file === undefined)
  throw new Error('which FILE is to be played? FILE.1 stands for all parts of a recording');

// What is in it. For the files that pyrogue reads by FileReader(batched=True): batched: 'inverted'.
const frames = readFrames(file, { batched: 'v1' });
const channels = new Map();
for await (const { channel } of frames) channels.set(channel, (channels.get(channel) ?? 0) + 1);
for (const [channel, records] of [...channels].sort(([a], [b]) => a - b)) {
  console.log(`channel ${channel}: ${records} records`);
}
if (frames.dropCount > 0) console.log(`${frames.dropCount} batches are damaged`);

// A client that is behind has a minute for the rest, once all is sent.
const tcp = await TcpServer.create('127.0.0.1', Number(port), { lingerMs: 60_000 });
const reader = new StreamReader();
reader.to(new SplitterV1()).to(tcp);

console.log(`waiting for a client on ports ${port} and ${Number(port) + 1}`);
await tcp.waitForPeer();
await reader.open(file);
await reader.closeWait();
await tcp.stop();
console.log(`played ${reader.frameCount} batches, ${tcp.stats.framesSent} records`);
