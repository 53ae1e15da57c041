// A bridge in a worker thread streams both ways with one of the main thread, until the thread ends in one way or another.
//
//   node worker.cjs stop|exit|throw|terminate PORT [ROUNDS]
//   node worker.cjs main-exit|main-throw PORT
//   node worker.cjs refused PORT
//
// stop: the worker stops its bridge. exit, throw: it calls process.exit(7), or throws what nobody catches, in the middle
// of the stream. terminate: the main thread ends it. After each round this says {exit, error, free, wentOn}: the worker's
// exit status, what it threw, whether its ports became free, and whether the main thread's own bridge went on with a
// server in the main thread; at the end {left}, how many descriptors are open more than after the first round.
// main-exit, main-throw: the main thread ends in such a way, with the worker in the middle of its stream. refused: this
// says {code, message}, the error with which the worker's bridge is refused.

const { once } = require('node:events');
const { readdirSync } = require('node:fs');
const { createServer } = require('node:net');
const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const { Frame, Logging, TcpClient, TcpServer } = require('../../dist');

const [how, port, rounds = 1] = process.argv.slice(2);
const ADDR = '127.0.0.1';
const ENOUGH_FRAMES = 1000;
const LIMIT_MS = 20_000;
const LOOK_MS = 2;

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Sends for as long as that is possible, and counts what comes. */
function stream(bridge) {
  const seen = { frames: 0 };
  bridge.to(() => {
    seen.frames += 1;
  });
  const send = async () => {
    for (;;) await bridge.send(new Frame(1000));
  };
  send().catch(() => undefined);
  return seen;
}

async function until(condition) {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true;
}

function isFree(number) {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen({ port: number, host: ADDR }, () => server.close(() => resolve(true)));
  });
}

async function work() {
  if (how === 'refused') {
    await TcpServer.create(ADDR, Number(port)).catch(({ code, message }) =>
      parentPort.postMessage({ code, message }),
    );
    return;
  }
  const server = await TcpServer.create(ADDR, Number(port));
  Logging.create('worker').error('the worker has a log');
  const seen = stream(server);
  await until(() => seen.frames >= ENOUGH_FRAMES);
  parentPort.postMessage('streaming');
  await once(parentPort, 'message');
  if (how === 'exit') process.exit(7);
  if (how === 'throw') {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
  }
  if (how === 'stop') await server.stop();
}

async function refused() {
  const worker = new Worker(__filename, { argv: process.argv.slice(2) });
  const [{ code, message }] = await once(worker, 'message');
  say({ code, message });
}

async function round() {
  const worker = new Worker(__filename, { argv: process.argv.slice(2) });
  const end = { exit: undefined, error: undefined };
  worker.on('error', (err) => {
    end.error = err.message;
  });
  worker.on('exit', (code) => {
    end.exit = code;
  });
  const client = await TcpClient.create(ADDR, Number(port), { lingerMs: 0 });
  const seen = stream(client);
  await Promise.race([once(worker, 'message'), once(worker, 'exit')]);
  await until(() => seen.frames >= ENOUGH_FRAMES);
  if (how === 'main-exit') process.exit(3);
  if (how === 'main-throw') throw new Error('nobody catches this');
  if (how === 'terminate') await worker.terminate();
  else worker.postMessage('end');
  await until(() => end.exit !== undefined);
  const free = await until(async () => (await isFree(Number(port))) && (await isFree(Number(port) + 1)));
  const before = seen.frames;
  const server = await TcpServer.create(ADDR, Number(port), { lingerMs: 0 });
  const back = stream(server);
  const wentOn = await until(() => seen.frames - before >= ENOUGH_FRAMES && back.frames >= ENOUGH_FRAMES);
  await Promise.all([client.stop(), server.stop()]);
  say({ ...end, free, wentOn });
}

const descriptors = () => readdirSync('/proc/self/fd').length;

async function main() {
  await round();
  const first = descriptors();
  for (let i = 1; i < Number(rounds); i++) await round();
  say({ left: descriptors() - first });
}

void (isMainThread ? (how === 'refused' ? refused() : main()) : work());
