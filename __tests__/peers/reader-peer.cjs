// Reads a data file on the built library, in one way or the other, and says what it took.
//
//   node reader-peer.cjs iterate|play FILE [CHANNEL]
//
// It says {frames, bytes, lastPosition, grownMegabytes}.

const { readFrames, StreamReader } = require('../../dist');

const [how, path, channel] = process.argv.slice(2);
const options = channel === undefined ? {} : { channel: Number(channel) };
const megabytes = () => process.resourceUsage().maxRSS / 1000;

async function main() {
  const before = megabytes();
  const seen = { frames: 0, bytes: 0, lastPosition: 0 };
  const note = (frame) => {
    seen.frames += 1;
    seen.bytes += frame.size;
    seen.lastPosition = frame.position;
  };
  if (how === 'iterate') {
    for await (const frame of readFrames(path, options)) note(frame);
  } else {
    const reader = new StreamReader(options);
    reader.addSlave(note);
    await reader.open(path);
    await reader.closeWait();
  }
  const grownMegabytes = Math.round(megabytes() - before);
  process.stdout.write(`${JSON.stringify({ ...seen, grownMegabytes })}\n`);
}

void main();
