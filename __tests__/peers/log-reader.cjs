// Reads numbered frames of a log, and says {frame: number} for each, for as long as the process lives; {failed} with what is
// wrong before it ends.
//
//   node log-reader.cjs ADDRESS

const { JetStreamReader } = require('../../dist/jetstream');
const { faultOf } = require('./log-frames.cjs');

// Pipes are written at once, so what was said before a kill is said.
function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
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
