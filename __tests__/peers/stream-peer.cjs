// One end of a stream both ways: sends a numbered frame every few ms for as long as it lives, and notes what comes.
//
//   node stream-peer.cjs server|client ADDR PORT OPTIONS
//
// It says {ready}, {event, direction, at} for every peer that comes or goes, and when told anything {received, last,
// missing, wrong, stats}.

const { createInterface } = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');
const { Frame, TcpClient, TcpServer } = require('../../dist');

const [role, addr, port, options] = process.argv.slice(2);
const SIZE_BYTES = 1000;
const PERIOD_MS = 5;

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const seen = { received: 0, last: -1, missing: 0, wrong: 0 };

function note({ payload, channel, size }) {
  const number = payload.readUInt32LE();
  const isIntact =
    size === SIZE_BYTES && channel === (number & 0xff) && payload.readUInt8(SIZE_BYTES - 1) === channel;
  // Out of order, twice, or not what was sent.
  if (!isIntact || number <= seen.last) seen.wrong += 1;
  else {
    if (seen.last >= 0) seen.missing += number - seen.last - 1;
    seen.last = number;
  }
  seen.received += 1;
}

async function main() {
  const create = role === 'server' ? TcpServer : TcpClient;
  const bridge = await create.create(addr, Number(port), JSON.parse(options));
  bridge.to(note);
  for (const event of ['connect', 'disconnect']) {
    bridge.on(event, ({ direction }) => say({ event, direction, at: Date.now() }));
  }
  createInterface({ input: process.stdin }).on('line', () => say({ ...seen, stats: bridge.stats }));
  say({ ready: true });
  for (let number = 0; ; number++) {
    const payload = Buffer.alloc(SIZE_BYTES, number & 0xff);
    payload.writeUInt32LE(number);
    await bridge.send(new Frame(payload, { channel: number & 0xff }));
    await sleep(PERIOD_MS);
  }
}

void main();
