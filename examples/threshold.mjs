// Records only the frames in which a sample is above a threshold: a module of your own between a bridge and a file.
//
//   node examples/threshold.mjs FILE [HOST] [PORT] [THRESHOLD] [FRAMES]

import { StreamModule, StreamWriter, TcpClient } from 'rogue-bridge';

const [file, host = '127.0.0.1', ...numbers] = process.argv.slice(2);
const [port = 8000, threshold = 1000, frames = 1000] = numbers.map(Number);
if (file === undefined) throw new Error('which FILE is to be written?');

/** Passes on frames of 16-bit samples with at least one above `level`. */
class Threshold extends StreamModule {
  constructor(level) {
    super();
    this.level = level;
  }

  pass(frame) {
    // The promise of deliver holds the sender back while the disk is behind.
    if (frame.array(Uint16Array).some((sample) => sample > this.level)) return this.deliver(frame);
    this.drop(); // counted in dropCount
  }
}

const writer = new StreamWriter();
await writer.open(file);
const tcp = await TcpClient.create(host, port);
const filter = tcp.to(new Threshold(threshold));
filter.to(writer.getChannel(0)); // 0 keeps the channel of each frame

// Ctrl-C ends it early.
process.once('SIGINT', () => filter.stop());
await filter.waitFrameCount(frames);
await tcp.stop();
await writer.close();
console.log(`${file}: ${writer.frameCount} of ${filter.frameCount} frames, ${filter.dropCount} below`);
