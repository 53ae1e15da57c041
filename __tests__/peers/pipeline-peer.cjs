// A data file on one side of a bridge, Node's pipeline() between the two, on the built library.
//
//   node pipeline-peer.cjs server|client ADDR PORT play FILE
//   node pipeline-peer.cjs server|client ADDR PORT record FILE FRAMES FAIL_AT
//
// Recording takes two milliseconds a frame, ends after FRAMES frames, and fails at frame FAIL_AT.
// Either says {ready: true}, and at the end {code, message, grownMegabytes}: what the pipeline rejected with, and how
// much resident memory the process has taken since it was ready.

const { Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { StreamReader, StreamWriter, TcpClient, TcpServer } = require('../../dist');

const [role, addr, port, mode, file, frames, failAt] = process.argv.slice(2);

// A few frames of the test's, so that what is held back shows.
const OPTIONS = { sendHighWaterMark: 5, receiveHighWaterMark: 5, sendTimeoutMs: 2000, lingerMs: 60_000 };
const SLOW_MS = 2;

const megabytes = () => process.resourceUsage().maxRSS / 1000;

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Passes frames on slowly; calls `onLast` behind the last one. */
function slowly(onLast) {
  let count = 0;
  return new Transform({
    objectMode: true,
    transform(frame, _encoding, done) {
      count += 1;
      if (count === Number(failAt)) done(new Error('the sink is broken'));
      else setTimeout(done, SLOW_MS, null, frame);
      if (count === Number(frames)) onLast();
    },
  });
}

const MODES = {
  async play(bridge) {
    const reader = new StreamReader();
    const done = pipeline(reader.readable({ highWaterMark: 2 }), bridge.writable({ highWaterMark: 2 }));
    await bridge.waitForPeer();
    await reader.open(file);
    await done.finally(() => reader.close());
  },
  async record(bridge) {
    // Before anything is awaited: what arrives before there is a slave is counted and gone. It ends with the bridge.
    const readable = bridge.readable({ highWaterMark: 2 });
    const slow = slowly(() => void bridge.stop());
    const writer = new StreamWriter();
    await writer.open(file);
    await pipeline(readable, slow, writer.getChannel(0).writable({ highWaterMark: 2 }));
    await writer.close();
  },
};

async function main() {
  const bridge = await (role === 'server' ? TcpServer : TcpClient).create(addr, Number(port), OPTIONS);
  say({ ready: true });
  const before = megabytes();
  const fault = await MODES[mode](bridge).then(
    () => ({ code: null, message: null }),
    ({ code = null, message }) => ({ code, message }),
  );
  await bridge.stop();
  say({ ...fault, grownMegabytes: Math.round(megabytes() - before) });
}

void main();
