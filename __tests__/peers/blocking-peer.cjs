// A sender whose event loop is blocked for a while, as by a long calculation.
//
//   node blocking-peer.cjs client PORT FRAMES BLOCK_MS
//
// Sends half of the frames, blocks, sends the others, and ends in good order. It says {blocking} and {done}.

const { Frame, TcpClient } = require('../../dist');

const [port, frames, blockMs] = process.argv.slice(3).map(Number);
const SIZE_BYTES = 2_000;

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main() {
  const client = await TcpClient.create('127.0.0.1', port, { lingerMs: 30_000 });
  await client.waitForPeer();
  for (let number = 0; number < frames; number++) {
    if (number === frames / 2) {
      // What was sent is on the wire before the loop stands still.
      await new Promise((resolve) => setImmediate(resolve));
      say({ blocking: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
    }
    const payload = Buffer.alloc(SIZE_BYTES);
    payload.writeUInt32LE(number);
    await client.send(new Frame(payload));
  }
  await client.stop();
  say({ done: true });
}

void main();
