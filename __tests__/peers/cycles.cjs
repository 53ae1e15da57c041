// Creates and stops bridges in a row and says how many descriptors, threads and bytes of heap that has cost.
//
//   node --expose-gc cycles.cjs PORT COUNT

const { readdirSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { Frame, TcpClient, TcpServer } = require('../../dist');

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

const [port, count] = process.argv.slice(2).map(Number);

async function cycle() {
  const server = await TcpServer.create('127.0.0.1', port);
  const client = await TcpClient.create('127.0.0.1', port);
  server.on('connect', () => undefined);
  const arrived = new Promise((resolve) => server.to(resolve));
  await client.acceptFrame(new Frame(1000));
  await arrived;
  await Promise.all([client.stop(), server.stop()]);
}

async function measure() {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    gc();
  }
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    heapBytes: process.memoryUsage().heapUsed,
  };
}

async function main() {
  for (let i = 0; i < 20; i++) await cycle();
  const before = await measure();
  for (let i = 0; i < count; i++) await cycle();
  const after = await measure();
  const cost = Object.fromEntries(Object.entries(after).map(([key, value]) => [key, value - before[key]]));
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}

void main();
