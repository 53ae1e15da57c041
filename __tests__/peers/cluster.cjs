// Bridges under node:cluster: a server in the primary, and in each worker a server of its own and a client of the primary's.
//
//   node cluster.cjs PRIMARYS_PORT WORKERS_PORT...
//
// It says {streams}: whether frames flow both ways on every bridge; {taken}: what binding a port fails with in a worker
// when another worker has it, and when the primary has it; {again}: whether a new worker takes the port of one that was
// killed, and streams on it; {disconnected}: the exit status of one that is told to leave the cluster; {ended}: true.

const cluster = require('node:cluster');
const { once } = require('node:events');
const { Frame, Logging, TcpClient, TcpServer } = require('../../dist');

// Workers are killed, and what was on its way to them is lost, which is said at Warning.
Logging.setLevel(Logging.Error);

const ADDR = '127.0.0.1';
const ENOUGH_FRAMES = 200;
const LIMIT_MS = 20_000;
const LOOK_MS = 5;
const ports = process.argv.slice(2).map(Number);

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Sends for as long as that is possible, on a channel that names the sender, and counts what comes, by channel. */
function stream(bridge, channel) {
  const seen = new Map();
  bridge.to((frame) => void seen.set(frame.channel, (seen.get(frame.channel) ?? 0) + 1));
  const send = async () => {
    for (;;) await bridge.acceptFrame(new Frame(500, { channel }));
  };
  send().catch(() => undefined);
  return (from) => seen.get(from) ?? 0;
}

async function until(condition) {
  const deadline = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true;
}

/** One worker: says {ready}, {flows} when frames flow, and does what it is told. */
async function work() {
  const channel = Number(process.env.CHANNEL);
  const bridges = [];
  const orders = {
    async open() {
      const server = await TcpServer.create(ADDR, ports[channel], { lingerMs: 0 });
      const client = await TcpClient.create(ADDR, ports[0], { lingerMs: 0 });
      bridges.push(server, client);
      const [inServer, inClient] = [stream(server, channel), stream(client, channel)];
      process.send({ ready: true });
      process.send({
        flows: await until(() => inServer(0) >= ENOUGH_FRAMES && inClient(0) >= ENOUGH_FRAMES),
      });
    },
    async bind(port) {
      const said = await TcpServer.create(ADDR, port).then(
        () => ({}),
        (err) => ({ code: err.code, port: err.port, cause: err.cause.code }),
      );
      process.send({ said });
    },
    async stop() {
      await Promise.all(bridges.map((bridge) => bridge.stop()));
      if (process.connected) process.disconnect();
    },
  };
  process.on('message', ([order, ...args]) => void orders[order](...args));
  // A worker that has left the cluster has its bridges still, and ends when it has stopped them.
  process.once('disconnect', () => void orders.stop());
  process.send({ up: true });
}

/** The answer of a worker that has this key. */
async function answer(worker, key) {
  for (;;) {
    const [line] = await once(worker, 'message');
    if (key in line) return line[key];
  }
}

async function fork(channel) {
  const worker = cluster.fork({ CHANNEL: String(channel) });
  await answer(worker, 'up');
  return worker;
}

async function main() {
  const own = await TcpServer.create(ADDR, ports[0], { lingerMs: 0 });
  const inOwn = stream(own, 0);
  const channels = ports.slice(1).map((_, i) => i + 1);
  /** A worker with its bridges, the primary's client of it, and whether frames flow on all of them. */
  const start = async (channel) => {
    const worker = await fork(channel);
    worker.send(['open']);
    const flows = answer(worker, 'flows');
    await answer(worker, 'ready');
    const client = await TcpClient.create(ADDR, ports[channel], { lingerMs: 0 });
    const inClient = stream(client, 0);
    const before = inOwn(channel);
    const here = until(() => inClient(channel) >= ENOUGH_FRAMES && inOwn(channel) - before >= ENOUGH_FRAMES);
    return { worker, client, inClient, flows: (await flows) && (await here) };
  };
  const started = [];
  for (const channel of channels) started.push(await start(channel));
  say({ streams: started.map(({ flows }) => flows) });

  const [first, second, third] = started;
  const taken = [];
  for (const port of [ports[1], ports[0]]) {
    second.worker.send(['bind', port]);
    taken.push(await answer(second.worker, 'said'));
  }
  say({ taken });

  first.worker.process.kill('SIGKILL');
  await once(first.worker, 'exit');
  await first.client.stop();
  const renewed = await start(1);
  say({ again: renewed.flows });

  third.worker.disconnect();
  const [status] = await once(third.worker, 'exit');
  say({ disconnected: status });

  for (const { worker } of [renewed, second]) {
    worker.send(['stop']);
    await once(worker, 'exit');
  }
  await Promise.all([own, renewed.client, second.client, third.client].map((bridge) => bridge.stop()));
  say({ ended: true });
}

void (cluster.isPrimary ? main() : work());
