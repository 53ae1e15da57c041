// Records what arrives to a Rogue data file, which Rogue's own tools read as well.
//
//   node examples/record.mjs FILE [HOST] [PORT] [FRAMES]

import { StreamWriter, TcpClient } from 'rogue-bridge';

const [file, host = '127.0.0.1', port = '8000', frames = '1000'] = process.argv.slice(2);
if (file === undefined) throw new Error('which FILE is to be written?');

// With { maxSize: 1e9 } the files are FILE.1, FILE.2, ..., none of them larger.
const writer = new StreamWriter();
try {
  await writer.open(file);
} catch (err) {
  console.error(err.message);
  process.exit(1);
}
const tcp = await TcpClient.create(host, Number(port));
// 0 keeps the channel of each frame; getChannel(5) would record all of them as channel 5.
tcp.to(writer.getChannel(0));

// Ctrl-C ends a recording that is not complete. A disk that is full ends this wait, too.
process.once('SIGINT', () => void writer.close());
await writer.waitFrameCount(Number(frames));
await tcp.stop();
// Tells what could not be written.
await writer.close();
console.log(`${file}: ${writer.frameCount} frames, ${writer.totalSize} bytes`);
