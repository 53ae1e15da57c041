// One end of a bridge on the built library, as a process that a test can kill.
//
//   node bridge-peer.cjs server|client ADDR PORT MODE
//
// sink: counts what arrives. slow: takes a turn of the event loop and a millisecond for every tenth frame.
// stuck: accepts one frame and never settles. source: sends numbered frames for as long as it lives.
// meet ADDR: beside this server a client to ADDR, which sends a frame; says {received: 1} when it is there, and ends.
// stopping: 50 sends that wait for an absent peer, then stop(), and nothing that ends the process but that.
// Told {report: true} it says {received, first, last, ordered}: the numbers in the first four payload bytes.

const { createInterface } = require('node:readline');
const { Frame, Master, TcpClient, TcpServer } = require('../../dist');

const [role, addr, port, mode, other] = process.argv.slice(2);

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const state = { received: 0, first: -1, last: -1, ordered: true };

function note(frame) {
  const number = frame.payload.readUInt32LE();
  if (state.received === 0) state.first = number;
  else state.ordered &&= number > state.last;
  state.last = number;
  state.received += 1;
}

const slaves = {
  sink: note,
  slow: (frame) => {
    note(frame);
    if (state.received % 10 === 0) return new Promise((resolve) => setTimeout(resolve, 1));
    return undefined;
  },
  stuck: () => new Promise(() => undefined),
};

async function send(bridge) {
  const master = new Master();
  master.to(bridge);
  for (let number = 0; ; number++) {
    const payload = Buffer.alloc(1000);
    payload.writeUInt32LE(number);
    // Which of several senders it is from.
    payload.writeUInt32LE(process.pid, 4);
    await master.sendFrame(new Frame(payload));
  }
}

async function stopWhileSending(bridge) {
  const codes = [];
  for (let i = 0; i < 50; i++) bridge.send(new Frame(100)).catch(({ code }) => codes.push(code));
  await new Promise((resolve) => setImmediate(resolve));
  await bridge.stop();
  say({ rejected: codes.length, code: [...new Set(codes)].join() });
}

async function meet(server) {
  const client = await TcpClient.create(other, Number(port));
  const received = new Promise((resolve) => server.to(resolve));
  await client.send(new Frame(8));
  await received;
  say({ received: 1 });
  await Promise.all([server.stop(), client.stop()]);
}

async function main() {
  const bridge = await (role === 'server' ? TcpServer : TcpClient).create(addr, Number(port));
  if (mode === 'stopping') return stopWhileSending(bridge);
  if (mode === 'meet') return meet(bridge);
  if (mode in slaves) bridge.to(slaves[mode]);
  createInterface({ input: process.stdin }).on('line', () => say(state));
  say({ ready: true });
  if (mode === 'source') return send(bridge);
  return undefined;
}

void main();
