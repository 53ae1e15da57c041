// Writes numbered frames into a log, from its end on, for as long as the process lives.
//
//   node log-writer.cjs ADDRESS
//
// Says {from}: the number of the first one; {stored}: all frames up to this number are acknowledged; {large}: the number of one
// of megabytes that is on its way; {failed}: why it ends.

const { writeSync } = require('node:fs');
const { Frame } = require('../../dist');
const { JetStreamWriter, parseLogAddress } = require('../../dist/jetstream');
const { contentOf } = require('./log-frames.cjs');

// Frames on their way at most.
const AHEAD = 400;
const LARGE_BYTES = 1_000_000;

// What was said before a kill is to be said: the stream of stdout keeps lines back while the one who reads is slow.
function say(line) {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function write(address) {
  const { connection } = parseLogAddress(address);
  const writer = await JetStreamWriter.create({ ...connection, settle: 'stored' });
  let number = writer.nextFrame;
  let stored = number - 1;
  let said = stored;
  let wake = () => undefined;
  say({ from: number });
  for (; ; number++) {
    if (writer.nextFrame !== number) throw new Error(`frame ${number} would get ${writer.nextFrame}`);
    const { payload, fields } = contentOf(number);
    const mine = number;
    writer.acceptFrame(new Frame(payload, fields)).then(() => {
      if (mine !== stored + 1) fail(new Error(`frame ${mine} is acknowledged after frame ${stored}`));
      stored = mine;
      wake();
    }, fail);
    if (payload.length >= LARGE_BYTES) say({ large: number });
    while (number - stored >= AHEAD) {
      await new Promise((resolve) => (wake = resolve));
      // The frames of a message are acknowledged together.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (stored > said) say({ stored: (said = stored) });
    if (number % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function fail(err) {
  say({ failed: `${err.code} ${err.message}` });
  process.exit(1);
}

write(process.argv[2]).catch(fail);
