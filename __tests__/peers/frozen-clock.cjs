// A server and a client in a process whose timers, turns and clocks have been replaced since the library was loaded, as
// Sinon replaces them: what is scheduled never comes, and no time goes by.
//
//   node frozen-clock.cjs PORT FREE_PORT
//
// It says {connected}, {streamed}, {reconnected}, {timedOut} and {stopped}, each when it is so.
//
// process.nextTick stays, which Sinon leaves alone as well unless it is told not to: Node's own sockets need it, with or
// without this library.

const { Frame, TcpClient, TcpServer } = require('../../dist');

for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']) {
  globalThis[name] = () => ({ ref() {}, unref() {} });
}
for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate']) globalThis[name] = () => undefined;
for (const [name, now] of [
  ['performance', { timeOrigin: 0, now: () => 0 }],
  ['Date', { now: () => 0 }],
]) {
  Object.defineProperty(globalThis, name, { value: now });
}

const ADDR = '127.0.0.1';
const FRAMES = 1000;
const [port, freePort] = process.argv.slice(2).map(Number);

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function stream(from, to) {
  let left = FRAMES;
  const arrived = new Promise((resolve) => {
    to.to(() => {
      left -= 1;
      if (left === 0) resolve();
    });
  });
  for (let i = 0; i < FRAMES; i++) await from.send(new Frame(100));
  await arrived;
}

async function main() {
  const server = await TcpServer.create(ADDR, port);
  const client = await TcpClient.create(ADDR, port);
  await Promise.all([server.waitForPeer(), client.waitForPeer()]);
  say({ connected: true });
  await Promise.all([stream(server, client), stream(client, server)]);
  say({ streamed: true });
  const gone = new Promise((resolve) => client.on('disconnect', resolve));
  await server.stop();
  await gone;
  const again = await TcpServer.create(ADDR, port);
  await stream(again, client);
  say({ reconnected: true });
  const lonely = await TcpClient.create(ADDR, freePort, { sendTimeoutMs: 50 });
  await lonely.send(new Frame(1)).catch(({ code }) => say({ timedOut: code }));
  await Promise.all([again, client, lonely].map((bridge) => bridge.stop()));
  say({ stopped: true });
}

void main();
