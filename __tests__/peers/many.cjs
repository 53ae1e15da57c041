// Many bridges in one process.
//
//   node many.cjs pairs PORT COUNT     COUNT servers and COUNT clients, each passing a frame both ways
//   node many.cjs exhaust PORT COUNT   COUNT servers under a low limit of open files: what the error says,
//                                      whether those that were made still work, and whether the room comes back
//
// The servers are at PORT and on, without the ports that somebody else listens at.

const { readdirSync } = require('node:fs');
const { Frame, TcpClient, TcpServer } = require('../../dist');

const [mode, firstPort, count] = [process.argv[2], ...process.argv.slice(3).map(Number)];
let nextPort = firstPort;

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function descriptors() {
  return readdirSync('/proc/self/fd').length;
}

/** A server at the next two ports that are free. */
async function newServer() {
  for (;;) {
    const port = nextPort;
    nextPort += 2;
    try {
      return { server: await TcpServer.create('127.0.0.1', port), port };
    } catch (err) {
      if (err.code !== 'ERR_BIND') throw err;
    }
  }
}

/** A bridge's next frame, or an error that says which bridge waited in vain. */
function arrival(bridge) {
  return new Promise((resolve) => bridge.to(resolve));
}

async function pass(server, client, number) {
  const [there, back] = [arrival(server), arrival(client)];
  await client.acceptFrame(new Frame(8, { channel: number & 0xff, flags: number }));
  await server.acceptFrame(new Frame(8, { channel: number & 0xff, flags: number }));
  const frames = await Promise.all([there, back]);
  return frames.every(({ flags, channel }) => flags === number && channel === (number & 0xff));
}

async function pairs() {
  const warmUp = await newServer();
  await warmUp.server.stop();
  const before = descriptors();
  // What all bridges share comes with the first.
  const { server: first } = await newServer();
  const withFirst = descriptors();
  const made = [];
  for (let i = 0; i < count; i++) made.push(await newServer());
  const servers = made.map(({ server }) => server);
  const perBridge = (descriptors() - withFirst) / count;
  const clients = [];
  for (const { port } of made) clients.push(await TcpClient.create('127.0.0.1', port));
  const passed = await Promise.all(servers.map((server, i) => pass(server, clients[i], i)));
  const threads = readdirSync('/proc/self/task').length;
  await Promise.all([first, ...servers, ...clients].map((bridge) => bridge.stop()));
  // zeromq.js closes the monitors of its sockets a moment later.
  for (let i = 0; descriptors() > before && i < 1000; i++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  say({ perBridge, threads, passed: passed.filter(Boolean).length, left: descriptors() - before });
}

async function exhaust() {
  const [servers, ports] = [[], []];
  let failure;
  for (let i = 0; i < count && failure === undefined; i++) {
    try {
      const { server, port } = await newServer();
      servers.push(server);
      ports.push(port);
    } catch (err) {
      failure = { name: err.name, code: err.code, message: err.message };
    }
  }
  const made = servers.length;
  // Room for a client: its two sockets and two connections, and the server's two.
  await Promise.all(servers.splice(-4).map((server) => server.stop()));
  const client = await TcpClient.create('127.0.0.1', ports[0]);
  const works = await pass(servers[0], client, 7);
  await Promise.all([client, ...servers].map((bridge) => bridge.stop()));
  const again = await TcpServer.create('127.0.0.1', ports[0]);
  await again.stop();
  say({ made, failure, works });
}

void (mode === 'pairs' ? pairs() : exhaust());
