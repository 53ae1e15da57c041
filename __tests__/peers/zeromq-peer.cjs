// One end of a bridge on bare sockets of the zeromq package: what a program without this library would write.
//
//   node zeromq-peer.cjs server|client ADDR PORT echo|duplex [COUNT] [SIZE]
//
// echo: sends every message back as it came. duplex: sends COUNT numbered messages of SIZE bytes and checks that
// the numbers it receives follow each other; says {received, bytes, ordered} when COUNT have come.

const { Push, Pull } = require('zeromq');

const [role, addr, port, mode, count = '0', size = '0'] = process.argv.slice(2);
const server = role === 'server';
const endpoint = (p) => `tcp://${addr}:${p}`;

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function echo(push, pull) {
  for await (const parts of pull) await push.send(parts);
}

async function sendNumbered(push) {
  for (let number = 0; number < Number(count); number++) {
    const payload = Buffer.alloc(Number(size), number & 0xff);
    payload.writeUInt32LE(number);
    const flags = Buffer.alloc(2);
    flags.writeUInt16LE(number & 0xffff);
    await push.send([flags, Buffer.from([number & 0xff]), Buffer.from([0]), payload]);
  }
}

async function receiveNumbered(pull) {
  let received = 0;
  let bytes = 0;
  let ordered = true;
  for await (const [flags, channel, , payload] of pull) {
    ordered &&= payload.readUInt32LE() === received;
    ordered &&= flags.readUInt16LE() === (received & 0xffff) && channel[0] === (received & 0xff);
    received += 1;
    bytes += payload.length;
    if (received === Number(count)) break;
  }
  say({ received, bytes, ordered });
}

async function main() {
  const push = new Push({ immediate: true, linger: 0 });
  const pull = new Pull({ linger: 0 });
  if (server) {
    await pull.bind(endpoint(Number(port)));
    await push.bind(endpoint(Number(port) + 1));
  } else {
    push.connect(endpoint(Number(port)));
    pull.connect(endpoint(Number(port) + 1));
  }
  say({ ready: true });
  if (mode === 'echo') await echo(push, pull);
  else await Promise.all([sendNumbered(push), receiveNumbered(pull)]);
  // The test ends this process when it has what it wants. Nothing else would keep it: it would end with frames unsent.
  process.stdin.resume();
}

void main();
