// Records what arrives to a Rogue data file, which Rogue's own tools read as well.
//
//   node examples/record.mjs FILE [HOST] [PORT] [FRAMES]

import { StreamWriter, TcpClient } from 'rogue-bridge';

const [file, host = '127.0.0.1', port = '8000', frames = '1000'] = process.argv.slice(2);
if (file === undefined) throw new Error('which FILE is to be written?');

// With { maxSize: 1e9 } the files are FILE.1, FILE.2, ..., none of them larger.
const writer = new StreamWriter();
await writer.open(file);
const tcp = await TcpClient.create(host, Number(port));
// 0 keeps the channel of each frame; getChannel(5) would record all of them as channel 5.
tcp.to(writer.getChannel(0));

await writer.waitFrameCount(Number(frames));
await tcp.stop();
// Tells of a disk that is full, too.
await writer.close();
console.log(`${file}: ${writer.frameCount} frames, ${writer.totalSize} bytes`);
