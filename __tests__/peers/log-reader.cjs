// Reads numbered frames of a log, and says {frame: number} for each, for as long as the process lives; {failed} with what is
// wrong before it ends.
//
//   node log-reader.cjs ADDRESS

const { writeSync } = require('node:fs');
const { JetStreamReader } = require('../../dist/jetstream');
const { faultOf } = require('./log-frames.cjs');

// What was said before a kill is to be said: the stream of stdout keeps lines back while the one who reads is slow.
function say(line) {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function read(address) {
  const reader = await JetStreamReader.create(address);
  reader.to((frame) => {
    const fault = faultOf(frame.number, frame);
    if (fault !== undefined) fail(new Error(fault));
    say({ frame: frame.number });
  });
  await reader.finished();
}

function fail(err) {
  say({ failed: `${err.code} ${err.message}` });
  process.exit(1);
}

read(process.argv[2]).catch(fail);
