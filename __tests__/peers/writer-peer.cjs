// Writes numbered frames to a data file, on the built library, until it is killed or a write fails.
//
//   node writer-peer.cjs FILE SIZE_BYTES
//
// It says {open: true}, now and then {written}, and when a write fails {code, cause, frameCount, dropCount}.

const { Frame, Master, StreamWriter } = require('../../dist');

const [path, size] = process.argv.slice(2);

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main() {
  const writer = new StreamWriter();
  await writer.open(path);
  const master = new Master();
  master.to(writer.getChannel(1));
  say({ open: true });
  for (let number = 0; ; number++) {
    const payload = Buffer.alloc(Number(size), number & 0xff);
    payload.writeUInt32LE(number);
    try {
      await master.sendFrame(new Frame(payload));
    } catch ({ code, cause }) {
      say({
        code,
        cause: cause.code,
        frameCount: writer.frameCount,
        dropCount: writer.dropCount,
        sent: number,
      });
      return;
    }
    if (number % 1000 === 999) {
      say({ written: number + 1 });
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

void main();
