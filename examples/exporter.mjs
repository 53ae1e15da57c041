// A hardware host's exporter: a detector's frames to whoever connects.
//
//   node examples/exporter.mjs [PORT] [FRAMES]
//
// Without FRAMES it goes on until Ctrl-C. Look at it with: node examples/analysis-client.mjs

import { Frame, TcpServer } from 'rogue-bridge';

const [port = 8000, frames = Infinity] = process.argv.slice(2).map(Number);
const SAMPLES = 1000;
const PERIOD_MS = 1;

/** Stands in for your hardware: 16-bit samples of a noisy pulse, the channel counting through four sensors. */
function readDetector(number) {
  const samples = new Uint16Array(SAMPLES);
  for (let i = 0; i < SAMPLES; i++) {
    samples[i] = 1000 + 50 * Math.random() + (i > 400 && i < 450 ? 2000 : 0);
  }
  // No copy: the frame is these bytes.
  return new Frame(new Uint8Array(samples.buffer), { channel: number % 4 });
}

// '*' instead of 127.0.0.1 serves every network interface.
// At the end a client that is behind has ten seconds for the rest.
const tcp = await TcpServer.create('127.0.0.1', port, { lingerMs: 10_000 });
process.once('SIGINT', () => void tcp.stop());

console.log(`exporting on ports ${port} and ${port + 1}`);
try {
  await tcp.waitForPeer();
  for (let number = 0; number < frames; number++) {
    // Waits while the client is behind: nothing is lost, and memory does not grow.
    await tcp.send(readDetector(number));
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
} catch (err) {
  if (err.code !== 'ERR_BRIDGE_STOPPED') throw err;
}
await tcp.stop();
console.log(`sent ${tcp.stats.framesSent} frames, ${tcp.stats.bytesSent} bytes`);
