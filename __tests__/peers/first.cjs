// Opens files until few are left, then makes its first bridge and says what that fails with.
//
//   node first.cjs PORT

const { openSync } = require('node:fs');
const { TcpServer } = require('../../dist');

// Too few to load an engine with, and for libzmq to make its own six, without which it would abort.
const LEFT = 8;
const files = [];

async function main() {
  try {
    for (;;) files.push(openSync('/dev/null'));
  } catch {
    // That was the last one; these are given back, too few.
    for (const fd of files.splice(-LEFT)) require('node:fs').closeSync(fd);
  }
  await TcpServer.create('127.0.0.1', Number(process.argv[2])).catch(({ code }) => {
    process.stdout.write(`${JSON.stringify({ code })}\n`);
  });
}

void main();
